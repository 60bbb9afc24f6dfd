#include "agent/collect/collectors.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "tests/unit/collect/supervision_fixture.h"

namespace lariat::collect {
namespace {

using config::Mode;
using std::chrono::seconds;

constexpr std::string_view kAnswer =
    "while read -r word time; do echo \"sample $time load 1\"; echo done; done";

/// A description is a file with the program's path in it; without one it has a mistake.
Described described(const std::string& file, std::string_view name, std::chrono::milliseconds) {
  std::ifstream stream(file);
  std::string program;
  stream >> program;
  if (!program.starts_with('/')) return {.mistakes = {file + ":1:1: is not understood"}};
  config::Collector collector;
  collector.name = name;
  collector.command = {program};
  collector.mode = Mode::kStream;
  collector.origin = file;
  return {.collector = collector};
}

config::Collector plain(const std::string& file, std::string_view name,
                        std::chrono::milliseconds interval) {
  config::Collector collector;
  collector.name = name;
  collector.command = {file};
  collector.interval = interval;
  collector.timeout = interval;
  collector.origin = file;
  return collector;
}

class KeepingReport final : public metrics::Report {
 public:
  using metrics::Report::set;
  void set(metrics::Metric metric, double value,
           std::initializer_list<std::string_view> labels) override {
    std::string key(metrics::definition(metric).name);
    EXPECT_EQ(labels.size(), metrics::definition(metric).labels.size()) << key;
    for (const auto label : labels) key.append(" ").append(label);
    EXPECT_TRUE(values.emplace(key, value).second) << key << " is set twice";
  }
  std::map<std::string, double> values;
};

class CollectorsTest : public SupervisionTest {
 protected:
  CollectorsTest() {
    std::filesystem::create_directory(path("d"));
    ::chmod(path("d").c_str(), 0755);
    collectors_ = std::make_unique<Collectors>(
        loop_, lines_, sink_, tags_,
        Collectors::Options{
            .exec_program = LARIAT_BINARY,
            .hostname = "web01",
            .control_socket = "/run/x.sock",
            .describe = {.json = described, .plain = plain},
            .on_removed = [this](std::uint32_t number) { removed_.push_back(number); },
            .waits = quick()});
  }
  ~CollectorsTest() override {
    bool done = false;
    collectors_->stop([&done] { done = true; });
    EXPECT_TRUE(until([&done] { return done; }));
  }
  void apply(std::vector<config::Collector> run = {}) {
    collectors_->apply(
        {.directories = {path("d")}, .run = std::move(run), .interval = std::chrono::seconds(60)});
  }
  [[nodiscard]] config::Collector stream(std::string name, const std::string& program) const {
    auto description = collector(program, Mode::kStream);
    description.name = std::move(name);
    return description;
  }
  [[nodiscard]] CollectorState state(std::string_view name) const {
    for (auto& state : collectors_->states()) {
      if (state.name == name) return state;
    }
    return {.state = "none"};
  }
  // Made beside the directory and moved in, as package managers do.
  void move_in(std::string_view file, std::string_view body) const {
    const auto made = script("made", body);
    std::filesystem::rename(made, path("d/" + std::string(file)));
  }
  [[nodiscard]] bool until_ran() {
    return until([this] { return collectors_->every_one_ran(); });
  }

  std::vector<std::uint32_t> removed_;
  std::unique_ptr<Collectors> collectors_;
};

TEST_F(CollectorsTest, HundredsThatAreDueAtOnceRunInBoundedNumbersEachOnce) {
  constexpr std::size_t kMany = 60;
  constexpr std::size_t kAtOnce = 4;
  const auto program = script("p", "echo + >> " + path("log") + "; sleep 0.02; echo - >> " +
                                       path("log") + "; echo sample 1700000000 a 1");
  std::vector<config::Collector> run;
  for (std::size_t i = 0; i < kMany; ++i) {
    run.push_back(collector(program));
    run.back().name = "n" + std::to_string(i);
  }
  auto lives_on = stream("lives_on", script("s", kAnswer));
  run.push_back(lives_on);
  collectors_->apply({.run = std::move(run), .max_running = kAtOnce});
  ASSERT_TRUE(until_ran());
  std::size_t running = 0;
  std::size_t most = 0;
  std::size_t begun = 0;
  for (const char mark : read("log")) {
    if (mark == '+') {
      most = std::max(most, ++running);
      ++begun;
    }
    if (mark == '-') --running;
  }
  EXPECT_EQ(begun, kMany);
  EXPECT_LE(most, kAtOnce);
  EXPECT_GE(most, 2U) << "they do run side by side";
  EXPECT_EQ(state("lives_on").runs_good, 1U) << "it is no oneshot";
}

TEST_F(CollectorsTest, OneThatHangsHoldsAPlaceUntilItsDeadlineOnly) {
  auto hangs = collector(script("h", "exec sleep 1000"));
  hangs.name = "hangs";
  hangs.timeout = milliseconds(200);
  auto waits = collector(script("w", "echo sample 1700000000 a 1"));
  waits.name = "waits";
  collectors_->apply({.run = {hangs, waits}, .max_running = 1});
  ASSERT_TRUE(until_ran());
  EXPECT_EQ(state("hangs").runs_bad, 1U);
  EXPECT_EQ(state("waits").runs_good, 1U);
}

TEST_F(CollectorsTest, ThoseThatHangLongerThanTheirIntervalLeaveOthersTheirTurn) {
  auto hangs = collector(script("h", "exec sleep 1000"));
  hangs.name = "hangs";
  hangs.interval = seconds(1);
  hangs.timeout = milliseconds(1600);  // It is always due again before that.
  auto waits = collector(script("w", "echo sample 1700000000 a 1"));
  waits.name = "waits";
  waits.interval = seconds(1);
  collectors_->apply({.run = {hangs, waits}, .max_running = 1});
  ASSERT_TRUE(until([this] { return state("waits").runs_good > 0; }));
  EXPECT_EQ(state("hangs").runs_bad, 1U) << "it ran again before the other did once";
  EXPECT_GE(state("waits").late, 1U) << "it missed a moment";
}

TEST_F(CollectorsTest, WhatLivesOnWaitsForNoOneshot) {
  auto hangs = collector(script("h", "exec sleep 1000"));
  hangs.name = "hangs";
  collectors_->apply({.run = {hangs, stream("lives_on", script("s", kAnswer))}, .max_running = 1});
  ASSERT_TRUE(until([this] { return state("lives_on").runs_good > 0; }));
  EXPECT_EQ(state("hangs").state, "running");
}

TEST_F(CollectorsTest, AFileInPlaceOfADirectoryIsNotLookedAtForEver) {
  write("d/file", "#!/bin/sh\n", 0644);
  collectors_->apply(
      {.directories = {path("d/file"), path("d/file/deeper")}, .interval = seconds(60)});
  test::run_for(loop_, milliseconds(60));
  const auto before = loop_.stats().wakeups;
  test::run_for(loop_, milliseconds(200));
  EXPECT_LE(loop_.stats().wakeups - before, 1U) << "the test's own timer";
}

TEST_F(CollectorsTest, ALinkToWhatIsWrittenAllTheTimeIsNotLookedAtForEver) {
  const auto log = write("log", "");
  ASSERT_EQ(::symlink(log.c_str(), path("d/log").c_str()), 0);
  apply();
  test::run_for(loop_, milliseconds(60));
  const auto before = loop_.stats().wakeups;
  for (int i = 0; i < 5; ++i) std::ofstream(log) << "more";
  test::run_for(loop_, milliseconds(100));
  EXPECT_LE(loop_.stats().wakeups - before, 1U) << "the test's own timer";
  write("log", "#!/bin/sh\necho sample 1700000000 a 1\n", 0755);
  EXPECT_TRUE(until([this] { return sink_.has("a host=web01"); })) << "its rights matter";
}

TEST_F(CollectorsTest, WithoutACollectorNothingWakes) {
  apply();
  EXPECT_TRUE(collectors_->every_one_ran());
  const auto before = loop_.stats().wakeups;
  test::run_for(loop_, milliseconds(200));
  EXPECT_LE(loop_.stats().wakeups - before, 1U) << "the test's own timer";
}

TEST_F(CollectorsTest, EachRunsAtOnceAndReadyWaitsForAll) {
  apply({stream("one", script("one", kAnswer)),
         stream("two", script("two", "sleep 0.2;" + std::string(kAnswer)))});
  EXPECT_FALSE(collectors_->every_one_ran());
  ASSERT_TRUE(until([this] { return collectors_->waiting_for() == "two"; }));
  ASSERT_TRUE(until_ran());
  EXPECT_EQ(sink_.lines.size(), 2U);
  EXPECT_NE(sink_.origins[0], sink_.origins[1]);
}

TEST_F(CollectorsTest, AReloadTouchesOnlyWhatDiffers) {
  const auto one = stream("one", script("one", kAnswer));
  auto two = stream("two", script("two", kAnswer));
  const auto three = stream("three", script("three", kAnswer));
  apply({one, two, three});
  ASSERT_TRUE(until_ran());
  const pid_t first = collectors_->pid_of("one");
  const pid_t second = collectors_->pid_of("two");
  const pid_t third = collectors_->pid_of("three");
  two.timeout = seconds(5);
  apply({one, two});
  ASSERT_TRUE(until([this, second] {
    const pid_t now = collectors_->pid_of("two");
    return now > 0 && now != second;
  }));
  EXPECT_FALSE(is_alive(second)) << "the changed one was started before the old one had ended";
  EXPECT_EQ(collectors_->pid_of("one"), first);
  EXPECT_EQ(state("three").state, "none");
  EXPECT_TRUE(until([third] { return !is_alive(third); }));
}

TEST_F(CollectorsTest, AProgramThatWasReplacedIsStartedAnew) {
  const auto one = stream("one", script("one", kAnswer));
  apply({one});
  ASSERT_TRUE(until_ran());
  const pid_t first = collectors_->pid_of("one");
  std::filesystem::rename(script("new", kAnswer), path("one"));
  apply({one});
  EXPECT_TRUE(until([this, first] {
    const pid_t now = collectors_->pid_of("one");
    return now > 0 && now != first;
  }));
}

TEST_F(CollectorsTest, AProgramThatIsDroppedInRunsAndOneThatIsRemovedEnds) {
  apply();
  move_in("mine.sh", "echo sample 1700000000 first 1");
  ASSERT_TRUE(until([this] { return sink_.has("first"); }));
  EXPECT_EQ(state("mine").origin, path("d/mine.sh"));
  move_in("mine.sh", "echo sample 1700000000 second 1");
  ASSERT_TRUE(until([this] { return sink_.has("second"); })) << "replaced by rename";
  script("d/mine.sh", "echo sample 1700000000 third 1");
  ASSERT_TRUE(until([this] { return sink_.has("third"); })) << "edited in place";
  std::filesystem::remove(path("d/mine.sh"));
  EXPECT_TRUE(until([this] { return collectors_->states().empty(); }));
}

TEST_F(CollectorsTest, TellsWhatIsAddedChangedAndRemovedAfterTheStart) {
  const auto first = stream("first", script("first", kAnswer));
  auto second = stream("second", script("second", kAnswer));
  apply({first});
  EXPECT_FALSE(was_told("collector first")) << "the start is told as a whole";
  apply({first, second});
  EXPECT_TRUE(was_told("collector second: added"));
  second.timeout = seconds(5);
  apply({first, second});
  EXPECT_TRUE(was_told("collector second: changed, begins anew"));
  ASSERT_TRUE(until_ran());
  apply({first});
  EXPECT_TRUE(was_told("collector second: removed"));
}

TEST_F(CollectorsTest, OneThatIsRemovedIsReportedOnceItsProgramHasEnded) {
  const auto one = stream("one", script("one", kAnswer));
  auto two = stream("two", script("two", kAnswer));
  apply({one, two});
  ASSERT_TRUE(until_ran());
  two.timeout = seconds(5);
  apply({one, two});
  ASSERT_TRUE(until_ran());
  EXPECT_TRUE(removed_.empty()) << "changed, it has the same number";
  const pid_t pid = collectors_->pid_of("one");
  apply({two});
  ASSERT_TRUE(until([this] { return !removed_.empty(); }));
  EXPECT_FALSE(is_alive(pid));
  ASSERT_EQ(removed_.size(), 1U);
  EXPECT_TRUE(std::count(sink_.origins.begin(), sink_.origins.end(), removed_[0]) == 1)
      << "of two frames of `two` and one of `one`, the latter's";
}

TEST_F(CollectorsTest, AFileRunsOnceItMayBeExecuted) {
  apply();
  write("d/mine", "#!/bin/sh\necho sample 1700000000 a 1\n", 0644);
  ASSERT_TRUE(until([this] { return was_told("d/mine is skipped: it is neither"); }));
  ::chmod(path("d/mine").c_str(), 0755);
  EXPECT_TRUE(until([this] { return sink_.has("a host=web01"); }));
}

TEST_F(CollectorsTest, LeftoversAreNoCollectors) {
  for (const auto* name : {".hidden", "a~", "b.dpkg-new", "c.rpmsave", "README.md", "d.swp"}) {
    script(std::string("d/") + name, "echo sample 1700000000 bad 1");
  }
  apply();
  EXPECT_TRUE(collectors_->states().empty());
  EXPECT_TRUE(told_.empty());
}

TEST_F(CollectorsTest, NamesFollowTheRuleOfTheConfiguration) {
  script("d/-bad", "echo sample 1700000000 bad 1");
  script("d/_good", "echo sample 1700000000 good 1");
  apply();
  EXPECT_TRUE(was_told("-bad is skipped: \"-bad\" cannot be the name of a collector"));
  EXPECT_TRUE(until([this] { return sink_.has("good"); }));
  EXPECT_EQ(collectors_->states().size(), 2U);
  EXPECT_TRUE(until_ran());
  EXPECT_EQ(state("_good").runs_good, 1U);
  EXPECT_EQ(state("-bad").state, "refused") << "whoever looks for it finds it";
  EXPECT_EQ(state("-bad").origin, path("d/-bad"));
}

TEST_F(CollectorsTest, ADirectoryThatComesLaterIsWatchedToo) {
  collectors_->apply({.directories = {path("later/deeper")}, .interval = seconds(60)});
  std::filesystem::create_directory(path("later"));
  test::run_for(loop_, milliseconds(60));
  std::filesystem::create_directory(path("later/deeper"));
  ::chmod(path("later").c_str(), 0755);
  ::chmod(path("later/deeper").c_str(), 0755);
  test::run_for(loop_, milliseconds(60));
  script("later/deeper/mine", "echo sample 1700000000 a 1");
  EXPECT_TRUE(until([this] { return sink_.has("a host=web01"); }));
}

TEST_F(CollectorsTest, AFileThatOthersMayWriteIsRefusedAndRunsOnceThatIsMended) {
  const auto file = script("d/mine", "echo sample 1700000000 a 1");
  ::chmod(file.c_str(), 0777);
  apply();
  EXPECT_EQ(state("mine").state, "refused");
  EXPECT_NE(state("mine").last_error.find("chmod go-w '" + file + "'"), std::string::npos);
  EXPECT_TRUE(collectors_->every_one_ran()) << "there is nothing to wait for";
  ::chmod(file.c_str(), 0755);
  EXPECT_TRUE(until([this] { return sink_.has("a host=web01"); }));
  EXPECT_EQ(state("mine").last_error, "");
}

TEST_F(CollectorsTest, AScheduleThatOthersMayWriteIsRefusedAndRunsOnceThatIsMended) {
  const auto file = write("schedule", "@1s echo sample 1700000000 a 1\n", 0666);
  auto line = collector("/bin/sh");
  line.command = {"/bin/sh", "-c", "echo sample 1700000000 a 1"};
  line.interval = seconds(1);
  collectors_->apply({.schedule = {line}, .schedule_file = file, .interval = seconds(60)});
  EXPECT_EQ(state("mine").state, "refused");
  EXPECT_NE(state("mine").last_error.find("chmod go-w '" + file + "'"), std::string::npos);
  EXPECT_EQ(collectors_->pid_of("mine"), -1);
  ::chmod(file.c_str(), 0644);
  EXPECT_TRUE(until([this] { return sink_.has("a host=web01"); }));
  EXPECT_EQ(state("mine").last_error, "");
}

TEST_F(CollectorsTest, ADescriptionThatGetsMistakesLeavesTheOldOneRunning) {
  const auto program = script("program", kAnswer);
  write("d/mine.json", program);
  apply();
  ASSERT_TRUE(until_ran());
  const pid_t pid = collectors_->pid_of("mine");
  write("d/mine.json", "nonsense");
  ASSERT_TRUE(until([this] { return !state("mine").healthy; }));
  EXPECT_NE(state("mine").last_error.find("is not understood"), std::string::npos);
  EXPECT_TRUE(was_told("is not understood")) << "and the log tells it";
  EXPECT_EQ(collectors_->pid_of("mine"), pid);
  write("d/mine.json", program);
  ASSERT_TRUE(until([this] { return state("mine").healthy; }));
  EXPECT_EQ(collectors_->pid_of("mine"), pid);
}

TEST_F(CollectorsTest, OfTwoWithOneNameTheConfigurationsRuns) {
  script("d/mine", "echo sample 1700000000 wrong 1");
  apply({stream("mine", script("program", kAnswer))});
  ASSERT_TRUE(until_ran());
  EXPECT_FALSE(sink_.has("wrong"));
  const auto states = collectors_->states();
  ASSERT_EQ(states.size(), 2U);
  EXPECT_EQ(states[1].state, "refused");
  EXPECT_NE(states[1].last_error.find("is taken by a test"), std::string::npos);
}

TEST_F(CollectorsTest, ARefusalForATakenNameIsCountedOnceAndStaysCounted) {
  const auto refused = [this] {
    KeepingReport report;
    collectors_->report(report);
    return report.values.at("lariat_collector_runs_total mine refused");
  };
  const auto mine = stream("mine", script("program", kAnswer));
  const auto file = script("d/mine", "echo sample 1700000000 wrong 1");
  apply({mine});
  EXPECT_EQ(refused(), 1.0);
  apply({mine});
  EXPECT_EQ(refused(), 1.0) << "it is the same still";
  std::filesystem::remove(file);
  apply({mine});
  EXPECT_EQ(collectors_->states().size(), 1U);
  EXPECT_EQ(refused(), 1.0);
  script("d/mine", "echo sample 1700000000 wrong 1");
  apply({mine});
  EXPECT_EQ(refused(), 2.0);
}

TEST_F(CollectorsTest, OneThatIsDisabledDoesNotRun) {
  auto one = stream("one", script("one", kAnswer));
  one.enabled = false;
  apply({one});
  EXPECT_EQ(state("one").state, "disabled");
  EXPECT_TRUE(collectors_->every_one_ran());
}

TEST_F(CollectorsTest, EachSecondAllThatAreDueAreAskedInOneWakeUp) {
  auto one = stream("one", script("one", kAnswer));
  auto two = stream("two", script("two", kAnswer));
  one.interval = two.interval = seconds(1);
  apply({one, two});
  ASSERT_TRUE(until([this] { return sink_.lines.size() >= 6; }));
  const auto timers = loop_.stats().callbacks[static_cast<std::size_t>(loop::CallbackKind::kTimer)];
  EXPECT_LE(timers, 3U) << "one for both, each second";
}

TEST_F(CollectorsTest, ManyStartsLeaveTheLoopItsTurns) {
  // A start takes 0.1 ms at the least.
  constexpr int kMany = 150;
  std::vector<config::Collector> many;
  for (int i = 0; i < kMany; ++i) many.push_back(stream("c" + std::to_string(i), "/bin/cat"));
  apply(many);
  EXPECT_GT(collectors_->pid_of("c0"), 0);
  EXPECT_EQ(collectors_->pid_of("c149"), -1) << "the loop was held up for all of them";
  EXPECT_TRUE(until([this] { return collectors_->pid_of("c149") > 0; }));
}

TEST_F(CollectorsTest, TheMetricsHaveTheirClosedLabels) {
  apply({stream("one", script("one", kAnswer))});
  ASSERT_TRUE(until_ran());
  KeepingReport report;
  collectors_->report(report);
  EXPECT_EQ(report.values.at("lariat_collector_runs_total one ok"), 1.0);
  EXPECT_EQ(report.values.at("lariat_collector_runs_total one timeout"), 0.0);
  EXPECT_EQ(report.values.at("lariat_collector_rejected_total one limit"), 0.0);
  EXPECT_EQ(report.values.at("lariat_collector_frames_total one"), 1.0);
  EXPECT_GT(report.values.at("lariat_collector_last_success_timestamp_seconds one"), 1.6e9);
}

TEST_F(CollectorsTest, StoppingEndsAllInBoundedTime) {
  apply({stream("one", script("one", "trap '' TERM; while :; do read -r x; echo done; done")),
         stream("two", script("two", kAnswer))});
  ASSERT_TRUE(until_ran());
  const pid_t one = collectors_->pid_of("one");
  const pid_t two = collectors_->pid_of("two");
  bool done = false;
  collectors_->stop([&done] { done = true; });
  ASSERT_TRUE(until([&done] { return done; }));
  EXPECT_FALSE(is_alive(one));
  EXPECT_FALSE(is_alive(two));
}

}  // namespace
}  // namespace lariat::collect
