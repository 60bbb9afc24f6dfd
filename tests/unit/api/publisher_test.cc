// A publisher's life, its endpoints, its accounts.

#include <gtest/gtest.h>

#include <cstddef>
#include <cstring>
#include <string>

#include "tests/support/temporary_directory.h"
#include "tests/unit/api/api_fixture.h"

namespace lariat::api {
namespace {

using PublisherTest = ApiTest;

TEST_F(PublisherTest, PublishesToAllInOneCallEach) {
  open();
  test::TestReceiver a;
  test::TestReceiver b;
  test::TestReceiver c;
  ASSERT_EQ(connect(a.url(), "a"), LARIAT_OK);
  ASSERT_EQ(connect(b.url(), "b"), LARIAT_OK);
  ASSERT_EQ(connect(c.url(), "c"), LARIAT_OK);
  ASSERT_TRUE(until([&] {
    return stats_of("a").connects + stats_of("b").connects + stats_of("c").connects == 3;
  }));
  publish_numbers(0, 1000);
  ASSERT_EQ(lariat_flush(publisher_, 10'000), LARIAT_OK);
  for (const auto* receiver : {&a, &b, &c}) {
    EXPECT_TRUE(all_arrived(*receiver, 1000));
    EXPECT_TRUE(arrived(*receiver, 1000));
    EXPECT_EQ(receiver->record().heartbeats, 0U) << "off by default";
  }
  for (const auto* name : {"a", "b", "c"}) {
    const auto stats = stats_of(name);
    EXPECT_EQ(stats.delivered, 1000U);
    EXPECT_EQ(stats.write_calls, 1U) << "one a turn";
    EXPECT_EQ(stats.write_watcher_starts, 0U);
    EXPECT_EQ(stats.state, LARIAT_CONNECTED);
  }
  EXPECT_EQ(stats().messages, 1000U);
}

TEST_F(PublisherTest, MuchIsSentWhileItIsPublished) {
  open();
  test::TestReceiver receiver;
  ASSERT_EQ(connect(receiver.url(), "a"), LARIAT_OK);
  ASSERT_TRUE(until([&] { return stats_of("a").connects == 1; }));
  publish_numbers(0, 10'000);
  EXPECT_GT(stats_of("a").write_calls, 1U) << "without a turn of the loop";
  ASSERT_EQ(lariat_flush(publisher_, 10'000), LARIAT_OK);
  EXPECT_TRUE(all_arrived(receiver, 10'000));
}

TEST_F(PublisherTest, CallsBackWithWhatPeersSend) {
  open();
  test::TestReceiver a(greeting());
  test::TestReceiver b(greeting());
  ASSERT_EQ(connect(a.url(), "a"), LARIAT_OK);
  ASSERT_EQ(connect(b.url(), "b"), LARIAT_OK);
  while (messages_.size() < 2) ASSERT_GT(lariat_poll(publisher_, 10'000), 0);
  std::sort(messages_.begin(), messages_.end());
  EXPECT_EQ(messages_[0].first, "a");
  EXPECT_EQ(messages_[1].first, "b");
  EXPECT_EQ(messages_[0].second, greeting().behaviour.greeting);
  EXPECT_EQ(stats_of("a").messages_received, 1U);
}

TEST_F(PublisherTest, ACallbackMayPublishAndConnectAndNotClose) {
  open();
  test::TestReceiver a(greeting());
  test::TestReceiver b;
  int connected = LARIAT_UNKNOWN;
  std::vector<int> refused;
  in_message_ = [&] {
    EXPECT_EQ(sample(0), LARIAT_OK);
    connected = connect(b.url(), "b");
    refused = {lariat_close(publisher_), lariat_disconnect(publisher_, "a"),
               lariat_poll(publisher_, 0), lariat_flush(publisher_, 0)};
  };
  ASSERT_EQ(connect(a.url(), "a"), LARIAT_OK);
  ASSERT_GT(lariat_poll(publisher_, 10'000), 0);
  EXPECT_EQ(connected, LARIAT_OK);
  EXPECT_EQ(refused, std::vector<int>(4, LARIAT_IN_CALLBACK));
  in_message_ = nullptr;
  ASSERT_EQ(lariat_flush(publisher_, 10'000), LARIAT_OK);
  EXPECT_TRUE(arrived(a, 1));
}

TEST_F(PublisherTest, FromALogLineNothingMayBeCalled) {
  open();
  std::vector<int> results;
  in_log_ = [&] {
    results = {sample(1), connect("tsdp://127.0.0.1:1", "x"), lariat_close(publisher_)};
    EXPECT_EQ(lariat_endpoint_name(publisher_, 0), nullptr);
  };
  EXPECT_EQ(lariat_connect(publisher_, "nonsense", nullptr), LARIAT_BAD_URL);
  in_log_ = nullptr;
  EXPECT_EQ(results, std::vector<int>(3, LARIAT_IN_CALLBACK));
}

TEST_F(PublisherTest, EndpointsComeAndGo) {
  open();
  test::TestReceiver receiver;
  ASSERT_EQ(connect(receiver.url(), "a"), LARIAT_OK);
  EXPECT_EQ(connect(receiver.url(), "a"), LARIAT_EXISTS);
  ASSERT_EQ(lariat_connect(publisher_, receiver.url().c_str(), nullptr), LARIAT_OK);
  EXPECT_STREQ(lariat_endpoint_name(publisher_, 0), "a");
  EXPECT_EQ(lariat_endpoint_name(publisher_, 1), receiver.url()) << "its name is the URL";
  EXPECT_EQ(lariat_endpoint_name(publisher_, 2), nullptr);
  EXPECT_EQ(lariat_disconnect(publisher_, "b"), LARIAT_UNKNOWN);
  EXPECT_EQ(lariat_disconnect(publisher_, nullptr), LARIAT_BAD_ARGUMENT);
  ASSERT_EQ(lariat_disconnect(publisher_, "a"), LARIAT_OK);
  EXPECT_EQ(stats().endpoints, 1U);
  lariat_endpoint_stats none{};
  none.size = sizeof none;
  EXPECT_EQ(lariat_get_endpoint_stats(publisher_, "a", &none), LARIAT_UNKNOWN);
}

TEST_F(PublisherTest, OneThatIsAwayIsWaitedForUntilTheDeadlineOnly) {
  open();
  const test::RefusingPort nobody;
  ASSERT_EQ(connect(nobody.url(), "away"), LARIAT_OK);
  publish_numbers(0, 3);
  EXPECT_EQ(lariat_flush(publisher_, 100), LARIAT_NO_TIME);
  const auto stats = stats_of("away");
  EXPECT_EQ(stats.queued, 3U);
  EXPECT_GT(stats.connect_failures, 0U);
  EXPECT_NE(std::string(stats.last_error), "");
  EXPECT_EQ(lariat_lag(publisher_), 0U) << "it holds up nobody";
  EXPECT_EQ(lariat_wait(publisher_, 0, 0), LARIAT_OK);
  close();
  EXPECT_TRUE(was_told("ends with 3 frames"));
}

TEST_F(PublisherTest, AProgramThatIsTooQuickCanWait) {
  auto small = options();
  small.memory_bytes = 1 << 20;
  small.segment_bytes = 1 << 16;
  ASSERT_EQ(open(small), LARIAT_OK);
  test::TestReceiver receiver;
  ASSERT_EQ(connect(receiver.url(), "a"), LARIAT_OK);
  ASSERT_TRUE(until([&] { return stats_of("a").connects == 1; }));
  constexpr std::uint64_t kAll = 100'000;
  for (std::uint64_t number = 0; number < kAll; number += 1000) {
    publish_numbers(number, number + 1000);
    ASSERT_EQ(lariat_wait(publisher_, 1 << 19, 10'000), LARIAT_OK);
  }
  ASSERT_EQ(lariat_flush(publisher_, 10'000), LARIAT_OK);
  EXPECT_EQ(stats_of("a").delivered, kAll) << "none was dropped";
  EXPECT_TRUE(all_arrived(receiver, kAll));
}

TEST_F(PublisherTest, WithASpoolTheNextRunGoesOn) {
  const test::TemporaryDirectory folder;
  const auto directory = folder / "spool";
  auto spooled = options();
  spooled.spool_directory = directory.c_str();
  ASSERT_EQ(open(spooled), LARIAT_OK);
  lariat_publisher* second = nullptr;
  EXPECT_EQ(lariat_open(&second, &spooled), LARIAT_SPOOL);
  EXPECT_TRUE(was_told("lariat_open: "));
  const test::RefusingPort nobody;
  ASSERT_EQ(connect(nobody.url(), "one"), LARIAT_OK);
  publish_numbers(0, 5);
  close();
  EXPECT_TRUE(was_told("the spool keeps it")) << testing::PrintToString(lines_);

  ASSERT_EQ(open(spooled), LARIAT_OK);
  test::TestReceiver receiver;
  auto here = named("one");
  here.order = LARIAT_ORDER_FIFO;
  ASSERT_EQ(lariat_connect(publisher_, receiver.url().c_str(), &here), LARIAT_OK);
  EXPECT_EQ(lariat_flush(publisher_, 10'000), LARIAT_OK);
  EXPECT_TRUE(all_arrived(receiver, 5));
}

TEST_F(PublisherTest, TwoDoNotKnowOfEachOther) {
  open();
  lariat_publisher* other = nullptr;
  ASSERT_EQ(lariat_open(&other, nullptr), LARIAT_OK);
  test::TestReceiver receiver;
  ASSERT_EQ(connect(receiver.url(), "a"), LARIAT_OK);
  ASSERT_EQ(lariat_connect(other, receiver.url().c_str(), nullptr), LARIAT_OK);
  publish_numbers(0, 10);
  ASSERT_EQ(lariat_flush(publisher_, 10'000), LARIAT_OK);
  EXPECT_TRUE(arrived(receiver, 10));
  lariat_stats stats{};
  stats.size = sizeof stats;
  ASSERT_EQ(lariat_get_stats(other, &stats), LARIAT_OK);
  EXPECT_EQ(stats.messages, 0U);
  EXPECT_EQ(lariat_close(other), LARIAT_OK);
}

TEST_F(PublisherTest, AccountsFitTheStructureOfTheCaller) {
  open();
  ASSERT_EQ(connect("tsdp://127.0.0.1:1", "a"), LARIAT_OK);
  struct {
    lariat_endpoint_stats known;
    std::uint64_t behind = ~std::uint64_t{0};
  } newer;
  std::memset(static_cast<void*>(&newer.known), 0xff, sizeof newer.known);
  newer.known.size = sizeof newer;
  ASSERT_EQ(lariat_get_endpoint_stats(publisher_, "a", &newer.known), LARIAT_OK);
  EXPECT_EQ(newer.behind, 0U);
  EXPECT_STREQ(newer.known.url, "tsdp://127.0.0.1:1");
  lariat_stats older;
  std::memset(static_cast<void*>(&older), 0xff, sizeof older);
  older.size = offsetof(lariat_stats, messages);
  ASSERT_EQ(lariat_get_stats(publisher_, &older), LARIAT_OK);
  EXPECT_EQ(older.endpoints, 1U);
  EXPECT_EQ(older.messages, ~std::uint64_t{0}) << "not touched";
  older.size = 0;
  EXPECT_EQ(lariat_get_stats(publisher_, &older), LARIAT_BAD_ARGUMENT);
}

TEST_F(PublisherTest, WithoutOneEveryCallSaysSo) {
  EXPECT_EQ(lariat_close(nullptr), LARIAT_OK);
  EXPECT_EQ(lariat_poll(nullptr, 0), LARIAT_BAD_ARGUMENT);
  EXPECT_EQ(lariat_wake(nullptr), LARIAT_BAD_ARGUMENT);
  EXPECT_EQ(lariat_publish(nullptr, "", 0), LARIAT_BAD_ARGUMENT);
  EXPECT_EQ(lariat_lag(nullptr), 0U);
  EXPECT_EQ(lariat_endpoint_name(nullptr, 0), nullptr);
}

TEST(Results, HaveWords) {
  for (int result = LARIAT_SYSTEM; result <= 0; ++result) {
    EXPECT_STRNE(lariat_strerror(result), "unknown error") << result;
  }
  EXPECT_STREQ(lariat_strerror(3), "no error") << "a count of messages";
  EXPECT_STREQ(lariat_strerror(LARIAT_SYSTEM - 1), "unknown error");
  EXPECT_STRNE(lariat_version(), "");
}

}  // namespace
}  // namespace lariat::api
