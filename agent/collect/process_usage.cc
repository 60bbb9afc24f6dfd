#include "agent/collect/process_usage.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>
#include <system_error>

#include "agent/base/unique_fd.h"

namespace lariat::collect {
namespace {

using std::chrono::microseconds;

// Places in `stat`, from 0, of what follows the program's name: time in user and kernel, its own
// and that of children it waited for.
constexpr std::size_t kFirstTicks = 11;
constexpr std::size_t kLastTicks = 14;

using Room = std::array<char, 4096>;

std::string_view read_file(const std::string& path, Room& room) {
  const base::UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return {};
  const ssize_t got = ::read(fd.get(), room.data(), room.size());
  return got > 0 ? std::string_view(room.data(), static_cast<std::size_t>(got))
                 : std::string_view();
}

std::optional<std::uint64_t> to_number(std::string_view word) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc() || end != word.data() + word.size()) return std::nullopt;
  return value;
}

std::string_view take_word(std::string_view& rest) {
  rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
  const auto word = rest.substr(0, rest.find_first_of(" \t\n"));
  rest.remove_prefix(word.size());
  return word;
}

std::optional<microseconds> cpu_in(std::string_view stat) {
  const auto name_end = stat.rfind(')');
  if (name_end == std::string_view::npos) return std::nullopt;
  stat.remove_prefix(name_end + 1);
  std::uint64_t ticks = 0;
  for (std::size_t place = 0; place <= kLastTicks; ++place) {
    const auto word = take_word(stat);
    if (place < kFirstTicks) continue;
    const auto number = to_number(word);
    if (!number) return std::nullopt;
    ticks += *number;
  }
  const auto per_second = static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
  return microseconds(ticks * 1'000'000 / per_second);
}

// A process without memory, as one that ends, has no such line.
std::uint64_t peak_in(std::string_view status) {
  constexpr std::string_view kKey = "\nVmHWM:";
  const auto at = status.find(kKey);
  if (at == std::string_view::npos) return 0;
  status.remove_prefix(at + kKey.size());
  return to_number(take_word(status)).value_or(0) * 1024;
}

microseconds time_of(const timeval& time) {
  return std::chrono::seconds(time.tv_sec) + microseconds(time.tv_usec);
}

}  // namespace

ProcessUsage usage_of(const rusage& usage) noexcept {
  return {.cpu = time_of(usage.ru_utime) + time_of(usage.ru_stime),
          .max_resident = static_cast<std::uint64_t>(usage.ru_maxrss) * 1024};
}

std::optional<ProcessUsage> usage_of_living(pid_t pid, const std::string& proc) {
  Room room;
  const auto cpu = cpu_in(read_file(fmt::format("{}/{}/stat", proc, pid), room));
  if (!cpu) return std::nullopt;
  return ProcessUsage{
      .cpu = *cpu,
      .max_resident = peak_in(read_file(fmt::format("{}/{}/status", proc, pid), room))};
}

}  // namespace lariat::collect
