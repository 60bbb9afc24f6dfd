#pragma once

#include <chrono>
#include <span>
#include <string>
#include <vector>

#include "collectors/sdk/pattern.h"

namespace lariat::tcp {

/// A port to connect to, and what is to come from it.
struct Target {
  std::string address;  ///< `host:port`, `[::1]:22`
  std::string send;     ///< Said when connected; may be empty.
  sdk::Pattern expect;  ///< To be found in what comes, if set.
  std::chrono::milliseconds timeout{5000};
};

struct Outcome {
  std::string fault;        ///< One sentence, or nothing if all was as it has to be.
  bool by_pattern = false;  ///< It was connected, but what came was something else.
  double resolved = 0;      ///< Seconds since the beginning; 0: did not get that far.
  double connected = 0;
  double total = 0;
};

/// What is wrong with `host:port` as one sentence, or nothing.
[[nodiscard]] std::string check_address(const std::string& address);

/// Connects to all at once and waits until each has connected and said what it has to, or has
/// failed, or reached its time-out. Names are looked up meanwhile. Of what comes 64 KiB are looked
/// at.
[[nodiscard]] std::vector<Outcome> connect(std::span<const Target> targets);

}  // namespace lariat::tcp
