#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "agent/base/url.h"
#include "agent/config/collector.h"
#include "agent/config/output.h"
#include "proto/default_tags.h"
#include "proto/filter.h"

namespace lariat::config {

/// The log on disk.
struct Spool {
  std::string directory = "/var/lib/lariat/spool";      ///< Absolute path.
  std::uint64_t max_bytes = std::uint64_t{256} << 20U;  ///< Of all files.
  std::chrono::milliseconds sync{1'000};                ///< What a loss of power may cost.
  friend bool operator==(const Spool&, const Spool&) = default;
};

/// Budget of the log.
struct Log {
  std::uint64_t memory = std::uint64_t{16} << 20U;  ///< Bytes.
  std::uint64_t segment = std::uint64_t{1} << 20U;  ///< Bytes.
  std::optional<Spool> spool;                       ///< Absent: in memory only.

  /// What an endpoint may lag before the log drops frames.
  [[nodiscard]] std::uint64_t budget() const noexcept { return spool ? spool->max_bytes : memory; }
  friend bool operator==(const Log&, const Log&) = default;
};

/// What a server shows to its clients, and asks of them. Absolute paths of files in PEM.
struct ServerTls {
  std::string certificate;
  std::string key;
  std::string client_ca;  ///< Of the certificates that clients must have; empty: they need none.
  friend bool operator==(const ServerTls&, const ServerTls&) = default;
};

/// Where HTTP is served: a literal address, or `localhost`. Port 0 is any free one.
struct Listen {
  std::string host = "127.0.0.1";
  std::uint16_t port = 9299;
  std::optional<ServerTls> tls;  ///< Absent: not encrypted.
  friend bool operator==(const Listen&, const Listen&) = default;
};

/// One aggregator.
struct Endpoint {
  std::string name;
  base::Url url;
  bool from_begin = false;  ///< `start`: a new endpoint begins at the oldest frame held.
  std::optional<std::chrono::milliseconds> max_age;
  std::optional<std::uint64_t> max_bytes;  ///< Absent: the log's budget.
  std::vector<std::string> match;          ///< As written; empty: everything.
  std::optional<proto::Filter> filter;     ///< `match`, parsed.
  std::chrono::milliseconds connect_timeout{5'000};
  std::chrono::milliseconds stall_timeout{30'000};
  std::chrono::milliseconds back_off_min{500};
  std::chrono::milliseconds back_off_max{30'000};
  std::chrono::milliseconds heartbeat{60'000};  ///< 0: none. Other schemes than TSDP have none.
  bool fresh_first = false;                     ///< `order`. With a spool it is the default.
  double catch_up = 4.0;  ///< Times the rate of arrival, for `fresh_first`; 0: no pace.
  Output output;
  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

/// Where a value came from: no part of what a configuration says, so all are equal.
struct Provenance {
  bool configured = false;  ///< The file has it; else it is the default.
  friend constexpr bool operator==(Provenance, Provenance) noexcept { return true; }
};

/// A whole configuration, every value as it takes effect.
struct Config {
  std::string file;      ///< Where it was read from; empty for the built-in default.
  std::string hostname;  ///< Of this host.
  proto::DefaultTags tags;
  std::chrono::milliseconds interval{10'000};
  Log log;
  std::optional<Listen> http = Listen{};  ///< Absent: no HTTP.
  std::string control_socket;             ///< Absolute path; empty: none.
  Provenance control_provenance;
  std::vector<Endpoint> endpoints;       ///< In the order of the file.
  std::vector<std::string> directories;  ///< Of collectors, watched.
  std::vector<Collector> run;            ///< `collectors.run`, in the order of the file.
  std::size_t max_running = 512;         ///< Oneshots at a time.
  std::string schedule_file;             ///< Empty: none.
  std::vector<Collector> schedule;       ///< What the schedule file held when it was read.
  std::uint64_t max_series = 100'000;    ///< In the snapshot.
  std::chrono::milliseconds shutdown_grace{5'000};

  friend bool operator==(const Config&, const Config&) = default;
};

}  // namespace lariat::config
