#include "agent/publish/http_pieces.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <set>

namespace lariat::publish {
namespace {

struct Outcome {
  std::set<std::size_t> refused;
  std::vector<std::size_t> taken;  // In the order of their sending.
  std::size_t requests = 0;
};

/// A server that refuses what has one of `bad` in it, and what is larger than `most`.
Outcome send(std::size_t count, const std::set<std::size_t>& bad, std::size_t most = ~0UL) {
  HttpPieces pieces;
  Outcome outcome;
  pieces.begin(count);
  while (!pieces.done()) {
    const auto piece = pieces.next();
    ++outcome.requests;
    std::optional<HttpPieces::Piece> out;
    const auto first = bad.lower_bound(piece.from);
    if (piece.size() > most) {
      out = pieces.halve();
    } else if (first != bad.end() && *first < piece.to) {
      out = pieces.refuse();
    } else {
      for (auto i = piece.from; i < piece.to; ++i) outcome.taken.push_back(i);
      pieces.pass();
    }
    for (auto i = out ? out->from : 0; out && i < out->to; ++i) outcome.refused.insert(i);
  }
  return outcome;
}

void expect_exact(const Outcome& outcome, std::size_t count, const std::set<std::size_t>& bad) {
  EXPECT_EQ(outcome.refused, bad);
  EXPECT_TRUE(std::is_sorted(outcome.taken.begin(), outcome.taken.end()));
  EXPECT_EQ(outcome.taken.size(), count - bad.size());
  EXPECT_EQ(std::adjacent_find(outcome.taken.begin(), outcome.taken.end()), outcome.taken.end());
}

TEST(HttpPieces, AllThatIsTakenIsOneRequest) {
  EXPECT_EQ(send(2'000, {}).requests, 1U);
  HttpPieces none;
  none.begin(0);
  EXPECT_TRUE(none.done());
}

TEST(HttpPieces, FindsTheOneBadWhereverItIs) {
  for (const std::size_t count : {1UL, 2UL, 3UL, 7UL, 64UL, 2'000UL}) {
    const auto most = 1 + 2 * static_cast<std::size_t>(std::ceil(std::log2(count)));
    for (std::size_t at = 0; at < count; ++at) {
      const auto outcome = send(count, {at});
      expect_exact(outcome, count, {at});
      ASSERT_LE(outcome.requests, most) << at << " of " << count;
    }
  }
}

TEST(HttpPieces, FindsAllTheBadAndNoOther) {
  std::minstd_rand random(4);
  for (int round = 0; round < 500; ++round) {
    const std::size_t count = 1 + random() % 300;
    std::set<std::size_t> bad;
    for (auto left = random() % 20; left > 0; --left) bad.insert(random() % count);
    const auto outcome = send(count, bad);
    expect_exact(outcome, count, bad);
    const auto levels = static_cast<std::size_t>(std::ceil(std::log2(count)));
    EXPECT_LE(outcome.requests, 1 + 2 * levels * bad.size());
  }
}

TEST(HttpPieces, OfOneThatIsAllBadNotEveryPartIsSent) {
  std::set<std::size_t> bad;
  for (std::size_t i = 0; i < 2'000; ++i) bad.insert(i);
  const auto outcome = send(2'000, bad);
  expect_exact(outcome, 2'000, bad);
  EXPECT_LE(outcome.requests, 32 + 4 * 11 + 2 * 11U);
}

TEST(HttpPieces, AfterALongRunOfBadOnesTheGoodAreFound) {
  std::set<std::size_t> bad;
  for (std::size_t i = 0; i < 125; ++i) bad.insert(i);
  const auto outcome = send(2'000, bad);
  expect_exact(outcome, 2'000, bad);
}

TEST(HttpPieces, HalvesWhatIsTooLargeWithoutSuspicion) {
  expect_exact(send(1'000, {}, 100), 1'000, {});
  expect_exact(send(1'000, {1, 500, 999}, 100), 1'000, {1, 500, 999});
  EXPECT_EQ(send(3, {}, 0).refused, (std::set<std::size_t>{0, 1, 2})) << "alone it is given up";
}

}  // namespace
}  // namespace lariat::publish
