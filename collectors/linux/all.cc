#include "collectors/linux/all.h"

#include <array>

namespace lariat::host {
namespace {

constexpr std::array kSources = {
    sdk::SourceEntry{"arp", "entries of the ARP table", &make_arp},
    sdk::SourceEntry{"bonding", "bonded interfaces and how many are up", &make_bonding},
    sdk::SourceEntry{"btrfs", "space of btrfs file systems", &make_btrfs},
    sdk::SourceEntry{"cgroup", "what slices and units use", &make_cgroup, false},
    sdk::SourceEntry{"conntrack", "connections that netfilter tracks", &make_conntrack},
    sdk::SourceEntry{"cpu", "time of each CPU by mode; throttles", &make_cpu},
    sdk::SourceEntry{"cpu_info", "model and make of each CPU", &make_cpu_info, false},
    sdk::SourceEntry{"cpufreq", "frequencies of each CPU", &make_cpufreq},
    sdk::SourceEntry{"diskstats", "reads, writes and discards of disks", &make_diskstats},
    sdk::SourceEntry{"dmi", "what the firmware says of the machine", &make_dmi},
    sdk::SourceEntry{"edac", "errors of memory", &make_edac},
    sdk::SourceEntry{"entropy", "entropy of the random numbers", &make_entropy},
    sdk::SourceEntry{"filefd", "open files", &make_filefd},
    sdk::SourceEntry{"filesystem", "sizes of mounted file systems", &make_filesystem},
    sdk::SourceEntry{"hwmon", "temperatures, fans, voltages", &make_hwmon},
    sdk::SourceEntry{"loadavg", "load averages", &make_loadavg},
    sdk::SourceEntry{"mdadm", "software RAID", &make_mdadm},
    sdk::SourceEntry{"meminfo", "memory by use", &make_meminfo},
    sdk::SourceEntry{"netclass", "state and settings of network interfaces", &make_netclass},
    sdk::SourceEntry{"netdev", "traffic of network interfaces", &make_netdev},
    sdk::SourceEntry{"netstat", "counters of network protocols", &make_netstat},
    sdk::SourceEntry{"nfs", "requests to NFS servers", &make_nfs},
    sdk::SourceEntry{"nvme", "NVMe devices", &make_nvme},
    sdk::SourceEntry{"os", "distribution and its version", &make_os},
    sdk::SourceEntry{"powersupplyclass", "batteries and power supplies", &make_powersupplyclass},
    sdk::SourceEntry{"pressure", "time lost by waiting for CPU, memory and I/O", &make_pressure},
    sdk::SourceEntry{"processes", "processes and threads by state", &make_processes, false},
    sdk::SourceEntry{"rapl", "energy used by the CPU", &make_rapl},
    sdk::SourceEntry{"schedstat", "run and wait time of each CPU", &make_schedstat},
    sdk::SourceEntry{"sockstat", "sockets in use", &make_sockstat},
    sdk::SourceEntry{"softnet", "packets that each CPU has handled", &make_softnet},
    sdk::SourceEntry{"stat", "interrupts, context switches, forks, boot time", &make_stat},
    sdk::SourceEntry{"textfile", "what other programs have written to files", &make_textfile},
    sdk::SourceEntry{"thermal_zone", "thermal zones and what cools them", &make_thermal_zone},
    sdk::SourceEntry{"time", "clock, time zone, clock sources", &make_time},
    sdk::SourceEntry{"timex", "the clock as the kernel steers it", &make_timex},
    sdk::SourceEntry{"udp_queues", "octets that wait in UDP sockets", &make_udp_queues},
    sdk::SourceEntry{"uname", "kernel and host name", &make_uname},
    sdk::SourceEntry{"vmstat", "paging, faults, processes killed for memory", &make_vmstat},
    sdk::SourceEntry{"xfs", "operations of XFS file systems", &make_xfs},
    sdk::SourceEntry{"zfs", "cache, pools and datasets of ZFS", &make_zfs},
};

}  // namespace

std::span<const sdk::SourceEntry> all_sources() noexcept { return kSources; }

void report_scrape(sdk::Answer& answer, const sdk::SourceOutcome& outcome) {
  answer.sample("node_scrape_collector_duration_seconds", outcome.seconds, outcome.tags);
  answer.sample("node_scrape_collector_success", outcome.success ? 1 : 0, outcome.tags);
}

}  // namespace lariat::host
