#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "agent/base/result.h"

namespace lariat::collect {

/// What a process sets before it becomes a program.
struct ExecSettings {
  std::string user;                            ///< Empty: as it is.
  int nice = 0;                                ///< Added.
  std::optional<int> io_priority;              ///< As `ioprio_set` takes it.
  std::optional<std::uint64_t> max_memory;     ///< Bytes of address space.
  std::optional<std::uint64_t> max_cpu;        ///< Seconds; each process gets so many.
  std::optional<std::uint64_t> max_files;      ///< Descriptors of each process.
  std::optional<std::uint64_t> max_processes;  ///< Of its user; root is not bound by it.
  pid_t parent = 0;                  ///< With whose end the program gets SIGTERM; 0: none's.
  int report = -1;                   ///< Where the words go if it fails; -1: standard error.
  std::vector<std::string> command;  ///< The program, an absolute path, and its arguments.

  friend bool operator==(const ExecSettings&, const ExecSettings&) = default;
};

/// The words behind `lariat exec`.
[[nodiscard]] std::vector<std::string> exec_words(const ExecSettings& settings);
[[nodiscard]] base::Result<ExecSettings> parse_exec_words(std::span<char* const> words);

/// Becomes the program. Comes back only if that failed: in one sentence why.
[[nodiscard]] base::Error become(const ExecSettings& settings);

}  // namespace lariat::collect
