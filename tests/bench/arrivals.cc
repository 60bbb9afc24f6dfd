// An aggregator that tells how long the frames of `bench_beat` were under way.
//
// Prints `{"ports":[…]}`; then at each SIGUSR1 what has come since the last:
// `{"count":…,"median":…,"p99":…,"max":…,"others":…}`, in microseconds; others are frames that are
// not of `bench_beat`. Takes one connection. Ends when its
// standard input does.

#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <span>
#include <vector>

#include "agent/base/unique_fd.h"
#include "proto/decode.h"
#include "proto/message.h"
#include "tests/bench/arguments.h"

namespace lariat::bench {
namespace {

double monotonic_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

class Arrivals {
 public:
  Arrivals() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    socklen_t size = sizeof address;
    if (::bind(listener_.get(), generic, size) != 0 || ::listen(listener_.get(), 1) != 0 ||
        ::getsockname(listener_.get(), generic, &size) != 0) {
      fail("listen", errno);
    }
    sigset_t usr1;
    ::sigemptyset(&usr1);
    ::sigaddset(&usr1, SIGUSR1);
    ::sigprocmask(SIG_BLOCK, &usr1, nullptr);
    signals_.reset(::signalfd(-1, &usr1, SFD_CLOEXEC | SFD_NONBLOCK));
    std::printf("{\"ports\":[%u]}\n", unsigned{ntohs(address.sin_port)});
    std::fflush(stdout);
  }

  void run() {
    for (;;) {
      const int awaited = connection_ ? connection_.get() : listener_.get();
      std::array<pollfd, 3> descriptors = {
          {{STDIN_FILENO, POLLIN, 0}, {signals_.get(), POLLIN, 0}, {awaited, POLLIN, 0}}};
      if (::poll(descriptors.data(), descriptors.size(), -1) < 0 && errno != EINTR) {
        fail("poll", errno);
      }
      if (descriptors[0].revents != 0) return;
      if (descriptors[2].revents != 0) connection_ ? read() : accept();
      if (descriptors[1].revents != 0) tell();
    }
  }

 private:
  void accept() {
    connection_.reset(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!connection_) fail("accept", errno);
  }

  void read() {
    const auto got = ::recv(connection_.get(), buffer_.data(), buffer_.size(), 0);
    if (got <= 0) fail("the connection has ended");
    const double now = monotonic_seconds();
    decoder_.feed(std::span(buffer_).first(static_cast<std::size_t>(got)));
    while (const auto event = decoder_.next()) {
      if (event->outcome != proto::Decoder::Outcome::kMessage) fail("an invalid message");
      if (event->message.opcode() != proto::Opcode::kSubmit) continue;
      const proto::Submit submit(event->message);
      if (submit.name().starts_with("bench beat=")) {
        microseconds_.push_back((now - submit.value(0)) * 1e6);
      } else {
        ++others_;
      }
    }
  }

  void tell() {
    signalfd_siginfo information{};
    if (::read(signals_.get(), &information, sizeof information) <= 0) return;
    std::sort(microseconds_.begin(), microseconds_.end());
    const auto count = microseconds_.size();
    const auto at = [this, count](std::size_t hundredths) {
      return count == 0 ? 0.0 : microseconds_[(count - 1) * hundredths / 100];
    };
    std::printf("{\"count\":%zu,\"median\":%.1f,\"p99\":%.1f,\"max\":%.1f,\"others\":%zu}\n", count,
                at(50), at(99), at(100), others_);
    std::fflush(stdout);
    microseconds_.clear();
    others_ = 0;
  }

  base::UniqueFd listener_;
  base::UniqueFd signals_;
  base::UniqueFd connection_;
  proto::Decoder decoder_;
  std::vector<std::byte> buffer_ = std::vector<std::byte>(std::size_t{64} << 10U);
  std::vector<double> microseconds_;
  std::size_t others_ = 0;
};

int run(int argc, char** argv) {
  const Arguments arguments(argc, argv, {"--pin"});
  arguments.pin();
  Arrivals().run();
  return 0;
}

}  // namespace
}  // namespace lariat::bench

int main(int argc, char** argv) { return lariat::bench::run(argc, argv); }
