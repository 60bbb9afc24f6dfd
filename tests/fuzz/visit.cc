#include "tests/fuzz/visit.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sanitizer/allocator_interface.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <numeric>

#include "agent/loop/io_watcher.h"
#include "agent/net/socket_options.h"
#include "tests/fuzz/claim.h"
#include "tests/support/loop_driver.h"

namespace lariat::test {
namespace {

constexpr std::size_t kMostPieces = 64;
// Far more than the largest answer takes, and fewer than a spin has in a second.
constexpr int kMostTurns = 20'000;
constexpr std::size_t kMostLeft = std::size_t{256} << 10U;

std::uint64_t callbacks(const loop::Loop& loop) {
  const auto counts = loop.stats().callbacks;
  return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
}

// 127.1.0.0 to 127.254.255.255. What it sends leaves at once.
void prepare_tcp(int fd) {
  static std::uint32_t visits = 0;
  constexpr int kOn = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &kOn, sizeof kOn);
  ::setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &kOn, sizeof kOn);
  sockaddr_in from{};
  from.sin_family = AF_INET;
  from.sin_addr.s_addr = htonl(0x7f010000U + visits++ % 0xfe0000U);
  claim(::bind(fd, reinterpret_cast<const sockaddr*>(&from), sizeof from) == 0, "loopback is wide");
}

int lowest_free_descriptor() {
  const base::UniqueFd probe(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  claim(static_cast<bool>(probe), "there is a descriptor left");
  return probe.get();
}

}  // namespace

Speech::Speech(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return;
  text = std::string_view(reinterpret_cast<const char*>(data) + 1, size - 1);
  ends = (data[0] & 0x80U) != 0;
  piece = data[0] & 0x7fU;
  if (piece == 0) piece = std::max<std::size_t>(text.size(), 1);
  piece = std::max(piece, text.size() / kMostPieces + 1);
}

Visit::Visit(loop::Loop& loop, const net::Address& server)
    : loop_(loop), socket_(net::stream_socket(server.family())) {
  if (server.family() == AF_INET) prepare_tcp(socket_.get());
  const bool begun = ::connect(socket_.get(), server.data(), server.size) == 0;
  claim(begun || errno == EINPROGRESS, "the server listens");
}

void Visit::say(const Speech& speech) {
  for (auto rest = speech.text; !rest.empty() && !closed_;) {
    const auto piece = rest.substr(0, speech.piece);
    const ssize_t sent = ::send(socket_.get(), piece.data(), piece.size(), MSG_NOSIGNAL);
    if (sent > 0) rest.remove_prefix(static_cast<std::size_t>(sent));
    settle();
    // What its buffers do not take while it rests it does not want: it answers first, or closes.
    if (sent <= 0) break;
  }
  if (speech.ends) ::shutdown(socket_.get(), SHUT_WR);
  settle();
}

bool Visit::take() {
  std::array<char, 65536> piece;
  bool some = false;
  while (!closed_) {
    const ssize_t count = ::recv(socket_.get(), piece.data(), piece.size(), 0);
    if (count < 0 && errno == EAGAIN) break;
    some = true;
    if (count > 0) {
      heard_.append(piece.data(), static_cast<std::size_t>(count));
    } else {
      closed_ = true;
      reset_ = count < 0;
    }
  }
  return some;
}

void Visit::settle() {
  int turns = 0;
  for (int quiet = 0; quiet < 2; ++quiet) {
    const auto before = callbacks(loop_);
    loop_.run_ready();
    if (take() || callbacks(loop_) != before) quiet = 0;
    claim(++turns < kMostTurns, "the loop comes to rest");
  }
}

bool Visit::hear_until(const std::function<bool()>& done) {
  loop::IoWatcher readable(loop_, loop::CallbackKind::kRead, [&] {
    take();
    if (closed_) readable.stop();
  });
  if (!closed_ && socket_) {
    readable.watch(socket_.get());
    readable.start();
  }
  return run_until(loop_, done, std::chrono::seconds(5));
}

Leftovers::Leftovers()
    : descriptor_(lowest_free_descriptor()), octets_(__sanitizer_get_current_allocated_bytes()) {}

Leftovers::~Leftovers() {
  claim(lowest_free_descriptor() == descriptor_, "no descriptor is left open");
  static std::int64_t grown = 0;
  static bool first = true;
  const auto now = __sanitizer_get_current_allocated_bytes();
  // What is made once and kept is made for the first input.
  if (!first) grown += static_cast<std::int64_t>(now) - static_cast<std::int64_t>(octets_);
  first = false;
  claim(grown < static_cast<std::int64_t>(kMostLeft), "memory does not grow from input to input");
}

}  // namespace lariat::test
