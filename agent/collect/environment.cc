#include "agent/collect/environment.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace lariat::collect {
namespace {

// A collector that used them would speak for the agent.
constexpr std::array<std::string_view, 6> kOfTheAgentAlone{
    "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"};

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
    if (std::find(kOfTheAgentAlone.begin(), kOfTheAgentAlone.end(), key) ==
        kOfTheAgentAlone.end()) {
      environment.emplace_back(*pair);
    }
  }
  set(environment, "LARIAT_COLLECTOR", collector.name);
  set(environment, "LARIAT_INTERVAL", std::to_string(collector.interval.count() / 1000));
  if (!control_socket.empty()) set(environment, "LARIAT_CONTROL", control_socket);
  for (const auto& [key, value] : collector.env) set(environment, key, value);
  return environment;
}

}  // namespace lariat::collect
