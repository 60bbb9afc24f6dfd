#include "tests/support/test_receiver.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <new>
#include <numeric>
#include <stdexcept>
#include <utility>

#include "tests/support/process.h"

namespace lariat::test {
namespace {

[[noreturn]] void fail(const std::string& what) {
  throw std::runtime_error(what + ": " + std::strerror(errno));  // NOLINT(concurrency-mt-unsafe)
}

sockaddr_in address_of(const std::string& host, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  if (::inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1) fail("no address: " + host);
  return address;
}

// A socket that shares its port with others of ours: with one that only keeps it.
base::UniqueFd bound_socket(const std::string& host, std::uint16_t port) {
  base::UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket) fail("socket");
  const int on = 1;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  const auto address = address_of(host, port);
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    fail("bind to " + host + ":" + std::to_string(port));
  }
  return socket;
}

std::uint16_t port_of(int socket) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  if (::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0) fail("getsockname");
  return ntohs(address.sin_port);
}

std::string loopback_url(std::uint16_t port) { return "tsdp://127.0.0.1:" + std::to_string(port); }

ReceiverRecord* shared_record() {
  void* memory = ::mmap(nullptr, sizeof(ReceiverRecord), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) fail("mmap");
  // The lists are large, and stay untouched as far as they are not used.
  return new (memory) ReceiverRecord;
}

}  // namespace

NumberSet::NumberSet(const std::vector<NumberRun>& runs) {
  std::vector<NumberRange> ranges;
  ranges.reserve(runs.size());
  for (const auto& run : runs) ranges.push_back({run.first, run.last});
  std::sort(ranges.begin(), ranges.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  for (const auto& range : ranges) {
    if (!ranges_.empty() && range.first <= ranges_.back().last + 1) {
      ranges_.back().last = std::max(ranges_.back().last, range.last);
    } else {
      ranges_.push_back(range);
    }
  }
}

std::uint64_t NumberSet::size() const noexcept {
  return std::accumulate(ranges_.begin(), ranges_.end(), std::uint64_t{0},
                         [](auto sum, const auto& range) { return sum + range.size(); });
}

std::vector<NumberRange> NumberSet::missing(std::uint64_t end) const {
  std::vector<NumberRange> gaps;
  std::uint64_t next = 0;
  for (const auto& range : ranges_) {
    if (range.first >= end) break;
    if (range.first > next) gaps.push_back({next, range.first - 1});
    next = range.last + 1;
  }
  if (next < end) gaps.push_back({next, end - 1});
  return gaps;
}

std::uint64_t NumberSet::missing_count(std::uint64_t end) const {
  const auto gaps = missing(end);
  return std::accumulate(gaps.begin(), gaps.end(), std::uint64_t{0},
                         [](auto sum, const auto& range) { return sum + range.size(); });
}

TestReceiver::TestReceiver(Options options)
    : options_(std::move(options)), record_(shared_record()) {
  if (options_.network_namespace.empty()) {
    reserved_ = bound_socket(options_.address, 0);
    port_ = port_of(reserved_.get());
  }
  if (options_.started) start();
}

TestReceiver::~TestReceiver() {
  kill();
  ::munmap(record_, sizeof(ReceiverRecord));
}

void TestReceiver::start() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) fail("socketpair");
  control_.reset(ends[0]);
  base::UniqueFd theirs(ends[1]);
  pid_ = ::fork();
  if (pid_ < 0) fail("fork");
  if (pid_ == 0) live(std::move(theirs));
  theirs.reset();
  paused_ = false;
  order('r');  // Answered when it listens.
  port_ = static_cast<std::uint16_t>(record_->port);
}

// In the child. It must hold nothing of the test's: the pipes of other programs would stay open.
void TestReceiver::live(base::UniqueFd control) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  constexpr int kKept = STDERR_FILENO + 1;
  if (control.get() != kKept) ::dup2(control.get(), kKept);
  [[maybe_unused]] const int copied = control.release();
  ::close_range(kKept + 1U, ~0U, 0);
  try {
    NumberedReceiver receiver(listen(), base::UniqueFd(kKept), *record_, options_.behaviour);
    receiver.run();
  } catch (const std::exception& error) {
    const std::string text = std::string("receiver: ") + error.what() + "\n";
    [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
    ::_exit(1);
  }
  ::_exit(0);
}

base::UniqueFd TestReceiver::listen() const {
  if (!options_.network_namespace.empty()) {
    const auto path = "/run/netns/" + options_.network_namespace;
    const base::UniqueFd space(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!space || ::setns(space.get(), CLONE_NEWNET) != 0) fail(path);
  }
  auto listener = bound_socket(options_.address, port_);
  if (options_.receive_buffer > 0) {
    ::setsockopt(listener.get(), SOL_SOCKET, SO_RCVBUF, &options_.receive_buffer,
                 sizeof options_.receive_buffer);
  }
  if (::listen(listener.get(), 16) != 0) fail("listen");
  record_->port = port_of(listener.get());
  return listener;
}

void TestReceiver::kill() {
  if (pid_ < 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
  control_.reset();
}

void TestReceiver::freeze() {
  ::kill(pid_, SIGSTOP);
  int status = 0;
  if (::waitpid(pid_, &status, WUNTRACED) != pid_ || !WIFSTOPPED(status)) {
    throw std::runtime_error("the receiver did not stop");
  }
}

void TestReceiver::pause_reading() {
  order('p');
  paused_ = true;
}

void TestReceiver::resume_reading() {
  order('r');
  paused_ = false;
}

void TestReceiver::thaw() const { ::kill(pid_, SIGCONT); }

std::uint64_t TestReceiver::order(char what) const {
  std::uint64_t answer = 0;
  pollfd answered = {control_.get(), POLLIN, 0};
  if (::send(control_.get(), &what, 1, MSG_NOSIGNAL) != 1 ||
      ::poll(&answered, 1, static_cast<int>(kPatience.count())) != 1 ||
      ::recv(control_.get(), &answer, sizeof answer, MSG_WAITALL) != sizeof answer) {
    throw std::runtime_error(std::string("the receiver does not answer to ") + what);
  }
  return answer;
}

std::uint64_t TestReceiver::unread(std::chrono::milliseconds settled) const {
  auto before = order('u');
  auto since = std::chrono::steady_clock::now();
  const bool settles = wait_until([&] {
    const auto now = std::chrono::steady_clock::now();
    if (const auto bytes = order('u'); bytes != before) {
      before = bytes;
      since = now;
    }
    return now - since >= settled;
  });
  if (!settles) throw std::runtime_error("the receive buffer does not come to rest");
  return before;
}

std::string TestReceiver::url() const {
  return "tsdp://" + options_.address + ":" + std::to_string(port_);
}

std::vector<NumberRun> TestReceiver::runs() const {
  const bool reads = pid_ >= 0 && !paused_;
  if (reads) order('p');
  if (record_->run_count > record_->runs.size()) throw std::runtime_error("too many runs");
  std::vector<NumberRun> copy(record_->runs.begin(), record_->runs.begin() + record_->run_count);
  if (reads) order('r');
  return copy;
}

std::vector<Arrival> TestReceiver::arrivals() const {
  const auto count = record_->arrival_count.load(std::memory_order_acquire);
  return {record_->arrivals.begin(), record_->arrivals.begin() + count};
}

RefusingPort::RefusingPort()
    : socket_(bound_socket("127.0.0.1", 0)), port_(port_of(socket_.get())) {}

std::string RefusingPort::url() const { return loopback_url(port_); }

SwallowingPort::SwallowingPort(std::uint16_t port)
    : listener_(bound_socket("127.0.0.1", port)), port_(port_of(listener_.get())) {
  if (::listen(listener_.get(), 0) != 0) fail("listen");
  // A queue of 0 takes one connection. The others hang, as the one under test will.
  const auto address = address_of("127.0.0.1", port_);
  for (int i = 0; i < 4; ++i) {
    base::UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
    pollfd connected = {socket.get(), POLLOUT, 0};
    ::poll(&connected, 1, 20);
    waiting_.push_back(std::move(socket));
  }
}

std::string SwallowingPort::url() const { return loopback_url(port_); }

}  // namespace lariat::test
