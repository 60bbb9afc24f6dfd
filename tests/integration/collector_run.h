#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/integration/agent_run.h"
#include "tests/integration/bench_run.h"
#include "tests/support/metrics_text.h"
#include "tests/support/test_receiver.h"

namespace lariat::test {

/// A member of `run` that gives `script` to /bin/sh, with `more` members of its own. In the script
/// `@DIR@` is the agent's temporary folder.
[[nodiscard]] std::string shell_collector(std::string_view name, std::string_view script,
                                          std::string_view more = "");
/// A description NAME.json of the same.
[[nodiscard]] std::string shell_description(std::string_view script, std::string_view more = "");

/// An interval that is not over before the test: what it is given to runs once, at the start.
inline constexpr std::string_view kOnce = R"("interval": "23h")";
/// Given by its name: a stream that answers each tick with one sample of the metric `good`, whose
/// values count from 0.
[[nodiscard]] std::string good_collector();

/// An agent that collects, with one endpoint, `e0`, and the receiver behind it.
///
/// Every reading of its metrics is held to what must be true at each moment: the endpoint's ledger
/// balances, no write wake-up was empty, the loop never span.
/// Threads: one.
class CollectorRun {
 public:
  /// `run`: the members of `collectors.run`; `more`: of the configuration's top.
  explicit CollectorRun(const std::vector<std::string>& run, std::string_view more = "",
                        const std::vector<std::string>& wrapper = {});

  [[nodiscard]] AgentRun& agent() noexcept { return agent_; }
  [[nodiscard]] const AgentRun& agent() const noexcept { return agent_; }
  [[nodiscard]] TestReceiver& receiver() noexcept { return receiver_; }
  [[nodiscard]] pid_t pid() noexcept { return agent_.process().pid(); }

  [[nodiscard]] MetricsText metrics() const;
  /// Reads them until `good` says so; the last reading in any case.
  template <typename Predicate>
  MetricsText metrics_when(Predicate good, std::chrono::milliseconds patience = kPatience) const {
    MetricsText reading;
    [[maybe_unused]] const bool came = wait_until(
        [&] {
          reading = metrics();
          return good(reading);
        },
        patience, std::chrono::milliseconds(20));
    return reading;
  }
  /// Until a collector has that many runs with that result.
  [[nodiscard]] MetricsText metrics_after(const std::string& name, const std::string& result,
                                          std::uint64_t runs) const;

  /// What `/status` says of a collector, as JSON spells it: `status("x", "last_error")`. Empty if
  /// there is no such collector.
  [[nodiscard]] std::string status(std::string_view name, std::string_view key) const;
  /// Of a series of the host on `/metrics`, without labels.
  [[nodiscard]] std::optional<double> exposed(const std::string& metric) const;

  /// That the collector `good` was always asked and always answered, and that all of its samples
  /// arrived.
  void expect_good_unharmed();
  /// SIGTERM: it ends with 0, and all that it accepted has come to the receiver, whole.
  void expect_clean_end();

 private:
  TestReceiver receiver_;
  AgentRun agent_;
};

[[nodiscard]] std::uint64_t runs_of(const MetricsText& metrics, const std::string& name,
                                    const std::string& result);
[[nodiscard]] std::uint64_t rejected_of(const MetricsText& metrics, const std::string& name,
                                        const std::string& reason);
[[nodiscard]] std::uint64_t frames_of(const MetricsText& metrics, const std::string& name);

/// The processes whose parent is `parent`, those that have ended and were not waited for too.
struct Child {
  pid_t pid = 0;
  bool zombie = false;
};
[[nodiscard]] std::vector<Child> children_of(pid_t parent);
/// It runs: it is neither gone nor a zombie.
[[nodiscard]] bool alive(pid_t pid);
/// The number in a file, once there is one. Throws std::runtime_error if it does not come.
[[nodiscard]] pid_t pid_in(const std::string& path);

}  // namespace lariat::test
