#include "collectors/sdk/ticks.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <system_error>

namespace lariat::sdk {
namespace {

std::optional<std::uint64_t> parse_tick(std::string_view line) noexcept {
  constexpr std::string_view kKeyword = "tick ";
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (!line.starts_with(kKeyword)) return std::nullopt;
  line.remove_prefix(kKeyword.size());
  std::uint64_t seconds = 0;
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), seconds);
  if (error != std::errc{} || end != line.data() + line.size()) return std::nullopt;
  return seconds;
}

bool wait_for(int descriptor, short events) noexcept {
  pollfd entry{.fd = descriptor, .events = events, .revents = 0};
  return ::poll(&entry, 1, -1) >= 0 || errno == EINTR;
}

}  // namespace

std::optional<std::uint64_t> Ticks::next() noexcept {
  while (true) {
    while (const auto line = take_line()) {
      if (const auto tick = parse_tick(*line)) return tick;
    }
    if (!read_more()) return std::nullopt;
  }
}

std::optional<std::string_view> Ticks::take_line() noexcept {
  while (true) {
    const std::string_view held(buffer_.data() + begin_, end_ - begin_);
    const std::size_t length = held.find('\n');
    if (length == held.npos) return std::nullopt;
    begin_ += length + 1;
    if (!skipping_) return held.substr(0, length);
    skipping_ = false;
  }
}

bool Ticks::read_more() noexcept {
  std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
  end_ -= begin_;
  begin_ = 0;
  if (end_ == buffer_.size()) {
    skipping_ = true;
    end_ = 0;
  }
  while (true) {
    if (wait_) wait_(descriptor_);
    const ssize_t got = ::read(descriptor_, buffer_.data() + end_, buffer_.size() - end_);
    if (got > 0) {
      end_ += static_cast<std::size_t>(got);
      return true;
    }
    if (got == 0) return false;
    if (errno == EAGAIN ? !wait_for(descriptor_, POLLIN) : errno != EINTR) return false;
  }
}

bool write_all(int descriptor, std::span<const std::byte> bytes) noexcept {
  while (!bytes.empty()) {
    const ssize_t sent = ::write(descriptor, bytes.data(), bytes.size());
    if (sent > 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(sent));
    } else if (sent < 0 && errno == EAGAIN) {
      if (!wait_for(descriptor, POLLOUT)) return false;
    } else if (sent == 0 || errno != EINTR) {
      return false;
    }
  }
  return true;
}

}  // namespace lariat::sdk
