#include "proto/collectd_types.h"

#include <algorithm>

namespace lariat::proto {
namespace {

constexpr CollectdType gauges(std::string_view name, std::string_view first,
                              std::string_view second = "", std::string_view third = "",
                              std::string_view fourth = "") noexcept {
  return {name, {{{first}, {second}, {third}, {fourth}}}};
}
constexpr CollectdType counter(std::string_view name) noexcept {
  return {name, {{{"value", true}}}};
}
constexpr CollectdType counters(std::string_view name, std::string_view first,
                                std::string_view second) noexcept {
  return {name, {{{first, true}, {second, true}}}};
}

// All others of its database have one gauge, but for those it keeps for older versions.
constexpr std::array kTypes{
    counter("apache_bytes"),
    counter("apache_requests"),
    counter("ath_stat"),
    counter("cache_eviction"),
    counter("cache_operation"),
    counter("cache_result"),
    counter("ceph_rate"),
    counters("compression", "uncompressed", "compressed"),
    counter("connections"),
    counter("contextswitch"),
    counter("counter"),
    counter("cpu"),
    counter("derive"),
    gauges("df", "used", "free"),
    counters("disk_io_time", "io_time", "weighted_io_time"),
    gauges("disk_latency", "read", "write"),
    counters("disk_merged", "read", "write"),
    counters("disk_octets", "read", "write"),
    counters("disk_ops", "read", "write"),
    counter("disk_ops_complex"),
    counters("disk_time", "read", "write"),
    counter("dns_answer"),
    counter("dns_notify"),
    counters("dns_octets", "queries", "responses"),
    counter("dns_opcode"),
    counter("dns_qtype"),
    counter("dns_query"),
    counter("dns_question"),
    counter("dns_rcode"),
    counter("dns_reject"),
    counter("dns_request"),
    counter("dns_resolver"),
    counter("dns_response"),
    counter("dns_transfer"),
    counter("dns_update"),
    counter("dns_zops"),
    counter("drbd_resource"),
    gauges("duration", "seconds"),
    counter("fork_rate"),
    counter("fscache_stat"),
    counter("hash_collisions"),
    counter("http_request_methods"),
    counter("http_requests"),
    counter("http_response_codes"),
    counter("if_collisions"),
    counters("if_dropped", "rx", "tx"),
    counters("if_errors", "rx", "tx"),
    counter("if_multicast"),
    counters("if_octets", "rx", "tx"),
    counters("if_packets", "rx", "tx"),
    counter("if_rx_errors"),
    counter("if_rx_octets"),
    counter("if_tx_errors"),
    counter("if_tx_octets"),
    counter("invocations"),
    counters("io_octets", "rx", "tx"),
    counters("io_packets", "rx", "tx"),
    counter("ipt_bytes"),
    counter("ipt_packets"),
    counter("irq"),
    gauges("load", "shortterm", "midterm", "longterm"),
    counter("memcached_command"),
    counters("memcached_octets", "rx", "tx"),
    counter("memcached_ops"),
    counter("mutex_operations"),
    counter("mysql_bpool_counters"),
    counter("mysql_commands"),
    counter("mysql_handler"),
    counter("mysql_innodb_data"),
    counter("mysql_innodb_dblwr"),
    counter("mysql_innodb_log"),
    counter("mysql_innodb_pages"),
    counter("mysql_innodb_row_lock"),
    counter("mysql_innodb_rows"),
    counter("mysql_locks"),
    counter("mysql_log_position"),
    counters("mysql_octets", "rx", "tx"),
    counter("mysql_select"),
    counter("mysql_sort"),
    counter("nfs_procedure"),
    counter("nginx_requests"),
    counters("node_octets", "rx", "tx"),
    counter("node_stat"),
    counter("operations"),
    counter("packets"),
    counter("pf_counters"),
    counter("pf_limits"),
    counter("pf_source"),
    counter("pf_state"),
    counter("pg_blks"),
    counter("pg_n_tup_c"),
    counter("pg_scan"),
    counter("pg_xact"),
    counter("protocol_counter"),
    gauges("ps_count", "processes", "threads"),
    counters("ps_cputime", "user", "syst"),
    counters("ps_disk_octets", "read", "write"),
    counters("ps_disk_ops", "read", "write"),
    counters("ps_pagefaults", "minflt", "majflt"),
    counters("serial_octets", "rx", "tx"),
    gauges("smart_attribute", "current", "worst", "threshold", "pretty"),
    counter("swap_io"),
    counter("total_bytes"),
    counter("total_connections"),
    counter("total_objects"),
    counter("total_operations"),
    counter("total_requests"),
    counter("total_sessions"),
    counter("total_threads"),
    counter("total_time_in_ms"),
    counter("total_values"),
    counter("virt_cpu_total"),
    counter("virt_vcpu"),
    counter("vmpage_action"),
    counters("vmpage_faults", "minflt", "majflt"),
    counters("vmpage_io", "in", "out"),
    gauges("voltage_threshold", "value", "threshold"),
};
static_assert(std::ranges::is_sorted(kTypes, {}, &CollectdType::name));

}  // namespace

const CollectdType* find_collectd_type(std::string_view name) noexcept {
  const auto* const found = std::ranges::lower_bound(kTypes, name, {}, &CollectdType::name);
  return found != kTypes.end() && found->name == name ? found : nullptr;
}

}  // namespace lariat::proto
