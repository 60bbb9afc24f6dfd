#include "agent/metrics/registry.h"

#include <gmock/gmock.h>

#include <cmath>
#include <functional>
#include <string>
#include <utility>

namespace lariat::metrics {
namespace {

using testing::HasSubstr;
using testing::Not;

/// A source that does what it is told.
class LambdaSource final : public Source {
 public:
  explicit LambdaSource(std::function<void(Report&)> told) : told_(std::move(told)) {}
  void report(Report& report) const override { told_(report); }

 private:
  std::function<void(Report&)> told_;
};

std::string text_of(std::function<void(Report&)> told) {
  const LambdaSource source(std::move(told));
  Registry registry;
  registry.add(source);
  return registry.text();
}

TEST(RegistryTest, IsEmptyWithoutSources) { EXPECT_EQ(Registry().text(), ""); }

TEST(RegistryTest, WritesHelpTypeAndSample) {
  EXPECT_EQ(text_of([](Report& report) { report.set(Metric::kLogFrames, 3); }),
            "# HELP lariat_log_frames Frames the log holds.\n"
            "# TYPE lariat_log_frames gauge\n"
            "lariat_log_frames 3\n");
}

TEST(RegistryTest, WritesLabelsInTheOrderOfTheTable) {
  EXPECT_THAT(text_of([](Report& report) {
                report.set(Metric::kEndpointFramesDroppedTotal, 7, {"east", "evicted"});
              }),
              HasSubstr("# TYPE lariat_endpoint_frames_dropped_total counter\n"
                        "lariat_endpoint_frames_dropped_total"
                        "{endpoint=\"east\",reason=\"evicted\"} 7\n"));
}

TEST(RegistryTest, EscapesWhatALabelMayNotHold) {
  EXPECT_THAT(
      text_of([](Report& report) { report.set(Metric::kEndpointConnected, 1, {"a\"b\\c\nd"}); }),
      HasSubstr("{endpoint=\"a\\\"b\\\\c\\nd\"} 1\n"));
}

TEST(RegistryTest, GroupsTheSamplesOfSourcesIntoFamiliesInTableOrder) {
  const auto endpoint = [](const char* name) {
    return LambdaSource([name](Report& report) {
      report.set(Metric::kEndpointFramesQueued, 0, {name});
      report.set(Metric::kEndpointConnected, 1, {name});
    });
  };
  const LambdaSource west = endpoint("west");
  const LambdaSource east = endpoint("east");
  const LambdaSource build([](Report& report) {
    report.set(Metric::kBuildInfo, 1, {"0.1.0", "abc"});
  });
  Registry registry;
  registry.add(west);
  registry.add(east);
  registry.add(build);

  EXPECT_EQ(registry.text(),
            "# HELP lariat_build_info Always 1; the labels say which build this is.\n"
            "# TYPE lariat_build_info gauge\n"
            "lariat_build_info{version=\"0.1.0\",revision=\"abc\"} 1\n"
            "# HELP lariat_endpoint_connected 1 while connected.\n"
            "# TYPE lariat_endpoint_connected gauge\n"
            "lariat_endpoint_connected{endpoint=\"west\"} 1\n"
            "lariat_endpoint_connected{endpoint=\"east\"} 1\n"
            "# HELP lariat_endpoint_frames_queued Frames accepted, neither delivered nor dropped.\n"
            "# TYPE lariat_endpoint_frames_queued gauge\n"
            "lariat_endpoint_frames_queued{endpoint=\"west\"} 0\n"
            "lariat_endpoint_frames_queued{endpoint=\"east\"} 0\n");
}

TEST(RegistryTest, AsksSourcesAnewForEachText) {
  double frames = 1;
  const LambdaSource source([&](Report& report) { report.set(Metric::kLogFramesTotal, frames); });
  Registry registry;
  registry.add(source);
  EXPECT_THAT(registry.text(), HasSubstr("lariat_log_frames_total 1\n"));
  frames = 2;
  EXPECT_THAT(registry.text(), HasSubstr("lariat_log_frames_total 2\n"));
}

TEST(RegistryTest, ForgetsASourceThatWasRemoved) {
  const LambdaSource gone([](Report& report) { report.set(Metric::kSeries, 1); });
  const LambdaSource stays([](Report& report) { report.set(Metric::kLogFrames, 1); });
  Registry registry;
  registry.add(gone);
  registry.add(stays);
  registry.remove(gone);
  EXPECT_THAT(registry.text(), Not(HasSubstr("lariat_series")));
  EXPECT_THAT(registry.text(), HasSubstr("lariat_log_frames 1\n"));
}

TEST(RegistryTest, WritesWholeNumbersExactlyUpTo2To53) {
  for (const std::uint64_t number :
       {std::uint64_t{0}, std::uint64_t{999'999}, std::uint64_t{1'000'000},
        std::uint64_t{123'456'789'012}, std::uint64_t{9'007'199'254'740'991},
        std::uint64_t{9'007'199'254'740'992}}) {
    EXPECT_THAT(text_of([number](Report& report) {
                  report.set(Metric::kLogBytesTotal, static_cast<double>(number));
                }),
                HasSubstr("\nlariat_log_bytes_total " + std::to_string(number) + "\n"));
  }
}

TEST(RegistryTest, WritesFractionsAndWhatIsNoNumber) {
  EXPECT_THAT(text_of([](Report& report) { report.set(Metric::kLoopBusySecondsTotal, 0.25); }),
              HasSubstr("\nlariat_loop_busy_seconds_total 0.25\n"));
  EXPECT_THAT(text_of([](Report& report) { report.set(Metric::kSeries, std::nan("")); }),
              HasSubstr("\nlariat_series Nan\n"));
}

#ifndef NDEBUG
TEST(RegistryDeathTest, RefusesASampleSetTwice) {
  EXPECT_DEATH(text_of([](Report& report) {
                 report.set(Metric::kEndpointConnected, 0, {"east"});
                 report.set(Metric::kEndpointConnected, 1, {"west"});
                 report.set(Metric::kEndpointConnected, 1, {"east"});
               }),
               "set once in a scrape");
}

TEST(RegistryDeathTest, RefusesAWrongNumberOfLabels) {
  EXPECT_DEATH(text_of([](Report& report) { report.set(Metric::kEndpointConnected, 1); }),
               "a value for each label");
}

TEST(RegistryDeathTest, RefusesASourceAddedTwice) {
  const LambdaSource source([](Report&) {});
  Registry registry;
  registry.add(source);
  EXPECT_DEATH(registry.add(source), "");
}
#endif

}  // namespace
}  // namespace lariat::metrics
