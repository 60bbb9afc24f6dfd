#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "tests/integration/agent_run.h"

namespace lariat::test {

/// The collector `numbers` of an agent: numbered frames at an even pace, from 0 on, until it is
/// stopped.
///
/// Borrows the agent, whose configuration has `numbers_member` under `collectors.run`.
class NumberSource {
 public:
  static constexpr double kRate = 20'000;

  explicit NumberSource(AgentRun& agent) : agent_(agent) {}

  /// All processes that it has had so far, the newest last. Waits for the first.
  [[nodiscard]] std::vector<pid_t> pids() const;
  /// Until the log holds `more` frames more than now. Throws std::runtime_error if they do not
  /// come.
  void wait_for_frames(std::uint64_t more) const;
  /// It prints no more, and lives on; how many frames it has printed, all of which are in the log.
  [[nodiscard]] std::uint64_t stop() const;

 private:
  [[nodiscard]] std::uint64_t taken() const;

  AgentRun& agent_;
};

/// `"numbers": {…}`
[[nodiscard]] std::string numbers_member();

}  // namespace lariat::test
