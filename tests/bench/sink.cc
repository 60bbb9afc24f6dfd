// Where the senders send to: so many listeners on loopback in one process, which reads and
// discards. Of them the last K accept and never read.
//
// Prints `{"ports":[…]}`, then at each SIGUSR1 and at the end a line with what each listener has
// had:
// `{"connections":[…],"received":[…]}`. Ends when its standard input does.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <utility>
#include <vector>

#include "agent/base/unique_fd.h"
#include "tests/bench/arguments.h"

namespace lariat::bench {
namespace {

class Sink {
 public:
  Sink(std::size_t listeners, std::size_t stuck) : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    if (!epoll_) fail("epoll_create1", errno);
    sigset_t usr1;
    ::sigemptyset(&usr1);
    ::sigaddset(&usr1, SIGUSR1);
    ::sigprocmask(SIG_BLOCK, &usr1, nullptr);
    signals_.fd.reset(::signalfd(-1, &usr1, SFD_CLOEXEC | SFD_NONBLOCK));
    watch(signals_);
    input_.fd.reset(::dup(STDIN_FILENO));
    watch(input_);
    for (std::size_t i = 0; i < listeners; ++i) listen(i + stuck >= listeners);
  }

  void run() {
    std::printf("{\"ports\":[");
    for (const auto& listener : listeners_) {
      std::printf("%s%u", &listener == &listeners_.front() ? "" : ",", unsigned{listener.port});
    }
    std::printf("]}\n");
    std::fflush(stdout);
    while (!ended_) turn();
    print_counts();
  }

 private:
  enum class Kind { kInput, kSignals, kListener, kConnection };
  struct Source {
    Kind kind = Kind::kInput;
    base::UniqueFd fd;
    bool stuck = false;             // Of a listener.
    std::uint16_t port = 0;         // Of a listener.
    std::uint64_t connections = 0;  // Of a listener.
    std::uint64_t received = 0;     // Of a listener.
    Source* listener = nullptr;     // Of a connection.
  };

  void watch(Source& source) {
    epoll_event event{.events = EPOLLIN, .data = {.ptr = &source}};
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, source.fd.get(), &event) != 0) {
      fail("epoll_ctl", errno);
    }
  }

  void listen(bool stuck) {
    auto& listener = listeners_.emplace_back();
    listener.kind = Kind::kListener;
    listener.stuck = stuck;
    listener.fd.reset(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    socklen_t size = sizeof address;
    if (::bind(listener.fd.get(), generic, size) != 0 ||
        ::listen(listener.fd.get(), SOMAXCONN) != 0 ||
        ::getsockname(listener.fd.get(), generic, &size) != 0) {
      fail("listen", errno);
    }
    listener.port = ntohs(address.sin_port);
    watch(listener);
  }

  void turn() {
    std::array<epoll_event, 64> events{};
    const int count =
        ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), -1);
    if (count < 0 && errno != EINTR) fail("epoll_wait", errno);
    for (int i = 0; i < count; ++i) {
      serve(*static_cast<Source*>(events[static_cast<std::size_t>(i)].data.ptr));
    }
  }

  void serve(Source& source) {
    switch (source.kind) {
      case Kind::kInput:
        ended_ = ::read(source.fd.get(), buffer_.data(), buffer_.size()) <= 0;
        return;
      case Kind::kSignals:
        if (::read(source.fd.get(), buffer_.data(), sizeof(signalfd_siginfo)) > 0) print_counts();
        return;
      case Kind::kListener:
        return accept(source);
      case Kind::kConnection:
        return read(source);
    }
  }

  void accept(Source& listener) {
    base::UniqueFd fd(::accept4(listener.fd.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!fd) {
      if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) fail("accept", errno);
      return;
    }
    ++listener.connections;
    auto& connection = connections_.emplace_back();  // Kept to the end: there are few.
    connection.kind = Kind::kConnection;
    connection.fd = std::move(fd);
    connection.listener = &listener;
    if (!listener.stuck) watch(connection);
  }

  void read(Source& connection) {
    const auto got = ::recv(connection.fd.get(), buffer_.data(), buffer_.size(), 0);
    if (got > 0) {
      connection.listener->received += static_cast<std::uint64_t>(got);
    } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
      connection.fd.reset();
    }
  }

  void print_counts() const {
    const auto print = [this](const char* key, std::uint64_t Source::*count) {
      std::printf("\"%s\":[", key);
      for (const auto& listener : listeners_) {
        std::printf("%s%lu", &listener == &listeners_.front() ? "" : ",", listener.*count);
      }
      std::printf("]");
    };
    std::printf("{");
    print("connections", &Source::connections);
    std::printf(",");
    print("received", &Source::received);
    std::printf("}\n");
    std::fflush(stdout);
  }

  base::UniqueFd epoll_;
  Source signals_{.kind = Kind::kSignals};
  Source input_{.kind = Kind::kInput};
  std::deque<Source> listeners_;  // epoll has their addresses.
  std::deque<Source> connections_;
  std::vector<std::byte> buffer_ = std::vector<std::byte>(std::size_t{256} << 10U);
  bool ended_ = false;
};

int run(int argc, char** argv) {
  const Arguments arguments(argc, argv, {"--listeners", "--stuck", "--pin"});
  arguments.pin();
  Sink sink(arguments.number("--listeners", 3), arguments.number("--stuck", 0));
  sink.run();
  return 0;
}

}  // namespace
}  // namespace lariat::bench

int main(int argc, char** argv) { return lariat::bench::run(argc, argv); }
