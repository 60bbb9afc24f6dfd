#include "agent/config/load.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/unit/config/support.h"

namespace lariat::config {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

std::string tags_of(const Config& config) {
  std::string text;
  for (const auto& [key, value] : config.tags.entries()) text += key + '=' + value + ',';
  return text;
}

TEST(Load, HasADefaultForEverything) {
  const auto [config, mistakes, warnings] = parse_on("{}");
  ASSERT_TRUE(config);
  EXPECT_EQ(config->file, "c.json");
  EXPECT_EQ(tags_of(*config), "host=web1,");
  EXPECT_EQ(config->interval, seconds(10));
  EXPECT_EQ(config->log, (Log{16U << 20U, 1U << 20U}));
  EXPECT_EQ(config->http, (Listen{"127.0.0.1", 9299}));
  EXPECT_EQ(config->control_socket, "/run/lariat/lariat.sock");
  EXPECT_THAT(config->endpoints, IsEmpty());
  EXPECT_THAT(config->directories, ElementsAre("/etc/lariat/collectors.d"));
  EXPECT_THAT(config->run, IsEmpty());
  EXPECT_EQ(config->schedule_file, "");
  EXPECT_EQ(config->max_series, 100'000U);
  EXPECT_EQ(config->shutdown_grace, seconds(5));
  EXPECT_THAT(warnings, IsEmpty());
}

TEST(Load, ReadsTheWholeExample) {
  FakeHost host;
  host.files["/etc/dbolo.conf"] = "@10s /usr/lib/bolo/collectors/linux\n";
  const std::string file = LARIAT_FIXTURES "/config/whole.json";
  const auto text = real_surroundings().read_file(file);
  ASSERT_TRUE(text) << text.error().text;
  host.files[file] = *text;
  const auto [config, mistakes, warnings] = load(file, host.surroundings());
  ASSERT_TRUE(config) << testing::PrintToString(lines(mistakes));
  EXPECT_EQ(tags_of(*config), "env=prod,host=web1,");
  ASSERT_EQ(config->endpoints.size(), 1U);
  const Endpoint& east = config->endpoints[0];
  EXPECT_EQ(east.name, "east");
  EXPECT_EQ(east.url.text(), "tsdp://agg1.example:2600");
  EXPECT_EQ(east.max_age, seconds(86'400));
  EXPECT_EQ(east.max_bytes, std::uint64_t{128} << 20U);
  EXPECT_TRUE(east.filter && east.filter->matches("node_cpu_seconds host=a"));
  ASSERT_EQ(config->run.size(), 2U);
  EXPECT_EQ(config->run[0].mode, Mode::kStream);
  EXPECT_THAT(config->run[0].command,
              ElementsAre("/usr/lib/lariat/collectors/linux", "--no", "hwmon"));
  const Collector& mine = config->run[1];
  EXPECT_EQ(mine.interval, seconds(60));
  EXPECT_EQ(mine.timeout, seconds(20));
  EXPECT_THAT(mine.env, ElementsAre(std::pair<std::string, std::string>("A", "b")));
  EXPECT_EQ(mine.user, "nobody");
  EXPECT_EQ(mine.max_series, 2000U);
  EXPECT_EQ(mine.origin, file + ": collectors.run.mine");
  ASSERT_EQ(config->schedule.size(), 1U);
  EXPECT_EQ(config->schedule[0].name, "linux-2") << "linux is taken";
  EXPECT_EQ(config->log.spool, Spool{});
  EXPECT_EQ(lines(warnings), std::vector<std::string>());
}

TEST(Load, ASpoolHasADefaultForEachKey) {
  const auto config = parse_on(R"({"log": {"spool": {}}})").config;
  ASSERT_TRUE(config);
  EXPECT_EQ(config->log.spool, Spool{});
  EXPECT_EQ(config->log.budget(), std::uint64_t{256} << 20U);
  EXPECT_FALSE(parse_on(R"({"log": {"spool": null}})").config->log.spool);
}

TEST(Load, TakesNullForNone) {
  const auto config = parse_on(R"({"http": null, "control": null, "collectors": {
      "schedule_file": null, "directories": []}})")
                          .config;
  ASSERT_TRUE(config);
  EXPECT_FALSE(config->http);
  EXPECT_EQ(config->control_socket, "");
  EXPECT_EQ(config->schedule_file, "");
  EXPECT_THAT(config->directories, IsEmpty());
}

TEST(Load, ListensOnLiteralAddressesAndLocalhost) {
  const auto listen = [](const std::string& text) {
    const auto loaded = parse_on(R"({"http": {"listen": ")" + text + "\"}}");
    return loaded.config ? loaded.config->http : std::nullopt;
  };
  EXPECT_EQ(listen("[::1]:9299"), (Listen{"::1", 9299}));
  EXPECT_EQ(listen("0.0.0.0:0"), (Listen{"0.0.0.0", 0}));
  EXPECT_EQ(listen("localhost:80"), (Listen{"localhost", 80}));
  for (const std::string bad : {"", "9299", "127.0.0.1", "::1:9299", "127.0.0.1:9299/", "[::1]"}) {
    EXPECT_FALSE(listen(bad)) << bad;
  }
}

TEST(Load, AddsTheHostOnlyWhereThereAreNoTags) {
  EXPECT_EQ(tags_of(*parse_on(R"({"tags": {}})").config), "host=web1,");
  EXPECT_EQ(tags_of(*parse_on(R"({"tags": {"env": "a b"}})").config), "env=a b,");
}

TEST(Load, SaysWhyTheFileCannotBeRead) {
  const auto loaded = load("/etc/c.json", FakeHost().surroundings());
  EXPECT_FALSE(loaded.config);
  EXPECT_THAT(lines(loaded.mistakes), ElementsAre("/etc/c.json: cannot be opened: gone"));
}

TEST(Load, RefusesWhatIsOverOneMebibyte) {
  const std::string most = "{}" + std::string((1U << 20U) - 2, ' ');
  EXPECT_TRUE(parse_on(most).config);
  EXPECT_THAT(
      lines(parse_on(most + ' ').mistakes),
      ElementsAre("c.json: the file is over 1 MiB, the most that a configuration may have"));
}

TEST(Load, TellsAThousandMistakesAndThatThereAreMore) {
  std::string text = "{";
  for (int i = 0; i < 2000; ++i) text += "\"x" + std::to_string(i) + "\": 1,\n";
  text.back() = ' ';
  text[text.size() - 2] = '}';
  const auto mistakes = parse_on(text).mistakes;
  ASSERT_EQ(mistakes.size(), 1001U);
  EXPECT_THAT(mistakes.back().text, "there is more; these are the first 1000");
}

TEST(Load, TellsMistakesInTheOrderOfTheFile) {
  const auto list = lines(parse_on("{\"x\": 1,\n\"interval\": 1,\n\"y\": 1}").mistakes);
  ASSERT_EQ(list.size(), 3U);
  EXPECT_THAT(list[0], testing::StartsWith("c.json:1:2: x: "));
  EXPECT_THAT(list[1], testing::StartsWith("c.json:2:13: interval: "));
  EXPECT_THAT(list[2], testing::StartsWith("c.json:3:1: y: "));
}

class LoadMistakeTest : public testing::TestWithParam<Bad> {};

TEST_P(LoadMistakeTest, IsToldInWords) {
  const auto loaded = parse_on(GetParam().text);
  EXPECT_FALSE(loaded.config);
  EXPECT_EQ(lines(loaded.mistakes), GetParam().mistakes);
}

INSTANTIATE_TEST_SUITE_P(
    Keys, LoadMistakeTest,
    testing::Values(
        Bad{R"({"intervall": "1s"})",
            {"c.json:1:2: intervall: there is no such key; did you mean \"interval\"?"}},
        Bad{R"({"HTPP": null})",
            {"c.json:1:2: HTPP: there is no such key; did you mean \"http\"?"}},
        Bad{R"({"log": {"size": "1GiB"}})",
            {"c.json:1:10: log.size: there is no such key; the keys here are memory, segment, "
             "spool"}},
        Bad{"{\"interval\": \"1s\",\n\"interval\": \"2s\"}",
            {"c.json:2:1: interval: this key is here already, on line 1: keep one of them"}},
        Bad{R"({"a.b\u001b": 1})",
            {"c.json:1:2: \"a.b\\x1b\": there is no such key; the keys here are tags, interval, "
             "log, http, control, endpoints, collectors, max_series, shutdown_grace"}},
        Bad{R"({"log": {"spool": {"directory": "spool"}}})",
            {"c.json:1:33: log.spool.directory: \"spool\" is not an absolute path; write one as "
             "\"/var/lib/lariat/spool\""}},
        Bad{R"({"log": {"spool": true}})",
            {"c.json:1:19: log.spool: true is not an object; write {\"directory\": "
             "\"/var/lib/lariat/spool\"}, or null for none"}},
        Bad{R"({"log": {"spool": {"max_bytes": "3MiB"}}})",
            {"c.json:1:33: log.spool.max_bytes: max_bytes is 3MiB, less than four segments of "
             "1MiB; write 4MiB or more"}},
        Bad{R"({"log": {"spool": {"synch": "1s"}}})",
            {"c.json:1:20: log.spool.synch: there is no such key; did you mean \"sync\"?"}}));

INSTANTIATE_TEST_SUITE_P(
    Types, LoadMistakeTest,
    testing::Values(
        Bad{"[]",
            {"c.json:1:1: an array is not an object; write { and } around the whole "
             "configuration"}},
        Bad{R"({"interval": 10})",
            {"c.json:1:14: interval: 10 has no unit; write \"10s\", a text with one of ms s m h "
             "d"}},
        Bad{R"({"interval": 1e3})",
            {"c.json:1:14: interval: 1e3 has no unit; write \"10s\", a text with one of ms s m h "
             "d"}},
        Bad{R"({"interval": [1]})",
            {"c.json:1:14: interval: an array is not a duration; write a text such as \"10s\""}},
        Bad{R"({"log": {"memory": 16777216}})",
            {"c.json:1:20: log.memory: 16777216 has no unit; write \"16MiB\", a text with one of B "
             "KiB MiB GiB"}},
        Bad{R"({"log": {"memory": true}})",
            {"c.json:1:20: log.memory: true is not a size; write a text such as \"16MiB\""}},
        Bad{R"({"log": 5})",
            {"c.json:1:9: log: 5 is not an object; write {\"memory\": \"16MiB\"}"}},
        Bad{R"({"tags": {"a": 1, "b": {}}})",
            {"c.json:1:16: tags.a: 1 is not the value of a tag; write it in quotes, \"1\"",
             "c.json:1:24: tags.b: an object is not the value of a tag; write a text in quotes"}},
        Bad{R"({"tags": "a=b"})",
            {"c.json:1:10: tags: \"a=b\" is not an object; write {\"env\": \"prod\"}"}},
        Bad{R"({"http": "127.0.0.1:1"})",
            {"c.json:1:10: http: \"127.0.0.1:1\" is not an object; write {\"listen\": "
             "\"127.0.0.1:9299\"}, or null for none"}},
        Bad{R"({"control": "/run/x"})",
            {"c.json:1:13: control: \"/run/x\" is not an object; write {\"socket\": "
             "\"/run/lariat/lariat.sock\"}, or null for none"}},
        Bad{R"({"max_series": "5"})",
            {"c.json:1:16: max_series: \"5\" is a text; write the number without quotes"}},
        Bad{R"({"max_series": 1.5})",
            {"c.json:1:16: max_series: 1.5 is not a whole number from 1 to 100000000"}},
        Bad{R"({"max_series": 99999999999999999999})",
            {"c.json:1:16: max_series: 99999999999999999999 is not a whole number from 1 to "
             "100000000"}}));

INSTANTIATE_TEST_SUITE_P(
    Values, LoadMistakeTest,
    testing::Values(
        Bad{R"({"interval": "10"})",
            {"c.json:1:14: interval: \"10\" is not a duration; write a number and ms, s, m, h or "
             "d, as 10s"}},
        Bad{R"({"interval": "500ms"})",
            {"c.json:1:14: interval: \"500ms\" is too short; write 1s or more"}},
        Bad{R"({"interval": "1500ms"})",
            {"c.json:1:14: interval: \"1500ms\" is not a whole number of seconds, which is what "
             "TSDP counts"}},
        Bad{R"({"interval": "30000d"})",
            {"c.json:1:14: interval: \"30000d\" is too long; write 2147483648s or less"}},
        Bad{R"({"log": {"segment": "4095B"}})",
            {"c.json:1:21: log.segment: \"4095B\" is too small; write 4KiB or more"}},
        Bad{R"({"log": {"segment": "2GiB", "memory": "8GiB"}})",
            {"c.json:1:21: log.segment: \"2GiB\" is too large; write 1GiB or less"}},
        Bad{R"({"log": {"memory": "1kb"}})",
            {"c.json:1:20: log.memory: \"1kb\" is not a size; write a number and B, KiB, MiB or "
             "GiB, as 64MiB"}},
        Bad{R"({"log": {"memory": "1MiB"}})",
            {"c.json:1:20: log.memory: memory is 1MiB, less than two segments of 1MiB; write 2MiB "
             "or more"}},
        Bad{R"({"log": {"segment": "1GiB"}})",
            {"c.json:1:9: log: memory is 16MiB, less than two segments of 1GiB; write 2GiB or "
             "more"}},
        Bad{R"({"http": {"listen": ":9299"}})",
            {"c.json:1:21: http.listen: \":9299\" has no address; write 127.0.0.1:9299 for this "
             "host alone, or [::]:9299 for everyone"}},
        Bad{R"({"http": {"listen": "9299"}})",
            {"c.json:1:21: http.listen: \"9299\" is not an address and a port; write them as "
             "127.0.0.1:9299, [::1]:9299 or localhost:9299"}},
        Bad{R"({"http": {"listen": "web1:80"}})",
            {"c.json:1:21: http.listen: \"web1\" is a name, and none but localhost is looked up; "
             "write an address as 127.0.0.1:9299 or [::1]:9299"}},
        Bad{R"({"control": {"socket": "a.sock"}})",
            {"c.json:1:24: control.socket: \"a.sock\" is not an absolute path; write one as "
             "\"/run/lariat/lariat.sock\""}},
        Bad{R"({"control": {"socket": "/run/"}})",
            {"c.json:1:24: control.socket: \"/run/\" is a directory; write the path of a socket in "
             "it"}},
        Bad{R"({"tags": {"a\\": "x", " b": "1", "b": "2"}})",
            {"c.json:1:18: tags.\"a\\\": there is a backslash, which no tag can hold: write `/` or "
             "`_` instead",
             "c.json:1:34: tags.b: this tag is here already, spelled with other blanks: keep one "
             "of them"}},
        Bad{R"({"collectors": {"directories": ["a", "/b", "/b"]}})",
            {"c.json:1:33: collectors.directories[0]: \"a\" is not an absolute path; write one as "
             "\"/etc/lariat/collectors.d\"",
             "c.json:1:44: collectors.directories[2]: this directory is here already"}},
        Bad{R"({"collectors": {"directories": "/b"}})",
            {"c.json:1:32: collectors.directories: \"/b\" is not an array of directories; write "
             "[\"/etc/lariat/collectors.d\"]"}},
        Bad{R"({"collectors": {"schedule_file": "/gone"}})",
            {"c.json:1:34: collectors.schedule_file: /gone cannot be opened: gone"}}));

TEST(Load, BoundsThePathOfASocket) {
  const auto with = [](std::size_t size) {
    return parse_on(R"({"control": {"socket": "/)" + std::string(size - 1, 's') + "\"}}");
  };
  EXPECT_TRUE(with(107).config);
  EXPECT_THAT(lines(with(108).mistakes),
              ElementsAre("c.json:1:24: control.socket: the path has 108 octets; that of a socket "
                          "has 107 at most"));
}

TEST(BuiltInDefault, HasTheShippedCollectorsAndNoEndpoint) {
  const auto config = built_in_default(FakeHost().surroundings());
  EXPECT_EQ(config.file, "");
  EXPECT_EQ(tags_of(config), "host=web1,");
  EXPECT_THAT(config.endpoints, IsEmpty());
  EXPECT_THAT(config.directories, IsEmpty());
  EXPECT_EQ(config.http, (Listen{"127.0.0.1", 9299}));
  EXPECT_EQ(config.control_socket, "/run/lariat/lariat.sock");
  ASSERT_EQ(config.run.size(), 2U);
  EXPECT_EQ(config.run[0].name, "linux");
  EXPECT_EQ(config.run[1].name, "hostinfo");
  for (const auto& collector : config.run) {
    EXPECT_THAT(collector.command, ElementsAre("/usr/lib/lariat/collectors/" + collector.name));
    EXPECT_EQ(collector.mode, Mode::kStream);
    EXPECT_EQ(collector.interval, seconds(10));
    EXPECT_EQ(collector.timeout, seconds(10));
  }
}

TEST(BuiltInDefault, StandsAHostNameThatNoTagCanHold) {
  auto surroundings = FakeHost().surroundings();
  surroundings.hostname = "a\\b";
  EXPECT_EQ(tags_of(built_in_default(surroundings)), "host=unknown,");
}

}  // namespace
}  // namespace lariat::config
