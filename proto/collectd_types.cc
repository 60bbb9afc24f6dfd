#include "proto/collectd_types.h"

#include <algorithm>

namespace lariat::proto {
namespace {

constexpr CollectdType gauges(std::string_view name, std::string_view first,
                              std::string_view second, std::string_view third = "") noexcept {
  return {name, {{{first}, {second}, {third}}}};
}
constexpr CollectdType counter(std::string_view name) noexcept {
  return {name, {{{"value", true}}}};
}
constexpr CollectdType counters(std::string_view name, std::string_view first,
                                std::string_view second) noexcept {
  return {name, {{{first, true}, {second, true}}}};
}

// Those that plugins of others use; all others have one gauge.
constexpr std::array kTypes{
    counter("contextswitch"),
    counter("counter"),
    counter("cpu"),
    counter("derive"),
    gauges("df", "used", "free"),
    counters("disk_merged", "read", "write"),
    counters("disk_octets", "read", "write"),
    counters("disk_ops", "read", "write"),
    counters("disk_time", "read", "write"),
    counter("dns_answer"),
    counters("dns_octets", "queries", "responses"),
    counter("dns_query"),
    counter("fork_rate"),
    counter("http_requests"),
    counters("if_dropped", "rx", "tx"),
    counters("if_errors", "rx", "tx"),
    counters("if_octets", "rx", "tx"),
    counters("if_packets", "rx", "tx"),
    counters("io_octets", "rx", "tx"),
    counters("io_packets", "rx", "tx"),
    counter("irq"),
    gauges("load", "shortterm", "midterm", "longterm"),
    counter("mysql_commands"),
    counter("mysql_handler"),
    counters("mysql_octets", "rx", "tx"),
    counter("nfs_procedure"),
    counter("operations"),
    counter("protocol_counter"),
    gauges("ps_count", "processes", "threads"),
    counters("ps_cputime", "user", "syst"),
    counters("ps_disk_octets", "read", "write"),
    counters("ps_disk_ops", "read", "write"),
    counters("ps_pagefaults", "minflt", "majflt"),
    counter("requests"),
    counters("serial_octets", "rx", "tx"),
    counter("swap_io"),
    counter("total_bytes"),
    counter("total_connections"),
    counter("total_operations"),
    counter("total_requests"),
    counter("total_sessions"),
    counter("total_time_in_ms"),
    counter("vmpage_action"),
    counters("vmpage_faults", "minflt", "majflt"),
    counters("vmpage_io", "in", "out"),
};
static_assert(std::ranges::is_sorted(kTypes, {}, &CollectdType::name));

}  // namespace

const CollectdType* find_collectd_type(std::string_view name) noexcept {
  const auto* const found = std::ranges::lower_bound(kTypes, name, {}, &CollectdType::name);
  return found != kTypes.end() && found->name == name ? found : nullptr;
}

}  // namespace lariat::proto
