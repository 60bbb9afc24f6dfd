#pragma once

#include <algorithm>
#include <string_view>

namespace lariat::proto {

/// Copies `text` to `out`, which has room for it; returns the end.
inline char* put_text(std::string_view text, char* out) noexcept {
  return std::copy(text.begin(), text.end(), out);
}

}  // namespace lariat::proto
