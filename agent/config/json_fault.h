#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace lariat::config {

/// How far the good part of a JSON text goes.
struct JsonProgress {
  enum class Last : std::uint8_t { kNothing, kOpen, kKey, kNumber, kOtherValue };
  enum class Inside : std::uint8_t { kTop, kArray, kObject };

  Last last = Last::kNothing;  ///< The last good token.
  Inside inside = Inside::kTop;
  std::size_t begin = 0;   ///< Of the last good token.
  std::size_t end = 0;     ///< Behind it.
  std::size_t opener = 0;  ///< The bracket that `inside` began with.
  std::size_t opener_line = 0;
};

struct JsonFault {
  std::size_t at = 0;  ///< An offset.
  std::string text;
};

/// The offset from `at` on of what is neither blank nor comment. A comment without an end stands.
[[nodiscard]] std::size_t skip_blanks(std::string_view text, std::size_t at) noexcept;

/// In words for a person, what is wrong behind the good part; `stopped_at` is the octet that the
/// parser could not take.
[[nodiscard]] JsonFault explain(std::string_view text, const JsonProgress& progress,
                                std::size_t stopped_at);

}  // namespace lariat::config
