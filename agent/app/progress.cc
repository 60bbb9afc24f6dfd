#include "agent/app/progress.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <string_view>
#include <utility>

#include "agent/loop/timer.h"

namespace lariat::app {
namespace {

constexpr std::chrono::milliseconds kInterval{250};
constexpr std::size_t kUsualColumns = 80;

// A line that wraps could not be redrawn in place.
std::size_t columns() noexcept {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return kUsualColumns;
  return size.ws_col;
}

// A terminal that was stopped (^S) takes nothing until it goes on.
void write_if_ready(std::string_view text) noexcept {
  pollfd ready{.fd = STDERR_FILENO, .events = POLLOUT, .revents = 0};
  if (::poll(&ready, 1, 0) != 1 || (ready.revents & POLLOUT) == 0) return;
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
}

double rate(std::uint64_t before, std::uint64_t now, double seconds) noexcept {
  return seconds > 0 && now > before ? static_cast<double>(now - before) / seconds : 0;
}

// Throws nothing, as formatting may: it is for callbacks and a destructor.
std::string fixed(double value, int digits) {
  std::array<char, 64> room;
  const auto end = room.data() + room.size();
  const auto written = std::to_chars(room.data(), end, value, std::chars_format::fixed, digits);
  return {room.data(), written.ptr};
}

}  // namespace

Progress::Progress(loop::Loop& loop, std::function<ProgressCounts()> counts)
    : loop_(loop), counts_(std::move(counts)) {}

Progress::~Progress() { stop(); }

void Progress::start() {
  if (active() || ::isatty(STDERR_FILENO) == 0) return;
  timer_ = std::make_unique<loop::Timer>(loop_, [this] { tick(); });
  first_ = last_ = counts_();
  first_at_ = last_at_ = base::monotonic_now();
  timer_->start(kInterval);
}

void Progress::stop() noexcept {
  if (!active()) return;
  draw(first_, counts_(), base::monotonic_now() - first_at_);
  write_if_ready("\n");
  width_ = 0;
  timer_.reset();
}

void Progress::clear() noexcept {
  if (width_ == 0) return;
  write_if_ready("\r" + std::string(width_, ' ') + "\r");
  width_ = 0;
}

void Progress::tick() noexcept {
  const auto now = base::monotonic_now();
  const ProgressCounts counts = counts_();
  draw(last_, counts, now - last_at_);
  last_ = counts;
  last_at_ = now;
  timer_->start(kInterval);
}

// Blanks wipe the end of a longer line: every terminal knows them.
void Progress::draw(const ProgressCounts& before, const ProgressCounts& now,
                    std::chrono::duration<double> between) {
  std::string text = progress_text(before, now, between);
  text.resize(std::min(text.size(), columns() - 1));
  const std::size_t width = text.size();
  text.append(width_ > width ? width_ - width : 0, ' ');
  write_if_ready("\r" + text);
  width_ = width;
}

std::string progress_text(const ProgressCounts& before, const ProgressCounts& now,
                          std::chrono::duration<double> between) {
  constexpr double kMega = 1e6;
  const double seconds = between.count();
  return std::to_string(now.frames) + " frames  " +
         fixed(rate(before.frames, now.frames, seconds), 0) + "/s  " +
         fixed(rate(before.bytes, now.bytes, seconds) / kMega, 1) + " MB/s  " +
         std::to_string(now.connections) + (now.connections == 1 ? " connection" : " connections");
}

}  // namespace lariat::app
