#include "tests/integration/number_source.h"

#include <signal.h>

#include <filesystem>
#include <sstream>
#include <stdexcept>

namespace lariat::test {

std::vector<pid_t> NumberSource::pids() const {
  const auto file = agent_.path("numbers.pids");
  const auto has_line = [&] {
    return std::filesystem::exists(file) && read_file(file).find('\n') != std::string::npos;
  };
  if (!wait_until(has_line)) throw std::runtime_error("no numbers; " + agent_.log());
  std::istringstream lines(read_file(file));
  std::vector<pid_t> pids;
  for (pid_t pid = 0; lines >> pid;) pids.push_back(pid);
  return pids;
}

std::uint64_t NumberSource::taken() const {
  return agent_.metrics().count("lariat_collector_frames_total", {{"collector", "numbers"}});
}

void NumberSource::wait_for_frames(std::uint64_t more) const {
  const auto enough = taken() + more;
  const bool came =
      wait_until([&] { return taken() >= enough; }, kPatience, std::chrono::milliseconds(20));
  if (!came) throw std::runtime_error("the numbers do not go on; " + agent_.log());
}

std::uint64_t NumberSource::stop() const {
  const auto file = agent_.path("numbers.count");
  ::kill(pids().back(), SIGUSR1);
  if (!wait_until([&] { return std::filesystem::exists(file); })) {
    throw std::runtime_error("the numbers do not stop; " + agent_.log());
  }
  const std::uint64_t count = std::stoull(read_file(file));
  if (!wait_until([&] { return taken() == count; })) {
    throw std::runtime_error("of " + std::to_string(count) + " numbers the agent took " +
                             std::to_string(taken()) + "; " + agent_.log());
  }
  return count;
}

std::string numbers_member() {
  return R"("numbers": {"command": [")" LARIAT_NUMBERED_COLLECTOR R"(", "@DIR@/numbers", ")" +
         std::to_string(static_cast<int>(NumberSource::kRate)) +
         R"("], "mode": "feed", "max_frames": 100000000, "max_output": "100GiB"})";
}

}  // namespace lariat::test
