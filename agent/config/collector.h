#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace lariat::config {

/// How a collector lives.
enum class Mode : std::uint8_t {
  kOneshot,  ///< Started each interval, read to its end.
  kStream,   ///< Lives on; is asked by a `tick` on its standard input each interval.
  kFeed,     ///< Lives on and prints when it likes.
};

/// What its octets are: the key `format`. Behind the first two they are the lines that
/// `proto::TextFormat` has, in its order.
enum class OutputFormat : std::uint8_t {
  kAuto,
  kTsdp,
  kBolo,
  kNagios,
  kPrometheus,
  kInflux,
  kGraphite,
  kCollectd,
  kJson,
};

/// The kernel's class and level of disk I/O: the key `ionice`.
struct IoPriority {
  bool idle = false;  ///< Only when nobody else wants the disk; else best-effort.
  int level = 4;      ///< Of best-effort: 0, the first, to 7.

  friend bool operator==(const IoPriority&, const IoPriority&) = default;
};

/// One collector: an object of `collectors.run`, a `collectors.d/NAME.json`, an executable in
/// `collectors.d` (all defaults), or a line of the schedule file.
struct Collector {
  std::string name;  ///< Its label in metrics and lines; unique among all collectors.
  /// Program and arguments; the program is an absolute path, or a name among the shipped ones.
  std::vector<std::string> command;
  Mode mode = Mode::kOneshot;
  OutputFormat format = OutputFormat::kAuto;
  std::chrono::milliseconds interval{10'000};            ///< At least 1 s, whole seconds.
  std::chrono::milliseconds timeout{10'000};             ///< Of one answer; at most the interval.
  std::vector<std::pair<std::string, std::string>> env;  ///< Beside the agent's own.
  std::string user;                                      ///< Empty: the agent's own.
  int nice = 0;                                          ///< Added to the agent's own, 0 to 19.
  std::optional<IoPriority> ionice;                      ///< Absent: as the agent's own.
  std::optional<std::uint64_t> max_memory;               ///< Bytes of address space.
  std::optional<std::chrono::seconds> max_cpu;           ///< Of each process; at least 1 s.
  std::optional<std::uint64_t> max_files;                ///< Descriptors of each process.
  std::optional<std::uint64_t> max_processes;            ///< All processes of its user.
  std::size_t max_series = 10'000;                       ///< Different names at a time.
  std::size_t max_frames = 100'000;                      ///< Of one run or interval.
  std::uint64_t max_output = std::uint64_t{64} << 20U;   ///< Octets of one run or interval.
  std::size_t max_line = std::size_t{64} << 10U;         ///< Octets, its line end included.
  bool expose = true;  ///< Its frames are on `/metrics` too, not only sent to the endpoints.
  bool enabled = true;
  std::string origin;  ///< Where it is described, for people: a file, or a file and JSON path.

  friend bool operator==(const Collector&, const Collector&) = default;
};

}  // namespace lariat::config
