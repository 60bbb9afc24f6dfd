#include "agent/expose/snapshot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "tests/unit/expose/frame_of.h"

namespace lariat::expose {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::Frame;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

/// A snapshot, the agent's tags, and a clock that stands still.
class SnapshotTest : public testing::Test {
 protected:
  SnapshotTest() { EXPECT_EQ(tags_.set("host", "web1"), proto::NameError::kNone); }

  void take(const std::vector<std::byte>& frame, const SeriesOwner& owner = {1, seconds(10)}) {
    snapshot_.take(frame, owner, now_);
  }
  std::string text(std::size_t bytes = ~std::size_t{0}) { return rest(snapshot_.begin(), bytes); }
  std::string rest(Snapshot::Position position, std::size_t bytes = ~std::size_t{0}) {
    std::string all;
    for (bool more = true; more;) {
      std::string piece;
      more = snapshot_.render(position, now_, bytes, piece);
      all += piece;
    }
    return all;
  }

  proto::DefaultTags tags_;
  std::vector<std::string> lines_;
  base::Log log_{[this](base::Level, std::string_view line) { lines_.emplace_back(line); }};
  Snapshot snapshot_{tags_, {.max_series = 1000}, log_};
  base::Monotonic now_ = base::monotonic_now();
};

TEST_F(SnapshotTest, ShowsEachKindAsItsOwnType) {
  take(Frame::sample("a_sample core=0", {1, 2.5}));
  take(Frame::delta("b_delta core=0", 1e9));
  take(Frame::tally("c_tally core=0", 5));
  take(Frame::one_tally("c_tally core=0"));
  take(Frame::state("d_state core=0", proto::Status::kCritical));
  take(Frame::event("e core=0", "it began"));
  take(Frame::event("e core=0", "it ended"));
  take(Frame::fact("f core=0", "Debian \"12\""));
  EXPECT_EQ(text(),
            "# TYPE a_sample gauge\na_sample{core=\"0\"} 2.5\n"
            "# TYPE b_delta counter\nb_delta{core=\"0\"} 1000000000\n"
            "# TYPE c_tally counter\nc_tally{core=\"0\"} 6\n"
            "# TYPE d_state gauge\nd_state{core=\"0\"} 2\n"
            "# TYPE e_events_total counter\ne_events_total{core=\"0\"} 2\n"
            "# TYPE f_info gauge\nf_info{core=\"0\",value=\"Debian \\\"12\\\"\"} 1\n");
}

TEST_F(SnapshotTest, TheNewestValueCounts) {
  take(Frame::sample("a x=1", {1}));
  take(Frame::sample("a x=1", {-2}));
  take(Frame::state("s x=1", proto::Status::kCritical));
  take(Frame::state("s x=1", proto::Status::kOk));
  EXPECT_THAT(text(), HasSubstr("a{x=\"1\"} -2\n"));
  EXPECT_THAT(text(), HasSubstr("s{x=\"1\"} 0\n"));
  EXPECT_EQ(snapshot_.series(), 2U);
}

TEST_F(SnapshotTest, ATotalStopsAtItsLargestInsteadOfBeginningAnew) {
  take(Frame::tally("c x=1", ~std::uint64_t{0}));
  take(Frame::tally("c x=1", 2));
  EXPECT_THAT(text(), HasSubstr("c{x=\"1\"} 18446744073709551615\n"));
}

TEST_F(SnapshotTest, AFactThatChangesTakesTheOldOnesPlace) {
  take(Frame::fact("os host=web1", "11"));
  take(Frame::fact("os host=web1", "12"));
  EXPECT_EQ(text(), "# TYPE os_info gauge\nos_info{value=\"12\"} 1\n");
  EXPECT_EQ(snapshot_.series(), 1U);
}

TEST_F(SnapshotTest, AFactsTextIsNotCoveredByATagOfItsName) {
  take(Frame::fact("os value=no,x=1", "12"));
  EXPECT_THAT(text(), HasSubstr("os_info{x=\"1\",value=\"12\"} 1\n"));
}

TEST_F(SnapshotTest, LeavesOutTheAgentsTagsOnlyWhereTheyAreTheAgents) {
  take(Frame::sample("a host=web1", {1}));
  take(Frame::sample("a host=web2", {2}));
  take(Frame::sample("a core=0,host=web1", {3}));
  EXPECT_EQ(text(), "# TYPE a gauge\na 1\na{host=\"web2\"} 2\na{core=\"0\"} 3\n");
}

TEST_F(SnapshotTest, FamiliesAreTogetherWhateverTheOrderOfFrames) {
  for (const auto* name : {"b x=1", "a x=1", "b x=2", "a x=2"}) take(Frame::sample(name, {1}));
  EXPECT_EQ(text(),
            "# TYPE a gauge\na{x=\"1\"} 1\na{x=\"2\"} 1\n# TYPE b gauge\nb{x=\"1\"} 1\n"
            "b{x=\"2\"} 1\n");
}

TEST_F(SnapshotTest, RefusesWhatWouldLookLikeAnotherOnceAndSaysSoOnce) {
  take(Frame::sample("a.b x=1", {1}));
  for (int i = 0; i < 5; ++i) {
    take(Frame::sample("a-b x=1", {2}));                // Its name.
    take(Frame::state("a.b x=1", proto::Status::kOk));  // Its type is the same.
  }
  EXPECT_EQ(text(), "# TYPE a_b gauge\na_b{x=\"1\"} 1\n");
  EXPECT_EQ(snapshot_.refused(), 2U);
  EXPECT_THAT(lines_, ElementsAre(HasSubstr("a_b")));
}

TEST_F(SnapshotTest, LabelsThatDifferInOrderOnlyAreAlike) {
  take(Frame::sample("a a-z=1,a_b=2", {1}));
  take(Frame::sample("a a_b=2,a_z=1", {2}));
  EXPECT_EQ(text(), "# TYPE a gauge\na{a_b=\"2\",a_z=\"1\"} 1\n");
  EXPECT_EQ(snapshot_.refused(), 1U);
}

TEST_F(SnapshotTest, ALabelWithoutAValueIsNone) {
  take(Frame::sample("a up,x=1", {1}));
  take(Frame::sample("a x=1", {2}));
  EXPECT_EQ(text(), "# TYPE a gauge\na{x=\"1\"} 1\n");
  EXPECT_EQ(snapshot_.refused(), 1U);
}

TEST_F(SnapshotTest, RefusesASecondTypeOfAFamily) {
  take(Frame::sample("a x=1", {1}));
  take(Frame::delta("a x=2", 2));
  EXPECT_EQ(text(), "# TYPE a gauge\na{x=\"1\"} 1\n");
  EXPECT_EQ(snapshot_.refused(), 1U);
  EXPECT_THAT(lines_, ElementsAre(HasSubstr("another type")));
}

TEST_F(SnapshotTest, RefusesTheAgentsOwnNames) {
  take(Frame::sample("lariat_build_info x=1", {1}));
  take(Frame::sample("lariat.what x=1", {1}));
  take(Frame::delta("process_cpu_seconds_total x=1", 1));
  take(Frame::sample("process_count x=1", {1}));
  EXPECT_EQ(text(), "# TYPE process_count gauge\nprocess_count{x=\"1\"} 1\n");
  EXPECT_EQ(snapshot_.refused(), 3U);
}

TEST_F(SnapshotTest, OverItsLimitRefusesEachSeriesOnce) {
  snapshot_.set_max_series(2);
  for (int round = 0; round < 3; ++round) {
    for (const auto* name : {"a x=1", "a x=2", "a x=3", "b x=4"}) take(Frame::sample(name, {1}));
  }
  EXPECT_EQ(snapshot_.series(), 2U);
  EXPECT_EQ(snapshot_.refused(), 2U);
  snapshot_.set_max_series(3);
  take(Frame::sample("b x=4", {1}));
  EXPECT_EQ(snapshot_.series(), 3U) << "refused once is not refused for ever";
}

TEST_F(SnapshotTest, ASeriesIsGoneAfterThreeOfItsIntervals) {
  take(Frame::sample("a x=1", {1}), {1, seconds(10)});
  take(Frame::sample("b x=1", {1}), {2, seconds(60)});
  now_ += seconds(30);
  EXPECT_THAT(text(), HasSubstr("a{"));
  now_ += seconds(2);
  EXPECT_THAT(text(), Not(HasSubstr("a{"))) << "whether or not somebody has removed it";
  EXPECT_THAT(text(), HasSubstr("b{"));
  snapshot_.expire(now_);
  EXPECT_EQ(snapshot_.series(), 1U);
}

TEST_F(SnapshotTest, ATotalIsAnewAfterItsSeriesWasGone) {
  take(Frame::tally("c x=1", 5));
  now_ += seconds(100);
  snapshot_.expire(now_);
  take(Frame::tally("c x=1", 1));
  EXPECT_THAT(text(), HasSubstr("c{x=\"1\"} 1\n"));
}

TEST_F(SnapshotTest, WhoIsGoneMakesRoom) {
  snapshot_.set_max_series(1);
  take(Frame::sample("a x=1", {1}));
  take(Frame::sample("b x=1", {1}));
  EXPECT_EQ(snapshot_.refused(), 1U);
  now_ += seconds(32);
  take(Frame::sample("b x=1", {1}));
  EXPECT_EQ(text(), "# TYPE b gauge\nb{x=\"1\"} 1\n");
}

TEST_F(SnapshotTest, WhoIsGoneGivesItsNameFree) {
  take(Frame::sample("a x=1", {1}));
  take(Frame::delta("a x=1", 1));
  now_ += seconds(32);
  take(Frame::delta("a x=1", 7));
  EXPECT_EQ(text(), "# TYPE a counter\na{x=\"1\"} 7\n");
}

TEST_F(SnapshotTest, ForgetsTheSeriesOfACollector) {
  take(Frame::sample("a x=1", {1}), {1, seconds(10)});
  take(Frame::sample("a x=2", {1}), {2, seconds(10)});
  take(Frame::sample("b x=1", {1}), {1, seconds(10)});
  snapshot_.forget(1);
  EXPECT_EQ(text(), "# TYPE a gauge\na{x=\"2\"} 1\n");
  EXPECT_EQ(snapshot_.series(), 1U);
}

TEST_F(SnapshotTest, ChangedTagsChangeLabelsAndKeepTotals) {
  take(Frame::tally("a host=web1", 5));
  take(Frame::tally("a host=web2", 7));
  take(Frame::fact("os host=web1", "12"));
  ASSERT_EQ(tags_.set("host", "web2"), proto::NameError::kNone);
  snapshot_.tags_changed();
  EXPECT_EQ(text(),
            "# TYPE a counter\na{host=\"web1\"} 5\na 7\n"
            "# TYPE os_info gauge\nos_info{host=\"web1\",value=\"12\"} 1\n");
  EXPECT_EQ(snapshot_.refused(), 0U) << "they changed places";
  ASSERT_EQ(tags_.set("host", "web1"), proto::NameError::kNone);
  snapshot_.tags_changed();
  EXPECT_EQ(
      text(),
      "# TYPE a counter\na 5\na{host=\"web2\"} 7\n# TYPE os_info gauge\nos_info{value=\"12\"} "
      "1\n");
}

TEST_F(SnapshotTest, TwoThatLookAlikeByChangedTagsAreOne) {
  take(Frame::sample("a x=1", {1}));
  take(Frame::sample("a env=prod,x=1", {2}));
  ASSERT_EQ(tags_.set("env", "prod"), proto::NameError::kNone);
  snapshot_.tags_changed();
  EXPECT_EQ(text(), "# TYPE a gauge\na{x=\"1\"} 1\n");
  EXPECT_EQ(snapshot_.refused(), 1U);
  take(Frame::sample("a env=prod,x=1", {2}));
  EXPECT_EQ(snapshot_.series(), 1U);
}

TEST_F(SnapshotTest, PiecesAreTheWholeInAnySize) {
  for (int i = 0; i < 50; ++i) {
    take(Frame::sample("m" + std::to_string(i % 7) + " x=" + std::to_string(i), {1.5}));
  }
  const auto whole = text();
  for (const std::size_t bytes : {1U, 40U, 100U, 1000U}) EXPECT_EQ(text(bytes), whole) << bytes;
}

/// Every line of `text` once, families whole, TYPE first: or what is wrong.
std::string fault_of(const std::string& text) {
  std::set<std::string> families;
  std::set<std::string> series;
  std::istringstream lines(text);
  std::string family;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("# TYPE ")) {
      family = line.substr(7, line.find(' ', 7) - 7);
      if (!families.insert(family).second) return "twice: " + line;
    } else {
      if (line.substr(0, line.find_first_of("{ ")) != family) return "strays: " + line;
      if (!series.insert(line.substr(0, line.rfind(' '))).second) return "twice: " + line;
    }
  }
  return text.empty() || text.back() == '\n' ? "" : "torn";
}

TEST_F(SnapshotTest, ARenderingIsConsistentWhateverHappensMeanwhile) {
  unsigned random = 1;
  const auto next = [&random](unsigned below) {
    random = random * 1664525U + 1013904223U;
    return (random >> 8U) % below;
  };
  const auto name = [&] {
    return "m" + std::to_string(next(6)) + (next(2) == 0 ? " host=web1" : " host=web2") +
           ",x=" + std::to_string(next(20));
  };
  for (int run = 0; run < 200; ++run) {
    auto position = snapshot_.begin();
    std::string all;
    for (bool more = true; more;) {
      std::string piece;
      more = snapshot_.render(position, now_, 60, piece);
      all += piece;
      for (int i = 0; i < 3; ++i) {
        const SeriesOwner owner{next(3), seconds(1 + next(5))};
        if (next(3) == 0) {
          take(Frame::delta(name(), 1), owner);
        } else {
          take(Frame::sample(name(), {1}), owner);
        }
      }
      if (next(20) == 0) snapshot_.forget(next(3));
      if (next(10) == 0) now_ += seconds(next(8));
      if (next(10) == 0) snapshot_.expire(now_);
      if (next(30) == 0) {
        ASSERT_EQ(tags_.set("host", next(2) == 0 ? "web1" : "web2"), proto::NameError::kNone);
        snapshot_.tags_changed();
      }
    }
    ASSERT_EQ(fault_of(all), "") << all;
    ASSERT_EQ(fault_of(text()), "");
  }
}

TEST_F(SnapshotTest, ARenderingHasNoneThatCameLater) {
  take(Frame::sample("a x=1", {1}));
  take(Frame::sample("b x=1", {1}));
  auto position = snapshot_.begin();
  std::string piece;
  EXPECT_TRUE(snapshot_.render(position, now_, 1, piece));
  take(Frame::sample("b x=2", {1}));
  take(Frame::sample("b x=1", {9}));
  EXPECT_EQ(piece + rest(position), "# TYPE a gauge\na{x=\"1\"} 1\n# TYPE b gauge\nb{x=\"1\"} 9\n");
}

}  // namespace
}  // namespace lariat::expose
