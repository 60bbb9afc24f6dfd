#include "agent/config/json_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/unit/config/support.h"

namespace lariat::config {
namespace {

using testing::ElementsAre;

std::vector<std::string> faults(std::string_view text) {
  Notes notes("c.json");
  const auto root = parse_json(text, notes);
  auto list = lines(notes.take_mistakes());
  EXPECT_EQ(root.has_value(), list.empty()) << text;
  return list;
}

Node good(std::string_view text) {
  Notes notes("c.json");
  auto root = parse_json(text, notes);
  EXPECT_TRUE(root) << text;
  return root ? *root : Node();
}

std::string at(Place place) {
  return std::to_string(place.line) + ':' + std::to_string(place.column);
}

TEST(JsonTree, KnowsWhereEachKeyAndValueStands) {
  const auto root = good("{ // one\n  \"a\" /* : */ : [ 10, -2.5e+3,\n\"x\" ],\"b\":{\"c\":null}}");
  ASSERT_EQ(root.children.size(), 2U);
  const Node& a = root.children[0];
  EXPECT_EQ(at(root.place), "1:1");
  EXPECT_EQ(at(a.key_place), "2:3");
  EXPECT_EQ(at(a.place), "2:17");
  ASSERT_EQ(a.children.size(), 3U);
  EXPECT_EQ(at(a.children[0].place), "2:19");
  EXPECT_EQ(a.children[0].text, "10");
  EXPECT_EQ(at(a.children[1].place), "2:23");
  EXPECT_EQ(a.children[1].text, "-2.5e+3");
  EXPECT_EQ(at(a.children[2].place), "3:1");
  const Node& b = root.children[1];
  EXPECT_EQ(at(b.key_place), "3:7");
  EXPECT_EQ(at(b.children[0].place), "3:16");
  EXPECT_EQ(b.children[0].kind, Node::Kind::kNull);
}

TEST(JsonTree, KeepsRepeatedKeys) {
  const auto root = good(R"({"a": 1, "a": 2})");
  ASSERT_EQ(root.children.size(), 2U);
  EXPECT_EQ(root.children[1].text, "2");
}

TEST(JsonTree, PassesOverTheByteOrderMarkAndAllComments) {
  const auto root = good("\xef\xbb\xbf/* a */ // b\r{\"a\": true} // c");
  ASSERT_EQ(root.children.size(), 1U);
  EXPECT_TRUE(root.children[0].boolean);
  EXPECT_EQ(at(good("\xef\xbb\xbf{}").place), "1:1") << "no editor counts the mark";
}

TEST(JsonTree, ReadsEscapes) {
  EXPECT_EQ(good(R"(["\u00e4\ud83d\ude00\n\"\\"])").children[0].text,
            "\xc3\xa4\xf0\x9f\x98\x80\n\"\\");
}

TEST(JsonTree, TakesNumbersAsTheyAreWritten) {
  for (const std::string number : {"0", "-0", "10", "1.50", "1e3", "18446744073709551616"}) {
    EXPECT_EQ(good('[' + number + ']').children[0].text, number);
    EXPECT_EQ(good(number).text, number);
  }
}

TEST(JsonTree, SaysWhatIsWrongWithTheFile) {
  constexpr const char* kEmpty =
      "c.json: the file is empty: write {} to leave everything as it is by default";
  EXPECT_THAT(faults(""), ElementsAre(kEmpty));
  EXPECT_THAT(faults("\n// nothing\n"), ElementsAre(kEmpty));
  EXPECT_THAT(faults("\xff\xfe{"), ElementsAre("c.json:1:1: the file is UTF-16: save it as UTF-8"));
  EXPECT_THAT(faults(std::string_view("{\n\0}", 4)),
              ElementsAre("c.json:2:1: a NUL octet stands here: this is no text file"));
}

TEST(JsonTree, BoundsTheDepth) {
  EXPECT_EQ(faults(std::string(32, '[') + std::string(32, ']')).size(), 0U);
  const auto deep = std::string(100'000, '[');
  EXPECT_THAT(faults(deep),
              ElementsAre("c.json:1:33: brackets are nested more than 32 levels deep"));
}

struct Fault {
  std::string_view text;
  std::string_view line;
};

class JsonFaultTest : public testing::TestWithParam<Fault> {};

TEST_P(JsonFaultTest, IsToldWithItsPlaceInWords) {
  EXPECT_THAT(faults(GetParam().text), ElementsAre("c.json:" + std::string(GetParam().line)));
}

constexpr std::string_view kUnicode =
    "1:3: \\u takes four hexadecimal digits, and two such escapes for a character beyond U+FFFF";
constexpr std::string_view kNotUtf8 = "an octet here is not UTF-8: save the file as UTF-8";

INSTANTIATE_TEST_SUITE_P(
    Brackets, JsonFaultTest,
    testing::Values(
        Fault{"{\"a\": 1", "1:8: the file ends here, but the { of line 1 is still open: write }"},
        Fault{"{\"a\":\n[1", "2:3: the file ends here, but the [ of line 2 is still open: write ]"},
        Fault{"{\"a\":", "1:6: the file ends here, but the { of line 1 is still open: write }"},
        Fault{"{\"a\"", "1:5: the file ends here, but the { of line 1 is still open: write }"},
        Fault{"{", "1:2: the file ends here, but the { of line 1 is still open: write }"},
        Fault{"{\"a\": [1}", "1:9: } stands here, but the [ of line 1 is open: write ]"},
        Fault{"{]", "1:2: ] stands here, but the { of line 1 is open: write }"},
        Fault{"}", "1:1: a bracket is closed that was not opened"},
        Fault{"{} {",
              "1:4: the configuration has ended before this: remove what follows, or the "
              "bracket that ended it too early"}));

INSTANTIATE_TEST_SUITE_P(
    Separators, JsonFaultTest,
    testing::Values(Fault{"{\"a\": 1\n\"b\": 2}",
                          "1:8: a comma is missing here, before the next value"},
                    Fault{"[\"a\" \"b\"]", "1:5: a comma is missing here, before the next value"},
                    Fault{"{\"a\": 1,}", "1:8: the comma before } is one too many: remove it"},
                    Fault{"[1, // x\n]", "1:3: the comma before ] is one too many: remove it"},
                    Fault{"{\"a\": 1,, \"b\": 2}", "1:9: a comma is too many here: remove it"},
                    Fault{"[1,,2]", "1:4: a value is missing before this comma"},
                    Fault{"{\"a\" 1}", "1:6: a colon is missing between the key and its value"},
                    Fault{"{\"a\" = 1}", "1:6: write : between a key and its value, not ="},
                    Fault{"{\"a\": }", "1:7: the value of the key is missing"},
                    Fault{"{\"a\": , \"b\": 1}", "1:7: the value of the key is missing"}));

INSTANTIATE_TEST_SUITE_P(
    Words, JsonFaultTest,
    testing::Values(
        Fault{"{a: 1}", "1:2: a key is written in double quotes: \"a\""},
        Fault{"{'a': 1}", "1:2: a key is written in double quotes, not in single ones"},
        Fault{"{{", "1:2: \"{\" stands where a key is expected; a key is a text in double quotes"},
        Fault{"{\"a\": 'b'}", "1:7: a text is written in double quotes, not in single ones"},
        Fault{"{\"a\": 10s}", "1:7: a text is written in double quotes: \"10s\""},
        Fault{"{\"password\" : hunter2}", "1:15: a text is written in double quotes"},
        Fault{"{\"password\": 12.3.4}", "1:14: a text is written in double quotes"},
        Fault{"10s", "1:1: a text is written in double quotes: \"10s\""},
        Fault{"{\"a\": tsdp://b:1}", "1:7: a text is written in double quotes: \"tsdp://b:1\""},
        Fault{"{\"a\": True}", "1:7: write true in small letters"},
        Fault{"{\"a\": NULL}", "1:7: write null in small letters"},
        Fault{"{\"a\": None}", "1:7: write null for nothing"},
        Fault{"{\"a\": &}",
              "1:7: \"&\" cannot stand here; a value is a text in double quotes, a "
              "number, true, false, null, [...] or {...}"}));

INSTANTIATE_TEST_SUITE_P(
    Numbers, JsonFaultTest,
    testing::Values(Fault{"{\"a\": +1}", "1:7: a number does not begin with +"},
                    Fault{"{\"a\": 010}", "1:7: a number does not begin with 0"},
                    Fault{"  00", "1:3: a number does not begin with 0"},
                    Fault{"{\"a\": .5}", "1:7: \".5\" is no number; write one as 10 or 2.5"},
                    Fault{"{\"a\": 1.}", "1:7: \"1.\" is no number; write one as 10 or 2.5"},
                    Fault{"{\"a\": 1.2.3}", "1:7: \"1.2.3\" is no number; write one as 10 or 2.5"},
                    Fault{"{\"a\": 1e999}", "1:7: 1e999 is more than a number can be"}));

INSTANTIATE_TEST_SUITE_P(
    Comments, JsonFaultTest,
    testing::Values(
        Fault{"{# a\n}", "1:2: a comment begins with //, not with #"},
        Fault{"{\"a\": 1 # a\n}", "1:9: a comment begins with //, not with #"},
        Fault{"{} # a", "1:4: a comment begins with //, not with #"},
        Fault{"{ /* a }", "1:3: the comment that begins here has no end: write */ behind it"},
        Fault{"{ / a }",
              "1:3: a lone / stands here: a comment is // to the end of its line, or /* and */"}));

INSTANTIATE_TEST_SUITE_P(
    Strings, JsonFaultTest,
    testing::Values(Fault{"{\"a\n\": 1}", "1:2: the text that begins here has no closing quote"},
                    Fault{"[\"a", "1:2: the text that begins here has no closing quote"},
                    Fault{"[\"\t\"]", "1:3: a tabulator stands in a text: write \\t"},
                    Fault{"[\"\x1b\"]", "1:3: a control character stands in a text: write \\u001b"},
                    Fault{"[\"\\d\"]", "1:3: \\d is no escape: write \\\\ for a backslash"},
                    Fault{"[\"\\u12\"]", kUnicode}, Fault{"[\"\\ud800\"]", kUnicode},
                    Fault{"[\"\\udc00\"]", kUnicode}));

TEST(JsonFault, IsToldOfOctetsThatAreNotUtf8) {
  const std::string line = "c.json:1:4: " + std::string(kNotUtf8);
  EXPECT_THAT(faults("[\"a\xe9 b\"]"), ElementsAre(line));
  EXPECT_THAT(faults("[\"a\xed\xa0\x80\"]"), ElementsAre(line));
}

TEST(JsonFault, ShowsNoControlCharacter) {
  EXPECT_THAT(faults("{\x1b[2J"),
              ElementsAre("c.json:1:2: \"\\x1b\" stands where a key is expected; a key is a text "
                          "in double quotes"));
}

}  // namespace
}  // namespace lariat::config
