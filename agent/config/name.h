#pragma once

#include <string_view>

namespace lariat::config {

/// What endpoints and collectors may be called: 1 to 64 of `A-Z a-z 0-9 . _ -`, with neither `.`
/// nor `-` first. Metrics and lines can show that as it is.
[[nodiscard]] bool is_name(std::string_view name) noexcept;
inline constexpr std::string_view kNameRule =
    "write 1 to 64 of A-Z a-z 0-9 . _ -, the first none of . and -";

}  // namespace lariat::config
