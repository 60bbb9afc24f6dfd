#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "proto/collectd_line.h"
#include "proto/default_tags.h"
#include "proto/influx_line.h"
#include "proto/json_line.h"
#include "proto/line_encoder.h"
#include "proto/nagios_output.h"
#include "proto/prometheus_line.h"
#include "proto/reason.h"
#include "proto/series_name.h"

namespace lariat::proto {

/// What the lines of a collector may be.
enum class TextFormat : std::uint8_t {
  kBolo,
  kNagios,
  kPrometheus,
  kInflux,
  kGraphite,
  kCollectd,
  kJson,
};

/// Turns lines of one of the formats into SUBMIT messages. Without a format it finds out which.
///
/// The first line decides that has a form of its own, in this order: a keyword of ours (`done`
/// alone decides nothing), `PUTVAL` or `PUTNOTIF`, `{`, `# HELP` or `# TYPE`, a value of Graphite
/// with a time, one of Prometheus, a line of InfluxDB's, one of Graphite without a time; the first
/// line that is not empty may be one of a plugin too (see `is_nagios_line`). Until then a line is
/// refused as one of ours would be. Other comments decide nothing.
/// A line gives all of its messages or, refused, none; but for one of InfluxDB's or collectd's of
/// which a single name becomes too long with the tags.
/// Ownership: borrows `tags`. About 70 KiB.
class TextReader {
 public:
  struct [[nodiscard]] Result {
    Reason reason = Reason::kNone;
    bool done = false;  ///< The answer to a tick is complete.
  };

  /// `interval_milliseconds`: of STATEs, 0 if unknown. `check`: what a plugin's STATE is called.
  TextReader(const DefaultTags& tags, std::uint32_t interval_milliseconds,
             std::optional<TextFormat> format, std::string check);

  /// One line without its end. `now`, in seconds since 1970, is the time of what has none.
  Result take(std::string_view line, std::uint64_t now, LineEncoder::Sink sink);
  /// The output has ended. Only of a plugin something is said by then, and refused.
  void finish(const PluginEnd& end, std::uint64_t now, LineEncoder::Sink sink,
              NagiosOutput::Refused refused);

  /// None as long as it has not been found out.
  [[nodiscard]] std::optional<TextFormat> format() const noexcept { return format_; }

 private:
  Result take_known(std::string_view line, std::uint64_t now, LineEncoder::Sink sink);
  Result encode(const ParsedLine& parsed, LineEncoder::Sink sink);
  [[nodiscard]] std::optional<TextFormat> guess(std::string_view line);

  std::optional<TextFormat> format_;
  bool began_ = false;  // There was a line that is not empty.
  LineEncoder encoder_;
  SeriesName name_;
  PrometheusLines prometheus_;
  InfluxLines influx_;
  CollectdLines collectd_;
  JsonLines json_;
  NagiosOutput nagios_;
};

/// `bolo`, `nagios`, …: as the key `format` has it.
[[nodiscard]] std::string_view to_string(TextFormat format) noexcept;

}  // namespace lariat::proto
