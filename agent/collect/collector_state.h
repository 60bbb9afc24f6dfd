#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "agent/base/clock.h"
#include "agent/config/collector.h"

namespace lariat::collect {

/// How a run ended: the label `result` of `lariat_collector_runs_total`.
///
/// A run of a oneshot is a process. A run of a stream is an answer to a tick; that it ended without
/// being asked to is one too, of its own. A run of a feed is its life. What is ended because it was
/// changed, removed or the agent stops has no result.
enum class Result : std::uint8_t {
  kOk,       ///< Ended with status 0, or closed its answer with its mark, in time.
  kFailed,   ///< Could not be started, ended with another status, broke its own binary stream, or
             ///< ended though it should live on.
  kTimeout,  ///< Neither ended nor answered by its deadline, and was ended for it.
  kKilled,   ///< By a signal that was not the deadline's: a crash, the kernel short of memory; or
             ///< by the agent over `max_output`.
  kRefused,  ///< Not started: the trust rule, a description with mistakes, or a name that is taken.
};
inline constexpr std::size_t kResults = 5;

/// One collector as it is now: what `expose::CollectorStatus` says of it.
struct CollectorState {
  std::string name;
  std::string command;     ///< As words for people.
  std::string origin;      ///< Where it is described.
  std::string mode;        ///< `oneshot`, `stream`, `feed`.
  std::string state;       ///< `waiting`, `running`, `backing off`, `refused`, `disabled`.
  bool healthy = true;     ///< The last run was good, none has ended yet, or a feed has come back.
  std::string last_error;  ///< In words, with what to do; empty if all is well.
  std::chrono::milliseconds interval{};
  std::uint64_t runs_good = 0;
  std::uint64_t runs_bad = 0;
  std::uint64_t frames = 0;
  std::uint64_t rejected = 0;
  std::uint64_t restarts = 0;
  std::uint64_t late = 0;
  std::chrono::microseconds cpu{};  ///< Of its processes.
  std::uint64_t max_resident = 0;   ///< Bytes, of the largest of them.
  std::optional<std::chrono::milliseconds> last_duration;
  std::optional<base::WallTime> last_success;
};

/// What is known of one that has not run.
[[nodiscard]] CollectorState initial_state(const config::Collector& description);

}  // namespace lariat::collect
