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
