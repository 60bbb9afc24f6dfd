#include "proto/graphite.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace lariat::proto {
namespace {

using testing::HasSubstr;

GraphiteTemplate layout(std::string_view text) {
  auto parsed = GraphiteTemplate::parse(text);
  EXPECT_TRUE(std::holds_alternative<GraphiteTemplate>(parsed)) << text;
  return std::get<GraphiteTemplate>(parsed);
}

std::string why(std::string_view text) {
  const auto parsed = GraphiteTemplate::parse(text);
  const auto* sentence = std::get_if<std::string>(&parsed);
  return sentence != nullptr ? *sentence : "it is good";
}

std::string line(const Point& point, const GraphiteOptions& options = {},
                 const DefaultTags& labels = {}) {
  GraphiteEncoder encoder(options, labels);
  std::vector<char> out(encoder.room());
  return {out.data(), encoder.write(point, out)};
}

std::string path(std::string_view name, const GraphiteOptions& options = {},
                 const DefaultTags& labels = {}) {
  const std::string whole = line({.name = name, .value = 1, .seconds = 2}, options, labels);
  EXPECT_TRUE(whole.ends_with(" 1 2\n")) << whole;
  return whole.substr(0, whole.find(' '));
}

std::string path_by(std::string_view text, std::string_view name) {
  return path(name, {.layout = layout(text)});
}

std::string tagged(std::string_view name) { return path(name, {.tags = true}); }

TEST(Graphite, ALineIsPathValueAndSeconds) {
  EXPECT_EQ(line({.name = "cpu.load core=0,host=web1", .value = 0.25, .seconds = 1'700'000'000}),
            "web1.cpu.load.0 0.25 1700000000\n");
  EXPECT_EQ(line({.name = "a host=h", .value = -1e300, .seconds = 0}), "h.a -1e+300 0\n");
  EXPECT_EQ(line({.name = "a host=h", .kind = Payload::kEvent, .value = 3, .seconds = 5}),
            "h.a_events_total 3 5\n");
}

TEST(Graphite, TheTextOfATimeIsThatOfEachPoint) {
  GraphiteEncoder encoder({}, {});
  std::vector<char> out(encoder.room());
  for (const std::int64_t seconds : {0, 7, 7, 1'700'000'000, 7}) {
    const Point point{.name = "a x=1", .value = 1, .seconds = seconds};
    EXPECT_EQ(std::string(out.data(), encoder.write(point, out)),
              "a.1 1 " + std::to_string(seconds) + "\n");
  }
}

TEST(Graphite, AFactCannotBeSaid) {
  EXPECT_EQ(line({.name = "os host=a", .kind = Payload::kFact, .value = 1, .text = "x"}), "");
}

TEST(Graphite, TheHostComesFirstAndTheOtherValuesLast) {
  EXPECT_EQ(path("cpu core=0,host=a,mode=user"), "a.cpu.0.user");
  EXPECT_EQ(path("cpu core=0"), "cpu.0") << "a tag that is not there leaves no gap";
  EXPECT_EQ(path("cpu host=a,host=b"), "a.cpu.b") << "of two the first has the place";
}

TEST(Graphite, ALevelHasNoDotsAndIsNeverEmpty) {
  EXPECT_EQ(path("cpu.load core=0,host=web.1"), "web_1.cpu.load.0");
  EXPECT_EQ(path("..a..b/c. up"), "a.b_c._");
  EXPECT_EQ(path("... up=a b"), "_.a_b");
  EXPECT_EQ(path("m\xc3\xb6 a=\\\xc3\\\xb6\\*,b=x:y-z_"), "m__.___.x:y-z_");
  EXPECT_EQ(path("a host"), "_.a");
}

TEST(Graphite, ATemplateSaysWhatStandsWhere) {
  EXPECT_EQ(path_by("metric", "cpu core=0,host=a"), "cpu");
  EXPECT_EQ(path_by("dc.host.tags.metric", "cpu core=0,dc=x,host=a"), "x.a.0.cpu");
  EXPECT_EQ(path_by("metric.core.host", "cpu core=0,dc=x,host=a"), "cpu.0.a");
  EXPECT_EQ(path_by("tags.metric", "cpu core=0,host=a"), "0.a.cpu");
  EXPECT_EQ(path("cpu host=a", {.layout = layout("metric.tags"), .prefix = ".one..t wo."}),
            "one.t_wo.cpu.a");
  EXPECT_EQ(layout("dc.host.tags.metric").text(), "dc.host.tags.metric");
  EXPECT_EQ(layout("host.metric.tags"), GraphiteTemplate());
}

TEST(Graphite, ATemplateThatIsNoneIsRefusedWithASentence) {
  EXPECT_THAT(why(""), HasSubstr("host.metric.tags"));
  EXPECT_THAT(why("host..metric"), HasSubstr("the key of a tag"));
  EXPECT_THAT(why("host.metric."), HasSubstr("the key of a tag"));
  EXPECT_THAT(why("host.me tric"), HasSubstr("the key of a tag"));
  EXPECT_THAT(why("host.tags"), HasSubstr("metric has no place"));
  EXPECT_THAT(why("metric.host.host"), HasSubstr("`host` stands there again"));
  EXPECT_THAT(why("metric.metric"), HasSubstr("`metric` stands there again"));
}

TEST(Graphite, TagsAreWrittenOnRequest) {
  EXPECT_EQ(tagged("cpu.load core=0,host=web.1"), "cpu.load;core=0;host=web.1");
  EXPECT_EQ(tagged("cpu a=x;y,b=~z,name=n,up"), "cpu;a=x_y;b=_z;up=_");
  EXPECT_EQ(tagged("cpu a;!^\\=b=1,c d=e f"), "cpu;a____b=1;c_d=e_f");
  EXPECT_EQ(tagged("cpu a!=1,a^=2,a_=3"), "cpu;a_=1") << "of alike keys the first stays";
  EXPECT_EQ(path("cpu a=1", {.prefix = "p.q", .tags = true}), "p.q.cpu;a=1");
  EXPECT_EQ(line({.name = "e a=1", .kind = Payload::kEvent, .value = 1}, {.tags = true}),
            "e_events_total;a=1 1 0\n");
}

TEST(Graphite, LabelsAreAddedWhereTheNameLacksThem) {
  DefaultTags labels;
  ASSERT_EQ(labels.set("dc", "x"), NameError::kNone);
  ASSERT_EQ(labels.set("host", "other"), NameError::kNone);
  EXPECT_EQ(path("cpu core=0,host=a", {}, labels), "a.cpu.0.x");
  EXPECT_EQ(path("cpu core=0", {.tags = true}, labels), "cpu;core=0;dc=x;host=other");
  const std::string longest = "m " + std::string(kMaxNameLength - 2, 'k');
  EXPECT_EQ(line({.name = longest, .value = 1}, {}, labels), "") << "there is no room for more";
  EXPECT_NE(line({.name = longest, .value = 1}), "");
}

TEST(Graphite, TheLongestLinesHaveRoom) {
  std::string many = "m ";
  for (int i = 10; i < 74; ++i) many += (i == 10 ? "" : ",") + std::to_string(i);
  EXPECT_EQ(path(many).size(), 1U + 2 * 64);
  const std::string longest = "m k=" + std::string(kMaxNameLength - 4, 'v');
  const GraphiteOptions options{.prefix = std::string(200, 'p'), .tags = true};
  GraphiteEncoder encoder(options, {});
  std::vector<char> out(encoder.room());
  EXPECT_EQ(encoder.write({.name = longest,
                           .kind = Payload::kEvent,
                           .value = -1.2345678901234567e-300,
                           .seconds = 9'000'000'000'000'000},
                          out),
            kMaxNameLength + 201 + 13 + 43);
}

}  // namespace
}  // namespace lariat::proto
