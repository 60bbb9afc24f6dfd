#include "agent/publish/http_batch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>

#include "agent/publish/cursor.h"
#include "agent/publish/frame_log.h"
#include "proto/encode.h"

namespace lariat::publish {
namespace {

using testing::ElementsAre;

/// A log, a reader of it, and what a batch of Influx makes of the frames: its lines are easy to
/// read.
class HttpBatchTest : public testing::Test {
 protected:
  void sample(std::string_view name, std::uint64_t seconds, double value) {
    std::array<std::byte, proto::kEncodeBufferSize> room;
    const std::array<double, 1> values = {value};
    append(room, proto::encode_sample(room, name, seconds, values).size, now_);
  }
  void tally(std::string_view name, std::uint64_t seconds, std::uint64_t increment) {
    std::array<std::byte, proto::kEncodeBufferSize> room;
    append(room, proto::encode_tally(room, name, seconds, increment).size, now_);
  }
  void fill() {
    reader_.judge();
    batch_.clear();
    batch_.fill(reader_, *format_, totals_, scratch_, now_);
    batch_.close(*format_, false, now_);
  }
  std::string body(std::size_t from, std::size_t to) {
    const auto octets = batch_.body({from, to});
    return {octets.data(), octets.size()};
  }
  std::string body() { return body(0, batch_.items().size()); }

  static constexpr base::WallTime kNow{std::chrono::seconds(1'000)};

  base::WallTime now_ = kNow;
  FrameLog log_{{.memory_bytes = 1U << 20U, .segment_bytes = 64U << 10U}};
  Cursor reader_{log_, {}};
  std::unique_ptr<HttpFormat> format_ = make_influx_format({});
  proto::Totals totals_;
  std::vector<std::byte> scratch_ = std::vector<std::byte>(65'536);
  HttpBatch batch_{{.samples = 5}};

 private:
  void append(std::span<const std::byte> room, std::size_t size, base::WallTime now) {
    ASSERT_GT(size, 0U);
    ASSERT_TRUE(log_.append(room.first(size), now));
  }
  void SetUp() override {
    reader_.serve_encoder(true);
    reader_.begin_connection(kNow);
  }
};

TEST_F(HttpBatchTest, HasTheSamplesInTheirOrder) {
  sample("a h=1", 10, 1);
  sample("b h=1", 10, 2);
  sample("a h=1", 20, 3);
  fill();
  EXPECT_EQ(body(), "a,h=1 value=1 10\nb,h=1 value=2 10\na,h=1 value=3 20\n");
  EXPECT_EQ(batch_.frames(), 3U);
  EXPECT_EQ(body(1, 2), "b,h=1 value=2 10\n");
  EXPECT_EQ(body(0, 2) + body(2, 3), body());
}

TEST_F(HttpBatchTest, PutsTheSamplesOfASeriesInTheOrderOfTime) {
  sample("a h=1", 30, 3);
  sample("b h=1", 20, 9);
  sample("a h=1", 10, 1);
  sample("a h=1", 20, 2);
  fill();
  EXPECT_EQ(body(), "a,h=1 value=1 10\nb,h=1 value=9 20\na,h=1 value=2 20\na,h=1 value=3 30\n");
}

TEST_F(HttpBatchTest, OfTwoInOneSecondHasTheLater) {
  sample("a h=1", 10, 1);
  sample("b h=1", 10, 5);
  sample("a h=1", 10, 2);
  sample("a h=1", 10, 3);
  fill();
  EXPECT_EQ(body(), "b,h=1 value=5 10\na,h=1 value=3 10\n");
  EXPECT_EQ(batch_.frames(), 4U);
  EXPECT_EQ(batch_.unsupported(), 0U);
}

TEST_F(HttpBatchTest, TakesAsManyFramesAsARequestMayHave) {
  for (unsigned i = 0; i < 12; ++i) sample("a h=" + std::to_string(i), 10, i);
  std::vector<std::size_t> sizes;
  for (int i = 0; i < 3; ++i) {
    fill();
    sizes.push_back(batch_.items().size());
  }
  EXPECT_THAT(sizes, ElementsAre(5, 5, 2));
  fill();
  EXPECT_EQ(batch_.frames(), 0U);
  reader_.acknowledge(reader_.bytes_written());
  EXPECT_TRUE(reader_.settled());
}

TEST_F(HttpBatchTest, AddsTotalsOnceAlsoWhenFramesGoOutAgain) {
  tally("hits h=1", 10, 5);
  tally("hits h=1", 11, 2);
  fill();
  EXPECT_EQ(body(), "hits,h=1 value=5 10\nhits,h=1 value=7 11\n");
  reader_.end_connection();
  reader_.begin_connection(kNow);
  tally("hits h=1", 12, 1);
  fill();
  EXPECT_EQ(body(), "hits,h=1 value=7 10\nhits,h=1 value=7 11\nhits,h=1 value=8 12\n");
}

TEST_F(HttpBatchTest, NoSeriesHasEndedThatCameDuringAnOutage) {
  format_ = make_remote_write_format({.hostname = "web1"});
  batch_ = HttpBatch({.samples = 1'000});
  for (const unsigned at : {1'000U, 1'010U, 1'020U}) {
    now_ = base::WallTime(std::chrono::seconds(at));
    sample("a h=1", at, 1);
    fill();
    ASSERT_EQ(batch_.items().size(), 1U);
  }
  for (unsigned at = 1'030; at <= 1'120; at += 10) {
    now_ = base::WallTime(std::chrono::seconds(at));
    sample("a h=1", at, 1);
  }
  fill();
  EXPECT_EQ(batch_.items().size(), 10U) << "and no end of it";
  now_ += std::chrono::seconds(31);
  fill();
  ASSERT_EQ(batch_.items().size(), 1U);
  EXPECT_TRUE(batch_.items().front().ours);
}

TEST_F(HttpBatchTest, TypesOfKnownFamiliesAreToldThoughThereIsRoomForNoMore) {
  format_ = make_remote_write_format({.hostname = "web1"});
  const BatchLimits most{.samples = 100'000, .bytes = 64U << 20U};
  std::vector<char> octets;
  std::vector<HttpItem> items;
  const auto type_told = [&](const std::string& name) {
    HttpItem item;
    octets.clear();
    const proto::Point point{.name = name, .kind = proto::Payload::kSample, .seconds = 1'000};
    EXPECT_TRUE(format_->append(point, now_, octets, item));
    const auto size = octets.size();
    format_->append_metadata(octets);
    return octets.size() > size;
  };
  for (unsigned i = 0; i < 50'001; ++i) {
    type_told("m" + std::to_string(i) + " a=1");
    if (i % 10'000 == 0) format_->append_ended(now_, true, most, octets, items);
  }
  now_ += std::chrono::seconds(700);
  EXPECT_FALSE(type_told("m50000 a=2")) << "no room for that";
  EXPECT_TRUE(type_told("m7 a=2"));
}

TEST_F(HttpBatchTest, CountsWhatCannotBeExpressedAndNamesTheFirst) {
  sample("a h=1", ~0ULL, 1);
  sample("b h=1", 10, 2);
  sample("c h=1", ~0ULL, 3);
  fill();
  EXPECT_EQ(batch_.frames(), 3U);
  EXPECT_EQ(batch_.unsupported(), 2U);
  EXPECT_EQ(batch_.first_unsupported(), "sample a h=1");
  EXPECT_EQ(body(), "b,h=1 value=2 10\n");
}

}  // namespace
}  // namespace lariat::publish
