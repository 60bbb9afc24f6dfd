#pragma once

#include <gtest/gtest.h>
#include <lariat/lariat.h>

#include <cstdint>
#include <string>

#include "tests/support/process.h"

namespace lariat::test {

/// A publisher of the C interface, with a loop of its own; closed at the end.
class Publisher {
 public:
  explicit Publisher(std::uint64_t memory_bytes = 0) {
    lariat_options options{};
    options.size = sizeof options;
    options.memory_bytes = memory_bytes;
    EXPECT_EQ(lariat_open(&publisher_, &options), LARIAT_OK);
  }
  ~Publisher() { EXPECT_EQ(lariat_close(publisher_), LARIAT_OK); }
  Publisher(const Publisher&) = delete;
  Publisher& operator=(const Publisher&) = delete;

  [[nodiscard]] lariat_publisher* get() const noexcept { return publisher_; }
  void connect(const std::string& url) {
    EXPECT_EQ(lariat_connect(publisher_, url.c_str(), nullptr), LARIAT_OK);
  }
  /// Turns until each of them is connected.
  template <typename Urls>
  [[nodiscard]] bool wait_connected(const Urls& urls) {
    const Deadline deadline(kPatience);
    for (const auto& url : urls) {
      while (of(url).connects == 0) {
        if (deadline.passed()) return false;
        lariat_poll(publisher_, 5);
      }
    }
    return true;
  }

  [[nodiscard]] lariat_stats stats() const {
    lariat_stats stats{};
    stats.size = sizeof stats;
    EXPECT_EQ(lariat_get_stats(publisher_, &stats), LARIAT_OK);
    return stats;
  }
  [[nodiscard]] lariat_endpoint_stats of(const std::string& name) const {
    lariat_endpoint_stats stats{};
    stats.size = sizeof stats;
    EXPECT_EQ(lariat_get_endpoint_stats(publisher_, name.c_str(), &stats), LARIAT_OK);
    return stats;
  }

 private:
  lariat_publisher* publisher_ = nullptr;
};

}  // namespace lariat::test
