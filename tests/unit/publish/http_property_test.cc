#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

#include "tests/unit/publish/http_fixture.h"

namespace lariat::publish {
namespace {

/// What a server has that follows the protocol of remote write: a sample that is not newer than
/// the newest of its series is out of order, unless it is the same, and one bad sample spoils the
/// whole request. One that `knows_all` takes any sample again that it has.
class StrictServer {
 public:
  bool knows_all = false;

  [[nodiscard]] bool takes(const std::vector<test::WriteRequest::Sample>& samples) const {
    auto newest = newest_;
    for (const auto& sample : samples) {
      if (is_bad(sample)) return false;
      if (knows_all && stored_.count({sample.series, sample.milliseconds}) > 0) continue;
      auto& last = newest[sample.series];
      if (sample.milliseconds < last.first) return false;
      if (sample.milliseconds == last.first && sample.value != last.second) return false;
      last = {sample.milliseconds, sample.value};
    }
    return true;
  }
  void store(const std::vector<test::WriteRequest::Sample>& samples) {
    for (const auto& sample : samples) {
      newest_[sample.series] =
          std::max(newest_[sample.series], std::pair(sample.milliseconds, sample.value));
      stored_.insert({sample.series, sample.milliseconds});
    }
  }
  static bool is_bad(const test::WriteRequest::Sample& sample) { return sample.value == -1; }
  [[nodiscard]] std::size_t stored() const { return stored_.size(); }

 private:
  std::map<std::string, std::pair<std::int64_t, double>> newest_;
  std::set<std::pair<std::string, std::int64_t>> stored_;
};

class HttpPropertyTest : public HttpEndpointTest {
 protected:
  HttpReply answer(const test::HttpRequest& request) {
    switch (chance_() % 12) {
      case 0:
        return {.status = 503, .body = "busy"};
      case 1:
        return {.status = 429};
      case 2:
        return {.status = 503, .body = "cut here", .then = HttpReply::Then::kCloseHalf};
      case 3:
        return {.then = HttpReply::Then::kReset};
      case 4: {  // Stored, and nobody hears of it: the same again is out of order to most.
        if (!strict_.knows_all) break;
        const auto samples = test::read_write_request(request.body).samples;
        if (strict_.takes(samples)) strict_.store(samples);
        return {.then = HttpReply::Then::kReset};
      }
      default:
        break;
    }
    const auto samples = test::read_write_request(request.body).samples;
    if (samples.size() > 40) return {.status = 413};
    if (!strict_.takes(samples)) return {.status = 400, .body = "out of order"};
    strict_.store(samples);
    return {.then = chance_() % 20 == 0 ? HttpReply::Then::kClose : HttpReply::Then::kKeep};
  }

  void lose_nothing_and_count_all();

  std::minstd_rand chance_{11};
  StrictServer strict_;
};

// Whatever the server does, each good sample is stored, each bad one counted, and the ledger
// balances at every step.
void HttpPropertyTest::lose_nothing_and_count_all() {
  config_.output.batch = {.samples = 60, .age = std::chrono::milliseconds(1)};
  config_.back_off_max = std::chrono::milliseconds(2);
  server_.on_request = [this](const test::HttpRequest& request) { return answer(request); };
  endpoint();
  std::uint64_t published = 0;
  std::uint64_t bad = 0;
  for (std::int64_t round = 0; round < 150; ++round) {
    const auto count = chance_() % 30;
    for (unsigned series = 0; series < count; ++series) {
      const bool spoil = chance_() % 40 == 0;
      publish(series, kTime + round, spoil ? -1 : static_cast<double>(round));
      ++published;
      bad += spoil ? 1 : 0;
    }
    loop_.run_ready();
    ASSERT_TRUE(endpoint().ledger().balances()) << round;
  }
  ASSERT_TRUE(until_settled());
  const auto ledger = endpoint().ledger();
  EXPECT_EQ(ledger.accepted, published);
  EXPECT_EQ(dropped(DropReason::kRejected), bad);
  EXPECT_EQ(ledger.delivered, published - bad);
  EXPECT_EQ(strict_.stored(), published - bad);
  EXPECT_EQ(ledger.dropped_total(), bad) << "nothing else";
  EXPECT_EQ(endpoint().stats().write_wakeups_empty, 0U);
}

TEST_F(HttpPropertyTest, LosesNothingAndCountsAll) { lose_nothing_and_count_all(); }

TEST_F(HttpPropertyTest, LosesNothingThoughAnswersAreLost) {
  strict_.knows_all = true;
  lose_nothing_and_count_all();
}

}  // namespace
}  // namespace lariat::publish
