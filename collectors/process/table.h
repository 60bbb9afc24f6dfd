#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lariat::processes {

/// What `/proc/PID/stat` says of a process.
struct Stat {
  pid_t pid = 0;
  pid_t parent = 0;
  std::string_view name;  ///< At most 15 octets; borrows from the text.
  double user_seconds = 0;
  double system_seconds = 0;
  std::uint64_t threads = 0;
  std::uint64_t start_ticks = 0;  ///< Since the machine has started.
  std::uint64_t virtual_bytes = 0;
  std::uint64_t resident_bytes = 0;
};

/// Reads the text of `/proc/PID/stat`; nothing if it is none.
[[nodiscard]] std::optional<Stat> parse_stat(std::string_view text);

/// A process, as far as every one of them is looked at.
struct Process {
  Stat stat;
  std::string name;  ///< What `stat.name` borrows from.
  uid_t user = 0;
};

/// What is asked of those that are told of. Absent: it may not be read, or has gone.
struct Details {
  std::optional<std::uint64_t> open_files;
  std::optional<std::uint64_t> peak_bytes;  ///< VmHWM
  std::optional<std::uint64_t> swap_bytes;  ///< VmSwap
  std::optional<std::uint64_t> pss_bytes;   ///< Of smaps_rollup.
  std::optional<std::uint64_t> read_bytes;
  std::optional<std::uint64_t> written_bytes;
  std::optional<std::uint64_t> storage_read_bytes;     ///< What storage was asked for.
  std::optional<std::uint64_t> storage_written_bytes;  ///< Without what was taken back.
};

/// All processes of a host, read once.
class Table {
 public:
  /// `procfs` is `/proc`, or a folder like it.
  explicit Table(std::string procfs) : procfs_(std::move(procfs)) {}

  /// Reads all anew; what was wrong as one sentence, or nothing.
  [[nodiscard]] std::string read();
  [[nodiscard]] const std::vector<Process>& all() const noexcept { return all_; }
  /// Its arguments with blanks between, at most 4096 octets; empty for a thread of the kernel, or
  /// when it has gone.
  [[nodiscard]] std::string command_line(pid_t pid) const;
  /// `with_pss`: ask for it, which costs the kernel a walk over all its pages.
  [[nodiscard]] Details details(pid_t pid, bool with_pss) const;
  /// When the machine started, in seconds since 1970.
  [[nodiscard]] double boot_time() const noexcept { return boot_time_; }

 private:
  [[nodiscard]] std::string path(pid_t pid, std::string_view file) const;

  std::string procfs_;
  std::vector<Process> all_;
  double boot_time_ = 0;
};

}  // namespace lariat::processes
