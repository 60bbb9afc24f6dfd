#include "collectors/linux/all.h"

#include <array>

namespace lariat::host {
namespace {

constexpr std::array kSources = {
    sdk::SourceEntry{"cpu", "time of each CPU by mode; throttles", &make_cpu},
    sdk::SourceEntry{"diskstats", "reads, writes and discards of disks", &make_diskstats},
    sdk::SourceEntry{"filesystem", "sizes of mounted file systems", &make_filesystem},
    sdk::SourceEntry{"loadavg", "load averages", &make_loadavg},
    sdk::SourceEntry{"meminfo", "memory by use", &make_meminfo},
    sdk::SourceEntry{"netdev", "traffic of network interfaces", &make_netdev},
    sdk::SourceEntry{"stat", "interrupts, context switches, forks, boot time", &make_stat},
    sdk::SourceEntry{"time", "clock, time zone, clock sources", &make_time},
    sdk::SourceEntry{"uname", "kernel and host name", &make_uname},
};

}  // namespace

std::span<const sdk::SourceEntry> all_sources() noexcept { return kSources; }

void report_scrape(sdk::Answer& answer, const sdk::SourceOutcome& outcome) {
  answer.sample("node_scrape_collector_duration_seconds", outcome.seconds, outcome.tags);
  answer.sample("node_scrape_collector_success", outcome.success ? 1 : 0, outcome.tags);
}

}  // namespace lariat::host
