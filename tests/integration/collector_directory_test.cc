#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <functional>
#include <string>

#include "tests/integration/collector_run.h"

namespace lariat::test {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::Not;

// What an operator would wait before he wonders.
constexpr milliseconds kSoon{kSanitized ? 20'000 : 6'000};

std::string printing(std::string_view metric, int value) {
  return "#!/bin/sh\necho sample 1700000000 " + std::string(metric) + " " + std::to_string(value) +
         "\n";
}

/// A stream that says its number once an answer, and leaves its process's in a file.
std::string stream_of(const std::string& pid_file, int value) {
  return "echo $$ > " + pid_file + "; while read -r word time; do echo sample $time version " +
         std::to_string(value) + "; echo done; done";
}

/// A collector that is dropped in runs each second, unless it says otherwise.
class Directory : public testing::Test {
 protected:
  [[nodiscard]] std::string path(const std::string& file) {
    return run_.agent().path("collectors.d/" + file);
  }
  // A description appears whole.
  void describe(const std::string& name, std::string_view text) {
    run_.agent().drop_in(name + ".json", text);
    ::chmod(path(name + ".json").c_str(), 0644);
  }
  [[nodiscard]] bool exposes(const std::string& metric, double value) {
    return wait_until([&] { return run_.exposed(metric) == value; }, kSoon, milliseconds(20));
  }
  [[nodiscard]] bool is_refused(const std::string& name) {
    return wait_until([&] { return run_.status(name, "state") == R"("refused")"; }, kSoon,
                      milliseconds(20));
  }

  CollectorRun run_{{good_collector()}};
};

TEST_F(Directory, AProgramThatIsDroppedInRunsSoonAndOneThatIsReplacedOrEditedRunsAgain) {
  run_.agent().drop_in("dropped", printing("dropped", 1'000'001));
  EXPECT_TRUE(exposes("dropped", 1'000'001)) << run_.agent().log();
  EXPECT_EQ(runs_of(run_.metrics_after("dropped", "ok", 1), "dropped", "ok"), 1U);

  run_.agent().drop_in("dropped", printing("dropped", 1'000'002));
  EXPECT_TRUE(exposes("dropped", 1'000'002)) << run_.agent().log();

  write_file(path("dropped"), printing("dropped", 1'000'003));
  EXPECT_TRUE(exposes("dropped", 1'000'003)) << run_.agent().log();
  EXPECT_EQ(run_.status("dropped", "healthy"), "true");
  EXPECT_EQ(run_.metrics().sum("lariat_collector_runs_total",
                               {{"collector", "dropped"}, {"result", "failed"}}),
            0);
  run_.expect_good_unharmed();
  run_.expect_clean_end();
}

TEST_F(Directory, ADescriptionThatIsDroppedInRunsAndAnotherOneReplacesIt) {
  const auto pid_file = run_.agent().path("pid");
  describe("described", shell_description(stream_of(pid_file, 1'000'001), R"("mode": "stream")"));
  EXPECT_TRUE(exposes("version", 1'000'001)) << run_.agent().log();
  const auto first = pid_in(pid_file);

  describe("described", shell_description(stream_of(pid_file, 1'000'002), R"("mode": "stream")"));
  EXPECT_TRUE(exposes("version", 1'000'002)) << run_.agent().log();
  EXPECT_FALSE(alive(first)) << "the one before has ended";

  ASSERT_EQ(std::rename(path("described.json").c_str(), path("other.json").c_str()), 0);
  EXPECT_TRUE(wait_until([&] { return runs_of(run_.metrics(), "other", "ok") > 0; }));
  EXPECT_EQ(run_.status("described", "state"), "") << "it is known by its new name";
  run_.expect_good_unharmed();
  run_.expect_clean_end();
}

TEST_F(Directory, OneThatIsRemovedIsEndedAndItsSeriesGo) {
  const auto pid_file = run_.agent().path("pid");
  describe("leaves", shell_description(stream_of(pid_file, 1'000'001),
                                       R"("mode": "stream", "interval": "1s")"));
  EXPECT_TRUE(exposes("version", 1'000'001)) << run_.agent().log();
  const auto pid = pid_in(pid_file);
  ASSERT_EQ(::unlink(path("leaves.json").c_str()), 0);
  EXPECT_TRUE(wait_until([pid] { return !alive(pid); }, kSoon));
  EXPECT_TRUE(wait_until([&] { return run_.status("leaves", "state").empty(); }));
  EXPECT_FALSE(
      run_.metrics().find("lariat_collector_frames_total", {{"collector", "leaves"}}).has_value());
  EXPECT_TRUE(
      wait_until([&] { return !run_.exposed("version").has_value(); }, kPatience, milliseconds(20)))
      << "after three of its intervals";
  EXPECT_TRUE(run_.exposed("good").has_value());
  EXPECT_TRUE(wait_until([&] { return children_of(run_.pid()).size() == 1; }));
  run_.expect_good_unharmed();
  run_.expect_clean_end();
}

TEST_F(Directory, OneThatOthersMayWriteIsRefusedInWordsUntilThatIsMended) {
  const auto draft = run_.agent().path("open");
  write_file(draft, printing("open", 1'000'001));
  ::chmod(draft.c_str(), 0777);
  ASSERT_EQ(std::rename(draft.c_str(), path("open").c_str()), 0);
  EXPECT_TRUE(is_refused("open")) << run_.agent().log();
  const std::string command = "chmod go-w '" + path("open") + "'";
  const auto why = run_.status("open", "last_error");
  EXPECT_THAT(why, HasSubstr("collectors.d/open may be written by its group and others"));
  EXPECT_THAT(why, HasSubstr("chmod go-w"));
  EXPECT_THAT(run_.agent().log(), HasSubstr("may be written by its group and others"));
  EXPECT_THAT(run_.agent().log(), HasSubstr(command));
  EXPECT_EQ(runs_of(run_.metrics(), "open", "refused"), 1U);
  EXPECT_EQ(frames_of(run_.metrics(), "open"), 0U);

  ::chmod(path("open").c_str(), 0755);
  EXPECT_TRUE(exposes("open", 1'000'001)) << run_.agent().log();
  EXPECT_EQ(run_.status("open", "last_error"), "null");
  run_.expect_good_unharmed();
  run_.expect_clean_end();
}

TEST_F(Directory, OneThatRunsIsEndedWhenOthersMayWriteItOrItsDirectory) {
  const auto pid_file = run_.agent().path("pid");
  describe("shared", shell_description(stream_of(pid_file, 1'000'001), R"("mode": "stream")"));
  EXPECT_TRUE(exposes("version", 1'000'001)) << run_.agent().log();
  const auto pid = pid_in(pid_file);
  ::chmod(run_.agent().path("collectors.d").c_str(), 0775);
  EXPECT_TRUE(is_refused("shared")) << run_.agent().log();
  EXPECT_TRUE(wait_until([pid] { return !alive(pid); }, kSoon));
  EXPECT_THAT(run_.status("shared", "last_error"), HasSubstr("may be written by its group"));
  EXPECT_THAT(run_.status("shared", "last_error"),
              HasSubstr("chmod g-w '" + run_.agent().path("collectors.d") + "'"));

  ::unlink(pid_file.c_str());
  ::chmod(run_.agent().path("collectors.d").c_str(), 0755);
  EXPECT_TRUE(alive(pid_in(pid_file)));
  EXPECT_TRUE(wait_until([&] { return runs_of(run_.metrics(), "shared", "ok") > 0; }));
  run_.expect_good_unharmed();
  run_.expect_clean_end();
}

TEST_F(Directory, ADescriptionWithAMistakeIsRefusedWithItsPlace) {
  describe("mistaken", "{\n  \"command\": [\"/bin/true\"],\n  \"intervall\": \"2s\"\n}\n");
  describe("unreadable", "{\n  \"command\": [\"/bin/true\",\n");
  EXPECT_TRUE(is_refused("mistaken")) << run_.agent().log();
  EXPECT_TRUE(is_refused("unreadable")) << run_.agent().log();
  const auto why = run_.status("mistaken", "last_error");
  EXPECT_THAT(why, HasSubstr("mistaken.json:3:3"));
  EXPECT_THAT(why, HasSubstr("interval")) << "what was meant";
  EXPECT_THAT(run_.status("unreadable", "last_error"), HasSubstr("unreadable.json:3:"));
  EXPECT_THAT(run_.agent().log(), HasSubstr("mistaken.json:3:3"));
  EXPECT_EQ(runs_of(run_.metrics(), "mistaken", "refused"), 1U);

  describe("mistaken", shell_description("echo sample 1700000000 mended 1000001", kOnce));
  EXPECT_TRUE(exposes("mended", 1'000'001)) << run_.agent().log();
  run_.expect_good_unharmed();
  run_.expect_clean_end();
}

TEST_F(Directory, AMistakeInADescriptionLeavesWhatItSaidBeforeRunning) {
  const auto pid_file = run_.agent().path("pid");
  const auto before = shell_description(stream_of(pid_file, 1'000'001), R"("mode": "stream")");
  describe("edited", before);
  EXPECT_TRUE(exposes("version", 1'000'001)) << run_.agent().log();
  const auto pid = pid_in(pid_file);

  describe("edited", "{\"command\": [\"/bin/true\"], \"mode\": \"steam\"}\n");
  EXPECT_TRUE(wait_until([&] { return run_.status("edited", "last_error") != "null"; }, kSoon));
  EXPECT_THAT(run_.status("edited", "last_error"), HasSubstr("edited.json:1:"));
  EXPECT_TRUE(run_.agent().says("edited.json:1:")) << "the log tells it too";
  EXPECT_TRUE(alive(pid));
  const auto frames = frames_of(run_.metrics(), "edited");
  EXPECT_TRUE(wait_until([&] { return frames_of(run_.metrics(), "edited") >= frames + 2; }))
      << "it is asked on";

  describe("edited", before);
  EXPECT_TRUE(wait_until([&] { return run_.status("edited", "last_error") == "null"; }, kSoon));
  EXPECT_TRUE(alive(pid)) << "it is as it was";
  run_.expect_good_unharmed();
  run_.expect_clean_end();
}

TEST_F(Directory, APipeInPlaceOfADescriptionHoldsNobodyUp) {
  ASSERT_EQ(::mkfifo(path("pipe.json").c_str(), 0644), 0);
  EXPECT_TRUE(is_refused("pipe")) << run_.agent().log();
  EXPECT_THAT(run_.status("pipe", "last_error"), HasSubstr("is a pipe or a device"));
  run_.agent().drop_in("dropped", printing("dropped", 1'000'001));
  EXPECT_TRUE(exposes("dropped", 1'000'001)) << run_.agent().log();
  run_.expect_good_unharmed();
  run_.expect_clean_end();
}

TEST_F(Directory, ADeafStreamIsReplacedOnceItIsKilled) {
  const auto pid_file = run_.agent().path("pid");
  describe("deaf", shell_description("trap '' TERM; " + stream_of(pid_file, 1'000'001) +
                                         "; while :; do sleep 1000; done",
                                     R"("mode": "stream")"));
  EXPECT_TRUE(exposes("version", 1'000'001)) << run_.agent().log();
  const auto first = pid_in(pid_file);
  describe("deaf", shell_description(stream_of(pid_file, 1'000'002), R"("mode": "stream")"));
  EXPECT_TRUE(exposes("version", 1'000'002)) << run_.agent().log();
  EXPECT_FALSE(alive(first)) << "never two at a time";
  run_.expect_good_unharmed();
  run_.expect_clean_end();
}

TEST_F(Directory, ThatIsRemovedEndsItsCollectorsAndOneThatComesBackIsWatched) {
  const auto pid_file = run_.agent().path("pid");
  const auto description = shell_description(stream_of(pid_file, 1'000'001), R"("mode": "stream")");
  describe("mine", description);
  EXPECT_TRUE(exposes("version", 1'000'001)) << run_.agent().log();
  const auto first = pid_in(pid_file);
  const auto directory = run_.agent().path("collectors.d");
  ASSERT_EQ(std::rename(directory.c_str(), run_.agent().path("away").c_str()), 0);
  EXPECT_TRUE(wait_until([first] { return !alive(first); }, kSoon));
  EXPECT_TRUE(wait_until([&] { return run_.status("mine", "state").empty(); }));
  ::unlink(pid_file.c_str());
  ASSERT_EQ(std::rename(run_.agent().path("away").c_str(), directory.c_str()), 0);
  EXPECT_TRUE(alive(pid_in(pid_file)));
  run_.agent().drop_in("dropped", printing("dropped", 1'000'001));
  EXPECT_TRUE(exposes("dropped", 1'000'001)) << run_.agent().log();
  run_.expect_good_unharmed();
  run_.expect_clean_end();
}

/// The six ways in which somebody changes what runs. Beside what he touches a stream and a oneshot
/// run, which nobody touches.
class DroppingIn : public Directory {
 protected:
  DroppingIn() {
    describe("beside", shell_description(stream_of(beside_, 1), R"("mode": "stream")"));
    stream_ = pid_in(beside_);
    EXPECT_TRUE(exposes("good", *run_.exposed("good") + 1)) << "it is asked";
    began_ = run_.metrics();
  }
  /// A second on a machine that has time; three where others run beside.
  [[nodiscard]] bool takes_effect(const std::function<bool()>& happened) {
    return wait_until(happened, milliseconds(kSanitized ? 20'000 : 3'000), milliseconds(5));
  }
  [[nodiscard]] bool shows(double value) {
    return takes_effect([&] { return run_.exposed("dropped") == value; });
  }
  [[nodiscard]] std::string status_text() {
    Process process({LARIAT_BINARY, "status", "--socket", run_.agent().path("control.sock")});
    EXPECT_EQ(process.wait(), 0);
    return process.text(Process::Stream::kOut);
  }
  void expect_nothing_else_touched() {
    EXPECT_EQ(pid_in(beside_), stream_);
    EXPECT_TRUE(alive(stream_));
    const auto now = run_.metrics();
    for (const auto* name : {"beside", "good"}) {
      EXPECT_GE(runs_of(now, name, "ok"), runs_of(began_, name, "ok")) << "its counts go on";
      EXPECT_EQ(now.sum("lariat_collector_restarts_total", {{"collector", name}}), 0);
    }
    run_.expect_good_unharmed();
    run_.expect_clean_end();
  }

  std::string beside_ = run_.agent().path("beside.pid");
  pid_t stream_ = -1;
  MetricsText began_;
};

TEST_F(DroppingIn, AddAndRemove) {
  run_.agent().drop_in("dropped", printing("dropped", 1'000'001));
  EXPECT_TRUE(shows(1'000'001)) << run_.agent().log();
  ASSERT_EQ(::unlink(path("dropped").c_str()), 0);
  EXPECT_TRUE(takes_effect([&] { return run_.status("dropped", "state").empty(); }));
  EXPECT_TRUE(run_.agent().says("collector dropped: removed"));
  expect_nothing_else_touched();
}

TEST_F(DroppingIn, ReplaceByANewInode) {
  run_.agent().drop_in("dropped", printing("dropped", 1'000'001));
  EXPECT_TRUE(shows(1'000'001)) << run_.agent().log();
  run_.agent().drop_in("dropped", printing("dropped", 1'000'002));
  EXPECT_TRUE(shows(1'000'002)) << run_.agent().log();
  EXPECT_TRUE(run_.agent().says("collector dropped: changed"));
  expect_nothing_else_touched();
}

TEST_F(DroppingIn, Chmod) {
  const auto draft = run_.agent().path("draft");
  write_file(draft, printing("dropped", 1'000'001));
  ::chmod(draft.c_str(), 0644);
  ASSERT_EQ(std::rename(draft.c_str(), path("dropped.sh").c_str()), 0);
  const auto refused = [&] { return run_.status("dropped.sh", "state") == R"("refused")"; };
  EXPECT_TRUE(takes_effect(refused)) << run_.agent().log();
  EXPECT_TRUE(run_.agent().says("dropped.sh is skipped: it is neither an executable (chmod +x"));
  EXPECT_THAT(run_.status("dropped.sh", "last_error"), HasSubstr("chmod +x"));
  EXPECT_THAT(status_text(), HasSubstr("dropped.sh is skipped: it is neither an executable (ch"));

  ::chmod(path("dropped.sh").c_str(), 0755);
  EXPECT_TRUE(shows(1'000'001)) << run_.agent().log();
  EXPECT_EQ(run_.status("dropped.sh", "state"), "") << "it is known by its name";
  ::chmod(path("dropped.sh").c_str(), 0644);
  EXPECT_TRUE(takes_effect(refused)) << "it does not run any more";
  EXPECT_EQ(run_.status("dropped", "state"), "");
  expect_nothing_else_touched();
}

TEST_F(DroppingIn, SymlinkAndANewTargetUnderIt) {
  const auto target = run_.agent().path("target");
  const auto replace = [&](int value) {
    const auto draft = run_.agent().path("draft");
    write_file(draft, printing("dropped", value));
    ::chmod(draft.c_str(), 0755);
    ASSERT_EQ(std::rename(draft.c_str(), target.c_str()), 0);
  };
  ASSERT_EQ(::symlink(target.c_str(), path("dropped").c_str()), 0);
  EXPECT_TRUE(run_.agent().says("dropped is skipped: what it links to does not exist"));
  EXPECT_EQ(run_.status("dropped", "state"), R"("refused")");
  replace(1'000'001);
  EXPECT_TRUE(shows(1'000'001)) << run_.agent().log();
  replace(1'000'002);
  EXPECT_TRUE(shows(1'000'002)) << run_.agent().log();
  write_file(target, printing("dropped", 1'000'003));
  EXPECT_TRUE(shows(1'000'003)) << run_.agent().log();
  ASSERT_EQ(::unlink(target.c_str()), 0);
  EXPECT_TRUE(takes_effect([&] { return run_.status("dropped", "state") == R"("refused")"; }));
  expect_nothing_else_touched();
}

TEST_F(DroppingIn, AnEditedDescriptionEvenByHalves) {
  const auto first = shell_description("echo sample 1700000000 dropped 1000001", kOnce);
  describe("dropped", first);
  EXPECT_TRUE(shows(1'000'001)) << run_.agent().log();
  // As an editor does that writes into the file itself.
  write_file(path("dropped.json"), first.substr(0, first.size() / 2));
  EXPECT_TRUE(takes_effect([&] { return run_.status("dropped", "last_error") != "null"; }));
  EXPECT_THAT(run_.status("dropped", "last_error"), HasSubstr("dropped.json:1:"));
  EXPECT_THAT(run_.status("dropped", "last_error"), HasSubstr("goes on"));
  EXPECT_TRUE(run_.agent().says("(what it said before goes on)"));
  write_file(path("dropped.json"),
             shell_description("echo sample 1700000000 dropped 1000002", kOnce));
  EXPECT_TRUE(shows(1'000'002)) << run_.agent().log();
  EXPECT_EQ(run_.status("dropped", "last_error"), "null");
  expect_nothing_else_touched();
}

TEST_F(DroppingIn, AFolderOfSomethingElseFillsNeitherLogNorStatus) {
  for (int i = 0; i < 300; ++i) write_file(path("note" + std::to_string(i)), "no program\n");
  run_.agent().drop_in("dropped", printing("dropped", 1'000'001));
  EXPECT_TRUE(shows(1'000'001)) << run_.agent().log();
  EXPECT_TRUE(run_.agent().says("300 files in "));
  EXPECT_EQ(run_.status("note299", "state"), "") << "that is how many are told";
  expect_nothing_else_touched();
}

TEST_F(Directory, WhatEditorsAndPackagesLeaveIsNoCollector) {
  for (const auto* name : {".hidden", "x~", "x.dpkg-new", "README", "x.swp", "x.bak"}) {
    run_.agent().drop_in(name, printing("leftover", 1'000'001));
  }
  write_file(path("notes"), "not executable\n");
  run_.agent().drop_in("last", printing("last", 1'000'002));
  EXPECT_TRUE(exposes("last", 1'000'002));
  EXPECT_FALSE(run_.exposed("leftover").has_value());
  EXPECT_TRUE(run_.agent().says("collectors.d/notes is skipped"));
  EXPECT_THAT(run_.agent().log(), Not(HasSubstr("README")));
  run_.expect_clean_end();
}

}  // namespace
}  // namespace lariat::test
