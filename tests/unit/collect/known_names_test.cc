#include "agent/collect/known_names.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace lariat::collect {
namespace {

/// What is learned for a name is the name itself behind `full:`.
class KnownNamesTest : public testing::Test {
 protected:
  /// How many of an answer's names were known.
  std::size_t answer(const std::vector<std::string>& printed) {
    names_.rewind();
    std::size_t known = 0;
    for (const auto& name : printed) known += look(name) ? 1 : 0;
    return known;
  }
  bool look(const std::string& printed) {
    const std::string full = "full:" + printed;
    if (const auto found = names_.find(printed)) {
      EXPECT_EQ(found->full, full);
      EXPECT_TRUE(found->changed);
      return true;
    }
    names_.learn(printed, full);
    return false;
  }

  KnownNames names_;
};

TEST_F(KnownNamesTest, KnowsFromTheSecondAnswerOn) {
  EXPECT_EQ(answer({"a", "b", "c"}), 0U);
  EXPECT_EQ(answer({"a", "b", "c"}), 3U);
}

TEST_F(KnownNamesTest, NamesThatComeGoOrMoveAreLearnedAnew) {
  (void)answer({"a", "b", "c"});
  EXPECT_EQ(answer({"a", "new", "b", "c"}), 1U);
  EXPECT_EQ(answer({"a", "new", "b", "c"}), 4U);
  EXPECT_EQ(answer({"b", "c"}), 0U);
  EXPECT_EQ(answer({"b", "c"}), 2U);
  (void)answer({"c", "b"});
  EXPECT_EQ(answer({"c", "b"}), 2U);
}

TEST_F(KnownNamesTest, ANameThatBeginsLikeAnotherIsAnother) {
  (void)answer({"ab"});
  EXPECT_EQ(answer({"a"}), 0U);
  EXPECT_EQ(answer({"ab"}), 0U);
  EXPECT_EQ(answer({""}), 0U);
  EXPECT_EQ(answer({""}), 1U);
}

TEST_F(KnownNamesTest, TheFirstNameBeginsAgainWithoutAWord) {
  (void)answer({"a", "b"});
  EXPECT_TRUE(look("a"));
  EXPECT_TRUE(look("b"));
  EXPECT_TRUE(look("a"));
  EXPECT_TRUE(look("a")) << "repeated";
  EXPECT_TRUE(look("b"));
}

TEST_F(KnownNamesTest, ANameThatStaysAsItIsIsNotChanged) {
  names_.learn("a host=b", "a host=b");
  names_.rewind();
  const auto found = names_.find("a host=b");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->full, "a host=b");
  EXPECT_FALSE(found->changed);
}

TEST_F(KnownNamesTest, IsBoundedAndForgets) {
  std::vector<std::string> many;
  for (std::size_t i = 0; i < KnownNames::kMost + 100; ++i) many.push_back(std::to_string(i));
  (void)answer(many);
  EXPECT_EQ(answer(many), KnownNames::kMost);
  names_.forget();
  EXPECT_EQ(answer(many), 0U);
}

}  // namespace
}  // namespace lariat::collect
