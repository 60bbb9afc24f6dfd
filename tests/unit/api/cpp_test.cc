// The C++ interface over the C one.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "agent/api/include/lariat/lariat.hpp"
#include "tests/unit/api/api_fixture.h"

namespace lariat::api {
namespace {

using std::chrono::seconds;

TEST(CppInterface, PublishesAndTellsOfIt) {
  test::TestReceiver receiver(greeting());
  std::vector<std::string> from;
  auto opened = Publisher::open(
      {.on_message = [&](std::string_view endpoint, std::span<const std::byte> message) {
        from.push_back(std::string(endpoint) + " " + std::to_string(message.size()));
      }});
  ASSERT_TRUE(opened);
  // It can be moved: the callbacks come along.
  Publisher publisher = std::move(*opened);
  ASSERT_EQ(publisher.connect(receiver.url(), {.name = "a", .match = {"load *"}}), Result::kOk);
  EXPECT_EQ(publisher.connect(receiver.url(), {.name = "a"}), Result::kExists);
  EXPECT_EQ(publisher.sample("load host=x", 1.5), Result::kOk);
  EXPECT_EQ(publisher.sample("other host=x", 1.5), Result::kOk);
  EXPECT_EQ(publisher.tally("load host=x"), Result::kOk);
  EXPECT_EQ(publisher.delta("load host=x", 7), Result::kOk);
  EXPECT_EQ(publisher.state("load host=x", Status::kCritical, "high"), Result::kOk);
  EXPECT_EQ(publisher.event("load host=x", "up"), Result::kOk);
  EXPECT_EQ(publisher.fact("load host=x", "yes"), Result::kOk);
  EXPECT_EQ(publisher.sample("load", 1), Result::kBadName);
  EXPECT_EQ(publisher.flush(seconds(10)), Result::kOk);
  while (from.empty()) ASSERT_GT(publisher.poll(seconds(10)), 0);
  EXPECT_EQ(from, (std::vector<std::string>{"a 24"}));
  EXPECT_EQ(publisher.endpoints(), (std::vector<std::string>{"a"}));
  EXPECT_EQ(publisher.endpoint_stats("a")->delivered, 6U);
  EXPECT_FALSE(publisher.endpoint_stats("b"));
  EXPECT_EQ(publisher.stats().messages, 7U);
  EXPECT_EQ(publisher.lag(), 0U);
  EXPECT_EQ(publisher.disconnect("a"), Result::kOk);
}

TEST(CppInterface, SaysWhyItCannotBeMade) {
  Result why = Result::kOk;
  std::string line;
  EXPECT_FALSE(Publisher::open(
      {.segment_bytes = 1, .on_log = [&](Level, std::string_view text) { line = text; }}, &why));
  EXPECT_EQ(why, Result::kBadArgument);
  EXPECT_NE(line, "");
  EXPECT_NE(to_string(why), "");
}

TEST(CppInterface, AFlushTellsItsFunctionOnce) {
  auto publisher = Publisher::open();
  ASSERT_TRUE(publisher);
  std::vector<Result> told;
  EXPECT_EQ(publisher->flush_start(seconds(1), [&](Result result) { told.push_back(result); }),
            Result::kOk);
  EXPECT_EQ(publisher->poll(std::chrono::milliseconds(20)), 0);
  EXPECT_EQ(told, (std::vector<Result>{Result::kOk}));
}

}  // namespace
}  // namespace lariat::api
