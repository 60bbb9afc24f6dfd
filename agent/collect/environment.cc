#include "agent/collect/environment.h"

#include <fmt/format.h>
#include <linux/ioprio.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace lariat::collect {
namespace {

// A collector that used them would speak for the agent.
constexpr std::array<std::string_view, 6> kOfTheAgentAlone{
    "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"};
// Those of the agent's user: `lariat exec` sets what another user has instead.
constexpr std::array<std::string_view, 3> kOfTheUser{"HOME", "USER", "LOGNAME"};

template <std::size_t N>
bool is_one_of(std::string_view key, const std::array<std::string_view, N>& keys) {
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

std::string_view key_of(std::string_view pair) { return pair.substr(0, pair.find('=')); }

void set(std::vector<std::string>& environment, std::string_view key, std::string_view value) {
  std::erase_if(environment, [key](const std::string& pair) { return key_of(pair) == key; });
  environment.push_back(fmt::format("{}={}", key, value));
}

}  // namespace

std::vector<std::string> environment_of(const config::Collector& collector,
                                        std::string_view control_socket) {
  std::vector<std::string> environment;
  for (char** pair = environ; pair != nullptr && *pair != nullptr; ++pair) {
    const auto key = key_of(*pair);
    if (is_one_of(key, kOfTheAgentAlone)) continue;
    if (!collector.user.empty() && is_one_of(key, kOfTheUser)) continue;
    environment.emplace_back(*pair);
  }
  set(environment, "LARIAT_COLLECTOR", collector.name);
  set(environment, "LARIAT_INTERVAL", std::to_string(collector.interval.count() / 1000));
  if (!control_socket.empty()) set(environment, "LARIAT_CONTROL", control_socket);
  for (const auto& [key, value] : collector.env) set(environment, key, value);
  return environment;
}

ExecSettings settings_of(const config::Collector& collector) {
  ExecSettings settings{.user = collector.user,
                        .nice = collector.nice,
                        .max_memory = collector.max_memory,
                        .max_files = collector.max_files,
                        .max_processes = collector.max_processes,
                        .command = collector.command};
  if (collector.max_cpu) settings.max_cpu = static_cast<std::uint64_t>(collector.max_cpu->count());
  if (collector.ionice) {
    const int kind = collector.ionice->idle ? IOPRIO_CLASS_IDLE : IOPRIO_CLASS_BE;
    const int level = collector.ionice->idle ? 0 : collector.ionice->level;
    settings.io_priority = (kind << IOPRIO_CLASS_SHIFT) | level;
  }
  return settings;
}

}  // namespace lariat::collect
