#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "proto/bolo_text.h"
#include "proto/function_ref.h"
#include "proto/series_name.h"

namespace lariat::proto {

/// Reads the commands that collectd takes from plugins it runs.
///
/// `PUTVAL HOST/PLUGIN[-INSTANCE]/TYPE[-INSTANCE] [interval=S] TIME:VALUE[:VALUE]…` is a record of
/// each value but `U`. Names are those that collectd's own exporter for Prometheus gives: the
/// metric `collectd_PLUGIN_TYPE` (the plugin alone, if both are the same), with the value's name
/// unless that is `value`, and `_total` of what grows; the plugin's instance is a tag called like
/// the plugin, the type's is `type`, or called like the plugin if that has none. The host is the
/// tag `host`, but `localhost` is left out. A value is a DELTA if its type is known to grow (see
/// `find_collectd_type`), else a SAMPLE.
///
/// `PUTNOTIF severity=… [time=S] [host=…] [plugin=…] [type=…] … message=…` is a STATE, or an EVENT
/// `collectd_notification` if it names no plugin.
class CollectdLines {
 public:
  /// Why a record is no good to whoever takes it; then the line's others are not handed out.
  using Sink = FunctionRef<Reason(const Record&)>;

  CollectdLines() noexcept {}  // NOLINT(modernize-use-equals-default): the room needs no zeros.

  /// `line` has no blanks at its ends and is not empty. Records borrow from it, from this and from
  /// `name`; only if the whole line is good are there any. Refused are `kUnknownKeyword`,
  /// `kMissingField`, `kBadName`, `kBadTime`, `kBadNumber`, `kLimit` (over 100 lists of values).
  [[nodiscard]] Reason read(std::string_view line, std::uint64_t now, SeriesName& name, Sink sink);

 private:
  struct Word {
    std::string_view key;  ///< Of `KEY=VALUE`; empty if there is no `=` outside of quotes.
    std::string_view text;
  };

  [[nodiscard]] Reason put_values(std::string_view rest, std::uint64_t now, SeriesName& name,
                                  Sink sink);
  [[nodiscard]] Reason put_notice(std::string_view rest, std::uint64_t now, SeriesName& name,
                                  Sink sink);
  [[nodiscard]] Reason take_word(std::string_view& rest, Word& word);

  std::array<char, kMaxNameLength + kMaxTextLength> room_;
  std::size_t used_ = 0;
};

/// The line begins with a command of collectd's, in any case of letters.
[[nodiscard]] bool is_collectd_line(std::string_view line) noexcept;

}  // namespace lariat::proto
