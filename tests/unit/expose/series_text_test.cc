#include "agent/expose/series_text.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace lariat::expose {
namespace {

using proto::Payload;

std::string shown(std::string_view name, Payload kind = Payload::kSample,
                  const proto::DefaultTags& tags = {}) {
  SeriesText text;
  describe(name, kind, tags, text);
  return text.family + "{" + text.labels + "}";
}

TEST(SeriesTextTest, NamesAreMadeLegal) {
  EXPECT_EQ(shown("node_load1 host=a"), R"(node_load1{host="a"})");
  EXPECT_EQ(shown("web:req.time 0x=1,a-b=2"), R"(web:req_time{_0x="1",a_b="2"})");
  EXPECT_EQ(shown("1m x=1"), R"(_1m{x="1"})");
  EXPECT_EQ(shown("größe x=1"), R"(gr____e{x="1"})");
}

TEST(SeriesTextTest, OfTwoLabelsThenAlikeTheFirstStays) {
  EXPECT_EQ(shown("a a-b=1,a_b=2"), R"(a{a_b="1"})");
  EXPECT_EQ(shown("a x=1,x=2"), R"(a{x="1"})");
}

TEST(SeriesTextTest, EscapedOctetsAreTheirOwn) {
  EXPECT_EQ(shown("a x=b\\,c\\=d"), R"(a{x="b,c=d"})");
}

TEST(SeriesTextTest, ReservedLabelsLoseTheirReservation) {
  EXPECT_EQ(shown("a __name__=b"), R"(a{_name__="b"})");
  EXPECT_EQ(shown("a _=b,__=c"), R"(a{_="b"})");
  EXPECT_EQ(shown("a __x=1,_x=2"), R"(a{_x="1"})") << "of two then alike the first stays";
}

TEST(SeriesTextTest, EventsAndFactsHaveTheirSuffix) {
  EXPECT_EQ(shown("a x=1", Payload::kEvent), R"(a_events_total{x="1"})");
  EXPECT_EQ(shown("a x=1", Payload::kFact), R"(a_info{x="1"})");
  EXPECT_EQ(shown("a x=1,value=2", Payload::kFact), R"(a_info{x="1"})");
  EXPECT_EQ(shown("a x=1,value=2", Payload::kState), R"(a{value="2",x="1"})");
}

TEST(SeriesTextTest, TypesFollowTheKind) {
  SeriesText text;
  for (const auto kind : {Payload::kTally, Payload::kDelta, Payload::kEvent}) {
    describe("a x=1", kind, {}, text);
    EXPECT_EQ(text.type, proto::FamilyType::kCounter);
  }
  for (const auto kind : {Payload::kSample, Payload::kState, Payload::kFact}) {
    describe("a x=1", kind, {}, text);
    EXPECT_EQ(text.type, proto::FamilyType::kGauge);
  }
}

TEST(SeriesTextTest, TheAgentsTagsAreLeftOutBySpelledKeyAndValue) {
  proto::DefaultTags tags;
  ASSERT_EQ(tags.set("host", "a,b"), proto::NameError::kNone);
  ASSERT_EQ(tags.set("up", ""), proto::NameError::kNone);
  EXPECT_EQ(shown("m host=a\\,b,up,x=1", Payload::kSample, tags), R"(m{x="1"})");
  EXPECT_EQ(shown("m host=a,up=1", Payload::kSample, tags), R"(m{host="a",up="1"})");
}

TEST(SeriesTextTest, TheLongestNameHasRoom) {
  std::string name = "m k=";
  name.append(proto::kMaxNameLength - name.size(), '"');
  SeriesText text;
  describe(name, Payload::kSample, {}, text);
  EXPECT_EQ(text.labels.size(), 2 * (proto::kMaxNameLength - 4) + 4);
}

TEST(SeriesTextTest, AFactIsOneMoreLabel) {
  std::string out;
  append_fact("", "a\nb", out);
  EXPECT_EQ(out, R"(value="a\nb")");
  out.clear();
  append_fact("x=\"1\"", "", out);
  EXPECT_EQ(out, R"(,value="")");
}

}  // namespace
}  // namespace lariat::expose
