#include "agent/metrics/process.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "agent/base/unique_fd.h"

namespace lariat::metrics {
namespace {

// Places in /proc/self/stat, from 0, of what follows the program's name.
constexpr std::size_t kUserTicks = 11;
constexpr std::size_t kSystemTicks = 12;
constexpr std::size_t kStartTicks = 19;
constexpr std::size_t kVirtualBytes = 20;
constexpr std::size_t kResidentPages = 21;

constexpr std::string_view kBlanks = " \t";

std::optional<std::string> read_file(const std::string& path) {
  const base::UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return std::nullopt;
  std::string text;
  std::array<char, 4096> block;
  while (true) {
    const ssize_t count = ::read(fd.get(), block.data(), block.size());
    if (count == 0) return text;
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return std::nullopt;
    text.append(block.data(), static_cast<std::size_t>(count));
  }
}

// The number a word begins with, and nothing but a number.
std::optional<double> to_number(std::string_view word) {
  std::uint64_t value = 0;
  const char* end = word.data() + word.size();
  const auto [stop, error] = std::from_chars(word.data(), end, value);
  if (word.empty() || error != std::errc() || stop != end) return std::nullopt;
  return static_cast<double>(value);
}

// The word at `place`, from 0, of a line of words; empty if there are fewer.
std::string_view word_at(std::string_view line, std::size_t place) {
  while (true) {
    const std::size_t begin = line.find_first_not_of(kBlanks);
    if (begin == std::string_view::npos) return {};
    line.remove_prefix(begin);
    const std::size_t length = std::min(line.find_first_of(kBlanks), line.size());
    if (place-- == 0) return line.substr(0, length);
    line.remove_prefix(length);
  }
}

// The rest of the line that begins with `key`.
std::optional<std::string_view> after_key(std::string_view text, std::string_view key) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    if (line.starts_with(key)) return line.substr(key.size());
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return std::nullopt;
}

std::optional<double> number_of_key(std::string_view text, std::string_view key) {
  const auto rest = after_key(text, key);
  return rest ? to_number(word_at(*rest, 0)) : std::nullopt;
}

struct CloseDirectory {
  void operator()(DIR* directory) const noexcept { ::closedir(directory); }
};
using Directory = std::unique_ptr<DIR, CloseDirectory>;

Directory open_directory(const std::string& path) { return Directory(::opendir(path.c_str())); }

// The next entry that is a number: a descriptor, a thread. Null at the end.
const dirent* next_number(DIR& directory) {
  const dirent* entry = ::readdir(&directory);
  while (entry != nullptr && !to_number(entry->d_name)) entry = ::readdir(&directory);
  return entry;
}

// The descriptor that reads the list is not counted.
std::optional<double> count_open_fds(const std::string& path) {
  const Directory directory = open_directory(path);
  if (!directory) return std::nullopt;
  const std::string own = std::to_string(::dirfd(directory.get()));
  double count = 0;
  while (const dirent* entry = next_number(*directory)) {
    if (entry->d_name != own) ++count;
  }
  return count;
}

struct Switches {
  double voluntary = 0;
  double involuntary = 0;
};

// A thread that ends while we look is left out.
std::optional<Switches> sum_switches(const std::string& tasks) {
  const Directory directory = open_directory(tasks);
  if (!directory) return std::nullopt;
  std::optional<Switches> sum;
  while (const dirent* entry = next_number(*directory)) {
    const auto status = read_file(tasks + "/" + entry->d_name + "/status");
    if (!status) continue;
    const auto voluntary = number_of_key(*status, "voluntary_ctxt_switches:");
    const auto involuntary = number_of_key(*status, "nonvoluntary_ctxt_switches:");
    if (!voluntary || !involuntary) continue;
    if (!sum) sum.emplace();
    sum->voluntary += *voluntary;
    sum->involuntary += *involuntary;
  }
  return sum;
}

void set_if(Report& report, Metric metric, std::optional<double> value) {
  if (value) report.set(metric, *value);
}

// `machine` is the text of /proc/stat, which alone has the time of the boot.
void report_stat(Report& report, std::string_view stat, std::string_view machine) {
  // The name is in parentheses and may have any character, those as well.
  const std::size_t name_end = stat.rfind(')');
  if (name_end == std::string_view::npos) return;
  const auto number = [words = stat.substr(name_end + 1)](std::size_t place) {
    return to_number(word_at(words, place));
  };

  const auto ticks_a_second = static_cast<double>(::sysconf(_SC_CLK_TCK));
  const auto user = number(kUserTicks);
  const auto system = number(kSystemTicks);
  if (user && system) {
    report.set(Metric::kProcessCpuSecondsTotal, (*user + *system) / ticks_a_second);
  }
  if (const auto pages = number(kResidentPages)) {
    const auto page_bytes = static_cast<double>(::sysconf(_SC_PAGESIZE));
    report.set(Metric::kProcessResidentMemoryBytes, *pages * page_bytes);
  }
  set_if(report, Metric::kProcessVirtualMemoryBytes, number(kVirtualBytes));
  const auto start = number(kStartTicks);
  const auto boot = number_of_key(machine, "btime ");
  if (start && boot) {
    report.set(Metric::kProcessStartTimeSeconds, *boot + *start / ticks_a_second);
  }
}

}  // namespace

void ProcessSource::report(Report& report) const {
  const std::string self = proc_ + "/self";
  if (const auto stat = read_file(self + "/stat")) {
    report_stat(report, *stat, read_file(proc_ + "/stat").value_or(""));
  }
  set_if(report, Metric::kProcessOpenFds, count_open_fds(self + "/fd"));
  if (const auto limits = read_file(self + "/limits")) {
    set_if(report, Metric::kProcessMaxFds, number_of_key(*limits, "Max open files"));
  }
  if (const auto switches = sum_switches(self + "/task")) {
    report.set(Metric::kProcessVoluntaryContextSwitchesTotal, switches->voluntary);
    report.set(Metric::kProcessInvoluntaryContextSwitchesTotal, switches->involuntary);
  }
}

}  // namespace lariat::metrics
