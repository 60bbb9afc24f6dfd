#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace lariat::proto {

/// Length of the UTF-8 character, in its only spelling, that `text` begins with; 0 if it begins
/// with none, also when it is empty.
[[nodiscard]] std::size_t utf8_size(std::string_view text) noexcept;

/// Replaces by `_` what is no UTF-8, and NUL.
void clean_utf8(std::span<char> text) noexcept;

}  // namespace lariat::proto
