#include "agent/publish/http_client.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <utility>

#include "agent/publish/http_curl.h"

namespace lariat::publish {

HttpClient::Watch::Watch(HttpClient& client)
    : read(client.loop_, loop::CallbackKind::kRead,
           [this, &client]() noexcept { client.readable(fd); }),
      write(client.loop_, loop::CallbackKind::kWrite,
            [this, &client]() noexcept { client.writable(fd); }) {}

HttpClient::HttpClient(loop::Loop& loop, net::Resolver& resolver, HttpTarget target,
                       Callback answered)
    : loop_(loop),
      resolver_(resolver),
      target_(std::move(target)),
      callback_(std::make_shared<const Callback>(std::move(answered))),
      timer_(loop, [this]() noexcept { curl_->act(CURL_SOCKET_TIMEOUT, 0); }),
      curl_(std::make_unique<Curl>(*this)) {}

HttpClient::~HttpClient() {
  cancel();
  curl_.reset();
}

void HttpClient::post(std::span<const char> body, std::span<const std::string> headers) {
  assert(!active_);
  active_ = true;
  body_ = body;
  headers_.assign(headers.begin(), headers.end());
  if (kept()) {
    begin();
    return;
  }
  if (auto why = unsafe_files(target_.tls)) {
    end_early(net::ConnectFailure::kTls, std::move(*why));
    return;
  }
  const auto through = route_of(target_);
  lookup_ = resolver_.lookup(through.host, through.port,
                             [this](const auto& found) { take_addresses(found); });
}

void HttpClient::take_addresses(const base::Result<std::vector<net::Address>>& found) {
  if (!found) {
    end_early(net::ConnectFailure::kResolve, found.error().text);
    return;
  }
  curl_->resolve(*found);
  begin();
}

void HttpClient::begin() {
  ++stats_.requests;
  if (auto why = curl_->begin(body_, headers_)) {
    end_early(net::ConnectFailure::kOther, std::move(*why));
  }
}

void HttpClient::end_early(net::ConnectFailure failure, std::string detail) {
  deliver({.end = HttpEnd::kNotConnected, .failure = failure, .detail = std::move(detail)});
}

void HttpClient::deliver(HttpAnswer answer) {
  delivery_ = resolver_.calls().post([this, answer = std::move(answer)]() mutable {
    active_ = false;
    const auto callback = callback_;
    (*callback)(std::move(answer));
  });
}

void HttpClient::cancel() noexcept {
  lookup_.cancel();
  delivery_.cancel();
  active_ = false;
  curl_->cancel();
  timer_.stop();
}

void HttpClient::abandon() noexcept {
  lookup_.cancel();
  delivery_.cancel();
  timer_.stop();
  active_ = false;
  for (const auto& watch : watches_) watch->read.watch(-1), watch->write.watch(-1);
  curl_->abandon();
}

bool HttpClient::active() const noexcept { return active_; }

bool HttpClient::kept() const noexcept {
  const auto lives = [](int fd) {
    char octet = 0;
    const auto got = ::recv(fd, &octet, 1, MSG_PEEK | MSG_DONTWAIT);
    return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
  };
  return std::any_of(curl_->open.begin(), curl_->open.end(), lives);
}

HttpClient::Watch& HttpClient::free_watch() {
  const auto found = std::find_if(watches_.begin(), watches_.end(),
                                  [](const auto& watch) { return watch->fd < 0; });
  if (found != watches_.end()) return **found;
  return *watches_.emplace_back(std::make_unique<Watch>(*this));
}

void HttpClient::readable(int fd) { curl_->act(fd, CURL_CSELECT_IN); }

void HttpClient::writable(int fd) {
  ++stats_.write_wakeups;
  if (!curl_->busy) ++stats_.write_wakeups_empty;
  curl_->act(fd, CURL_CSELECT_OUT);
}

bool HttpClient::write_watcher_active() const noexcept {
  return std::any_of(watches_.begin(), watches_.end(),
                     [](const auto& watch) { return watch->write.active(); });
}

std::uint64_t HttpClient::write_watcher_starts() const noexcept {
  std::uint64_t sum = 0;
  for (const auto& watch : watches_) sum += watch->write.starts();
  return sum;
}

std::uint64_t HttpClient::write_watcher_stops() const noexcept {
  std::uint64_t sum = 0;
  for (const auto& watch : watches_) sum += watch->write.stops();
  return sum;
}

}  // namespace lariat::publish
