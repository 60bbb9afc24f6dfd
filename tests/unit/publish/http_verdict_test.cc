#include "agent/publish/http_verdict.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lariat::publish {
namespace {

using std::chrono::seconds;
using testing::AllOf;
using testing::HasSubstr;

HttpAnswer answer(int status, std::string line = {}) {
  return {.end = HttpEnd::kAnswered, .status = status, .first_line = std::move(line)};
}

TEST(HttpVerdict, SaysWhatToDoAboutEachStatus) {
  const std::vector<std::pair<HttpVerdict, std::vector<int>>> table = {
      {HttpVerdict::kTaken, {200, 202, 204, 299}},
      {HttpVerdict::kMisconfigured, {301, 302, 307, 308, 401, 403, 404, 405, 407}},
      {HttpVerdict::kRefused, {400, 402, 409, 415, 422, 499}},
      {HttpVerdict::kTooLarge, {413}},
      {HttpVerdict::kBusy, {100, 408, 425, 429, 500, 502, 503, 504, 599}},
  };
  for (const auto& [verdict, statuses] : table) {
    for (const int status : statuses) EXPECT_EQ(judge(answer(status), false), verdict) << status;
  }
}

TEST(HttpVerdict, KnowsThatAPartialWriteHasStoredTheRest) {
  const auto partial = answer(400, "{\"error\":\"partial write: field type conflict dropped=3\"}");
  EXPECT_EQ(judge(partial, true), HttpVerdict::kPartly);
  EXPECT_EQ(judge(partial, false), HttpVerdict::kRefused) << "of another protocol";
  EXPECT_EQ(judge(answer(400, "unable to parse 'x'"), true), HttpVerdict::kRefused);
}

TEST(HttpVerdict, CountsWhatInfluxHasDropped) {
  const std::vector<std::pair<std::string, std::uint64_t>> table = {
      {"{\"error\":\"partial write: field type conflict dropped=3\"}", 3},
      {"drop ddropped=1 dropped dropped=27", 27},
      {"dropped=99999999999999999999999", 1'000'000'000},
      {"dropped=", 0},
      {"", 0},
  };
  for (const auto& [text, count] : table) {
    for (std::size_t at = 0; at <= text.size(); ++at) {
      DroppedCount dropped;
      dropped.take(std::string_view(text).substr(0, at));
      dropped.take(std::string_view(text).substr(at));
      EXPECT_EQ(dropped.value(), count) << text;
    }
  }
}

TEST(HttpVerdict, ReadsRetryAfter) {
  // Sun, 06 Nov 1994 08:49:37 GMT
  const base::WallTime now(seconds(784'111'777));
  EXPECT_EQ(retry_after("120", now), seconds(120));
  EXPECT_EQ(retry_after("0", now), seconds(0));
  EXPECT_EQ(retry_after("Sun, 06 Nov 1994 08:51:37 GMT", now), seconds(120));
  EXPECT_EQ(retry_after("Sun, 06 Nov 1994 08:00:00 GMT", now), seconds(0)) << "gone by";
  EXPECT_EQ(retry_after("86400", now), seconds(3600)) << "bounded";
  EXPECT_EQ(retry_after("99999999999999999999999", now), seconds(3600));
  EXPECT_EQ(retry_after("Sun, 06 Nov 2044 08:00:00 GMT", now), seconds(3600));
  EXPECT_EQ(retry_after("", now), std::nullopt);
  EXPECT_EQ(retry_after("soon", now), std::nullopt);
  EXPECT_EQ(retry_after("-5", now), std::nullopt);
}

TEST(HttpVerdict, TellsPeopleWhatToWriteInstead) {
  EXPECT_EQ(in_words(answer(503, "no space left"), "10.0.0.1:9090"),
            "10.0.0.1:9090 answers 503: no space left");
  EXPECT_THAT(in_words(answer(401), "a:1"), AllOf(HasSubstr("401"), HasSubstr("bearer_token")));
  EXPECT_THAT(in_words(answer(404), "a:1"), HasSubstr("correct the URL"));
  auto redirect = answer(308);
  redirect.location = "https://b/write";
  EXPECT_THAT(in_words(redirect, "a:1"), AllOf(HasSubstr("https://b/write"), HasSubstr("308")));
}

}  // namespace
}  // namespace lariat::publish
