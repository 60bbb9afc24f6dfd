#pragma once

#include <memory>

#include "collectors/linux/mount_probe.h"
#include "collectors/sdk/source.h"

namespace lariat::host {

/// `make_filesystem` with another way to ask mounts: for tests in which one hangs.
[[nodiscard]] std::unique_ptr<sdk::Source> make_filesystem_with(sdk::Host& host,
                                                                MountProbe::Call call,
                                                                const MountProbe::Limits& limits);

}  // namespace lariat::host
