#include "agent/collect/collector_state.h"

#include <array>

#include "agent/collect/error_lines.h"

namespace lariat::collect {

CollectorState initial_state(const config::Collector& description) {
  constexpr std::array<const char*, 3> kModes{"oneshot", "stream", "feed"};
  CollectorState state{.name = description.name};
  for (const auto& word : description.command) {
    state.command += (state.command.empty() ? "" : " ") + printable(word);
  }
  state.origin = description.origin;
  state.mode = kModes[static_cast<std::size_t>(description.mode)];
  state.interval = description.interval;
  return state;
}

}  // namespace lariat::collect
