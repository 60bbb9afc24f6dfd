#include "agent/collect/ingest.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "tests/support/frames.h"

namespace lariat::collect {
namespace {

using proto::Reason;

class IngestTest : public testing::Test {
 protected:
  IngestTest() {
    EXPECT_EQ(tags_.set("host", "web01"), proto::NameError::kNone);
    EXPECT_EQ(tags_.set("env", "prod"), proto::NameError::kNone);
  }
  Ingest ingest(config::OutputFormat format = config::OutputFormat::kAuto) {
    return Ingest(tags_, {.format = format, .interval_milliseconds = 10'000},
                  {.frame =
                       [this](std::span<const std::byte> frame) {
                         frames_.emplace_back(frame.begin(), frame.end());
                         return true;
                       },
                   .refused = [this](Reason reason,
                                     std::string_view) { told_.emplace_back(to_string(reason)); },
                   .answered = [this] { ++answers_; }});
  }
  static std::vector<std::byte> octets(std::string_view text) {
    const auto* first = reinterpret_cast<const std::byte*>(text.data());
    return {first, first + text.size()};
  }
  std::string name(std::size_t frame) { return std::string(proto::submit_name(frames_.at(frame))); }

  proto::DefaultTags tags_;
  std::vector<std::vector<std::byte>> frames_;
  std::vector<std::string> told_;
  int answers_ = 0;
};

TEST_F(IngestTest, TheFirstOctetDecidesBetweenTsdpAndText) {
  auto binary = ingest();
  EXPECT_TRUE(binary.feed(test::numbered_frame(7)));
  auto text = ingest();
  EXPECT_TRUE(text.feed(octets("sample 1700000000 load 0.5\n")));
  EXPECT_EQ(frames_.size(), 2U);
  EXPECT_EQ(name(0), "bench env=prod,host=web01,series=0");
  EXPECT_EQ(name(1), "load env=prod,host=web01");
}

TEST_F(IngestTest, ANamesOwnTagsWinAndACompleteNameIsLeftAsItIs) {
  auto text = ingest();
  text.feed(octets("sample 1700000000 load host=db,env=test 0.5\n"));
  EXPECT_EQ(name(0), "load env=test,host=db");
  auto binary = ingest();
  binary.feed(frames_[0]);
  EXPECT_EQ(frames_[1], frames_[0]);
}

TEST_F(IngestTest, NamesThatComeAgainBecomeTheSameAndFollowTheTags) {
  auto binary = ingest();
  for (int round = 0; round < 2; ++round) {
    for (const unsigned series : {1U, 2U, 3U})
      EXPECT_TRUE(binary.feed(test::numbered_frame(7, series)));
  }
  ASSERT_EQ(frames_.size(), 6U);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(frames_[i], frames_[i + 3]) << i;
  EXPECT_EQ(tags_.set("env", "test"), proto::NameError::kNone);
  EXPECT_TRUE(binary.feed(test::numbered_frame(7, 1)));
  EXPECT_EQ(name(0), "bench env=prod,host=web01,series=1");
  EXPECT_EQ(name(6), "bench env=test,host=web01,series=1");
  // What came out once comes out as it is.
  frames_.resize(1);
  auto again = ingest();
  EXPECT_EQ(tags_.set("env", "prod"), proto::NameError::kNone);
  const auto complete = frames_[0];
  for (int round = 0; round < 3; ++round) EXPECT_TRUE(again.feed(complete));
  EXPECT_EQ(frames_.at(3), complete);
}

TEST_F(IngestTest, ABadLineCostsItselfOnlyAndItsReasonIsToldOnce) {
  auto text = ingest();
  text.feed(
      octets("sample 1700000000 a 1\nnonsense\nsample x a 1\nnonsense\nsample 1700000000 b 2\n"));
  EXPECT_EQ(frames_.size(), 2U);
  EXPECT_EQ(text.frames(), 2U);
  EXPECT_EQ(text.refused(Reason::kUnknownKeyword), 2U);
  EXPECT_EQ(text.refused(Reason::kBadTime), 1U);
  EXPECT_EQ(told_, (std::vector<std::string>{"unknown-keyword", "bad-time"}));
}

TEST_F(IngestTest, OnlyFiniteSubmissionsEnterTheLog) {
  std::array<std::byte, 256> buffer;
  auto binary = ingest();
  const auto good = test::numbered_frame(1);
  auto infinite = good;
  proto::store_big(infinite.data() + infinite.size() - 8, std::uint64_t{0x7ff0000000000000});
  binary.feed(infinite);
  EXPECT_EQ(binary.refused(Reason::kBadNumber), 1U);
  const auto forget = proto::encode_forget(buffer, 1, "cpu *");
  binary.feed(std::span<const std::byte>(buffer).first(forget.size));
  EXPECT_EQ(binary.refused(Reason::kOpcode), 1U);
  binary.feed(good);
  EXPECT_EQ(frames_.size(), 1U);
}

TEST_F(IngestTest, AHeartbeatOrTheWordDoneEndsAnAnswer) {
  std::array<std::byte, proto::kHeartbeatSize> beat;
  proto::encode_heartbeat(beat, 1, 1);
  auto binary = ingest();
  binary.feed(beat);
  auto text = ingest();
  text.feed(octets("done\n"));
  EXPECT_EQ(answers_, 2);
  EXPECT_TRUE(frames_.empty());
}

TEST_F(IngestTest, AnyCutOfTheStreamGivesTheSame) {
  std::vector<std::byte> stream;
  for (std::uint64_t i = 0; i < 20; ++i) {
    const auto frame = test::numbered_frame(i, 0, i);
    stream.insert(stream.end(), frame.begin(), frame.end());
  }
  auto whole = ingest();
  whole.feed(stream);
  const auto expected = frames_;
  frames_.clear();
  auto single = ingest();
  for (const auto octet : stream) single.feed({&octet, 1});
  EXPECT_EQ(frames_, expected);
}

TEST_F(IngestTest, ALostBinaryStreamIsReadNoFurther) {
  auto binary = ingest();
  binary.feed(test::numbered_frame(0));
  EXPECT_FALSE(binary.feed(octets("garbage")));
  EXPECT_EQ(binary.refused(Reason::kVersion), 1U);
  EXPECT_FALSE(binary.feed(test::numbered_frame(1)));
  EXPECT_EQ(frames_.size(), 1U);
}

TEST_F(IngestTest, OfAPluginThatWasEndedTheLastPieceOfAHalfLineIsLeftOut) {
  for (const bool ended : {false, true}) {
    frames_.clear();
    auto plugin = Ingest(tags_, {.format = config::OutputFormat::kNagios, .check = "p"},
                         {.frame = [this](std::span<const std::byte> frame) {
                           frames_.emplace_back(frame.begin(), frame.end());
                           return true;
                         }});
    plugin.feed(octets("OK | a=1 b=12"));
    plugin.finish(ended ? proto::PluginEnd{} : proto::PluginEnd{.exit_status = 0}, 1000);
    EXPECT_EQ(frames_.size(), ended ? 2U : 3U);
  }
}

TEST_F(IngestTest, AtTheEndALineWithoutLfCountsAndHalfAMessageIsRefused) {
  auto text = ingest();
  text.feed(octets("sample 1700000000 a 1"));
  EXPECT_TRUE(frames_.empty());
  text.finish();
  EXPECT_EQ(frames_.size(), 1U);
  auto binary = ingest();
  const auto frame = test::numbered_frame(0);
  binary.feed(std::span<const std::byte>(frame).first(frame.size() - 1));
  EXPECT_TRUE(binary.mid_message());
  binary.finish();
  EXPECT_EQ(binary.refused(Reason::kIncomplete), 1U);
}

}  // namespace
}  // namespace lariat::collect
