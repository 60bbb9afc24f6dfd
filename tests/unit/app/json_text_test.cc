#include "agent/app/json_text.h"

#include <gtest/gtest.h>

#include <string>

namespace lariat::app {
namespace {

std::string json(std::string_view text) {
  std::string out;
  append_json_string(text, out);
  return out;
}

TEST(JsonText, KnowsUtf8ByTheLetter) {
  for (const auto* good :
       {"", "a", "\xc2\x80", "\xed\x9f\xbf", "\xee\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_TRUE(is_utf8(good)) << json(good);
  }
  for (const auto* bad : {"\x80", "\xc1\x80", "\xc2", "\xe0\x9f\xbf", "\xed\xa0\x80",
                          "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xff", "a\xc3"}) {
    EXPECT_FALSE(is_utf8(bad)) << json(bad);
  }
}

TEST(JsonText, EscapesWhatSteersATerminal) {
  EXPECT_EQ(json("a\"b\\c\nd\te"), R"("a\"b\\c\nd\te")");
  EXPECT_EQ(json({"\0\x1b\x7f", 3}), R"("\u0000\u001b\u007f")");
  EXPECT_EQ(json("\xc2\x9b\xe2\x80\xae"), R"("\u009b\u202e")");
  EXPECT_EQ(json("\xc3\xbc/\xe2\x98\x83"), "\"\xc3\xbc/\xe2\x98\x83\"");
}

TEST(JsonText, ReplacesOctetsThatAreNotUtf8) {
  EXPECT_EQ(json("a\xff"
                 "b"),
            "\"a\xef\xbf\xbd"
            "b\"");
}

TEST(JsonText, ReadsHexadecimalInPairsOnly) {
  std::string out;
  EXPECT_TRUE(append_from_hex("00fFA1", out));
  EXPECT_EQ(out, std::string("\0\xff\xa1", 3));
  EXPECT_FALSE(append_from_hex("0", out));
  EXPECT_FALSE(append_from_hex("0g", out));
}

}  // namespace
}  // namespace lariat::app
