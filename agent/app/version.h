#pragma once

#include <string_view>

namespace lariat::app {

/// `0.1.0`.
[[nodiscard]] std::string_view version() noexcept;
/// The commit that it was built from, short; empty if that is not known.
[[nodiscard]] std::string_view revision() noexcept;

}  // namespace lariat::app
