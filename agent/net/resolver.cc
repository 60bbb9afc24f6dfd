#include "agent/net/resolver.h"

#include <ares.h>
#include <fmt/format.h>

#include <cassert>
#include <utility>

#include "agent/net/dns_channel.h"

namespace lariat::net {
namespace {

bool same_file(const struct stat& a, const struct stat& b) noexcept {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino && a.st_size == b.st_size &&
         a.st_mtim.tv_sec == b.st_mtim.tv_sec && a.st_mtim.tv_nsec == b.st_mtim.tv_nsec;
}

// All zero for a missing file, which is a state like any other.
struct stat state_of(const std::string& path) noexcept {
  struct stat state {};
  if (::stat(path.c_str(), &state) != 0) state = {};
  return state;
}

}  // namespace

struct Lookup::Request {
  Resolver::Callback callback;
  std::shared_ptr<DnsChannel> channel;  // Nothing for a literal. Kept while we wait, also if old.
  std::shared_ptr<DnsChannel::Answer> answer;
  CallQueue::Ticket ticket;
  bool done = false;
};

Lookup::Lookup() noexcept = default;
Lookup::Lookup(std::shared_ptr<Request> request) noexcept : request_(std::move(request)) {}
Lookup::~Lookup() { cancel(); }
Lookup::Lookup(Lookup&&) noexcept = default;

Lookup& Lookup::operator=(Lookup&& other) noexcept {
  if (this != &other) {
    cancel();
    request_ = std::move(other.request_);
  }
  return *this;
}

void Lookup::cancel() noexcept {
  const auto request = std::exchange(request_, nullptr);
  if (!request) return;
  request->ticket.cancel();
  request->answer.reset();
  if (request->channel) request->channel->release_unwanted();
}

bool Lookup::active() const noexcept { return request_ && !request_->done; }

Resolver::Resolver(loop::Loop& loop, ResolverOptions options)
    : loop_(loop), options_(std::move(options)), calls_(loop) {
  // Once a process: c-ares counts without a lock, and there may be resolvers in other threads.
  [[maybe_unused]] static const int once = ::ares_library_init(ARES_LIB_INIT_ALL);
}

Resolver::~Resolver() = default;

Lookup Resolver::lookup(const std::string& host, std::uint16_t port, Callback callback) {
  auto request = std::make_shared<Lookup::Request>();
  request->callback = std::move(callback);
  // The request is alive as long as its ticket and its answer, which it holds.
  auto answer = [this, request = request.get()](base::Result<std::vector<Address>> found) {
    request->ticket = calls_.post([request, found = std::move(found)]() mutable {
      request->done = true;
      auto told = std::exchange(request->callback, nullptr);
      request->channel.reset();
      told(std::move(found));
    });
  };

  if (const auto literal = Address::from_literal(host, port)) {
    answer(std::vector{*literal});
    return Lookup(std::move(request));
  }
  follow_configuration();
  if (!channel_) {
    answer(base::Error{fmt::format("cannot find an address of \"{}\": no use of {} can be made",
                                   host, options_.resolv_conf)});
    return Lookup(std::move(request));
  }
  request->channel = channel_;
  request->answer = std::make_shared<DnsChannel::Answer>(std::move(answer));
  channel_->query(host, port, request->answer);
  return Lookup(std::move(request));
}

std::size_t Resolver::pending() const noexcept { return channel_ ? channel_->pending() : 0; }

// c-ares reads the file when a channel is made, and never again.
void Resolver::follow_configuration() {
  const auto present = state_of(options_.resolv_conf);
  if (channel_ && same_file(present, read_from_)) return;
  int status = ARES_SUCCESS;
  channel_ = DnsChannel::make(loop_, options_, status);
  read_from_ = present;
  ++channels_made_;
}

}  // namespace lariat::net
