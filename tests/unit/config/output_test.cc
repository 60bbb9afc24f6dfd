#include "agent/config/output.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>

#include "tests/unit/config/support.h"

namespace lariat::config {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr std::string_view kInflux = "influx+http://h/write?db=d";
constexpr std::string_view kRemoteWrite = "prometheus+https://h:443/api/v1/write";

std::string with(std::string_view url, std::string_view keys) {
  return R"({"endpoints": {"e": {"url": ")" + std::string(url) + '"' + (keys.empty() ? "" : ",\n") +
         std::string(keys) + "}}}";
}

std::optional<Endpoint> endpoint(std::string_view url, std::string_view keys,
                                 const FakeHost& host = {}) {
  const auto loaded = parse_on(with(url, keys), host);
  EXPECT_THAT(lines(loaded.mistakes), IsEmpty());
  if (!loaded.config) return std::nullopt;
  return loaded.config->endpoints.at(0);
}

// The sentence of the only mistake.
std::string why(std::string_view url, std::string_view keys, const FakeHost& host = {}) {
  const auto loaded = parse_on(with(url, keys), host);
  EXPECT_EQ(loaded.mistakes.size(), 1U) << testing::PrintToString(lines(loaded.mistakes));
  return loaded.mistakes.empty() ? "" : to_string(loaded.mistakes.front());
}

TEST(Outputs, NeedNoKeys) {
  const auto influx = endpoint(kInflux, "");
  ASSERT_TRUE(influx);
  Output expected;
  expected.compression = base::Compression::kGzip;
  EXPECT_EQ(influx->output, expected);
  EXPECT_EQ(influx->heartbeat, milliseconds(0));
  EXPECT_EQ(endpoint(kRemoteWrite, "")->output.compression, base::Compression::kSnappy);
  EXPECT_EQ(endpoint("graphite://h", "")->output, Output());
  EXPECT_EQ(endpoint("bolo://h", "")->output, Output());
  EXPECT_EQ(endpoint("tsdp+tls://h:1", "")->heartbeat, milliseconds(60'000));
}

TEST(Outputs, GraphiteHasPaths) {
  const auto made = endpoint(
      "graphite://h", R"("template": "dc.host.metric", "prefix": "a.b", "labels": {"dc": "x"})");
  ASSERT_TRUE(made);
  EXPECT_EQ(made->output.graphite.layout.text(), "dc.host.metric");
  EXPECT_EQ(made->output.graphite.prefix, "a.b");
  EXPECT_FALSE(made->output.graphite.tags);
  EXPECT_EQ(made->output.labels.entries()[0].value, "x");
  EXPECT_TRUE(endpoint("graphite://h", R"("tags": true, "prefix": null)")->output.graphite.tags);
  EXPECT_THAT(why("graphite://h", R"("template": "host")"),
              HasSubstr("endpoints.e.template: \"host\": the metric has no place"));
  EXPECT_THAT(why("graphite://h", R"("tags": true, "template": "metric")"),
              HasSubstr("remove one of the two keys"));
  EXPECT_THAT(why("graphite://h", R"("prefix": "")"), HasSubstr("null for none"));
}

TEST(Outputs, RequestsHaveTheirKeys) {
  const auto made =
      endpoint(kInflux,
               R"("batch": {"samples": 10, "age": "1s", "bytes": "4KiB"}, "compression": "none",
         "field": "gauge", "headers": {"X-A": "b", "Authorization": "Token t"},
         "proxy": "http://[::1]:3128/")");
  ASSERT_TRUE(made);
  EXPECT_EQ(made->output.batch, (base::BatchLimits{10, milliseconds(1000), 4096}));
  EXPECT_EQ(made->output.compression, base::Compression::kNone);
  EXPECT_EQ(made->output.field, "gauge");
  EXPECT_THAT(made->output.headers, ElementsAre(std::pair("X-A", Secret{"b", ""}),
                                                std::pair("Authorization", Secret{"Token t", ""})));
  EXPECT_EQ(made->output.proxy, "http://[::1]:3128");
}

TEST(Outputs, TlsHasFiles) {
  const auto made =
      endpoint("tsdp+tls://h:1",
               R"("tls": {"ca": "/ca", "certificate": "/c", "key": "/k", "server_name": "::1",
                 "min_version": "1.3"})");
  ASSERT_TRUE(made);
  EXPECT_EQ(made->output.tls, (base::TlsOptions{"/ca", "/c", "/k", "::1", base::TlsVersion::k13}));
  EXPECT_THAT(why(kRemoteWrite, R"("tls": {"certificate": "/c"})"), HasSubstr("belong together"));
  EXPECT_THAT(why(kRemoteWrite, R"("tls": {"ca": "ca"})"), HasSubstr("absolute path"));
  EXPECT_THAT(why(kRemoteWrite, R"("tls": {"server_name": "a b"})"), HasSubstr("host name"));
  EXPECT_THAT(why(kRemoteWrite, R"("tls": {"min_version": "1.1"})"), HasSubstr("\"1.2\""));
}

TEST(Outputs, AKeyThatASchemeHasNoUseForSaysWhichHave) {
  EXPECT_EQ(why("tsdp://h:1", R"("labels": {})"),
            "c.json:2:1: endpoints.e.labels: tsdp:// has no use for this key; it belongs to "
            "graphite://, influx://, influx+http://, influx+https://, prometheus+http://, "
            "prometheus+https://, bolo://");
  EXPECT_THAT(why("influx://h:1", R"("template": null)"), HasSubstr("belongs to graphite://"));
  EXPECT_THAT(why(kInflux, R"("tls": {})"),
              HasSubstr("tsdp+tls://, influx+https://, prometheus+https://"));
  EXPECT_THAT(why("graphite://h", R"("batch": {})"), HasSubstr("graphite:// has no use"));
  EXPECT_THAT(why("bolo://h", R"("heartbeat": "0s")"),
              HasSubstr("tsdp://, tsdp+unix://, tsdp+tls://"));
  EXPECT_THAT(why("graphite://h", R"("password": "hunter2")"), Not(HasSubstr("hunter2")));
}

TEST(Outputs, CompressionIsWhatTheServerTakes) {
  EXPECT_THAT(why(kRemoteWrite, R"("compression": "gzip")"), HasSubstr("write one of \"snappy\""));
  EXPECT_THAT(why(kInflux, R"("compression": "snappy")"),
              HasSubstr("write one of \"none\", \"gzip\""));
  EXPECT_TRUE(endpoint(kRemoteWrite, R"("compression": "snappy")"));
}

TEST(Outputs, ASecretThatGoesPlainIsWarnedOf) {
  const auto warnings = [](std::string_view url) {
    return lines(parse_on(with(url, R"("bearer_token": "hunter2")")).warnings);
  };
  EXPECT_THAT(warnings(kInflux),
              ElementsAre(testing::AllOf(HasSubstr("write a url of influx+https://"),
                                         Not(HasSubstr("hunter2")))));
  EXPECT_THAT(warnings("influx+http://127.0.0.1/write?db=d"), IsEmpty());
  EXPECT_THAT(warnings(kRemoteWrite), IsEmpty());
  EXPECT_THAT(lines(parse_on(with(kInflux, R"("username": "u", "password": "p")")).warnings),
              ElementsAre(HasSubstr("endpoints.e.password")));
}

TEST(Outputs, OrderIsThatWhichTheServerTakes) {
  EXPECT_THAT(why("bolo://h", R"("order": "fresh-first")"), HasSubstr("write \"fifo\""));
  const auto loaded = parse_on(with(kRemoteWrite, R"("order": "fresh-first")"));
  ASSERT_TRUE(loaded.config);
  EXPECT_THAT(lines(loaded.warnings), ElementsAre(HasSubstr("out_of_order_time_window")));
  const auto by_default = [](std::string_view url) {
    const auto spooled = parse_on(R"({"log": {"spool": {}}, "endpoints": {"e": {"url": ")" +
                                  std::string(url) + "\"}}}");
    return spooled.config.value().endpoints.at(0).fresh_first;
  };
  EXPECT_TRUE(by_default("tsdp+tls://h:1"));
  EXPECT_FALSE(by_default("graphite://h"));
  EXPECT_FALSE(by_default("influx://h:1"));
  EXPECT_FALSE(by_default("bolo://h"));
}

TEST(Outputs, ARequestSaysOnceWhoSendsIt) {
  EXPECT_THAT(why(kInflux, R"("password": "x")"), HasSubstr("write \"username\" too"));
  EXPECT_THAT(why(kInflux, R"("bearer_token": "x", "username": "u")"), HasSubstr("either a token"));
  EXPECT_THAT(why(kInflux, R"("bearer_token": "x", "headers": {"authorization": "y"})"),
              HasSubstr("remove one of them"));
  EXPECT_THAT(why(kInflux, R"("username": "a:b")"), HasSubstr("no colon"));
  EXPECT_THAT(why(kInflux, R"("bearer_token": "")"), HasSubstr("null for none"));
  EXPECT_TRUE(endpoint(kInflux, R"("bearer_token": null, "username": "u", "password": null)"));
}

TEST(Outputs, HeadersAreNamesThatAreNotOurs) {
  for (const std::string name : {"User-Agent", "content-TYPE", "Content-Encoding", "Host",
                                 "X-Prometheus-Remote-Write-Version", "Transfer-Encoding"}) {
    EXPECT_THAT(why(kInflux, R"("headers": {")" + name + R"(": "x"})"),
                HasSubstr("is set by Lariat"));
  }
  EXPECT_THAT(why(kInflux, R"("headers": {"a b": "x"})"), HasSubstr("cannot be the name"));
  EXPECT_THAT(why(kInflux, R"("headers": {"": "x"})"), HasSubstr("cannot be the name"));
  EXPECT_THAT(why(kInflux, R"("headers": {"X-a": "1", "x-A": "2"})"),
              HasSubstr("in other letters"));
  EXPECT_THAT(why(kInflux, R"("headers": {"X": "a\r\nB: c"})"), HasSubstr("as one line"));
}

TEST(Outputs, SecretsComeFromElsewhere) {
  FakeHost host;
  host.variables["T"] = "hunter2";
  host.files["/p"] = "pass word\n";
  const auto made = endpoint(
      kInflux, R"("username": "u", "password": "@file:/p", "headers": {"X": "@env:T"})", host);
  ASSERT_TRUE(made);
  EXPECT_EQ(made->output.password, (Secret{"pass word", "@file:/p"}));
  EXPECT_EQ(made->output.headers.at(0).second, (Secret{"hunter2", "@env:T"}));
  EXPECT_EQ(endpoint(kInflux, R"("bearer_token": "@@x")")->output.bearer_token.value, "@x");
  EXPECT_THAT(why(kInflux, R"("bearer_token": "@env:NONE")"), HasSubstr("NONE is not in"));
  host.files["/p"] = "two\nlines";
  EXPECT_THAT(why(kInflux, R"("bearer_token": "@file:/p")", host), HasSubstr("as one line"));
}

TEST(Outputs, NoMistakeShowsASecret) {
  FakeHost host;
  host.files["/p"] = std::string("hunter2\0", 8);
  for (const std::string value :
       {R"("@hunter2")", R"("hunter2\n")", R"("hunter2\u0000")", R"(["hunter2"])", "2hunter2",
        R"("@file:/p")", R"({"a": "hunter2"})"}) {
    for (const std::string key : {"bearer_token", "password", "username"}) {
      const auto loaded = parse_on(with(kInflux, '"' + key + "\": " + value), host);
      EXPECT_FALSE(loaded.config) << value;
      if (value.front() == '2') continue;  // That is no JSON.
      EXPECT_THAT(testing::PrintToString(lines(loaded.mistakes)), Not(HasSubstr("hunter2")));
    }
    const auto loaded = parse_on(with(kInflux, R"("headers": {"X": )" + value + "}"), host);
    if (value.front() != '2') {
      EXPECT_THAT(testing::PrintToString(lines(loaded.mistakes)), Not(HasSubstr("hunter2")));
    }
  }
  for (const std::string keys :
       {R"("headers": "hunter2")", R"("password": 772211)", R"("proxy": "http://u:hunter2@h:1")",
        R"("headers": ["hunter2", 772211])"}) {
    const std::string sentence = why(kInflux, keys);
    EXPECT_THAT(sentence, Not(HasSubstr("hunter2")));
    EXPECT_THAT(sentence, Not(HasSubstr("772211")));
  }
}

TEST(Outputs, PrintShowsWhereASecretIsAndNotWhatItIs) {
  FakeHost host;
  host.variables["T"] = "hunter2";
  const auto printed = [&host](std::string_view keys) {
    return print(parse_on(with(kInflux, keys), host).config.value());
  };
  EXPECT_THAT(printed(R"("bearer_token": "@env:T")"), HasSubstr(R"("bearer_token": "@env:T")"));
  EXPECT_THAT(printed(R"("bearer_token": "@env:T")"), Not(HasSubstr("hunter2")));
  const auto literal =
      printed(R"("username": "hunter1", "password": "hunter2", "headers": {"X": "hunter3"})");
  EXPECT_THAT(literal, Not(HasSubstr("hunter")));
  EXPECT_THAT(literal, HasSubstr(R"("X": "***")"));
}

TEST(Outputs, ValuesHaveBounds) {
  EXPECT_THAT(why(kInflux, R"("batch": {"samples": 0})"), HasSubstr("from 1 to 100000"));
  EXPECT_THAT(why(kInflux, R"("batch": {"bytes": "1KiB"})"), HasSubstr("4KiB or more"));
  EXPECT_THAT(why(kInflux, R"("batch": {"bytes": "17MiB"})"), HasSubstr("16MiB or less"));
  EXPECT_THAT(why(kInflux, R"("batch": {"age": "0s"})"), HasSubstr("too short"));
  EXPECT_THAT(why(kInflux, R"("field": "time")"), HasSubstr("not \"time\""));
  EXPECT_THAT(why(kInflux, R"("field": "a\tb")"), HasSubstr("printable ASCII"));
  EXPECT_THAT(why(kInflux, R"("proxy": "socks5://h:1")"), HasSubstr("no proxy"));
  EXPECT_THAT(why(kInflux, R"("proxy": "http://h")"), HasSubstr("no proxy"));
  EXPECT_THAT(why(kInflux, R"("labels": {"a\\b": "x"})"), HasSubstr("backslash"));
}

TEST(Outputs, TheServerOfHttpHasCertificateAndKey) {
  const auto http = [](std::string_view tls) {
    return parse_on(R"({"http": {"tls": )" + std::string(tls) + "}}");
  };
  const auto good = http(R"({"certificate": "/c", "key": "/k", "client_ca": null})");
  ASSERT_TRUE(good.config);
  EXPECT_EQ(good.config->http->tls, (ServerTls{"/c", "/k", ""}));
  EXPECT_EQ(good.config->http->port, 9299);
  EXPECT_FALSE(http("null").config->http->tls);
  EXPECT_THAT(lines(http(R"({"certificate": "/c"})").mistakes),
              ElementsAre(HasSubstr("http.tls: a server needs \"certificate\" and \"key\"")));
  EXPECT_THAT(lines(http(R"({"certificate": "c", "key": "/k"})").mistakes),
              ElementsAre(HasSubstr("absolute path")));
  const auto moved =
      parse_on(R"({"http": {"listen": "127.0.0.1:1", "tls": {"certificate": "/c", "key": "/k"}}})");
  EXPECT_EQ(moved.config->http->port, 1);
  EXPECT_TRUE(moved.config->http->tls);
}

}  // namespace
}  // namespace lariat::config
