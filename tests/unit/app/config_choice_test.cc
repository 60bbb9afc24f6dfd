#include "agent/app/config_choice.h"

#include <gtest/gtest.h>

namespace lariat::app {
namespace {

TEST(ConfigChoice, IsTheNamedFileThenTheStandardOneThenTheDefault) {
  EXPECT_EQ(choose_config("a.json", "/dev/null"), "a.json");
  EXPECT_EQ(choose_config("", "/dev/null"), "/dev/null");
  EXPECT_EQ(choose_config("", "/no/such/file.json"), "");
  EXPECT_EQ(choose_config("", "/dev/null/file.json"), "");
}

TEST(ConfigChoice, OfNoFileIsTheBuiltInDefault) {
  const auto loaded = load_choice("", config::real_surroundings());
  ASSERT_TRUE(loaded.config);
  EXPECT_EQ(loaded.config->file, "");
  EXPECT_EQ(loaded.config->run.size(), 2U);
}

TEST(ConfigChoice, TellsWarningsFromMistakes) {
  EXPECT_EQ(as_lines({{"c", 1, 2, "a.b", "is bad"}},
                     {{"c", 3, 4, "a", "is odd"}, {"d", 0, 0, "", "is odd"}}),
            "c:1:2: a.b: is bad\nc:3:4: warning: a: is odd\nd: warning: is odd\n");
}

}  // namespace
}  // namespace lariat::app
