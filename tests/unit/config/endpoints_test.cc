#include "agent/config/endpoints.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/unit/config/support.h"

namespace lariat::config {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::IsEmpty;

std::string with_endpoint(std::string_view object) {
  return "{\"endpoints\": {\"e\":\n" + std::string(object) + "}}";
}

TEST(Endpoints, HaveDefaultsForAllButTheUrl) {
  const auto loaded = parse_on(with_endpoint(R"({"url": "tsdp+unix:///run/a.sock"})"));
  ASSERT_TRUE(loaded.config);
  Endpoint expected{.name = "e"};
  expected.url = {.scheme = "tsdp+unix", .path = "/run/a.sock"};
  EXPECT_THAT(loaded.config->endpoints, ElementsAre(expected));
}

TEST(Endpoints, AreInTheOrderOfTheFile) {
  const auto config =
      parse_on(R"({"endpoints": {"z": {"url": "tsdp://z:1"}, "a": {"url": "tsdp://a:1"}}})").config;
  ASSERT_TRUE(config);
  ASSERT_EQ(config->endpoints.size(), 2U);
  EXPECT_EQ(config->endpoints[0].name, "z");
}

TEST(Endpoints, TakeEachKey) {
  const auto loaded = parse_on(with_endpoint(
      R"({"url": "tsdp://[::1]:5", "start": "begin", "max_age": "90s", "max_bytes": "1MiB",
          "order": "fifo", "catch_up": 2.5, "match": ["a *"], "connect_timeout": "1ms",
          "stall_timeout": "2s",
          "back_off": {"min": "1s", "max": "1s"}, "heartbeat": "0s"})"));
  ASSERT_TRUE(loaded.config);
  const auto& endpoint = loaded.config->endpoints.at(0);
  EXPECT_EQ(endpoint.url.text(), "tsdp://[::1]:5");
  EXPECT_TRUE(endpoint.from_begin);
  EXPECT_FALSE(endpoint.fresh_first);
  EXPECT_EQ(endpoint.catch_up, 2.5);
  EXPECT_EQ(endpoint.max_age, milliseconds(90'000));
  EXPECT_EQ(endpoint.max_bytes, 1U << 20U);
  EXPECT_THAT(endpoint.match, ElementsAre("a *"));
  EXPECT_TRUE(endpoint.filter && !endpoint.filter->matches("b host=a"));
  EXPECT_EQ(endpoint.connect_timeout, milliseconds(1));
  EXPECT_EQ(endpoint.stall_timeout, milliseconds(2000));
  EXPECT_EQ(endpoint.back_off_min, milliseconds(1000));
  EXPECT_EQ(endpoint.back_off_max, milliseconds(1000));
  EXPECT_EQ(endpoint.heartbeat, milliseconds(0));
}

TEST(Endpoints, ComeBackFreshFirstByDefaultOnlyWithASpool) {
  constexpr std::string_view kSpool = R"("log": {"spool": {"directory": "/s"}}, )";
  const auto order = [&](std::string_view log, std::string_view keys) {
    const auto loaded =
        parse_on('{' + std::string(log) + R"("endpoints": {"e": {"url": "tsdp://a:1")" +
                 std::string(keys) + "}}}");
    return loaded.config ? std::optional(loaded.config->endpoints.at(0).fresh_first) : std::nullopt;
  };
  EXPECT_EQ(order("", ""), false);
  EXPECT_EQ(order(kSpool, ""), true);
  EXPECT_EQ(order(kSpool, R"(, "order": "fifo")"), false);
  EXPECT_EQ(order("", R"(, "order": "fresh-first")"), true);
}

TEST(Endpoints, TakeNullForWhatIsAbsent) {
  const auto loaded = parse_on(
      with_endpoint(R"({"url": "tsdp://a:1", "max_age": null, "max_bytes": null, "match": null})"));
  ASSERT_TRUE(loaded.config);
  EXPECT_FALSE(loaded.config->endpoints[0].filter);
}

TEST(Endpoints, WarnOfOneUrlTwice) {
  const auto loaded = parse_on(
      "{\"endpoints\": {\"a\": {\"url\": \"tsdp://x:1\"},\n\"b\": {\"url\": \"TSDP://x:1/\"}}}");
  EXPECT_TRUE(loaded.config);
  EXPECT_THAT(lines(loaded.warnings),
              ElementsAre("c.json:2:1: endpoints.b: has the URL of \"a\", line 1: its aggregator "
                          "gets every frame twice"));
}

TEST(Endpoints, WarnOfALagThatTheLogCannotHold) {
  const auto loaded = parse_on(with_endpoint(R"({"url": "tsdp://a:1", "max_bytes": "17MiB"})"));
  EXPECT_TRUE(loaded.config);
  EXPECT_THAT(lines(loaded.warnings),
              ElementsAre("c.json:2:36: endpoints.e.max_bytes: \"17MiB\" is more than log.memory "
                          "holds (16MiB), which drops frames first; write a larger log.memory, or "
                          "remove this key"));
  const auto spooled = parse_on(
      R"({"log": {"spool": {}}, "endpoints": {"e": {"url": "tsdp://a:1", "max_bytes": "17MiB"}}})");
  EXPECT_THAT(lines(spooled.warnings), ElementsAre());
}

TEST(Endpoints, AreCalledByNames) {
  const std::string longest(64, 'x');
  for (const std::string& name : {std::string("a"), std::string("A.b_c-9"), longest}) {
    EXPECT_TRUE(parse_on("{\"endpoints\": {\"" + name + R"(": {"url": "tsdp://a:1"}}})").config);
  }
  for (const std::string& bad : {std::string(), std::string(".a"), std::string("-a"),
                                 std::string("a b"), std::string("a/b"), longest + 'x'}) {
    const auto mistakes =
        parse_on("{\"endpoints\": {\"" + bad + R"(": {"url": "tsdp://a:1"}}})").mistakes;
    ASSERT_EQ(mistakes.size(), 1U) << bad;
    EXPECT_THAT(mistakes[0].text,
                testing::EndsWith(" cannot be the name of an endpoint; write 1 to 64 of A-Z a-z "
                                  "0-9 . _ -, the first none of . and -"));
  }
}

TEST(Endpoints, TakeEachScheme) {
  for (const std::string url :
       {"tsdp://h:1", "tsdp+tls://h:1", "tsdp+unix:///p", "graphite://h", "influx://h:1",
        "influx+http://h/write?db=d", "influx+https://h:1/api/v2/write?bucket=b&org=o",
        "prometheus+http://h:1/w", "prometheus+https://h:1/w", "bolo://h"}) {
    const auto loaded = parse_on(with_endpoint("{\"url\": \"" + url + "\"}"));
    EXPECT_THAT(lines(loaded.mistakes), IsEmpty()) << url;
  }
}

class EndpointMistakeTest : public testing::TestWithParam<Bad> {};

TEST_P(EndpointMistakeTest, IsToldInWords) {
  const auto loaded = parse_on(with_endpoint(GetParam().text));
  EXPECT_FALSE(loaded.config);
  EXPECT_EQ(lines(loaded.mistakes), GetParam().mistakes);
}

INSTANTIATE_TEST_SUITE_P(
    Url, EndpointMistakeTest,
    testing::Values(
        Bad{"{}",
            {"c.json:1:16: endpoints.e: the url is missing; write \"url\": "
             "\"tsdp://host:2600\""}},
        Bad{R"("tsdp://a:1")",
            {"c.json:2:1: endpoints.e: \"tsdp://a:1\" is not an object; write "
             "{\"url\": \"tsdp://host:2600\"}"}},
        Bad{R"({"url": 5})",
            {"c.json:2:9: endpoints.e.url: 5 is not a URL; write a text such as "
             "\"tsdp://host:2600\""}},
        Bad{R"({"url": "tsdp://a:0"})",
            {"c.json:2:9: endpoints.e.url: \"tsdp://a:0\" has port 0, to which nobody can connect; "
             "write the port of the aggregator"}},
        Bad{R"({"url": "tsdp://a"})",
            {"c.json:2:9: endpoints.e.url: \"tsdp://a\" is not a URL to connect to: the port is "
             "missing, write tsdp://host:port"}},
        Bad{R"({"url": "tspd://a:1"})",
            {"c.json:2:9: endpoints.e.url: \"tspd://a:1\" is not a URL to connect to: this version "
             "cannot speak \"tspd\", only tsdp, tsdp+tls, tsdp+unix, graphite, influx, "
             "influx+http, influx+https, prometheus+http, prometheus+https, bolo"}}));

INSTANTIATE_TEST_SUITE_P(
    Keys, EndpointMistakeTest,
    testing::Values(
        Bad{R"({"url": "tsdp://a:1", "start": "now"})",
            {"c.json:2:32: endpoints.e.start: \"now\" is not known here; write one of \"end\", "
             "\"begin\""}},
        Bad{R"({"url": "tsdp://a:1", "start": "beginn"})",
            {"c.json:2:32: endpoints.e.start: \"beginn\" is not known here; did you mean "
             "\"begin\"?"}},
        Bad{R"({"url": "tsdp://a:1", "start": 0})",
            {"c.json:2:32: endpoints.e.start: 0 is not one of the words here; write a text such as "
             "\"end\", \"begin\""}},
        Bad{R"({"url": "tsdp://a:1", "max_age": "0s"})",
            {"c.json:2:34: endpoints.e.max_age: \"0s\" is too short; write 1ms or more"}},
        Bad{R"({"url": "tsdp://a:1", "max_bytes": "1B"})",
            {"c.json:2:36: endpoints.e.max_bytes: \"1B\" is too small; write 4KiB or more"}},
        Bad{R"({"url": "tsdp://a:1", "order": "fresh-first", "catch_up": -1})",
            {"c.json:2:59: endpoints.e.catch_up: -1 is not a number from 0 to 1000"}},
        Bad{R"({"url": "tsdp://a:1", "order": "fresh-first", "catch_up": "4"})",
            {"c.json:2:59: endpoints.e.catch_up: \"4\" is a text; write the number without "
             "quotes"}},
        Bad{R"({"url": "tsdp://a:1", "order": "lifo"})",
            {"c.json:2:32: endpoints.e.order: \"lifo\" is not known here; did you mean "
             "\"fifo\"?"}},
        Bad{R"({"url": "tsdp://a:1", "connect_timeout": "0s"})",
            {"c.json:2:42: endpoints.e.connect_timeout: \"0s\" is too short; write 1ms or more"}},
        Bad{R"({"url": "tsdp://a:1", "back_off": "1s"})",
            {"c.json:2:35: endpoints.e.back_off: \"1s\" is not an object; write {\"min\": "
             "\"500ms\", \"max\": \"30s\"}"}},
        Bad{R"({"url": "tsdp://a:1", "back_off": {"min": "1m", "mix": "1s"}})",
            {"c.json:2:35: endpoints.e.back_off: min is 1m and max is 30s: write a max that is not "
             "below min",
             "c.json:2:49: endpoints.e.back_off.mix: there is no such key; did you mean "
             "\"min\"?"}}));

INSTANTIATE_TEST_SUITE_P(
    Match, EndpointMistakeTest,
    testing::Values(
        Bad{R"({"url": "tsdp://a:1", "match": "a *"})",
            {"c.json:2:32: endpoints.e.match: \"a *\" is not an array of patterns; write "
             "[\"node_cpu_* *\"]"}},
        Bad{R"({"url": "tsdp://a:1", "match": []})",
            {"c.json:2:32: endpoints.e.match: the list of patterns is empty, so that nothing would "
             "pass: write \"* *\" to take everything"}},
        Bad{R"({"url": "tsdp://a:1", "match": ["load", "a *", ""]})",
            {"c.json:2:33: endpoints.e.match[0]: \"load\" says nothing of tags: write \"load *\" "
             "to take any",
             "c.json:2:48: endpoints.e.match[2]: a pattern is empty: write a metric, a blank and "
             "tags, such as \"node_cpu_* *\""}}));

TEST(Endpoints, MustBeAnObject) {
  EXPECT_THAT(lines(parse_on(R"({"endpoints": ["tsdp://a:1"]})").mistakes),
              ElementsAre("c.json:1:15: endpoints: an array is not an object; write {\"east\": "
                          "{\"url\": \"tsdp://host:2600\"}}"));
}

}  // namespace
}  // namespace lariat::config
