#include "agent/api/options.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <string>

#include "tests/unit/api/api_fixture.h"

namespace lariat::api {
namespace {

class OptionsTest : public ApiTest {
 protected:
  /// Opens with options that are refused: why, as it was told.
  std::string refused(const lariat_options& options, int expected = LARIAT_BAD_ARGUMENT) {
    lines_.clear();
    EXPECT_EQ(open(options), expected);
    EXPECT_EQ(publisher_, nullptr);
    return lines_.size() == 1 ? lines_.front() : std::to_string(lines_.size()) + " lines";
  }
  std::string no_endpoint(const std::string& url, const lariat_endpoint_options& options,
                          int expected = LARIAT_BAD_ARGUMENT) {
    lines_.clear();
    EXPECT_EQ(lariat_connect(publisher_, url.c_str(), &options), expected);
    EXPECT_EQ(lariat_endpoint_name(publisher_, 0), nullptr);
    return lines_.size() == 1 ? lines_.front() : std::to_string(lines_.size()) + " lines";
  }
};

using testing::Test;

TEST_F(OptionsTest, NoneAreAllDefaults) {
  ASSERT_EQ(lariat_open(&publisher_, nullptr), LARIAT_OK);
  EXPECT_EQ(lariat_open(nullptr, nullptr), LARIAT_BAD_ARGUMENT);
}

TEST_F(OptionsTest, AnOlderProgramsStructureEndsEarlier) {
  auto given = options();
  given.size = offsetof(lariat_options, spool_directory);
  given.tags = "=";  // Behind its end: not looked at.
  EXPECT_EQ(open(given), LARIAT_OK);
}

TEST_F(OptionsTest, ANewerProgramMayHaveMembersThatItDoesNotUse) {
  struct {
    lariat_options known{};
    std::uint64_t unknown = 0;
  } newer;
  newer.known = options();
  newer.known.size = sizeof newer;
  EXPECT_EQ(lariat_open(&publisher_, &newer.known), LARIAT_OK);
  close();
  newer.unknown = 1;
  EXPECT_EQ(lariat_open(&publisher_, &newer.known), LARIAT_BAD_ARGUMENT);
  auto without = options();
  without.size = 0;
  EXPECT_EQ(open(without), LARIAT_BAD_ARGUMENT);
}

TEST_F(OptionsTest, WhatIsWrongIsToldInASentence) {
  auto given = options();
  given.segment_bytes = 100;
  EXPECT_EQ(refused(given), "lariat_open: segment_bytes: write 4096 to 1073741824");
  given = options();
  given.memory_bytes = 4096;
  EXPECT_EQ(refused(given),
            "lariat_open: memory_bytes: the log needs room for two segments; raise it or lower "
            "segment_bytes");
  given = options();
  given.spool_directory = "here";
  EXPECT_EQ(refused(given), "lariat_open: spool_directory: \"here\" is no absolute path");
  given = options();
  given.spool_bytes = 1 << 30;
  EXPECT_EQ(refused(given),
            "lariat_open: spool_bytes and spool_sync_ms: give a spool_directory too");
  given = options();
  given.tags = "host=a,=b";
  EXPECT_EQ(refused(given, LARIAT_BAD_NAME).substr(0, 24), "lariat_open: tags: \"=b\":");
  given = options();
  given.on_timeout = [](void*, std::int64_t) {};
  EXPECT_EQ(refused(given), "lariat_open: on_watch and on_timeout belong together: give both");
}

TEST_F(OptionsTest, AnEndpointsToo) {
  open();
  auto given = named("a");
  EXPECT_EQ(no_endpoint("tsdp://h:0", given, LARIAT_BAD_URL),
            "lariat_connect: tsdp://h:0: port 0 is no place to send to; give a real one");
  EXPECT_EQ(no_endpoint("graphite://h:2003", given, LARIAT_BAD_URL).substr(0, 16),
            "lariat_connect: ");
  EXPECT_EQ(lariat_connect(publisher_, nullptr, nullptr), LARIAT_BAD_ARGUMENT);
  given.name = "";
  EXPECT_EQ(no_endpoint("tsdp://h:1", given), "lariat_connect: name: write 1 to 1024 octets");
  given = named("a");
  given.start = 7;
  EXPECT_EQ(no_endpoint("tsdp://h:1", given),
            "lariat_connect: start: LARIAT_START_END or LARIAT_START_BEGIN");
  given = named("a");
  given.order = -1;
  EXPECT_EQ(no_endpoint("tsdp://h:1", given),
            "lariat_connect: order: LARIAT_ORDER_FIFO or LARIAT_ORDER_FRESH_FIRST");
  given = named("a");
  given.catch_up = std::nan("");
  EXPECT_EQ(no_endpoint("tsdp://h:1", given), "lariat_connect: catch_up: write 1000 at most");
  given = named("a");
  given.back_off_max_ms = 5;
  EXPECT_EQ(no_endpoint("tsdp://h:1", given),
            "lariat_connect: back_off_max_ms: below back_off_min_ms");
  given = named("a");
  given.match_count = 1;
  EXPECT_EQ(no_endpoint("tsdp://h:1", given), "lariat_connect: match: NULL, with a match_count");
  const std::array<const char*, 1> pattern{"load"};
  given.match = pattern.data();
  EXPECT_EQ(no_endpoint("tsdp://h:1", given, LARIAT_BAD_NAME),
            "lariat_connect: match: \"load\" says nothing of tags: write \"load *\" to take any");
}

TEST_F(OptionsTest, ReachTheEndpoint) {
  lariat_endpoint_options given = named("a");
  const std::array<const char*, 2> patterns{"cpu_* *", "load *"};
  given.match = patterns.data();
  given.match_count = patterns.size();
  given.start = LARIAT_START_BEGIN;
  given.max_bytes = 5000;
  given.max_age_ms = 1000;
  given.catch_up = -1;
  given.heartbeat_ms = 7000;
  given.connect_timeout_ms = 1;
  given.stall_timeout_ms = 2;
  publish::EndpointConfig config;
  Refusal refusal;
  ASSERT_EQ(read_endpoint("tsdp://h:1", given, true, config, refusal), LARIAT_OK)
      << refusal.sentence;
  EXPECT_EQ(config.name, "a");
  EXPECT_TRUE(config.limits.filter);
  EXPECT_EQ(config.limits.start, publish::Start::kBegin);
  EXPECT_EQ(config.limits.max_bytes, 5000U);
  EXPECT_EQ(config.limits.max_age, std::chrono::milliseconds(1000));
  EXPECT_TRUE(config.limits.fresh_first) << "with a spool";
  EXPECT_EQ(config.catch_up, 0);
  EXPECT_EQ(config.heartbeat, std::chrono::milliseconds(7000));
  EXPECT_EQ(config.connect_timeout, std::chrono::milliseconds(1));
  EXPECT_EQ(config.stall_timeout, std::chrono::milliseconds(2));
  publish::EndpointConfig plain;
  lariat_endpoint_options none{};
  ASSERT_EQ(read_endpoint("tsdp://h:1", none, false, plain, refusal), LARIAT_OK);
  EXPECT_EQ(plain.name, "tsdp://h:1");
  EXPECT_EQ(plain.heartbeat.count(), 0) << "off, unlike the agent's";
  EXPECT_FALSE(plain.limits.fresh_first);
  EXPECT_EQ(plain.catch_up, 4);
}

}  // namespace
}  // namespace lariat::api
