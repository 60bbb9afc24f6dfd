#include "proto/qname.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "tests/support/vectors.h"

namespace lariat::proto {
namespace {

using nlohmann::json;
using test::read_vectors;
using test::text_of;

std::optional<std::string> canonical_text(const std::string& name) {
  std::array<char, kMaxNameLength> room;
  const NameResult result = canonical(name, room);
  if (!result) return std::nullopt;
  return std::string(result.name);
}

NameError error_of(const std::string& name) {
  std::array<char, kMaxNameLength> room;
  return canonical(name, room).error;
}

TEST(QnameVectors, ParseToTheirCanonicalForm) {
  const json vectors = read_vectors("qname.json");
  for (const auto* part : {"parse", "quirks_parse"}) {
    for (const json& vector : vectors.at(part)) {
      const std::string input = text_of(vector, "input").value();
      const auto wanted = text_of(vector, "canonical");
      EXPECT_EQ(canonical_text(input), wanted) << input;
      EXPECT_EQ(is_canonical(input), wanted == input) << input;
      if (wanted) {
        EXPECT_TRUE(is_canonical(*wanted)) << *wanted;
      }
    }
  }
}

TEST(QnameVectors, AreEqualByTheirCanonicalForm) {
  const json vectors = read_vectors("qname.json");
  for (const auto* part : {"equal", "quirks_equal"}) {
    for (const json& vector : vectors.at(part)) {
      const std::string a = text_of(vector, "a").value();
      const std::string b = text_of(vector, "b").value();
      EXPECT_EQ(same_name(a, b), vector.at("equal").get<bool>()) << a << " | " << b;
    }
  }
}

TEST(QnameVectors, NamesOfMessagesHaveTheCanonicalFormThatIsSaid) {
  for (const json& vector : read_vectors("tsdp-valid.json")) {
    if (!vector.contains("name_canonical")) continue;
    const auto name = text_of(vector.at("decoded").at("frames").at(0), "value");
    EXPECT_EQ(canonical_text(name.value()), text_of(vector, "name_canonical"));
  }
}

TEST(Qname, SaysWhatIsWrong) {
  EXPECT_EQ(error_of("  "), NameError::kNoMetric);
  EXPECT_EQ(error_of("cpu"), NameError::kNoTags);
  EXPECT_EQ(error_of("cpu a,,b"), NameError::kEmptyTag);
  EXPECT_EQ(error_of("cpu a=b=c"), NameError::kSecondEquals);
  EXPECT_EQ(error_of("cpu a=b*"), NameError::kStar);
  EXPECT_EQ(error_of("cpu a=\xc3\xa9"), NameError::kOctet);
  EXPECT_EQ(error_of(std::string("cpu a=\0", 7)), NameError::kNul);
  EXPECT_EQ(error_of("cpu a=\\" + std::string(1, '\0')), NameError::kNul);
  EXPECT_EQ(error_of("cpu k=" + std::string(4090, 'v')), NameError::kTooLong);
}

TEST(Qname, KeepsWhatOnlyABackslashAllows) {
  EXPECT_EQ(canonical_text("cpu a=\\\n,b=\\\x7f"), "cpu a=\\\n,b=\\\x7f");
  EXPECT_EQ(canonical_text("cpu \\ a\\ =\\ b\\ "), "cpu a=b")
      << "a blank at an end goes, escaped too";
  EXPECT_EQ(canonical_text("cpu a\\\\\\,b"), "cpu a\\,b") << "several backslashes are one";
}

TEST(Qname, SortsByTheOctetsThatKeysStandFor) {
  // `,` is before `-`, though its backslash is behind it.
  EXPECT_EQ(canonical_text("m a-=1,a\\,=2"), "m a\\,=2,a-=1");
  EXPECT_EQ(canonical_text("m b,a=2,a=1"), "m a=2,a=1,b") << "equal keys keep their order";
  EXPECT_EQ(canonical_text("m ab,a,A,_"), "m A,_,a,ab");
}

TEST(Qname, IsHandedBackItselfWhenItIsCanonical) {
  const std::string name = "cpu core=0,host=a";
  EXPECT_EQ(canonical(name, {}).name.data(), name.data());
  EXPECT_EQ(canonical("cpu b,a", {}).error, NameError::kNoRoom);
}

TEST(Qname, HasAWildcardOnlyWhereAStarStandsAlone) {
  EXPECT_TRUE(has_wildcard("cpu *"));
  EXPECT_TRUE(has_wildcard("cpu a=*"));
  EXPECT_TRUE(has_wildcard("cpu a=1,*"));
  EXPECT_FALSE(has_wildcard("cpu a=\\*"));
  EXPECT_FALSE(has_wildcard("cpu \\*=a"));
  EXPECT_FALSE(has_wildcard("* a=b")) << "the metric counts in patterns only";
}

TEST(Qname, ComesApartIntoMetricAndTags) {
  const std::string_view name = "cpu a\\,b=c\\=d,up";
  EXPECT_EQ(metric_of(name), "cpu");
  TagWalk walk(tags_of(name));
  Tag tag;
  ASSERT_TRUE(walk.next(tag));
  std::array<char, 8> room;
  EXPECT_EQ(unescape(tag.key, room), "a,b");
  EXPECT_EQ(unescape(tag.value, room), "c=d");
  ASSERT_TRUE(walk.next(tag));
  EXPECT_EQ(tag.key, "up");
  EXPECT_EQ(tag.value, "");
  EXPECT_FALSE(walk.next(tag));
}

std::string random_name(std::mt19937& random, bool valid_start) {
  constexpr std::string_view kOctets = "ab=,,*\\\\  \x01\xe9~=a";
  std::string name = valid_start ? "m " : "";
  for (auto i = random() % 24; i > 0; --i) name += kOctets[random() % kOctets.size()];
  return name;
}

TEST(Qname, CanonicalFormOfACanonicalFormIsItself) {
  std::mt19937 random(2);
  int valid = 0;
  for (int i = 0; i < 100'000; ++i) {
    const std::string name = random_name(random, i % 8 != 0);
    const auto once = canonical_text(name);
    ASSERT_EQ(is_canonical(name), once == name) << name;
    if (!once) continue;
    ++valid;
    ASSERT_TRUE(is_canonical(*once)) << name;
    ASSERT_EQ(canonical_text(*once), once) << name;
    ASSERT_LE(once->size(), name.size());
  }
  EXPECT_GT(valid, 1000) << "the test has something to test";
}

TEST(Qname, DoesNotDependOnTheOrderOfItsTags) {
  std::mt19937 random(3);
  std::vector<std::string> tags{"a=1", "b=2", "c", "d=x y", "e\\,=\\*", "A=1", "_z=*"};
  const auto join = [&tags] {
    std::string name = "cpu";
    for (const std::string& tag : tags) name += (name.size() == 3 ? ' ' : ',') + tag;
    return name;
  };
  const auto wanted = canonical_text(join());
  for (int i = 0; i < 200; ++i) {
    std::ranges::shuffle(tags, random);
    EXPECT_EQ(canonical_text(join()), wanted);
  }
}

}  // namespace
}  // namespace lariat::proto
