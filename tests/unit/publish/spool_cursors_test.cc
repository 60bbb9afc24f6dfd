#include "agent/publish/spool_cursors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/publish/spool_fixture.h"

namespace lariat::publish {
namespace {

SpoolCursors some_cursors() {
  SpoolCursors cursors{.saved = seconds_after_start(5), .log_end = {9'000, 90}};
  cursors.endpoints["east"] = {
      .judged = {8'000, 80},
      .match = 2,
      .lanes = {{{.extent = {{7'000, 70}, {8'000, 80}}, .match = 2, .frames = 3, .bytes = 300}},
                {{.extent = {{3'000, 30}, {4'000, 40}}, .match = 1, .judged = false}},
                {{.extent = {{1'000, 10}, {1'500, 15}}}, {.extent = {{1'500, 15}, {2'000, 20}}}}},
      .matches = {{"a *"}, {"b *", "c host=x"}},
      .last_configured = seconds_after_start(5)};
  cursors.endpoints["west"] = {.judged = {9'000, 90}, .last_configured = seconds_after_start(1)};
  return cursors;
}

TEST(SpoolCursorsTest, ReadsBackWhatWasWritten) {
  EXPECT_EQ(decode_cursors(encode_cursors(some_cursors())), some_cursors());
  EXPECT_EQ(decode_cursors(encode_cursors({})), SpoolCursors{});
  auto full = some_cursors();
  auto& lanes = full.endpoints["east"].lanes;
  lanes.clear();
  for (std::uint64_t n = kMaxSpoolLanes; n > 0; --n) {
    lanes.push_back({{.extent = {{n * 2, n}, {n * 2 + 1, n}}}});
  }
  EXPECT_EQ(decode_cursors(encode_cursors(full)), full);
}

TEST(SpoolCursorsTest, TheOldestThatIsBehindIsWhereItGoesOn) {
  const auto cursors = some_cursors();
  EXPECT_EQ(cursors.endpoints.at("east").acked(), (SpoolPlace{1'000, 10}));
  EXPECT_EQ(cursors.endpoints.at("east").live(), (SpoolPlace{7'000, 70}));
  EXPECT_EQ(cursors.endpoints.at("west").live(), (SpoolPlace{9'000, 90}));
  EXPECT_EQ(cursors.endpoints.at("west").acked(), (SpoolPlace{9'000, 90}));
}

TEST(SpoolCursorsTest, AnyOctetCutOrBitFlippedMakesItBad) {
  auto bytes = encode_cursors(some_cursors());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(decode_cursors(std::span(bytes).first(size)), std::nullopt) << size;
  }
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    bytes[bit / 8] ^= std::byte{1} << (bit % 8);
    EXPECT_EQ(decode_cursors(bytes), std::nullopt) << bit;
    bytes[bit / 8] ^= std::byte{1} << (bit % 8);
  }
  bytes.push_back(std::byte{0});
  EXPECT_EQ(decode_cursors(bytes), std::nullopt);
}

TEST(SpoolCursorsTest, ARemovedEndpointIsKeptForADay) {
  const auto later = seconds_after_start(5) + kKeepRemovedCursor;
  const std::vector<std::string> configured = {"west", "new"};
  auto cursors = some_cursors();
  forget_removed(cursors, configured, later);
  EXPECT_EQ(cursors.endpoints.count("east"), 1U);
  EXPECT_EQ(cursors.endpoints.at("west").last_configured, later);
  EXPECT_EQ(cursors.endpoints.count("new"), 0U) << "it has no place yet";
  forget_removed(cursors, configured, later + std::chrono::seconds(1));
  EXPECT_EQ(cursors.endpoints.count("east"), 0U);
  EXPECT_EQ(cursors.endpoints.count("west"), 1U);
}

}  // namespace
}  // namespace lariat::publish
