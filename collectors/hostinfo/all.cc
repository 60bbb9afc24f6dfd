#include "collectors/hostinfo/all.h"

#include <array>

namespace lariat::hostinfo {
namespace {

constexpr std::array kSources = {
    sdk::SourceEntry{"hardware", "model and number of CPUs, memory", &make_hardware},
    sdk::SourceEntry{"machine", "maker and product, kind of virtual machine", &make_machine},
    sdk::SourceEntry{"names", "host name, full name, time zone", &make_names},
    sdk::SourceEntry{"system", "distribution, kernel, architecture, boot", &make_system},
};

}  // namespace

std::span<const sdk::SourceEntry> all_sources() noexcept { return kSources; }

}  // namespace lariat::hostinfo
