#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "proto/bolo_text.h"
#include "proto/function_ref.h"
#include "proto/series_name.h"

namespace lariat::proto {

struct PerfItem;

/// How a plugin ended.
struct PluginEnd {
  std::optional<int> exit_status;  ///< None: it never ran, or was ended.
  std::string fault;               ///< What is wrong then, for people.
  bool stopped = false;            ///< It was not let run to its end: nothing is to be said of it.
  /// Its last line had no end: unless there is a status, half of it may be missing, and its last
  /// piece of performance data is left out.
  bool half_line = false;
};

/// What a monitoring plugin of the Nagios kind prints, and what becomes of it once it has ended.
///
/// A STATE called like the check, by the exit status: 0 to 2 are OK, WARNING, CRITICAL, any other
/// is UNKNOWN, none is CRITICAL. Its text is the first line up to `|`, then the long output. Each
/// piece of performance data, `'LABEL'=VALUE[UNIT];WARNING;CRITICAL;MIN;MAX`, wherever it stands,
/// has the tag `label` and is a SAMPLE:
///
/// | unit | metric | |
/// | --- | --- | --- |
/// | `s` `ms` `us` `ns` | `CHECK_seconds` | in seconds |
/// | `B` `KB` `MB` `GB` `TB` `PB` `EB`, also as `KiB` | `CHECK_bytes` | in octets; K is 1024 |
/// | `%` | `CHECK_percent` | as it is |
/// | `c` | `CHECK_total` | a DELTA |
/// | none, any other | `CHECK_value` | as it is, the tag `unit` has the other |
///
/// Thresholds and bounds are SAMPLEs with the same tags and unit: `CHECK_warning_bytes`, and
/// `_critical`, `_min`, `_max` (without a unit `CHECK_warning`). Of a range that is its upper end;
/// a lower end that is written is `CHECK_warning_low_bytes`. With `@`, which warns inside of the
/// range, these have the tag `range`, `inside`. A value `U` is unknown: nothing is said of it.
class NagiosOutput {
 public:
  /// Octets of a run that are kept; what is beyond is refused, once.
  static constexpr std::size_t kMost = std::size_t{64} << 10U;

  /// A record; why it is no good to whoever takes it.
  using Sink = FunctionRef<Reason(const Record&)>;
  using Refused = FunctionRef<void(Reason reason, std::string_view excerpt)>;

  /// `check`: a metric, or a metric, a blank and tags as a qualified name spells them.
  explicit NagiosOutput(std::string check) : check_(std::move(check)) {}

  /// A line, without its end. False if it is refused, `kTooLong`.
  [[nodiscard]] bool take(std::string_view line);
  /// The plugin has ended: hands out what is to be said, and forgets the output. What is refused of
  /// it costs itself alone.
  void finish(const PluginEnd& end, std::uint64_t now, SeriesName& name, Sink sink,
              Refused refused);

 private:
  void drop_half_item() noexcept;
  void put_state(const PluginEnd& end, SeriesName& name, Sink sink, Refused refused);
  void put_item(std::string_view item, SeriesName& name, Sink sink, Refused refused);
  [[nodiscard]] Reason put_limits(const PerfItem& item, SeriesName& name, Record& record,
                                  Sink sink);
  [[nodiscard]] std::string_view metric() const noexcept;
  void begin_name(SeriesName& name) const;
  void name_item(const PerfItem& item, bool inside, SeriesName& name) const;

  std::string check_;
  std::string text_;           // First line and long output.
  std::string data_;           // Performance data.
  std::size_t last_data_ = 0;  // Where that of the last line begins.
  std::size_t lines_ = 0;
  bool in_data_ = false;
  bool full_ = false;
  std::uint64_t now_ = 0;
};

/// The line has the form that such plugins' first lines have: a word `OK`, `WARNING`, `CRITICAL` or
/// `UNKNOWN` among its first `words`.
[[nodiscard]] bool is_nagios_line(std::string_view line, int words = 4) noexcept;

}  // namespace lariat::proto
