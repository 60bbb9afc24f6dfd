#include "collectors/process/table.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <system_error>
#include <utility>

#include "collectors/sdk/proc_file.h"
#include "collectors/sdk/scan.h"

namespace lariat::processes {
namespace {

constexpr std::uint64_t kKibi = 1024;

// What a line `KEY: 12 kB` has; of io, `KEY: 12`.
std::optional<std::uint64_t> number_of(const std::optional<std::string>& text,
                                       std::string_view key) {
  if (!text) return std::nullopt;
  std::string_view rest = *text;
  for (std::string_view line; sdk::take_line(rest, line);) {
    if (!line.starts_with(key) || !line.substr(key.size()).starts_with(':')) continue;
    line.remove_prefix(key.size() + 1);
    const auto number = sdk::parse<std::uint64_t>(sdk::take_word(line));
    const bool kibi = sdk::take_word(line) == "kB";
    if (!number) return std::nullopt;
    return kibi ? *number * kKibi : *number;
  }
  return std::nullopt;
}

std::optional<std::uint64_t> count_entries(const std::string& path) {
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir(path.c_str()), &::closedir);
  if (folder == nullptr) return std::nullopt;
  std::uint64_t count = 0;
  while (const dirent* const entry = ::readdir(folder.get())) {
    if (entry->d_name[0] != '.') ++count;
  }
  return count;
}

// The line `btime 1700000000`, in seconds; 0 if there is none.
double read_boot_time(const std::string& path) {
  sdk::ProcFile file(path);
  std::string_view rest = file.read().value_or("");
  for (std::string_view line; sdk::take_line(rest, line);) {
    if (sdk::take_word(line) != "btime") continue;
    return static_cast<double>(sdk::parse<std::uint64_t>(sdk::take_word(line)).value_or(0));
  }
  return 0;
}

// Fields behind the name, counted as proc(5) does: the state is the third.
class Fields {
 public:
  explicit Fields(std::string_view text) {
    while (true) {
      const std::string_view word = sdk::take_word(text);
      if (word.empty()) break;
      words_.push_back(word);
    }
  }
  template <typename Number>
  [[nodiscard]] Number number(std::size_t place) {
    constexpr std::size_t kFirst = 3;
    const auto read =
        place - kFirst < words_.size() ? sdk::parse<Number>(words_[place - kFirst]) : std::nullopt;
    good_ = good_ && read.has_value();
    return read.value_or(0);
  }
  [[nodiscard]] bool good() const noexcept { return good_; }

 private:
  std::vector<std::string_view> words_;
  bool good_ = true;
};

}  // namespace

std::optional<Stat> parse_stat(std::string_view text) {
  // The name may have anything in it, also `) `.
  const std::size_t open = text.find('(');
  const std::size_t close = text.rfind(')');
  if (open == text.npos || close == text.npos || open == 0 || close < open) return std::nullopt;
  static const auto ticks = static_cast<double>(std::max(::sysconf(_SC_CLK_TCK), 1L));
  static const auto page = static_cast<std::uint64_t>(std::max(::sysconf(_SC_PAGESIZE), 1L));
  const auto pid = sdk::parse<pid_t>(text.substr(0, open - 1));
  if (!pid) return std::nullopt;
  Fields fields(text.substr(close + 1));
  const Stat stat{.pid = *pid,
                  .parent = fields.number<pid_t>(4),
                  .name = text.substr(open + 1, close - open - 1),
                  .user_seconds = static_cast<double>(fields.number<std::uint64_t>(14)) / ticks,
                  .system_seconds = static_cast<double>(fields.number<std::uint64_t>(15)) / ticks,
                  .threads = fields.number<std::uint64_t>(20),
                  .start_ticks = fields.number<std::uint64_t>(22),
                  .virtual_bytes = fields.number<std::uint64_t>(23),
                  .resident_bytes = fields.number<std::uint64_t>(24) * page};
  return fields.good() ? std::optional(stat) : std::nullopt;
}

std::string Table::read() {
  all_.clear();
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir(procfs_.c_str()), &::closedir);
  if (folder == nullptr) {
    return "cannot read " + procfs_ + ": " + std::generic_category().message(errno);
  }
  while (const dirent* const entry = ::readdir(folder.get())) {
    const auto pid = sdk::parse<pid_t>(entry->d_name);
    if (!pid) continue;
    // One that has gone meanwhile is none.
    const auto text = sdk::read_file(path(*pid, "stat"));
    const auto stat = text ? parse_stat(*text) : std::nullopt;
    struct stat owner {};
    if (!stat || ::stat(path(*pid, "").c_str(), &owner) != 0) continue;
    Process& process = all_.emplace_back(Process{*stat, std::string(stat->name), owner.st_uid});
    process.stat.name = {};
  }
  if (boot_time_ == 0) boot_time_ = read_boot_time(procfs_ + "/stat");
  return {};
}

std::string Table::command_line(pid_t pid) const {
  constexpr std::size_t kMost = 4096;
  const int file = ::open(path(pid, "cmdline").c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return {};
  std::string text(kMost, '\0');
  const ssize_t got = ::read(file, text.data(), text.size());
  ::close(file);
  text.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
  while (text.ends_with('\0')) text.pop_back();
  std::ranges::replace(text, '\0', ' ');
  return text;
}

Details Table::details(pid_t pid, bool with_pss) const {
  const auto status = sdk::read_file(path(pid, "status"));
  const auto io = sdk::read_file(path(pid, "io"));
  Details details;
  details.open_files = count_entries(path(pid, "fd"));
  details.peak_bytes = number_of(status, "VmHWM");
  details.swap_bytes = number_of(status, "VmSwap");
  if (with_pss) details.pss_bytes = number_of(sdk::read_file(path(pid, "smaps_rollup")), "Pss");
  details.read_bytes = number_of(io, "rchar");
  details.written_bytes = number_of(io, "wchar");
  details.storage_read_bytes = number_of(io, "read_bytes");
  details.storage_written_bytes = number_of(io, "write_bytes");
  const auto taken_back = number_of(io, "cancelled_write_bytes");
  if (taken_back && details.storage_written_bytes) {
    *details.storage_written_bytes -= std::min(*taken_back, *details.storage_written_bytes);
  }
  return details;
}

std::string Table::path(pid_t pid, std::string_view file) const {
  return procfs_ + '/' + std::to_string(pid) + '/' + std::string(file);
}

}  // namespace lariat::processes
