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
/// with a time, one of Prometheus, a line of InfluxDB's, one of Graphite without a time. The first
/// that is neither empty nor a comment may be one of a plugin too (see `is_nagios_line`): before
/// the last four if its first word says so, else behind them. Until then a line is refused as one
/// of ours would be. Other comments decide nothing.
///
/// What was found out is a guess: the first line that is a whole one of ours, and none of
/// Graphite's, makes it `kBolo` for good. So words before our lines cost themselves alone.
///
/// A line gives all of its messages or, refused, none; but for one of InfluxDB's or collectd's of
/// which a single name becomes too long with the tags.
/// Ownership: borrows `tags`. About 70 KiB.
class TextReader {
 public:
  struct [[nodiscard]] Result {
    Reason reason = Reason::kNone;
    bool done = false;            ///< The answer to a tick is complete.
    std::size_t not_plugins = 0;  ///< So many lines before it were taken for a plugin's: refused.
  };

  /// `interval_milliseconds`: of STATEs, 0 if unknown. `check`: what a plugin's STATE is called; if
  /// it is empty, no line is guessed to be a plugin's.
  TextReader(const DefaultTags& tags, std::uint32_t interval_milliseconds,
             std::optional<TextFormat> format, std::string check);

  /// It was a plugin's before: the first line is one, unless it has another form, and so is no
  /// line.
  void expect_plugin() noexcept { plugin_expected_ = true; }
  /// One line without its end. `now`, in seconds since 1970, is the time of what has none.
  Result take(std::string_view line, std::uint64_t now, LineEncoder::Sink sink);
  /// The output has ended. Only of a plugin something is said by then, and refused.
  void finish(const PluginEnd& end, std::uint64_t now, LineEncoder::Sink sink,
              NagiosOutput::Refused refused);

  /// None as long as it has not been found out.
  [[nodiscard]] std::optional<TextFormat> format() const noexcept { return format_; }

 private:
  [[nodiscard]] bool is_ours(std::string_view line, const ParsedLine& parsed);
  Result take_known(std::string_view line, std::uint64_t now, LineEncoder::Sink sink);
  Result encode(const ParsedLine& parsed, LineEncoder::Sink sink);
  [[nodiscard]] std::optional<TextFormat> guess(std::string_view line);

  std::optional<TextFormat> format_;
  bool guessed_ = false;  // It may still turn out to be ours.
  bool may_be_plugin_;    // No line has come that is neither empty nor a comment.
  bool plugin_expected_ = false;
  std::size_t plugin_lines_ = 0;  // Taken while it is a guess.
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
