#include "agent/base/url.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace lariat::base {
namespace {

using testing::HasSubstr;

TEST(Url, NamesAHostAndAPort) {
  EXPECT_EQ(*parse_url("tsdp://agg1.example:2600"),
            (Url{.scheme = "tsdp", .host = "agg1.example", .port = 2600}));
  EXPECT_EQ(*parse_url("tsdp://192.0.2.1:1"),
            (Url{.scheme = "tsdp", .host = "192.0.2.1", .port = 1}));
  EXPECT_EQ(*parse_url("tsdp://[2001:db8::1]:65535"),
            (Url{.scheme = "tsdp", .host = "2001:db8::1", .port = 65535}));
  EXPECT_EQ(parse_url("tsdp://localhost:0")->port, 0);
  EXPECT_EQ(parse_url("TSDP://a_b.example.:2600/")->host, "a_b.example.");
}

TEST(Url, NamesTheAbsolutePathOfASocket) {
  const auto url = parse_url("tsdp+unix:///run/lariat/in.sock");
  ASSERT_TRUE(url);
  EXPECT_EQ(*url, (Url{.scheme = "tsdp+unix", .path = "/run/lariat/in.sock"}));
  EXPECT_TRUE(url->is_unix());
}

TEST(Url, IsWrittenAsItWasRead) {
  for (const auto* text :
       {"tsdp://agg1.example:2600", "tsdp://[::1]:0", "tsdp+unix:///a", "tsdp://192.0.2.1:2600"}) {
    EXPECT_EQ(parse_url(text)->text(), text);
  }
}

TEST(Url, RefusesWhatANameServerWouldBeAskedFor) {
  for (const auto* host :
       {"1.2.3", "999.1.1.1", "1", "0x7f.1", "host.0x10", "[fe80::1%25eth0]", "[fe80::1%eth0]",
        "[192.0.2.1]", "[]", "[name]", "1.2.3.4.5", "1.2.3.4."}) {
    EXPECT_FALSE(parse_url(std::string("tsdp://") + host + ":2600")) << host;
  }
  EXPECT_TRUE(parse_url("tsdp://4you.example:2600"));
  EXPECT_TRUE(parse_url("tsdp://1.example:2600"));
}

TEST(Url, RefusesHostsThatAreNoNames) {
  const std::string long_label(64, 'a');
  std::string long_name;
  while (long_name.size() <= 253) long_name += "label.";
  for (const auto& host :
       {std::string(), std::string("-a"), std::string("a-"), std::string("a..b"), std::string("."),
        std::string("h\xc3\xb6st"), std::string("a,b"), long_label, long_name}) {
    EXPECT_FALSE(parse_url("tsdp://" + host + ":2600")) << host;
  }
}

TEST(Url, SaysWhatIsWrong) {
  const auto why = [](const char* text) { return parse_url(text).error().text; };
  EXPECT_THAT(why("agg1.example:2600"), HasSubstr("write tsdp://host:port"));
  EXPECT_THAT(why("tsdp://agg1.example"), HasSubstr("port is missing"));
  EXPECT_THAT(why("tsdp://agg1.example:"), HasSubstr("port is missing"));
  EXPECT_THAT(why("tsdp://agg1.example:65536"), HasSubstr("0 to 65535"));
  EXPECT_THAT(why("tsdp://agg1.example:2600x"), HasSubstr("0 to 65535"));
  EXPECT_THAT(why("tsdp://[::1]2600"), HasSubstr("0 to 65535"));
  EXPECT_THAT(why("tsdp://[::1:2600"), HasSubstr("not closed"));
  EXPECT_THAT(why("tsdp://::1:2600"), HasSubstr("in brackets"));
  EXPECT_THAT(why("tsdp://user:secret@agg1.example:2600"), HasSubstr("user or password"));
  EXPECT_THAT(why("tsdp://agg1.example:2600/path"), HasSubstr("path has no meaning"));
  EXPECT_THAT(why("tsdp://agg1.example:2600?a=b"), HasSubstr("query"));
  EXPECT_THAT(why("tsdp+unix:///run/a?b"), HasSubstr("query"));
  EXPECT_THAT(why("tsdp+unix://run/a"), HasSubstr("absolute"));
  EXPECT_THAT(why("tsdp+unix:///run/"), HasSubstr("directory"));
  EXPECT_THAT(why("http://agg1.example:80"), HasSubstr("cannot speak \"http\""));
  EXPECT_THAT(why("tsdp://agg 1:2600"), HasSubstr("blanks"));
}

TEST(Url, DoesNotRepeatASecret) {
  EXPECT_THAT(parse_url("tsdp://user:secret@agg1.example:2600").error().text,
              testing::Not(HasSubstr("secret")));
}

TEST(Url, RefusesPathsTheKernelHasNoRoomFor) {
  const std::string longest = "/" + std::string(106, 'a');
  EXPECT_TRUE(parse_url("tsdp+unix://" + longest));
  EXPECT_FALSE(parse_url("tsdp+unix://" + longest + "a"));
}

}  // namespace
}  // namespace lariat::base
