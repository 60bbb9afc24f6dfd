#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <set>
#include <string>
#include <utility>

#include "tests/integration/agent_run.h"
#include "tests/support/http_sink.h"
#include "tests/support/process.h"

namespace lariat::test {
namespace {

using testing::HasSubstr;

constexpr int kSeries = 100;

/// A collector of a hundred series, each with a value of its own; each run is a second later than
/// the one before, whenever it is. `file` has the number of runs.
std::string hundred(const std::string& file) {
  return "#!/bin/sh\n"
         "run=$(cat '" +
         file +
         "' || echo 0) 2>/dev/null\n"
         "echo $((run + 1)) >'" +
         file +
         "'\n"
         "i=0\n"
         "while [ $i -lt 100 ]; do\n"
         "  echo \"sample $((1700000000 + run)) hundred i=$i $i\"\n"
         "  i=$((i + 1))\n"
         "done\n";
}

/// An agent whose one aggregator takes remote write.
class HttpOutput : public testing::Test {
 protected:
  HttpOutput() : agent_(configuration()) {
    agent_.drop_in("hundred", hundred(agent_.path("runs")));
  }

  [[nodiscard]] std::string configuration() const {
    return "\"interval\": \"1s\",\n" +
           endpoints_member({sink_.url()},
                            R"(, "batch": {"age": "100ms"}, "start": "begin",
                               "back_off": {"min": "10ms", "max": "100ms"})") +
           R"(,
              "collectors": {"directories": ["@DIR@/collectors.d"]})";
  }
  [[nodiscard]] bool stored_at_least(std::size_t count) const {
    return wait_until([&] { return sink_.stored().size() >= count; });
  }
  [[nodiscard]] static double delivered(const MetricsText& metrics) {
    return metrics.sum("lariat_endpoint_frames_delivered_total");
  }
  [[nodiscard]] static double dropped(const MetricsText& metrics) {
    return metrics.sum("lariat_endpoint_frames_dropped_total");
  }

  HttpSink sink_;
  AgentRun agent_;
};

TEST_F(HttpOutput, GetsAllAndHearsOfTheEnd) {
  ASSERT_TRUE(stored_at_least(std::size_t{3} * kSeries)) << agent_.log();
  const auto metrics = agent_.ledgers();
  EXPECT_EQ(dropped(metrics), 0);
  EXPECT_EQ(metrics.sum("lariat_endpoint_connected"), 1);
  EXPECT_EQ(metrics.sum("lariat_endpoint_connects_total"), 1);
  EXPECT_EQ(metrics.sum("lariat_endpoint_write_wakeups_empty_total"), 0);
  EXPECT_EQ(agent_.end(), 0);
  std::set<std::string> series;
  std::set<std::string> ended;
  for (const auto& sample : sink_.stored()) {
    (sample.stale ? ended : series).insert(sample.series);
  }
  EXPECT_EQ(series.size(), static_cast<std::size_t>(kSeries));
  EXPECT_EQ(series, ended);
}

TEST_F(HttpOutput, GetsAfterAnOutageWhatItMissedEachOnce) {
  ASSERT_TRUE(stored_at_least(kSeries)) << agent_.log();
  // After ten answers of 5xx one sample would go alone, and then again with the others.
  sink_.answer_with({.status = 429, .body = "not so much"});
  const auto away = agent_.metrics_when([](const MetricsText& now) {
    return now.sum("lariat_endpoint_frames_queued") >= 3 * kSeries;
  });
  EXPECT_GE(away.sum("lariat_endpoint_frames_queued"), 3 * kSeries);
  EXPECT_THAT(agent_.log(), HasSubstr("not so much"));
  sink_.answer_with({});
  const auto back = agent_.metrics_when(
      [&](const MetricsText& now) { return delivered(now) >= delivered(away) + 3 * kSeries; });
  EXPECT_GE(delivered(back), delivered(away) + 3 * kSeries);
  EXPECT_EQ(dropped(back), 0);
  EXPECT_EQ(agent_.end(), 0);
  std::set<std::pair<std::string, std::int64_t>> once;
  for (const auto& sample : sink_.stored()) {
    EXPECT_TRUE(once.insert({sample.series, sample.milliseconds}).second) << sample.series;
  }
}

TEST_F(HttpOutput, GoesOnAfterAKillWithWhatIsOnDisk) {
  agent_.kill();
  agent_.write_configuration("\"log\": {\"spool\": {\"directory\": \"@DIR@/spool\"}},\n" +
                             configuration());
  sink_.answer_with({.status = 429, .body = "not so much"});
  agent_.start_again();
  const auto away = agent_.metrics_when([](const MetricsText& now) {
    return now.sum("lariat_endpoint_frames_queued") >= 3 * kSeries;
  });
  const auto queued = away.sum("lariat_endpoint_frames_queued");
  EXPECT_GE(queued, 3 * kSeries);
  const auto stored = sink_.stored().size();
  agent_.kill();
  agent_.start_again();
  sink_.answer_with({});
  EXPECT_TRUE(stored_at_least(stored + static_cast<std::size_t>(queued))) << agent_.log();
  EXPECT_EQ(dropped(agent_.ledgers()), 0);
}

TEST_F(HttpOutput, ShowsWhatTheAggregatorHasRefused) {
  sink_.refuse_value(7);
  const auto refused = agent_.metrics_when([](const MetricsText& now) { return dropped(now) > 0; });
  EXPECT_GT(refused.value("lariat_endpoint_frames_dropped_total",
                          {{"endpoint", "e0"}, {"reason", "rejected"}}),
            0);
  Process status(
      {LARIAT_BINARY, "status", "--rejected", "e0", "--socket", agent_.path("control.sock")});
  EXPECT_EQ(status.wait(), 0) << status.text(Process::Stream::kErr);
  const auto& text = status.text(Process::Stream::kOut);
  EXPECT_THAT(text, HasSubstr("hundred{"));
  EXPECT_THAT(text, HasSubstr("i=\"7\""));
  EXPECT_THAT(text, HasSubstr("400: out of bounds"));

  Process other(
      {LARIAT_BINARY, "status", "--rejected", "e1", "--socket", agent_.path("control.sock")});
  EXPECT_EQ(other.wait(), 1);
  EXPECT_THAT(other.text(Process::Stream::kErr), HasSubstr("there are e0"));
}

}  // namespace
}  // namespace lariat::test
