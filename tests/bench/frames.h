#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace lariat::bench {

/// What all that is measured here is made of.
inline constexpr std::size_t kFrameBytes = 80;

/// A SAMPLE of just `kFrameBytes`, of one value. Its name has `tags`, and one more that fills it
/// up.
[[nodiscard]] std::vector<std::byte> make_frame(std::string_view tags, double value);

}  // namespace lariat::bench
