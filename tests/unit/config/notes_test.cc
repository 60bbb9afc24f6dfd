#include "agent/config/notes.h"

#include <gtest/gtest.h>

#include <string>

#include "agent/config/reader.h"

namespace lariat::config {
namespace {

TEST(Shown, SteersNoTerminal) {
  EXPECT_EQ(shown("a\x1b[0m\n\x7f", 100), "a\\x1b[0m\\x0a\\x7f");
  EXPECT_EQ(shown("\xc2\x9b \xe2\x80\xae \xe2\x81\xa6", 100),
            "\\xc2\\x9b \\xe2\\x80\\xae \\xe2\\x81\\xa6");
  EXPECT_EQ(shown("gr\xc3\xbc\xc3\x9f \xe2\x82\xac", 100), "gr\xc3\xbc\xc3\x9f \xe2\x82\xac");
}

TEST(Shown, IsCutBetweenCharacters) {
  EXPECT_EQ(shown("abcdef", 3), "abc...");
  EXPECT_EQ(shown("ab\xc3\xbc", 3), "ab...");
  EXPECT_EQ(shown("abc", 3), "abc");
}

TEST(Mistake, IsPrintedAsCompilersDo) {
  EXPECT_EQ(to_string({"a.json", 2, 5, "log.memory", "is bad"}), "a.json:2:5: log.memory: is bad");
  EXPECT_EQ(to_string({"a.json", 0, 0, "", "is bad"}), "a.json: is bad");
  EXPECT_EQ(to_string({"", 0, 0, "", "is bad"}), "is bad");
  EXPECT_EQ(to_string({"a\n.json", 0, 0, "", "is bad"}), "a\\x0a.json: is bad");
}

TEST(Nearest, IsAWordWithFewOtherLetters) {
  const std::vector<std::string> words{"interval", "max_age", "max_bytes", "url"};
  EXPECT_EQ(nearest("intervall", words), "interval");
  EXPECT_EQ(nearest("Interval", words), "interval");
  EXPECT_EQ(nearest("max_aeg", words), "max_age");
  EXPECT_EQ(nearest("uri", words), "url");
  EXPECT_EQ(nearest("port", words), std::nullopt);
  EXPECT_EQ(nearest("", words), std::nullopt);
  EXPECT_EQ(nearest(std::string(1'000'000, 'x'), words), std::nullopt);
}

}  // namespace
}  // namespace lariat::config
