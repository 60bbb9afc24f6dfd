#include "agent/app/output.h"

#include <limits.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace lariat::app {
namespace {

constexpr std::size_t kLarge = std::size_t{256} << 10U;
constexpr std::size_t kKeptCapacity = std::size_t{4} << 20U;
constexpr std::size_t kFileChunk = std::size_t{1} << 20U;

mode_t type_of(int fd) noexcept {
  struct stat status {};
  return ::fstat(fd, &status) == 0 ? status.st_mode & S_IFMT : 0;
}

// How many octets one write may have and not wait for a reader, once poll() says ready: of a pipe
// PIPE_BUF. Files and devices such as /dev/null have no reader.
std::size_t safe_chunk(int fd) noexcept {
  const mode_t type = type_of(fd);
  const bool device = type == S_IFCHR && ::isatty(fd) == 0;
  return type == S_IFREG || device ? kFileChunk : PIPE_BUF;
}

// O_NONBLOCK would be set for all who share the open file, a shell's terminal too.
bool ready(int fd) noexcept {
  pollfd asked{.fd = fd, .events = POLLOUT, .revents = 0};
  return ::poll(&asked, 1, 0) == 1;
}

}  // namespace

Output::Output(loop::Loop& loop, int fd, Events events)
    : fd_(fd),
      events_(std::move(events)),
      chunk_(safe_chunk(fd)),
      writable_(loop, loop::CallbackKind::kWrite, [this] { drain(); }),
      closed_(loop, loop::CallbackKind::kRead, [this] { look_for_reader(); }) {
  writable_.watch(fd);
  if (type_of(fd) != S_IFIFO) return;
  closed_.watch(fd);
  closed_.start();
}

void Output::flush() noexcept {
  while (!failed_ && pending() != 0) {
    if (!ready(fd_)) break;
    const ssize_t put = ::write(fd_, buffer_.data() + written_, std::min(pending(), chunk_));
    if (put >= 0) {
      written_ += static_cast<std::size_t>(put);
    } else if (errno == EAGAIN) {
      break;
    } else if (errno != EINTR) {
      return fail(errno);
    }
  }
  if (pending() == 0) drop();
  writable_.set_active(pending() != 0);
}

void Output::flush_if_large() noexcept {
  if (pending() >= kLarge) flush();
}

void Output::drop() noexcept {
  buffer_.clear();
  if (buffer_.capacity() > kKeptCapacity) std::string().swap(buffer_);
  written_ = 0;
  writable_.stop();
}

void Output::drain() noexcept {
  flush();
  if (!failed_ && pending() == 0) events_.on_drained();
}

// The end that writes is never readable: it is woken for an error.
void Output::look_for_reader() noexcept {
  pollfd asked{.fd = fd_, .events = 0, .revents = 0};
  if (::poll(&asked, 1, 0) == 1 && (asked.revents & POLLERR) != 0) fail(EPIPE);
}

void Output::fail(int error) noexcept {
  closed_.stop();
  drop();
  if (std::exchange(failed_, true)) return;
  events_.on_failed(error);
}

}  // namespace lariat::app
