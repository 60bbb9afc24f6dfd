#pragma once

#include <ev.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "agent/api/include/lariat/lariat.h"
#include "tests/support/process.h"
#include "tests/support/test_receiver.h"

namespace lariat::api {

/// A publisher as a C program has it, and what it calls back with.
class ApiTest : public testing::Test {
 protected:
  ~ApiTest() override { close(); }

  /// Options with the callbacks that keep what they get.
  [[nodiscard]] lariat_options options() {
    lariat_options options{};
    options.size = sizeof options;
    options.data = this;
    options.on_message = [](void* data, const char* endpoint, const void* message,
                            std::size_t length) {
      auto& self = *static_cast<ApiTest*>(data);
      self.messages_.emplace_back(endpoint, std::string(static_cast<const char*>(message), length));
      if (self.in_message_) self.in_message_();
    };
    options.on_log = [](void* data, int /*level*/, const char* line) {
      auto& self = *static_cast<ApiTest*>(data);
      self.lines_.emplace_back(line);
      if (self.in_log_) self.in_log_();
    };
    return options;
  }
  [[nodiscard]] int open(const lariat_options& options) {
    return lariat_open(&publisher_, &options);
  }
  void open() { ASSERT_EQ(open(options()), LARIAT_OK); }
  void close() { EXPECT_EQ(lariat_close(std::exchange(publisher_, nullptr)), LARIAT_OK); }
  /// Endpoint options with a name, and short waits.
  [[nodiscard]] static lariat_endpoint_options named(const char* name) {
    lariat_endpoint_options options{};
    options.size = sizeof options;
    options.name = name;
    options.back_off_min_ms = 10;
    options.back_off_max_ms = 50;
    return options;
  }
  [[nodiscard]] int connect(const std::string& url, const char* name) {
    const auto options = named(name);
    return lariat_connect(publisher_, url.c_str(), &options);
  }
  [[nodiscard]] int sample(double value) {
    return lariat_sample(publisher_, "number host=a", 1'700'000'000, &value, 1);
  }
  /// Publishes the numbers of [from, to), which a `TestReceiver` checks.
  void publish_numbers(std::uint64_t from, std::uint64_t to) {
    for (auto number = from; number < to; ++number) {
      ASSERT_EQ(sample(static_cast<double>(number)), LARIAT_OK);
    }
  }
  [[nodiscard]] lariat_endpoint_stats stats_of(const char* name) {
    lariat_endpoint_stats stats{};
    stats.size = sizeof stats;
    EXPECT_EQ(lariat_get_endpoint_stats(publisher_, name, &stats), LARIAT_OK);
    EXPECT_EQ(stats.accepted, stats.delivered + stats.evicted + stats.full + stats.expired +
                                  stats.rejected + stats.unsupported + stats.damaged +
                                  stats.queued);
    return stats;
  }
  [[nodiscard]] lariat_stats stats() {
    lariat_stats stats{};
    stats.size = sizeof stats;
    EXPECT_EQ(lariat_get_stats(publisher_, &stats), LARIAT_OK);
    return stats;
  }
  [[nodiscard]] bool was_told(std::string_view part) const {
    for (const auto& line : lines_) {
      if (line.find(part) != std::string::npos) return true;
    }
    return false;
  }
  /// Polls until it is true, not for ever.
  template <typename Claim>
  [[nodiscard]] bool until(Claim claim) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!claim()) {
      if (std::chrono::steady_clock::now() > end) return false;
      lariat_poll(publisher_, 20);
    }
    return true;
  }

  /// Turns a program's libev loop until all is delivered; the result of the flush.
  [[nodiscard]] int flush_by(struct ev_loop* loop) {
    static int told;
    told = 1;
    const auto done = [](void* /*data*/, int result) { told = result; };
    if (const int result = lariat_flush_start(publisher_, 10'000, done)) return result;
    while (told == 1) ::ev_run(loop, EVRUN_ONCE);
    return told;
  }

  lariat_publisher* publisher_ = nullptr;
  std::vector<std::pair<std::string, std::string>> messages_;
  std::vector<std::string> lines_;
  std::function<void()> in_message_;
  std::function<void()> in_log_;
};

/// Exactly so many frames come to it: delivered is what its kernel has, and it may be busy.
[[nodiscard]] inline bool arrived(const test::TestReceiver& receiver, std::uint64_t frames) {
  return test::wait_until([&] { return receiver.record().frames >= frames; }) &&
         receiver.record().frames == frames;
}
/// The numbers 0 to `count` - 1 come to it.
[[nodiscard]] inline bool all_arrived(const test::TestReceiver& receiver, std::uint64_t count) {
  return test::wait_until([&] { return receiver.numbers().missing_count(count) == 0; });
}

/// What a peer says first to each connection: a HEARTBEAT.
inline test::TestReceiver::Options greeting() {
  return {.behaviour = {.greeting = std::string("\x10\x00\x00\x00"
                                                "\x60\x08\x00\x00\x00\x00\x65\x53\xf1\x00"
                                                "\x80\x08\x00\x00\x00\x00\x00\x00\x00\x07",
                                                24)}};
}

}  // namespace lariat::api
