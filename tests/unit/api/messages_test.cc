// What is published, and what is refused.

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <vector>

#include "proto/encode.h"
#include "tests/unit/api/api_fixture.h"

namespace lariat::api {
namespace {

class MessagesTest : public ApiTest {
 protected:
  void SetUp() override { open(); }

  [[nodiscard]] int publish(std::span<const std::byte> message) {
    return lariat_publish(publisher_, message.data(), message.size());
  }
  [[nodiscard]] static std::vector<std::byte> sample_message() {
    std::vector<std::byte> message(proto::kEncodeBufferSize);
    const std::array<double, 1> value{1.5};
    const auto encoded = proto::encode_sample(message, "load host=a", 1'700'000'000, value);
    message.resize(encoded.size);
    return message;
  }
};

TEST_F(MessagesTest, OneWholeValidMessageIsTakenAndNothingElse) {
  const auto message = sample_message();
  EXPECT_EQ(publish(message), LARIAT_OK);
  EXPECT_EQ(publish(std::span(message).first(message.size() - 1)), LARIAT_BAD_MESSAGE);
  EXPECT_EQ(publish(std::span(message).first(0)), LARIAT_BAD_MESSAGE);
  auto two = message;
  two.insert(two.end(), message.begin(), message.end());
  EXPECT_EQ(publish(two), LARIAT_BAD_MESSAGE);
  auto other_version = message;
  other_version[0] ^= std::byte{0x30};
  EXPECT_EQ(publish(other_version), LARIAT_BAD_MESSAGE);
  std::array<std::byte, proto::kHeartbeatSize> heartbeat;
  proto::encode_heartbeat(heartbeat, 1'700'000'000, 3);
  EXPECT_EQ(publish(heartbeat), LARIAT_BAD_MESSAGE) << "valid, but it submits nothing";
  EXPECT_EQ(lariat_publish(publisher_, nullptr, 4), LARIAT_BAD_ARGUMENT);
  EXPECT_EQ(stats().messages, 1U);
  EXPECT_EQ(stats().bytes, message.size());
}

TEST_F(MessagesTest, OverASegmentIsTooLarge) {
  close();
  auto small = options();
  small.segment_bytes = 4096;
  small.memory_bytes = 8192;
  ASSERT_EQ(open(small), LARIAT_OK);
  const std::vector<double> values(500, 1.0);
  EXPECT_EQ(lariat_sample(publisher_, "load host=a", 1, values.data(), values.size()),
            LARIAT_TOO_LARGE);
  EXPECT_EQ(sample(1), LARIAT_OK);
}

TEST_F(MessagesTest, EachKindArrivesAsItWasGiven) {
  // A receiver that keeps the octets: the log itself, sent to one that starts at its beginning.
  test::TestReceiver receiver;
  ASSERT_EQ(connect(receiver.url(), "one"), LARIAT_OK);
  const std::array<double, 2> values{1, 2};
  EXPECT_EQ(lariat_sample(publisher_, "a host=x", 5, values.data(), 2), LARIAT_OK);
  EXPECT_EQ(lariat_tally(publisher_, "a host=x", 5, 3), LARIAT_OK);
  EXPECT_EQ(lariat_delta(publisher_, "a host=x", 5, 2.5), LARIAT_OK);
  EXPECT_EQ(lariat_state(publisher_, "a host=x", 5, LARIAT_STATUS_WARNING, "hm"), LARIAT_OK);
  EXPECT_EQ(lariat_state(publisher_, "a host=x", 5, LARIAT_STATUS_OK, nullptr), LARIAT_OK);
  EXPECT_EQ(lariat_event(publisher_, "a host=x", 5, "boo"), LARIAT_OK);
  EXPECT_EQ(lariat_fact(publisher_, "a host=x", "yes"), LARIAT_OK);
  ASSERT_EQ(lariat_flush(publisher_, 10'000), LARIAT_OK);
  EXPECT_TRUE(arrived(receiver, 1));
  EXPECT_EQ(receiver.record().others, 6U);
  EXPECT_EQ(receiver.record().bad, 0U);
  EXPECT_EQ(stats_of("one").delivered, 7U);
}

TEST_F(MessagesTest, BadValuesAreRefusedWithTheirReason) {
  const double good = 1;
  const double bad = std::nan("");
  const double infinite = std::numeric_limits<double>::infinity();
  EXPECT_EQ(lariat_sample(publisher_, "a host=x", 1, &bad, 1), LARIAT_BAD_NUMBER);
  EXPECT_EQ(lariat_sample(publisher_, "a host=x", 1, &good, 0), LARIAT_BAD_NUMBER);
  EXPECT_EQ(lariat_sample(publisher_, "a host=x", 1, nullptr, 1), LARIAT_BAD_ARGUMENT);
  EXPECT_EQ(lariat_delta(publisher_, "a host=x", 1, infinite), LARIAT_BAD_NUMBER);
  EXPECT_EQ(lariat_sample(publisher_, nullptr, 1, &good, 1), LARIAT_BAD_ARGUMENT);
  EXPECT_EQ(lariat_sample(publisher_, "", 1, &good, 1), LARIAT_BAD_NAME);
  EXPECT_EQ(lariat_sample(publisher_, "a host=*", 1, &good, 1), LARIAT_BAD_NAME);
  EXPECT_EQ(lariat_state(publisher_, "a host=x", 1, 4, nullptr), LARIAT_BAD_ARGUMENT);
  EXPECT_EQ(lariat_event(publisher_, "a host=x", 1, nullptr), LARIAT_BAD_ARGUMENT);
  EXPECT_EQ(lariat_fact(publisher_, "a host=x", nullptr), LARIAT_BAD_ARGUMENT);
  const std::vector<double> many(1001, 1.0);
  EXPECT_EQ(lariat_sample(publisher_, "a host=x", 1, many.data(), many.size()),
            LARIAT_BAD_ARGUMENT);
  EXPECT_EQ(stats().messages, 0U);
}

TEST_F(MessagesTest, ANameIsCompletedFromTheTagsOfTheOptions) {
  EXPECT_EQ(lariat_tally(publisher_, "bare", 1, 1), LARIAT_BAD_NAME) << "no tags at all";
  close();
  auto tagged = options();
  tagged.tags = "host=web01,env=prod";
  ASSERT_EQ(open(tagged), LARIAT_OK);
  EXPECT_EQ(lariat_tally(publisher_, "bare", 1, 1), LARIAT_OK);
  const auto bare = stats().bytes;
  EXPECT_EQ(lariat_tally(publisher_, "bare env=prod,host=web01", 1, 1), LARIAT_OK);
  EXPECT_EQ(stats().bytes, 2 * bare) << "the same name";
}

}  // namespace
}  // namespace lariat::api
