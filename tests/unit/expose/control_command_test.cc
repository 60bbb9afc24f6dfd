#include "agent/expose/control_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <variant>

#include "tests/unit/expose/exposed_agent.h"

namespace lariat::expose {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class ControlCommandTest : public testing::Test {
 protected:
  std::string text(std::string_view line) {
    auto answer = control_answer(line, agent_.sources(), base::monotonic_now());
    if (const auto* whole = std::get_if<std::string>(&answer)) return *whole;
    std::string all(1 << 20, '\0');
    all.resize(std::get<Scrape>(answer).read(all.data(), all.size()));
    return all;
  }

  test::ExposedAgent agent_;
};

TEST_F(ControlCommandTest, EachCommandHasItsAnswer) {
  agent_.fill(1);
  agent_.status.host = "web1";
  EXPECT_THAT(text("status"), HasSubstr("on web1"));
  EXPECT_EQ(nlohmann::json::parse(text("status json")).at("host"), "web1");
  EXPECT_THAT(text("metrics"), HasSubstr("lariat_build_info"));
  EXPECT_THAT(text("metrics"), HasSubstr("host_value"));
  EXPECT_THAT(text("metrics host"), Not(HasSubstr("lariat_")));
  EXPECT_EQ(text("metrics agent"), agent_.agent_text);
  EXPECT_THAT(text("help"), HasSubstr("metrics agent"));
}

TEST_F(ControlCommandTest, TellsWhatAnAggregatorHasRefused) {
  agent_.status.endpoints = {{.name = "east", .url = "prometheus+http://a:9090/w"},
                             {.name = "west",
                              .url = "prometheus+http://b:9090/w",
                              .rejected = {{.series = "up{host=\"a\"}",
                                            .value = 1.5,
                                            .time = base::WallTime(std::chrono::seconds(60)),
                                            .why = "400: out of order sample"}}}};
  EXPECT_EQ(text("rejected west"),
            "up{host=\"a\"} 1.5 at 1970-01-01T00:01:00Z: 400: out of order sample\n");
  EXPECT_THAT(text("rejected east"), HasSubstr("refused nothing"));
  EXPECT_EQ(text("rejected north"),
            "error: there is no endpoint \"north\"; there are east, west\n");
  const auto json = nlohmann::json::parse(text("status json"));
  EXPECT_EQ(json.at("endpoints").at(1).at("rejected").at(0).at("value"), 1.5);
}

TEST_F(ControlCommandTest, BlanksAndALineEndOfOtherSystemsDoNotMatter) {
  EXPECT_EQ(text("  metrics \t agent \r"), agent_.agent_text);
}

TEST_F(ControlCommandTest, WhatIsNoCommandGetsTheListOfThem) {
  for (const auto* line :
       {"", "reload", "STATUS", "status xml", "metricshost", "status json now"}) {
    EXPECT_THAT(text(line), StartsWith("error: there is no such command")) << line;
    EXPECT_THAT(text(line), HasSubstr("status json ")) << line;
  }
}

}  // namespace
}  // namespace lariat::expose
