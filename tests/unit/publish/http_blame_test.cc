#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/publish/http_fixture.h"

namespace lariat::publish {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;

class HttpBlameTest : public HttpEndpointTest {};

TEST_F(HttpBlameTest, FindsTheSampleThatTheServerBreaksOn) {
  refuse_values({77}, 500);
  endpoint();
  publish_many(300);
  ASSERT_TRUE(until_settled());
  EXPECT_EQ(dropped(DropReason::kRejected), 1U);
  EXPECT_EQ(endpoint().ledger().delivered, 299U);
  ASSERT_EQ(endpoint().rejected().size(), 1U);
  EXPECT_EQ(endpoint().rejected().front().value, 77);
}

TEST_F(HttpBlameTest, BlamesNoSampleWhenTheServerIsBroken) {
  int left = 100;
  server_.on_request = [&](const test::HttpRequest&) -> HttpReply {
    return {.status = left-- > 0 ? 500 : 204};
  };
  endpoint();
  publish_many(300);
  ASSERT_TRUE(until_settled());
  expect_delivered(300);
  EXPECT_EQ(dropped(DropReason::kRejected), 0U);
}

TEST_F(HttpBlameTest, BlamesNoSampleWhenTheServerIsBrokenNowAndThen) {
  int number = 0;
  server_.on_request = [&](const test::HttpRequest&) -> HttpReply {
    ++number;
    return {.status = number <= 12 || number % 2 == 0 ? 500 : 204};
  };
  endpoint();
  publish_many(300);
  ASSERT_TRUE(until_settled());
  expect_delivered(300);
  EXPECT_EQ(dropped(DropReason::kRejected), 0U);
}

TEST_F(HttpBlameTest, SuspectsNoSampleOfWhatAProxyAnswers) {
  int left = 30;
  std::size_t least = 300;
  server_.on_request = [&](const test::HttpRequest& request) -> HttpReply {
    least = std::min(least, values_in(request).size());
    return {.status = left-- > 0 ? 502 : 204};
  };
  endpoint();
  publish_many(300);
  ASSERT_TRUE(until_settled());
  expect_delivered(300);
  EXPECT_EQ(least, 300U);
}

TEST_F(HttpBlameTest, ProbesWithNothingThatIsNewerThanTheRest) {
  std::vector<double> alone;
  int left = 16;
  server_.on_request = [&](const test::HttpRequest& request) -> HttpReply {
    const auto values = values_in(request);
    if (left-- <= 0) return {};
    if (values.size() == 1) alone.push_back(values.front());
    return {.status = 500};
  };
  endpoint();
  for (int i = 0; i < 10; ++i) publish(1, kTime + i, i);
  ASSERT_TRUE(until_settled());
  expect_delivered(10);
  EXPECT_THAT(alone, ElementsAre(0, 0, 0));
}

TEST_F(HttpBlameTest, ASuspicionEndsWithItsBatch) {
  config_.limits.max_age = milliseconds(300);
  answer_with({.status = 500});
  endpoint();
  publish_many(300);
  ASSERT_TRUE(until_settled());
  ASSERT_EQ(dropped(DropReason::kExpired), 300U);
  int left = 1;
  std::vector<std::size_t> sizes;
  server_.on_request = [&](const test::HttpRequest& request) -> HttpReply {
    sizes.push_back(values_in(request).size());
    return {.status = left-- > 0 ? 500 : 204};
  };
  publish_many(2, kTime + 1);
  ASSERT_TRUE(until_settled());
  EXPECT_EQ(endpoint().ledger().delivered, 2U);
  EXPECT_THAT(sizes, ElementsAre(2, 2));
}

}  // namespace
}  // namespace lariat::publish
