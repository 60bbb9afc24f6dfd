#pragma once

#include <memory>
#include <span>

#include "collectors/sdk/source.h"

namespace lariat::host {

// One of each file of sources; `all.cc` lists them.
[[nodiscard]] std::unique_ptr<sdk::Source> make_arp(sdk::Host& host);
[[nodiscard]] std::unique_ptr<sdk::Source> make_bonding(sdk::Host& host);
[[nodiscard]] std::unique_ptr<sdk::Source> make_btrfs(sdk::Host& host);
[[nodiscard]] std::unique_ptr<sdk::Source> make_cgroup(sdk::Host& host);
[[nodiscard]] std::unique_ptr<sdk::Source> make_conntrack(sdk::Host& host);
[[nodiscard]] std::unique_ptr<sdk::Source> make_cpu(sdk::Host& host);
[[nodiscard]] std::unique_ptr<sdk::Source> make_cpu_info(sdk::Host& host);
[[nodiscard]] std::unique_ptr<sdk::Source> make_cpufreq(sdk::Host& host);
[[nodiscard]] std::unique_ptr<sdk::Source> make_diskstats(sdk::Host& host);
[[nodiscard]] std::unique_ptr<sdk::Source> make_dmi(sdk::Host& host);
[[nodiscard]] std::unique_ptr<sdk::Source> make_edac(sdk::Host& host);
[[nodiscard]] std::unique_ptr<sdk::Source> make_entropy(sdk::Host& host);
[[nodiscard]] std::unique_ptr<sdk::Source> make_filefd(sdk::Host& host);
[[nodiscard]] std::unique_ptr<sdk::Source> make_filesystem(sdk::Host& host);
[[nodiscard]] std::unique_ptr<sdk::Source> make_hwmon(sdk::Host& host);
[[nodiscard]] std::unique_ptr<sdk::Source> make_loadavg(sdk::Host& host);
[[nodiscard]] std::unique_ptr<sdk::Source> make_mdadm(sdk::Host& host);
[[nodiscard]] std::unique_ptr<sdk::Source> make_meminfo(sdk::Host& host);
[[nodiscard]] std::unique_ptr<sdk::Source> make_netclass(sdk::Host& host);
[[nodiscard]] std::unique_ptr<sdk::Source> make_netdev(sdk::Host& host);
[[nodiscard]] std::unique_ptr<sdk::Source> make_netstat(sdk::Host& host);
[[nodiscard]] std::unique_ptr<sdk::Source> make_nfs(sdk::Host& host);
[[nodiscard]] std::unique_ptr<sdk::Source> make_nvme(sdk::Host& host);
[[nodiscard]] std::unique_ptr<sdk::Source> make_os(sdk::Host& host);
[[nodiscard]] std::unique_ptr<sdk::Source> make_powersupplyclass(sdk::Host& host);
[[nodiscard]] std::unique_ptr<sdk::Source> make_pressure(sdk::Host& host);
[[nodiscard]] std::unique_ptr<sdk::Source> make_processes(sdk::Host& host);
[[nodiscard]] std::unique_ptr<sdk::Source> make_rapl(sdk::Host& host);
[[nodiscard]] std::unique_ptr<sdk::Source> make_schedstat(sdk::Host& host);
[[nodiscard]] std::unique_ptr<sdk::Source> make_sockstat(sdk::Host& host);
[[nodiscard]] std::unique_ptr<sdk::Source> make_softnet(sdk::Host& host);
[[nodiscard]] std::unique_ptr<sdk::Source> make_stat(sdk::Host& host);
[[nodiscard]] std::unique_ptr<sdk::Source> make_textfile(sdk::Host& host);
[[nodiscard]] std::unique_ptr<sdk::Source> make_thermal_zone(sdk::Host& host);
[[nodiscard]] std::unique_ptr<sdk::Source> make_time(sdk::Host& host);
[[nodiscard]] std::unique_ptr<sdk::Source> make_timex(sdk::Host& host);
[[nodiscard]] std::unique_ptr<sdk::Source> make_udp_queues(sdk::Host& host);
[[nodiscard]] std::unique_ptr<sdk::Source> make_uname(sdk::Host& host);
[[nodiscard]] std::unique_ptr<sdk::Source> make_vmstat(sdk::Host& host);
[[nodiscard]] std::unique_ptr<sdk::Source> make_xfs(sdk::Host& host);
[[nodiscard]] std::unique_ptr<sdk::Source> make_zfs(sdk::Host& host);

/// Every source there is, in the order in which they are asked.
[[nodiscard]] std::span<const sdk::SourceEntry> all_sources() noexcept;

/// How a source did, as node_exporter says it.
void report_scrape(sdk::Answer& answer, const sdk::SourceOutcome& outcome);

}  // namespace lariat::host
