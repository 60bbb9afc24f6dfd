#include "agent/expose/status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "agent/expose/status_json.h"
#include "agent/expose/status_page.h"
#include "agent/expose/status_table.h"

namespace lariat::expose {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;

constexpr base::WallTime kNow{milliseconds(1'700'000'100'000)};

/// One of all that is good, and then one that is not.
Status full_status() {
  Status status;
  status.version = "0.1.0";
  status.revision = "abc123";
  status.host = "web1";
  status.pid = 42;
  status.uptime = seconds(90'061);
  status.config_file = "/etc/lariat/lariat.json";
  status.config_loaded = kNow - seconds(100);
  status.http = "127.0.0.1:9299";
  status.ready = true;
  status.log_frames = 1'234'567;
  status.endpoints.push_back({.name = "good-one",
                              .url = "tsdp://a:2600",
                              .state = "connected",
                              .frames_delivered = 12'345,
                              .last_success = kNow - seconds(3)});
  status.endpoints.push_back({.name = "bad-one",
                              .url = "tsdp://b:2600",
                              .state = "connecting",
                              .healthy = false,
                              .last_error = "b:2600 refuses; is the aggregator running?",
                              .frames_queued = 7});
  status.collectors.push_back({.name = "linux",
                               .mode = "stream",
                               .state = "running",
                               .interval = seconds(10),
                               .runs_good = 5,
                               .cpu = milliseconds(1'500),
                               .max_resident = 4'096'000,
                               .last_duration = milliseconds(12)});
  status.collectors.push_back({.name = "mine",
                               .origin = "/etc/lariat/collectors.d/mine",
                               .mode = "oneshot",
                               .state = "waiting",
                               .healthy = false,
                               .last_error = "exit status 3",
                               .interval = seconds(60)});
  return status;
}

TEST(StatusJsonTest, HasEverythingWithItsType) {
  const auto json = nlohmann::json::parse(status_json(full_status()));
  EXPECT_EQ(json.at("version"), "0.1.0");
  EXPECT_EQ(json.at("uptime_seconds"), 90'061);
  EXPECT_EQ(json.at("config").at("loaded"), "2023-11-14T22:13:20Z");
  EXPECT_EQ(json.at("config").at("reload_error"), nullptr);
  EXPECT_EQ(json.at("log").at("frames"), 1'234'567);
  const auto& endpoint = json.at("endpoints").at(0);
  EXPECT_EQ(endpoint.at("name"), "good-one");
  EXPECT_EQ(endpoint.at("last_error"), nullptr);
  EXPECT_EQ(endpoint.at("frames").at("delivered"), 12'345);
  EXPECT_EQ(endpoint.at("last_success"), "2023-11-14T22:14:57Z");
  EXPECT_EQ(json.at("endpoints").at(1).at("last_success"), nullptr);
  EXPECT_EQ(json.at("endpoints").at(1).at("healthy"), false);
  const auto& collector = json.at("collectors").at(0);
  EXPECT_EQ(collector.at("interval_seconds"), 10);
  EXPECT_EQ(collector.at("last_duration_seconds"), 0.012);
  EXPECT_EQ(collector.at("runs").at("good"), 5);
  EXPECT_EQ(collector.at("cpu_seconds"), 1.5);
  EXPECT_EQ(collector.at("max_resident_memory_bytes"), 4'096'000);
  EXPECT_EQ(json.at("collectors").at(1).at("last_duration_seconds"), nullptr);
}

TEST(StatusJsonTest, WithoutAnyTheListsAreThere) {
  const auto json = nlohmann::json::parse(status_json({}));
  EXPECT_TRUE(json.at("endpoints").is_array());
  EXPECT_TRUE(json.at("collectors").is_array());
}

TEST(StatusJsonTest, StaysJsonWhateverTheTextsHold) {
  Status status;
  status.host = "\xff\"\n\x01";
  EXPECT_EQ(nlohmann::json::parse(status_json(status)).at("host"), "\xef\xbf\xbd\"\n\x01");
}

TEST(StatusTableTest, UnhealthyComeFirstWithTheirErrorBelow) {
  const auto table = status_table(full_status(), kNow);
  EXPECT_LT(table.find("bad-one"), table.find("good-one"));
  EXPECT_LT(table.find("mine"), table.find("linux"));
  EXPECT_THAT(table, HasSubstr("\n    b:2600 refuses; is the aggregator running?\n"));
  EXPECT_THAT(table, HasSubstr("! connecting"));
  EXPECT_THAT(table, HasSubstr("12,345"));
  EXPECT_THAT(table, HasSubstr("3 s ago"));
  EXPECT_THAT(table, HasSubstr("up 1 d 1 h: ready\n"));
  EXPECT_THAT(table, Not(HasSubstr(" \n"))) << "blanks at the end of a line";
}

TEST(StatusTableTest, SaysWhyNotReadyAndWhyAReloadFailed) {
  Status status;
  status.not_ready_because = "mine has not run yet";
  status.reload_error = "lariat.json:3:1: no";
  const auto table = status_table(status, kNow);
  EXPECT_THAT(table, HasSubstr("not ready: mine has not run yet\n"));
  EXPECT_THAT(table, HasSubstr("! the last reload was refused: lariat.json:3:1: no\n"));
  EXPECT_THAT(table, HasSubstr("No endpoints"));
  EXPECT_THAT(table, HasSubstr("No collectors"));
  EXPECT_THAT(table, HasSubstr("built-in default"));
}

TEST(StatusTableTest, NoTextControlsTheTerminal) {
  auto status = full_status();
  status.endpoints[1].last_error = "\x1b[31mred\r\n\x7f";
  status.collectors[0].name = "a\x1b[2Jb";
  const auto table = status_table(status, kNow);
  EXPECT_EQ(table.find('\x1b'), std::string::npos);
  EXPECT_THAT(table, HasSubstr("\\x1b[31mred\\x0d\\x0a\\x7f"));
}

TEST(StatusPageTest, UnhealthyComeFirst) {
  const auto page = status_page(full_status(), kNow);
  EXPECT_LT(page.find("bad-one"), page.find("good-one"));
  EXPECT_LT(page.find("mine"), page.find("linux"));
  EXPECT_THAT(page, HasSubstr("b:2600 refuses; is the aggregator running?"));
  EXPECT_THAT(page, HasSubstr("1 in trouble"));
  for (const auto* link : {"\"/metrics\"", "\"/status\"", "\"/-/healthy\"", "\"/-/ready\"",
                           "\"/metrics?scope=host\"", "\"/metrics?scope=agent\""}) {
    EXPECT_THAT(page, HasSubstr(link));
  }
}

TEST(StatusPageTest, EveryTextIsEscaped) {
  const std::string evil = "<script>alert('1')</script>&\"";
  Status status;
  status.version = status.revision = status.host = status.config_file = status.reload_error = evil;
  status.not_ready_because = status.http = evil;
  status.endpoints.push_back({.name = evil, .url = evil, .state = evil, .last_error = evil});
  status.collectors.push_back({.name = evil,
                               .command = evil,
                               .origin = evil,
                               .mode = evil,
                               .state = evil,
                               .last_error = evil});
  const auto page = status_page(status, kNow);
  EXPECT_THAT(page, Not(HasSubstr("<script")));
  EXPECT_THAT(page, Not(HasSubstr("'1'")));
  EXPECT_THAT(page, HasSubstr("&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;&quot;"));
}

TEST(StatusPageTest, NeedsNothingFromElsewhere) {
  const auto page = status_page(full_status(), kNow);
  for (const auto* foreign : {"src=", "http:", "https:", "url(", "@import", "<link"}) {
    EXPECT_THAT(page, Not(HasSubstr(foreign)));
  }
}

}  // namespace
}  // namespace lariat::expose
