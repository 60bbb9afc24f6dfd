#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agent/config/collector.h"
#include "agent/config/load.h"

namespace lariat::config {

struct Schedule {
  std::vector<Collector> collectors;
  std::vector<Mistake> warnings;  ///< Lines that are skipped, and why.
};

/// The commands file of classic dbolo: lines `@10s shell command`, units `s m h d`, comments with
/// `#` in front. Each becomes a oneshot collector for `/bin/sh -c`, called after its program:
/// `check_load`, the next `check_load-2`. Names of `taken` are not given.
[[nodiscard]] Schedule read_schedule(std::string_view text, const std::string& file,
                                     const std::vector<std::string>& taken);

}  // namespace lariat::config
