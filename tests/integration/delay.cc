#include "tests/integration/delay.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>

#include "tests/integration/bench_run.h"

namespace lariat::test {
namespace {

/// How late frames came, against a sender of even pace; only differences mean something.
struct Delay {
  double median_ms = 0;
  double p99_ms = 0;
};

Delay delay_of(const std::vector<Arrival>& arrivals, double rate, std::int64_t from,
               std::int64_t to) {
  std::vector<double> late;
  for (const auto& arrival : arrivals) {
    if (arrival.steady_nanoseconds < from || arrival.steady_nanoseconds >= to) continue;
    const auto since = arrival.steady_nanoseconds - arrivals.front().steady_nanoseconds;
    late.push_back(static_cast<double>(since) / 1e6 -
                   static_cast<double>(arrival.number) / rate * 1e3);
  }
  EXPECT_GT(late.size(), 20U);
  if (late.empty()) return {};
  std::sort(late.begin(), late.end());
  return {late[late.size() / 2], late[late.size() * 99 / 100]};
}

}  // namespace

std::int64_t steady_now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

void expect_not_later(const std::vector<Arrival>& arrivals, double rate, std::int64_t from,
                      std::int64_t to) {
  ASSERT_FALSE(arrivals.empty());
  const auto before = delay_of(arrivals, rate, arrivals.front().steady_nanoseconds, from);
  const auto meanwhile = delay_of(arrivals, rate, from, to);
  constexpr double kNoise = kSanitized ? 200 : 40;
  EXPECT_LE(meanwhile.median_ms, before.median_ms + kNoise / 4);
  EXPECT_LE(meanwhile.p99_ms, before.p99_ms + kNoise);
}

}  // namespace lariat::test
