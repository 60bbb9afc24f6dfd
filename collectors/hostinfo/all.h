#pragma once

#include <memory>
#include <span>

#include "collectors/sdk/source.h"

namespace lariat::hostinfo {

// One of each file; `all.cc` lists them.
[[nodiscard]] std::unique_ptr<sdk::Source> make_hardware(sdk::Host& host);
[[nodiscard]] std::unique_ptr<sdk::Source> make_machine(sdk::Host& host);
[[nodiscard]] std::unique_ptr<sdk::Source> make_names(sdk::Host& host);
[[nodiscard]] std::unique_ptr<sdk::Source> make_system(sdk::Host& host);

[[nodiscard]] std::span<const sdk::SourceEntry> all_sources() noexcept;

}  // namespace lariat::hostinfo
