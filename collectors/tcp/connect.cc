#include "collectors/tcp/connect.h"

#include <curl/curl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <system_error>

namespace lariat::tcp {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kMostOctets = std::size_t{64} << 10U;

/// One connection. It stays where it is: libcurl points to it.
class Connection {
 public:
  enum class State { kConnecting, kReading, kDone };

  Connection(const Target& target, Clock::time_point begin)
      : target_(target),
        begin_(begin),
        deadline_(begin + target.timeout),
        easy_(::curl_easy_init(), &::curl_easy_cleanup) {
    set(CURLOPT_URL, ("http://" + target.address).c_str());
    set(CURLOPT_CONNECT_ONLY, 1L);
    set(CURLOPT_PROXY, "");
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_FRESH_CONNECT, 1L);
    set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(target.timeout.count()));
    set(CURLOPT_ERRORBUFFER, why_.data());
    set(CURLOPT_PRIVATE, this);
  }

  [[nodiscard]] CURL* easy() const noexcept { return easy_.get(); }
  [[nodiscard]] State state() const noexcept { return state_; }
  [[nodiscard]] Clock::time_point deadline() const noexcept { return deadline_; }
  [[nodiscard]] curl_socket_t socket() const noexcept { return socket_; }
  [[nodiscard]] const Outcome& outcome() const noexcept { return outcome_; }

  void connected(CURLcode code) {
    outcome_.resolved = seconds(CURLINFO_NAMELOOKUP_TIME_T);
    outcome_.connected = seconds(CURLINFO_CONNECT_TIME_T);
    if (code != CURLE_OK) {
      end(why_.front() != '\0' ? why_.data() : ::curl_easy_strerror(code));
      return;
    }
    ::curl_easy_getinfo(easy(), CURLINFO_ACTIVESOCKET, &socket_);
    if (!target_.send.empty()) {
      const ssize_t sent =
          ::send(socket_, target_.send.data(), target_.send.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent != static_cast<ssize_t>(target_.send.size())) {
        end("it takes nothing");
        return;
      }
    }
    if (target_.expect.is_set()) {
      state_ = State::kReading;
    } else {
      end({});
    }
  }

  // To be called when there may be something, or the time is up.
  void read() {
    std::array<char, 4096> room;
    while (state_ == State::kReading) {
      const ssize_t got = ::recv(socket_, room.data(), room.size(), MSG_DONTWAIT);
      if (got > 0) {
        said_.append(room.data(), static_cast<std::size_t>(got));
        if (target_.expect.found_in(said_)) end({});
        if (said_.size() > kMostOctets) end_by_pattern("what it says is something else");
      } else if (got == 0) {
        end_by_pattern("it closed without saying what it has to");
      } else if (errno == EAGAIN) {
        break;
      } else if (errno != EINTR) {
        end_by_pattern(std::generic_category().message(errno));
      }
    }
    if (state_ == State::kReading && Clock::now() >= deadline_) {
      end_by_pattern("it did not say what it has to in time");
    }
  }

 private:
  template <typename Value>
  void set(CURLoption option, Value value) {
    [[maybe_unused]] const CURLcode code = ::curl_easy_setopt(easy(), option, value);
  }
  [[nodiscard]] double seconds(CURLINFO info) const noexcept {
    constexpr double kMicrosecondsInASecond = 1e6;
    curl_off_t microseconds = 0;
    ::curl_easy_getinfo(easy(), info, &microseconds);
    return static_cast<double>(microseconds) / kMicrosecondsInASecond;
  }
  void end(std::string fault) {
    outcome_.fault = std::move(fault);
    outcome_.total = std::chrono::duration<double>(Clock::now() - begin_).count();
    state_ = State::kDone;
  }
  void end_by_pattern(std::string fault) {
    if (state_ == State::kDone) return;
    outcome_.by_pattern = true;
    end(std::move(fault));
  }

  const Target& target_;
  Clock::time_point begin_;
  Clock::time_point deadline_;
  std::unique_ptr<CURL, void (*)(CURL*)> easy_;
  std::array<char, CURL_ERROR_SIZE> why_{};
  curl_socket_t socket_ = CURL_SOCKET_BAD;
  State state_ = State::kConnecting;
  std::string said_;
  Outcome outcome_;
};

using Connections = std::vector<std::unique_ptr<Connection>>;

void note_connected(CURLM* multi) {
  int left = 0;
  while (const CURLMsg* const message = ::curl_multi_info_read(multi, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    char* of_whom = nullptr;
    ::curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &of_whom);
    reinterpret_cast<Connection*>(of_whom)->connected(message->data.result);
  }
}

// Sleeps until something comes from one that is read, or libcurl has to do something.
void wait(CURLM* multi, const Connections& connections) {
  auto until = Clock::now() + std::chrono::seconds(1);
  std::vector<curl_waitfd> sockets;
  for (const auto& connection : connections) {
    if (connection->state() != Connection::State::kReading) continue;
    sockets.push_back({.fd = connection->socket(), .events = CURL_WAIT_POLLIN, .revents = 0});
    until = std::min(until, connection->deadline());
  }
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now()).count();
  ::curl_multi_poll(multi, sockets.data(), static_cast<unsigned>(sockets.size()),
                    static_cast<int>(std::max<long>(left, 0)), nullptr);
}

}  // namespace

std::string check_address(const std::string& address) {
  const std::unique_ptr<CURLU, void (*)(CURLU*)> parts(::curl_url(), &::curl_url_cleanup);
  const std::string url = "http://" + address;
  char* port = nullptr;
  const bool good = address.find_first_of("/?#@ ") == address.npos &&
                    ::curl_url_set(parts.get(), CURLUPART_URL, url.c_str(), 0) == CURLUE_OK &&
                    ::curl_url_get(parts.get(), CURLUPART_PORT, &port, 0) == CURLUE_OK;
  ::curl_free(port);
  return good ? "" : "'" + address + "' is not HOST:PORT, as localhost:22 or [::1]:22";
}

std::vector<Outcome> connect(std::span<const Target> targets) {
  const std::unique_ptr<CURLM, CURLMcode (*)(CURLM*)> multi(::curl_multi_init(),
                                                            &::curl_multi_cleanup);
  Connections connections;
  for (const Target& target : targets) {
    connections.push_back(std::make_unique<Connection>(target, Clock::now()));
    ::curl_multi_add_handle(multi.get(), connections.back()->easy());
  }
  const auto done = [](const auto& connection) {
    return connection->state() == Connection::State::kDone;
  };
  while (true) {
    int running = 0;
    if (::curl_multi_perform(multi.get(), &running) != CURLM_OK) break;
    note_connected(multi.get());
    for (const auto& connection : connections) {
      if (connection->state() == Connection::State::kReading) connection->read();
    }
    if (std::ranges::all_of(connections, done)) break;
    wait(multi.get(), connections);
  }
  std::vector<Outcome> outcomes;
  for (const auto& connection : connections) {
    ::curl_multi_remove_handle(multi.get(), connection->easy());
    outcomes.push_back(connection->outcome());
  }
  return outcomes;
}

}  // namespace lariat::tcp
