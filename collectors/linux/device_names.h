#pragma once

#include <string_view>

namespace lariat::host {

// What is left out or told, with the same verdicts as node_exporter's regular expressions, which
// stand with each.

/// `^(ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\d+n\d+p)\d+$`: partitions, and disks that are none.
[[nodiscard]] bool is_ignored_disk(std::string_view name) noexcept;
/// `^lo$`
[[nodiscard]] bool is_ignored_interface(std::string_view name) noexcept;
/// `^/(dev|proc|run|sys|mnt|media|var/lib/docker/.+|var/lib/containers/storage/.+)($|/)`
[[nodiscard]] bool is_ignored_mount(std::string_view path) noexcept;
/// `^(autofs|binfmt_misc|bpf|cgroup2?|…|tracefs)$`: those that are no storage.
[[nodiscard]] bool is_ignored_type(std::string_view type) noexcept;

/// `^(oom_kill|pgpg|pswp|pg.*fault).*`: keys of /proc/vmstat that are told.
[[nodiscard]] bool is_told_vmstat(std::string_view key) noexcept;
/// Of the counters of network protocols, as `TcpExt` and `ListenDrops`:
/// `^(.*_(InErrors|InErrs)|Ip_Forwarding|Ip(6|Ext)_(InOctets|OutOctets)|
/// Icmp6?_(InMsgs|OutMsgs)|TcpExt_(Listen.*|Syncookies.*|TCPSynRetrans|TCPTimeouts)|
/// Tcp_(ActiveOpens|InSegs|OutSegs|OutRsts|PassiveOpens|RetransSegs|CurrEstab)|
/// Udp6?_(InDatagrams|OutDatagrams|NoPorts|RcvbufErrors|SndbufErrors))$`
[[nodiscard]] bool is_told_netstat(std::string_view protocol, std::string_view name) noexcept;

}  // namespace lariat::host
