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

TEST(Url, NamesWhatARequestAsksFor) {
  EXPECT_EQ(*parse_url("prometheus+https://[2001:db8::1]:443/api/v1/write"),
            (Url{.scheme = "prometheus+https",
                 .host = "2001:db8::1",
                 .port = 443,
                 .target = "/api/v1/write"}));
  EXPECT_EQ(parse_url("prometheus+http://h:1/a?db=x&y")->target, "/a?db=x&y");
  EXPECT_EQ(parse_url("Influx+HTTP://h:1/write?db=x")->target, "/write?db=x&precision=s");
  EXPECT_EQ(parse_url("influx+http://h:1/write?precision=s&db=x")->target,
            "/write?precision=s&db=x");
  EXPECT_EQ(parse_url("influx+http://h:1/write")->target, "/write?precision=s");
  EXPECT_EQ(parse_url("influx+https://h:1/api/v2/write?bucket=b&org=o%20p")->target,
            "/api/v2/write?bucket=b&org=o%20p&precision=s");
}

TEST(Url, HasAPortWhereOneIsWellKnown) {
  EXPECT_EQ(parse_url("graphite://h")->port, 2003);
  EXPECT_EQ(parse_url("graphite://h/")->port, 2003);
  EXPECT_EQ(parse_url("bolo://[::1]")->port, 2999);
  EXPECT_EQ(parse_url("influx+http://h/write?db=d")->port, 8086);
  EXPECT_EQ(parse_url("influx+http://[::1]/write")->port, 8086);
  EXPECT_EQ(parse_url("graphite://h:1")->port, 1);
  for (const auto* text : {"tsdp://h", "tsdp+tls://h", "influx://h", "influx+https://h/write",
                           "prometheus+http://h/w", "prometheus+https://h/w", "graphite://h:"}) {
    ASSERT_FALSE(parse_url(text)) << text;
    EXPECT_THAT(parse_url(text).error().text, HasSubstr("the port is missing, write "));
  }
}

TEST(Url, TellsHowItIsSpoken) {
  const auto how = [](const char* text) {
    const Url url = *parse_url(text);
    return std::string(url.is_tsdp() ? "tsdp " : "") + (url.is_http() ? "http " : "") +
           (url.is_tls() ? "tls " : "") + (url.is_unix() ? "unix " : "");
  };
  EXPECT_EQ(how("tsdp://h:1"), "tsdp ");
  EXPECT_EQ(how("tsdp+tls://h:1"), "tsdp tls ");
  EXPECT_EQ(how("tsdp+unix:///p"), "tsdp unix ");
  EXPECT_EQ(how("graphite://h"), "");
  EXPECT_EQ(how("influx://h:1"), "");
  EXPECT_EQ(how("bolo://h"), "");
  EXPECT_EQ(how("influx+http://h/w"), "http ");
  EXPECT_EQ(how("prometheus+https://h:1/w"), "http tls ");
  EXPECT_EQ(parse_url("prometheus+https://h:1/w")->http_text(), "https://h:1/w");
  EXPECT_EQ(parse_url("influx+http://[::1]/w")->http_text(), "http://[::1]:8086/w?precision=s");
}

TEST(Url, IsWrittenAsItWasRead) {
  for (const auto* text :
       {"tsdp://agg1.example:2600", "tsdp://[::1]:0", "tsdp+unix:///a", "tsdp://192.0.2.1:2600",
        "graphite://h:2003", "prometheus+http://[::1]:9090/api/v1/write?x=1",
        "influx+http://h:8086/write?db=d&precision=s"}) {
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
  EXPECT_THAT(why("http://agg1.example:80"), HasSubstr("cannot speak \"http\", only tsdp, "));
  EXPECT_THAT(why("graphite://h/x"), HasSubstr("no meaning here, write graphite://host:2003"));
  EXPECT_THAT(why("bolo://h?x"), HasSubstr("query"));
  EXPECT_THAT(why("bolo://u@h"), HasSubstr("user or password has no meaning"));
  EXPECT_THAT(why("influx+http://u:p@h/write"), HasSubstr("keys \"username\" and \"password\""));
  EXPECT_THAT(why("influx+http://h/write?u=x&p=y"), HasSubstr("\"username\" and \"password\""));
  EXPECT_THAT(why("influx+http://h/write?precision=ns"), HasSubstr("leave \"precision\" out"));
  EXPECT_THAT(why("influx+http://h/write?precision=s&precision=s"), HasSubstr("\"precision\" out"));
  EXPECT_THAT(why("influx+http://h:1"),
              HasSubstr("path is missing, write influx+http://host:8086/write?db=NAME"));
  EXPECT_THAT(why("influx+http://h:1/?db=x"), HasSubstr("path is missing"));
  EXPECT_THAT(why("influx+http://h:1?db=x"), HasSubstr("path is missing"));
  EXPECT_THAT(why("prometheus+http://h:1/"), HasSubstr("path is missing"));
  EXPECT_THAT(why("prometheus+http://h:1/w#x"), HasSubstr("fragment"));
  EXPECT_THAT(why("prometheus+http://h:1/\xc3\xb6"), HasSubstr("as %NN"));
  EXPECT_THAT(why(("prometheus+http://h:1/" + std::string(2000, 'x')).c_str()),
              HasSubstr("2000 octets at most"));
  EXPECT_THAT(why("tsdp://agg 1:2600"), HasSubstr("blanks"));
}

TEST(Url, DoesNotRepeatASecret) {
  for (const auto* text :
       {"tsdp://user:secret@agg1.example:2600", "influx+http://h/write?db=d&p=secret",
        "influx+http://h/write?p=secret@x", "influx+http://u:secret@h/write?db=d",
        "influx+http://u:secret?@h/write?p=secret", "bolo://h?secret", "http://secret@h/?secret"}) {
    ASSERT_FALSE(parse_url(text)) << text;
    EXPECT_THAT(parse_url(text).error().text, testing::Not(HasSubstr("secret"))) << text;
  }
}

TEST(Url, RefusesPathsTheKernelHasNoRoomFor) {
  const std::string longest = "/" + std::string(106, 'a');
  EXPECT_TRUE(parse_url("tsdp+unix://" + longest));
  EXPECT_FALSE(parse_url("tsdp+unix://" + longest + "a"));
}

}  // namespace
}  // namespace lariat::base
