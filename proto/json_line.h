#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "proto/bolo_text.h"
#include "proto/json_text.h"
#include "proto/series_name.h"

namespace lariat::proto {

/// Reads one JSON object a line:
///
///     {"kind":"sample","name":"load","tags":{"cpu":"0"},"time":1700000000,"value":1.5}
///
/// | `kind` | besides `name` |
/// | --- | --- |
/// | `sample` | `value`, or `values`, a list |
/// | `delta` | `value` |
/// | `tally` | [`increment`] |
/// | `state` | `status` (`OK`, `WARNING`, `CRITICAL`, `UNKNOWN`), [`summary`], [`interval_ms`] |
/// | `event` | [`text`] |
/// | `fact` | `text`; it has no time |
/// | `done` | nothing, no name either: the answer to a tick is complete |
///
/// `name` is a metric, or metric, blank and tags as a qualified name spells them. `tags` has texts,
/// numbers and booleans. `time` is seconds, with 13 digits or more milliseconds; without one it is
/// `now`. A key that a kind has not, or that is there twice, makes the line bad, as does `null`. So
/// a SUBMIT as `lariat receive --json` prints it is read as what it was. About 12 KiB.
class JsonLines {
 public:
  JsonLines() noexcept {}  // NOLINT(modernize-use-equals-default): the rooms need no zeros.

  /// The record borrows from the line, from this and from `name`. Refused are `kBadSyntax`,
  /// `kUnknownKeyword` (a key, kind or status), `kMissingField`, `kBadName`, `kBadNumber`,
  /// `kBadTime`, `kNul`.
  [[nodiscard]] ParsedLine read(std::string_view line, std::uint64_t now, SeriesName& name);

 private:
  enum Key : std::uint8_t;  // Those of the table.
  [[nodiscard]] Reason read_object(JsonCursor& cursor, SeriesName& name);
  [[nodiscard]] Reason read_member(Key key, JsonCursor& cursor, SeriesName& name);
  [[nodiscard]] Reason read_word(Key key, std::string_view word);
  [[nodiscard]] Reason read_number(Key key, JsonCursor& cursor);
  [[nodiscard]] Reason read_name(std::string_view spelled, SeriesName& name);
  [[nodiscard]] Reason read_tags(JsonCursor& cursor, SeriesName& name);
  [[nodiscard]] Reason read_values(JsonCursor& cursor);
  [[nodiscard]] Reason judge(std::uint64_t now);

  Record record_;
  unsigned seen_ = 0;  // Bits by key.
  std::optional<std::uint64_t> time_;
  bool done_ = false;
  std::string values_;                         // Of `values`, but for the first.
  std::array<char, kMaxNameLength + 4> name_;  // So one that was cut is too long.
  std::array<char, kMaxTextLength + 1> text_;
};

}  // namespace lariat::proto
