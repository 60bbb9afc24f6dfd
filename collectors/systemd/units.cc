#include "collectors/systemd/units.h"

#include <array>
#include <charconv>

namespace lariat::systemd {
namespace {

constexpr std::array<std::string_view, 5> kStates = {"active", "activating", "deactivating",
                                                     "failed", "inactive"};
constexpr double kMicrosecondsInASecond = 1e6;

double seconds(std::uint64_t microseconds) noexcept {
  return static_cast<double>(microseconds) / kMicrosecondsInASecond;
}

// 252.39 of `252.39-1~deb12u2`, as node_exporter has it.
double leading_number(std::string_view version) {
  double number = 0;
  std::from_chars(version.data(), version.data() + version.size(), number,
                  std::chars_format::fixed);
  return number;
}

}  // namespace

std::string Units::put(sdk::Answer& answer) {
  std::string fault = manager_.connect();
  if (fault.empty()) fault = manager_.list(units_);
  if (!fault.empty()) return fault;
  put_manager(answer);
  std::array<double, kStates.size()> counts{};
  for (auto& [name, known] : known_) known.seen = false;
  for (const Unit& unit : units_) {
    for (std::size_t i = 0; i < kStates.size(); ++i) {
      if (unit.active_state == kStates.at(i)) ++counts.at(i);
    }
    if (!is_chosen(unit)) continue;
    put_unit(unit, answer);
    if (!manager_.connected()) return "systemd does not answer any more";
  }
  std::erase_if(known_, [](const auto& known) { return !known.second.seen; });
  for (std::size_t i = 0; i < kStates.size(); ++i) {
    answer.sample("node_systemd_units", counts.at(i), sdk::Tags{{"state", kStates.at(i)}}.text());
  }
  return {};
}

bool Units::is_chosen(const Unit& unit) const {
  if (unit.load_state != "loaded") return false;
  if (choice_.include.is_set() && !choice_.include.found_in(unit.name)) return false;
  return !choice_.exclude.found_in(unit.name);
}

void Units::put_manager(sdk::Answer& answer) {
  if (const auto state = manager_.text("SystemState")) {
    answer.sample("node_systemd_system_running", *state == "running" ? 1 : 0);
  }
  if (const auto version = manager_.text("Version")) {
    answer.sample("node_systemd_version", leading_number(*version),
                  sdk::Tags{{"version", *version}}.text());
  }
}

void Units::put_unit(const Unit& unit, sdk::Answer& answer) {
  auto found = known_.find(unit.name);
  if (found == known_.end()) {
    const bool service = unit.name.ends_with(".service");
    found = known_.emplace(unit.name, Known{}).first;
    if (service) found->second.type = manager_.text(unit, "Service", "Type").value_or("");
  }
  found->second.seen = true;
  for (const std::string_view state : kStates) {
    const sdk::Tags tags{{"name", unit.name}, {"state", state}, {"type", found->second.type}};
    answer.sample("node_systemd_unit_state", unit.active_state == state ? 1 : 0, tags.text());
  }
  put_more(unit, answer);
}

void Units::put_more(const Unit& unit, sdk::Answer& answer) {
  const std::string tags = sdk::Tags{{"name", unit.name}}.text();
  const auto sample = [&](const char* metric, const auto& number) {
    if (number) answer.sample(metric, static_cast<double>(*number), tags);
  };
  const auto delta = [&](const char* metric, const auto& number) {
    if (number) answer.delta(metric, static_cast<double>(*number), tags);
  };
  if (unit.name.ends_with(".timer")) {
    const auto last = manager_.large_number(unit, "Timer", "LastTriggerUSec");
    if (last) answer.sample("node_systemd_timer_last_trigger_seconds", seconds(*last), tags);
  } else if (unit.name.ends_with(".socket")) {
    delta("node_systemd_socket_accepted_connections_total",
          manager_.number(unit, "Socket", "NAccepted"));
    sample("node_systemd_socket_current_connections",
           manager_.number(unit, "Socket", "NConnections"));
    delta("node_systemd_socket_refused_connections_total",
          manager_.number(unit, "Socket", "NRefused"));
  } else if (choice_.restarts && unit.name.ends_with(".service")) {
    delta("node_systemd_service_restart_total", manager_.number(unit, "Service", "NRestarts"));
  }
  if (!choice_.start_times) return;
  // Of one that is not active node_exporter says 0.
  const bool active = unit.active_state == "active";
  const auto since = active ? manager_.large_number(unit, "Unit", "ActiveEnterTimestamp")
                            : std::optional<std::uint64_t>(0);
  if (since) answer.sample("node_systemd_unit_start_time_seconds", seconds(*since), tags);
}

}  // namespace lariat::systemd
