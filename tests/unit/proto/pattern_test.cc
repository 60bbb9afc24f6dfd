#include "proto/pattern.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <random>

#include "tests/support/vectors.h"

namespace lariat::proto {
namespace {

using nlohmann::json;
using test::read_vectors;
using test::text_of;

Pattern parsed(const std::string& text, Pattern::Metric metric = Pattern::Metric::kPlain) {
  auto result = Pattern::parse(text, metric);
  return std::get<Pattern>(std::move(result));
}

std::string clean(const std::string& name) {
  std::array<char, kMaxNameLength> room;
  return std::string(canonical(name, room).name);
}

TEST(PatternVectors, MatchAsTheyShould) {
  const json vectors = read_vectors("qname.json");
  for (const auto* part : {"match", "quirks_match"}) {
    for (const json& vector : vectors.at(part)) {
      const std::string name = text_of(vector, "qname").value();
      const std::string pattern = text_of(vector, "pattern").value();
      EXPECT_EQ(parsed(pattern).matches(clean(name)), vector.at("match").get<bool>())
          << name << " | " << pattern;
    }
  }
}

TEST(Pattern, TakesAnEscapedStarForTheOctet) {
  EXPECT_TRUE(parsed("cpu a=\\*").matches("cpu a=\\*"));
  EXPECT_FALSE(parsed("cpu a=\\*").matches("cpu a=b"));
  EXPECT_TRUE(parsed("cpu a=*").matches("cpu a=\\*"));
  EXPECT_FALSE(parsed("cpu \\*").matches("cpu a=b"));
}

TEST(Pattern, ComparesKeysInTheirOrderWithEscapes) {
  EXPECT_TRUE(parsed("m a-=1,*").matches(clean("m a-=1,a\\,=2")));
  EXPECT_TRUE(parsed("m a\\,=2,*").matches(clean("m a-=1,a\\,=2")));
}

TEST(Pattern, NeedsEveryTagToBeSpokenForUnlessItTakesOthers) {
  EXPECT_FALSE(parsed("cpu b=*").matches("cpu a=1,b=2"));
  EXPECT_FALSE(parsed("cpu a=*").matches("cpu a=1,b=2"));
  EXPECT_TRUE(parsed("cpu a=*,b=*").matches("cpu a=1,b=2"));
  EXPECT_TRUE(parsed("cpu b=*,*").matches("cpu a=1,b=2,c=3"));
  EXPECT_FALSE(parsed("cpu a=1,a=1").matches("cpu a=1")) << "two pairs against one";
}

TEST(Pattern, GlobIsOfTheMetricOnlyWhereItIsAskedFor) {
  EXPECT_TRUE(parsed("node_* *", Pattern::Metric::kGlob).matches("node_cpu a=1"));
  EXPECT_FALSE(parsed("node_* *").matches("node_cpu a=1"));
  EXPECT_TRUE(parsed("node_* *").matches("node_* a=1"));
}

TEST(Pattern, IsRefusedWhereItIsNoName) {
  EXPECT_EQ(std::get<NameError>(Pattern::parse("cpu")), NameError::kNoTags);
  EXPECT_EQ(std::get<NameError>(Pattern::parse("cpu a=x*")), NameError::kStar);
}

// The meaning of a glob, without a thought of time.
bool naive(std::string_view glob, std::string_view text) {
  if (glob.empty()) return text.empty();
  if (glob.front() == '*') {
    return naive(glob.substr(1), text) || (!text.empty() && naive(glob, text.substr(1)));
  }
  return !text.empty() && (glob.front() == '?' || glob.front() == text.front()) &&
         naive(glob.substr(1), text.substr(1));
}

TEST(Glob, MatchesAsANaiveMatcherDoes) {
  std::mt19937 random(5);
  const auto word = [&random](std::string_view octets) {
    std::string made;
    for (auto i = random() % 9; i > 0; --i) made += octets[random() % octets.size()];
    return made;
  };
  for (int i = 0; i < 50'000; ++i) {
    const std::string glob = word("ab**?");
    const std::string text = word("ab");
    ASSERT_EQ(glob_matches(glob, text), naive(glob, text)) << glob << " | " << text;
  }
}

TEST(Glob, WithManyStarsDoesNotTakeExponentialTime) {
  std::string glob;
  for (int i = 0; i < 100; ++i) glob += "a*";
  EXPECT_FALSE(glob_matches(glob + 'b', std::string(4000, 'a')));
}

}  // namespace
}  // namespace lariat::proto
