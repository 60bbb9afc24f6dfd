#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/integration/bench_run.h"
#include "tests/support/process.h"
#include "tests/support/test_receiver.h"

namespace lariat::test {
namespace {

/// Two network namespaces and the cable between them. Needs root.
class Cable {
 public:
  Cable() {
    made_ = ip({"netns", "add", here_}) && ip({"netns", "add", there_}) &&
            ip({"-n", here_, "link", "add", "cable", "type", "veth", "peer", "name", "cable",
                "netns", there_}) &&
            ip({"-n", here_, "address", "add", "10.231.7.1/30", "dev", "cable"}) &&
            ip({"-n", there_, "address", "add", "10.231.7.2/30", "dev", "cable"}) && plug("up") &&
            ip({"-n", here_, "link", "set", "cable", "up"});
  }
  ~Cable() {
    ip({"netns", "del", here_});
    ip({"netns", "del", there_});
  }
  Cable(const Cable&) = delete;
  Cable& operator=(const Cable&) = delete;

  [[nodiscard]] bool made() const noexcept { return made_; }
  [[nodiscard]] const std::string& here() const noexcept { return here_; }
  [[nodiscard]] const std::string& there() const noexcept { return there_; }
  /// `up` or `down`.
  [[nodiscard]] bool plug(const std::string& state) const {
    return ip({"-n", there_, "link", "set", "cable", state});
  }

 private:
  static bool ip(std::vector<std::string> words) {
    words.insert(words.begin(), "ip");
    try {
      return Process(std::move(words)).wait() == 0;
    } catch (const std::runtime_error&) {
      return false;
    }
  }

  const std::string here_ = "lariat-a-" + std::to_string(::getpid());
  const std::string there_ = "lariat-b-" + std::to_string(::getpid());
  bool made_ = false;
};

TEST(NetworkCut, LosesNothingWhetherTheConnectionIsKeptOrGivenUp) {
  const Cable cable;
  if (!cable.made()) GTEST_SKIP() << "no network namespaces: this needs root and iproute2";
  const TestReceiver::Options far = {.address = "10.231.7.2", .network_namespace = cable.there()};
  TestReceiver kept(far);
  TestReceiver given_up(far);
  const std::vector<std::string> wrapper = {"ip", "netns", "exec", cable.here()};
  const std::vector<std::string> load = {"--rate", "5000",     "--seconds",
                                         "600s",   "--memory", "64MiB"};
  const auto arguments = [&](const TestReceiver& to, std::vector<std::string> more) {
    more.insert(more.begin(), load.begin(), load.end());
    more.insert(more.begin(), to.url());
    return more;
  };
  BenchRun patient(wrapper, arguments(kept, {"--stall-timeout", "60s"}), LARIAT_BINARY);
  BenchRun hasty(wrapper,
                 arguments(given_up, {"--stall-timeout", "1s", "--connect-timeout", "1s",
                                      "--back-off-max", "500ms"}),
                 LARIAT_BINARY);
  patient.wait_connected(1);
  hasty.wait_connected(1);
  ASSERT_TRUE(wait_until([&] { return kept.record().frames > 0 && given_up.record().frames > 0; }));

  ASSERT_TRUE(cable.plug("down"));
  patient.process().wait(lasting(std::chrono::seconds(15), std::chrono::seconds(8)));
  EXPECT_GE(endpoint_count(hasty.metrics(), "disconnects", 0, "timeout"), 1U) << hasty.log();
  const auto cut_at = kept.record().frames.load();
  ASSERT_TRUE(cable.plug("up"));
  // The kernel doubles its patience at each try: up to as long again as the cut was.
  ASSERT_TRUE(wait_until([&] { return kept.record().frames > cut_at; })) << patient.log();

  for (auto* run : {&patient, &hasty}) {
    auto& receiver = run == &patient ? kept : given_up;
    const auto ended = run->stop();
    EXPECT_EQ(ended.status, 0) << run->log();
    expect_balance(ended.metrics, 1);
    const auto published = ended.metrics.count("lariat_log_frames_total");
    EXPECT_TRUE(wait_until([&] { return receiver.numbers().missing_count(published) == 0; },
                           std::chrono::seconds(5), std::chrono::milliseconds(50)))
        << receiver.numbers().missing_count(published) << " are missing";
    EXPECT_EQ(ledger_of(ended.metrics, 0).delivered, published);
    EXPECT_EQ(receiver.record().bad, 0U);
  }
  EXPECT_EQ(kept.record().connections, 1U);
  EXPECT_GT(given_up.record().connections, 1U);
}

}  // namespace
}  // namespace lariat::test
