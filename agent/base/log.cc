#include "agent/base/log.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <memory>

namespace lariat::base {
namespace {

// `JOURNAL_STREAM` is DEVICE:INODE of the descriptor that systemd gave to the service.
bool is_journal(int fd) noexcept {
  const char* stream = std::getenv("JOURNAL_STREAM");  // NOLINT(concurrency-mt-unsafe)
  struct stat status {};
  if (stream == nullptr || ::fstat(fd, &status) != 0) return false;
  return fmt::format("{}:{}", status.st_dev, status.st_ino) == stream;
}

}  // namespace

LineWriter::LineWriter(int fd) noexcept : fd_(fd), journal_(is_journal(fd)) {}

void LineWriter::write(Level level, std::string_view line) {
  if (left_out_ > 0) {
    const auto told = fmt::format("{} lines were left out: nobody read them", left_out_);
    if (!put(Level::kWarning, told)) {
      ++left_out_;
      return;
    }
    left_out_ = 0;
  }
  if (!put(level, line)) ++left_out_;
}

// One write a line, so that lines of several processes on one descriptor do not mix. A pipe that is
// ready takes 4,096 octets at once without waiting.
bool LineWriter::put(Level level, std::string_view line) {
  constexpr std::size_t kMost = 4000;
  constexpr std::array<std::string_view, 3> kPriorities = {"<6>", "<4>", "<3>"};
  constexpr std::array<std::string_view, 3> kWords = {
      "lariat: ", "lariat: warning: ", "lariat: error: "};
  pollfd ready{.fd = fd_, .events = POLLOUT, .revents = 0};
  if (::poll(&ready, 1, 0) != 1 || (ready.revents & POLLOUT) == 0) return false;
  text_ = (journal_ ? kPriorities : kWords)[static_cast<std::size_t>(level)];
  text_ += line.substr(0, kMost);
  text_ += '\n';
  return ::write(fd_, text_.data(), text_.size()) >= 0;
}

Log::Log()
    : sink_([writer = std::make_shared<LineWriter>(STDERR_FILENO)](
                Level level, std::string_view line) { writer->write(level, line); }) {}

}  // namespace lariat::base
