#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "collectors/linux/all.h"
#include "collectors/linux/device_names.h"
#include "collectors/linux/fault.h"
#include "collectors/linux/round_cache.h"
#include "collectors/sdk/scan.h"

namespace lariat::host {
namespace {

std::string metric_of(std::string_view protocol, std::string_view name) {
  return "node_netstat_" + std::string(protocol) + '_' + std::string(name);
}

// Two of them may go down.
bool is_gauge(std::string_view metric) {
  return metric == "node_netstat_Tcp_CurrEstab" || metric == "node_netstat_Ip_Forwarding";
}

void put(const std::string& metric, double value, sdk::Answer& answer) {
  is_gauge(metric) ? answer.sample(metric, value) : answer.delta(metric, value);
}

// What is told of a protocol: the numbers of columns, in order.
using Columns = std::vector<std::pair<std::size_t, std::string>>;

Columns columns_of(std::string_view heading) {
  Columns columns;
  std::string_view protocol = sdk::take_word(heading);
  if (protocol.ends_with(':')) protocol.remove_suffix(1);
  std::size_t number = 0;
  for (std::string_view word; !(word = sdk::take_word(heading)).empty(); ++number) {
    if (is_told_netstat(protocol, word)) columns.emplace_back(number, metric_of(protocol, word));
  }
  return columns;
}

// A line of names, then the same with numbers: `Tcp: … InSegs …`, `Tcp: … 5 …`.
class NamedColumns {
 public:
  std::string collect(std::string_view path, std::string_view text, sdk::Answer& answer) {
    std::string_view heading;
    std::string_view values;
    protocols_.begin();
    while (sdk::take_line(text, heading)) {
      const std::string_view protocol = heading.substr(0, heading.find(' '));
      if (!sdk::take_line(text, values) || !protocol.ends_with(':') ||
          sdk::take_word(values) != protocol) {
        return not_understood(path, heading);
      }
      if (!take(protocols_.at(heading, columns_of), values, answer)) {
        return not_understood(path, heading);
      }
    }
    protocols_.end();
    return {};
  }

 private:
  static bool take(const Columns& columns, std::string_view values, sdk::Answer& answer) {
    std::size_t next = 0;
    for (const auto& [number, metric] : columns) {
      std::string_view word;
      for (; next <= number; ++next) word = sdk::take_word(values);
      const auto value = sdk::parse<double>(word);
      if (!value) return false;
      put(metric, *value, answer);
    }
    return true;
  }

  RoundCache<Columns> protocols_;
};

class NetstatSource : public sdk::Source {
 public:
  explicit NetstatSource(sdk::Host& host) : host_(host) {}

  std::string collect(sdk::Answer& answer) override {
    constexpr auto kRecords = sdk::ProcFile::Shape::kRecords;
    std::string error;
    const auto extended = host_.read_proc("net/netstat", error, kRecords);
    if (!extended) return error;
    const auto basic = host_.read_proc("net/snmp", error, kRecords);
    if (!basic) return error;
    std::string fault = extended_.collect("/proc/net/netstat", *extended, answer);
    if (fault.empty()) fault = basic_.collect("/proc/net/snmp", *basic, answer);
    if (!fault.empty()) return fault;
    // Without IPv6 there is none.
    const auto six = host_.read_proc("net/snmp6", error, kRecords);
    return six ? collect_six(*six, answer) : std::string();
  }

 private:
  // `Ip6InOctets 30780`: protocol and name are parted by the digit.
  std::string collect_six(std::string_view text, sdk::Answer& answer) {
    std::string_view line;
    six_.begin();
    while (sdk::take_line(text, line)) {
      std::string_view words = line;
      const std::string_view key = sdk::take_word(words);
      const std::size_t digit = key.find('6');
      if (digit == key.npos) continue;
      const std::string_view protocol = key.substr(0, digit + 1);
      const std::string_view name = key.substr(digit + 1);
      if (!is_told_netstat(protocol, name)) continue;
      const auto value = sdk::parse<double>(sdk::take_word(words));
      if (!value) return not_understood("/proc/net/snmp6", line);
      const auto make = [&](std::string_view) { return metric_of(protocol, name); };
      put(six_.at(key, make), *value, answer);
    }
    six_.end();
    return {};
  }

  sdk::Host& host_;
  NamedColumns extended_;
  NamedColumns basic_;
  RoundCache<std::string> six_;
};

}  // namespace

std::unique_ptr<sdk::Source> make_netstat(sdk::Host& host) {
  return std::make_unique<NetstatSource>(host);
}

}  // namespace lariat::host
