#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "agent/base/clock.h"

namespace lariat::expose {

/// A sample that an aggregator has refused.
struct RejectedStatus {
  std::string series;
  double value = 0;
  base::WallTime time{};
  std::string why;  ///< In the aggregator's words.
};

/// One endpoint, for `/status`, `/` and `lariat status`.
struct EndpointStatus {
  std::string name;
  std::string url;
  std::string state;       ///< One word: `connected`, `behind`, `stalled`, `connecting`.
  bool healthy = true;     ///< Connected, and not stalled.
  std::string last_error;  ///< In words, with what to do; empty if all is well.
  std::uint64_t frames_accepted = 0;
  std::uint64_t frames_delivered = 0;
  std::uint64_t frames_dropped = 0;
  std::uint64_t frames_resent = 0;
  std::uint64_t frames_queued = 0;
  std::uint64_t bytes_queued = 0;
  std::chrono::milliseconds oldest_unsent_age{};
  std::optional<base::WallTime> last_success;
  std::vector<RejectedStatus> rejected;  ///< The last of them, oldest first.
};

/// One collector.
struct CollectorStatus {
  std::string name;
  std::string command;     ///< As words for people.
  std::string origin;      ///< Where it is described.
  std::string mode;        ///< `oneshot`, `stream`, `feed`.
  std::string state;       ///< `waiting`, `running`, `backing off`, `refused`, `disabled`.
  bool healthy = true;     ///< The last run was good, or none has ended yet.
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

/// The agent as it is now.
struct Status {
  std::string version;
  std::string revision;
  std::string host;
  std::int64_t pid = 0;
  std::chrono::seconds uptime{};
  std::string config_file;  ///< Empty: the built-in default.
  base::WallTime config_loaded{};
  std::string reload_error;  ///< Why the last reload was refused; empty: it was good.
  std::string http;          ///< Where HTTP is served, `127.0.0.1:9299`; empty: nowhere.
  bool http_tls = false;     ///< It is https there.
  bool ready = false;
  std::string not_ready_because;
  std::uint64_t log_frames = 0;  ///< Held.
  std::uint64_t log_frames_total = 0;
  std::uint64_t log_memory_bytes = 0;
  std::uint64_t series = 0;
  std::uint64_t series_refused = 0;
  std::uint64_t wakeups = 0;
  std::vector<EndpointStatus> endpoints;
  std::vector<CollectorStatus> collectors;
};

}  // namespace lariat::expose
