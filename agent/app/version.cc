#include "agent/app/version.h"

namespace lariat::app {

std::string_view version() noexcept { return LARIAT_VERSION; }
std::string_view revision() noexcept { return LARIAT_REVISION; }

}  // namespace lariat::app
