#pragma once

#include <string>
#include <string_view>

#include "collectors/sdk/source.h"

namespace lariat::host {

/// A sentence on a line of a file that is not as it should be.
[[nodiscard]] inline std::string not_understood(std::string_view path, std::string_view line) {
  constexpr std::size_t kMost = 80;
  return std::string(path) +
         " has a line that is not understood: " + std::string(line.substr(0, kMost));
}

/// There is nothing of the kind here.
[[nodiscard]] inline std::string not_here() { return std::string(sdk::kNotHere); }

}  // namespace lariat::host
