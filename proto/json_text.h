#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "proto/reason.h"

namespace lariat::proto {

/// Reads JSON from the front of a text, piece by piece, strictly; allocates nothing, and nothing in
/// it calls itself. After a piece that is not there the text is as it was or in the middle of it.
class JsonCursor {
 public:
  explicit JsonCursor(std::string_view text) noexcept : rest_(text) {}

  /// Takes the octet, with white space before it, if it is there.
  [[nodiscard]] bool take(char octet) noexcept;
  /// What stands between a string's quotes, with its escapes, which are good.
  [[nodiscard]] std::optional<std::string_view> string() noexcept;
  [[nodiscard]] std::optional<std::string_view> number() noexcept;
  /// The word itself: `true`, `false`.
  [[nodiscard]] std::optional<std::string_view> literal(std::string_view word) noexcept;
  /// The octet that comes next, white space left out; 0 at the end.
  [[nodiscard]] char peek() noexcept;

 private:
  void skip_space() noexcept;
  [[nodiscard]] std::size_t digits(std::size_t at) const noexcept;

  std::string_view rest_;
};

/// The octets that a string's inside stands for, which `JsonCursor` has handed out: itself without
/// escapes, else in `out`. One that is too small gets a part. `reason` becomes `kNul` for a NUL and
/// `kBadSyntax` for half of a surrogate pair, else it stays.
[[nodiscard]] std::string_view unescape_json(std::string_view spelled, std::span<char> out,
                                             Reason& reason) noexcept;

}  // namespace lariat::proto
