#include "proto/line_splitter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace lariat::proto {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

std::string spell(const LineSplitter::Line& line) {
  return (line.too_long ? "! " : "") + std::string(line.text);
}

// `cuts` are ascending offsets.
std::vector<std::string> split(std::string_view text, std::vector<std::size_t> cuts = {},
                               std::size_t limit = LineSplitter::kDefaultLimit) {
  LineSplitter splitter(limit);
  std::vector<std::string> lines;
  std::size_t begin = 0;
  cuts.push_back(text.size());
  for (const std::size_t cut : cuts) {
    const std::string piece(text.substr(begin, cut - begin));  // Ends where the piece does.
    begin = cut;
    splitter.feed(piece);
    while (const auto line = splitter.next()) lines.push_back(spell(*line));
  }
  if (const auto line = splitter.finish()) lines.push_back(spell(*line));
  EXPECT_FALSE(splitter.finish()) << "once";
  return lines;
}

std::vector<std::size_t> every_octet(std::string_view text) {
  std::vector<std::size_t> cuts;
  for (std::size_t i = 0; i < text.size(); ++i) cuts.push_back(i);
  return cuts;
}

TEST(LineSplitter, EndsALineAtItsLfAndDropsOneCr) {
  EXPECT_THAT(split("a\nb\r\n\nc\r\r\n"), ElementsAre("a", "b", "", "c\r"));
}

TEST(LineSplitter, GivesTheLastLineWithoutLfWhenTheInputEnds) {
  EXPECT_THAT(split("a\nb"), ElementsAre("a", "b"));
  EXPECT_THAT(split("a\n"), ElementsAre("a"));
  EXPECT_THAT(split("a\nb\r"), ElementsAre("a", "b"));
}

TEST(LineSplitter, SkipsALineThatIsTooLongToItsLfAndGoesOn) {
  EXPECT_THAT(split("abcd\nabcde\nab\n", {}, 5), ElementsAre("abcd", "! abcde", "ab"));
  EXPECT_THAT(split("abcdefgh", {}, 5), ElementsAre("! abcde"));
  EXPECT_THAT(split("abcdefgh", {2, 4, 6}, 5), ElementsAre("! abcde"));
}

TEST(LineSplitter, ShowsTheBeginOfALineThatIsTooLong) {
  const std::string text = std::string(70'000, 'x') + "\nok\n";
  const auto lines = split(text);
  ASSERT_THAT(lines, SizeIs(2));
  EXPECT_EQ(lines[0], "! " + std::string(200, 'x'));
  EXPECT_EQ(lines[1], "ok");
}

TEST(LineSplitter, TakesALineOf64KiBWithItsLf) {
  const std::string longest(65'535, 'x');
  EXPECT_THAT(split(longest + "\n"), ElementsAre(longest));
  EXPECT_THAT(split(longest + "x\n"), ElementsAre(testing::StartsWith("! ")));
}

TEST(LineSplitter, GivesTheSameLinesHoweverTheTextIsCut) {
  std::mt19937 random(7);
  for (int i = 0; i < 3000; ++i) {
    constexpr std::string_view kOctets = "abcd\n\n\r";
    std::string text;
    for (auto n = random() % 40; n > 0; --n) text += kOctets[random() % kOctets.size()];
    const std::size_t limit = 1 + random() % 8;
    const auto wanted = split(text, {}, limit);
    ASSERT_EQ(split(text, every_octet(text), limit), wanted);
    std::vector<std::size_t> cuts(random() % 5);
    for (std::size_t& cut : cuts) cut = random() % (text.size() + 1);
    std::ranges::sort(cuts);
    ASSERT_EQ(split(text, cuts, limit), wanted);
  }
}

TEST(LineSplitter, HandsOutAWholeLineWhereItLies) {
  const std::string text = "SAMPLE 1 n 1\n";
  LineSplitter splitter;
  splitter.feed(text);
  EXPECT_EQ(splitter.next()->text.data(), text.data());
  EXPECT_FALSE(splitter.next());
}

}  // namespace
}  // namespace lariat::proto
