#pragma once

#include <string>
#include <vector>

#include "collectors/sdk/answer.h"
#include "collectors/sdk/source.h"

namespace lariat::host {

/// What /sys tells of CPUs: those kept from the scheduler, and how often a core or a package was
/// slowed down for heat. Virtual machines have no such files, and that is no error.
class CpuThrottles {
 public:
  explicit CpuThrottles(const sdk::Paths& paths) : folder_(paths.sys + "/devices/system/cpu") {}

  /// `changed`: CPUs came or went, so look which files there are.
  void collect(bool changed, sdk::Answer& answer);

 private:
  struct Count {
    sdk::ProcFile file;
    sdk::Tags tags;
    bool package = false;
  };
  void find_files();
  void add_cpu(const std::string& folder, std::vector<std::string>& seen);
  void find_isolated();

  std::string folder_;
  std::vector<Count> counts_;
  std::vector<sdk::Tags> isolated_;
};

/// The numbers in a list as /sys has it, `0-2,5`; at most 4096 of them. Empty if it is none.
[[nodiscard]] std::vector<unsigned> parse_cpu_list(std::string_view list);

}  // namespace lariat::host
