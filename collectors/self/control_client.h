#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

namespace lariat::self {

/// How long an answer may take and be.
struct ControlLimits {
  std::chrono::milliseconds time{2000};
  std::size_t octets = std::size_t{8} << 20U;
};

/// Sends `command` and a line end to the agent's control socket at `path`, and reads the answer to
/// its end into `answer`. What went wrong as one sentence, or nothing.
[[nodiscard]] std::string ask_agent(const std::string& path, std::string_view command,
                                    std::string& answer, const ControlLimits& limits = {});

}  // namespace lariat::self
