#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <limits>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "proto/encode.h"
#include "tests/integration/collector_run.h"
#include "tests/support/frames.h"

namespace lariat::test {
namespace {

using namespace std::string_literals;
using std::chrono::milliseconds;
using testing::HasSubstr;

constexpr std::uint64_t kNumber = 1'000'000;  // Beyond those of the good collector.

std::string text_of(std::span<const std::byte> octets) {
  return {reinterpret_cast<const char*>(octets.data()), octets.size()};
}

std::string message(std::uint64_t number = kNumber) { return text_of(numbered_frame(number)); }

std::string not_a_number() {
  std::string changed = message();
  const double value = std::numeric_limits<double>::quiet_NaN();
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  for (std::size_t i = 1; i <= sizeof bits; ++i, bits >>= 8U) {
    changed[changed.size() - i] = static_cast<char>(bits & 0xffU);
  }
  return changed;
}

std::string bad_name() {
  std::string changed = message();
  changed.at(changed.find("series=") + 3) = '=';
  return changed;
}

std::string no_payload() {
  std::string changed = message();
  changed[2] = changed[3] = '\0';
  return changed;
}

std::string replay() {
  std::array<std::byte, proto::kEncodeBufferSize> buffer;
  return text_of(std::span(buffer).first(proto::encode_replay(buffer, 1).size));
}

std::string heartbeat() {
  std::array<std::byte, proto::kHeartbeatSize> octets{};
  proto::encode_heartbeat(octets, 1'700'000'000, 0);
  return text_of(octets);
}

struct Garbage {
  std::string_view name;
  std::string output;
  std::map<std::string, std::uint64_t> rejected;
  std::uint64_t frames = 0;
  std::string result = "ok";
};

const std::string kGoodLine = "sample 1700000000 text 1000000\n";

std::vector<Garbage> all_garbage() {
  return {
      {"lines",
       "no word that is known\n" + kGoodLine +
           "sample never text 1\nsample 1700000000 text nan\nsample 1700000000 text 0x10\n"
           "tally 1700000000 text -1\nsample 1700000000 text\nsample 1700000000 " +
           std::string(5'000, 'n') + " 1\n" + kGoodLine + "# a comment\n\n" +
           "sample 1700000000 te\0xt 1\n"s + std::string(70'000, 'x') + "\n" + kGoodLine +
           "sample 1700000000 text 1000001",
       {{"unknown-keyword", 1},
        {"bad-time", 1},
        {"bad-number", 3},
        {"missing-field", 1},
        {"bad-name", 1},
        {"nul", 1},
        {"too-long", 1}},
       4},
      {"endless", kGoodLine + std::string(3'000'000, 'x'), {{"too-long", 1}}, 1},
      {"zeros", std::string(1'000'000, '\0'), {{"too-long", 1}}, 0},
      {"messages",
       message() + not_a_number() + replay() + message() + bad_name() + no_payload() + heartbeat() +
           message(),
       {{"bad-number", 1}, {"opcode", 1}, {"bad-name", 1}, {"payload", 1}},
       3},
      {"half", message() + message().substr(0, message().size() / 2), {{"incomplete", 1}}, 1},
      {"broken",
       message() + message() + "\xff\xff\xff\xff" + message(),
       {{"version", 1}},
       2,
       "failed"},
      {"nothing", "", {}, 0},
  };
}

TEST(CollectorThatPrintsGarbage, HasEachPieceCountedByItsReasonAndLosesNothingElse) {
  TemporaryDirectory outputs;
  std::vector<std::string> run = {good_collector()};
  const auto garbage = all_garbage();
  for (const auto& one : garbage) {
    write_file(outputs.file(one.name), one.output);
    run.push_back(shell_collector(one.name, "exec cat " + outputs.file(one.name), kOnce));
  }
  CollectorRun agent(run);
  const auto ran = agent.metrics_when([&](const MetricsText& now) {
    return std::all_of(garbage.begin(), garbage.end(), [&now](const auto& one) {
      return now.sum("lariat_collector_runs_total", {{"collector", std::string(one.name)}}) >= 1;
    });
  });
  for (const auto& one : garbage) {
    SCOPED_TRACE(one.name);
    const std::string name(one.name);
    EXPECT_EQ(runs_of(ran, name, one.result), 1U);
    EXPECT_EQ(frames_of(ran, name), one.frames);
    std::uint64_t sum = 0;
    for (const auto& [reason, count] : one.rejected) {
      EXPECT_EQ(rejected_of(ran, name, reason), count) << reason;
      sum += count;
    }
    EXPECT_EQ(ran.sum("lariat_collector_rejected_total", {{"collector", name}}),
              static_cast<double>(sum))
        << "nothing else is refused";
  }
  EXPECT_THAT(agent.status("broken", "last_error"), HasSubstr("no TSDP"));
  EXPECT_TRUE(agent.agent().says("collector lines: refused (unknown-keyword): no word that is"));
  agent.expect_good_unharmed();
  agent.expect_clean_end();
}

TEST(CollectorThatPrintsGarbage, OfAnyOctetsIsBoundedInTheLogToo) {
  CollectorRun run({good_collector(), shell_collector("random", "head -c 4000000 /dev/urandom",
                                                      R"("interval": "23h", "format": "text")")});
  const auto ran = run.metrics_after("random", "ok", 1);
  EXPECT_EQ(frames_of(ran, "random"), 0U);
  EXPECT_GT(ran.sum("lariat_collector_rejected_total", {{"collector", "random"}}), 1'000);
  const auto log = run.agent().log();
  EXPECT_LT(std::count(log.begin(), log.end(), '\n'), 30) << log;
  EXPECT_TRUE(std::all_of(log.begin(), log.end(), [](char c) { return c == '\n' || c >= ' '; }) ||
              log.find("…") != std::string::npos);
  run.expect_good_unharmed();
  run.expect_clean_end();
}

/// Four that print as much as they can: as a oneshot in lines and in messages, as a stream, as a
/// feed; each may print 1 MiB and 1,000 frames in a run.
class Flood : public testing::Test {
 protected:
  static constexpr std::uint64_t kFrames = 1'000;

  Flood() { write_file(messages_.file("messages"), thousand_messages()); }

  static std::string thousand_messages() {
    std::string text;
    for (int i = 0; i < 1'000; ++i) text += message();
    return text;
  }
  static std::string limits(std::string_view mode) {
    return R"("mode": ")" + std::string(mode) +
           R"(", "interval": "2s", "max_output": "1MiB", "max_frames": 1000)";
  }
  [[nodiscard]] std::vector<std::string> all() const {
    const std::string lines = "exec yes sample 1700000000 flood 1000000";
    return {good_collector(), shell_collector("lines", lines, limits("oneshot")),
            shell_collector("messages", "while :; do cat " + messages_.file("messages") + "; done",
                            limits("oneshot")),
            shell_collector("stream", "read -r tick; " + lines, limits("stream")),
            shell_collector("feed", "echo $$ > @DIR@/feed; " + lines, limits("feed"))};
  }

  // Each 20 ms for that long: how long it took to answer.
  std::vector<milliseconds> ask_for_health(const CollectorRun&, AgentRun& agent,
                                           milliseconds duration) {
    std::vector<milliseconds> took;
    const Deadline end(duration);
    while (!end.passed()) {
      const auto asked = std::chrono::steady_clock::now();
      EXPECT_EQ(agent.get("/-/healthy").status, 200);
      took.push_back(
          std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - asked));
      agent.process().wait(milliseconds(20));
    }
    std::sort(took.begin(), took.end());
    return took;
  }

  TemporaryDirectory messages_;
};

TEST_F(Flood, IsCutAtItsLimitsAndNobodyElseNotices) {
  CollectorRun run(all(), R"("log": {"memory": "4MiB"})");
  const auto first = run.metrics_when([](const MetricsText& now) {
    return runs_of(now, "lines", "killed") >= 1 && runs_of(now, "messages", "killed") >= 1 &&
           runs_of(now, "stream", "killed") >= 1 && rejected_of(now, "feed", "limit") >= 1;
  });
  const auto good_before = runs_of(first, "good", "ok");
  const auto took = ask_for_health(run, run.agent(), milliseconds(3'000));
  const auto last = run.metrics();
  EXPECT_LE(took[took.size() / 2], milliseconds(kSanitized ? 500 : 100)) << "the median";
  EXPECT_LE(took.back(), milliseconds(kSanitized ? 5'000 : 1'500)) << "the longest";
  EXPECT_GE(runs_of(last, "good", "ok"), good_before + 2) << "it is asked as ever";

  // Between two runs of them what was accepted is exact. On a busy machine the deadline may come
  // before the limit.
  for (const std::string name : {"lines", "messages", "stream"}) {
    SCOPED_TRACE(name);
    const auto all_accepted = [&name](const MetricsText& now) {
      return kFrames * (runs_of(now, name, "killed") + runs_of(now, name, "timeout"));
    };
    const auto at_rest = run.metrics_when(
        [&](const MetricsText& now) { return frames_of(now, name) == all_accepted(now); });
    EXPECT_EQ(frames_of(at_rest, name), all_accepted(at_rest));
    EXPECT_GT(rejected_of(at_rest, name, "limit"), 4'000U);
    EXPECT_THAT(run.agent().log(), HasSubstr("collector " + name + ": printed more than 1.0 MiB"));
  }
  EXPECT_TRUE(alive(pid_in(run.agent().path("feed")))) << "a feed is held back, not ended";
  EXPECT_EQ(last.sum("lariat_collector_runs_total", {{"collector", "feed"}}), 0);
  EXPECT_EQ(frames_of(last, "feed") % kFrames, 0U);
  if (!kSanitized) {
    EXPECT_LT(status_number(run.pid(), "VmHWM"), 24U * 1024) << "the log's 4 MiB and some more";
    const auto cpu =
        last.value("process_cpu_seconds_total") - first.value("process_cpu_seconds_total");
    EXPECT_LT(cpu, 0.8) << "of three seconds and what the test waits for";
  }
  run.expect_good_unharmed();
  run.expect_clean_end();
}

}  // namespace
}  // namespace lariat::test
