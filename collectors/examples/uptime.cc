#include <time.h>

#include "collectors/sdk/program.h"

namespace sdk = lariat::sdk;

// How long the machine runs, and how long without its sleep: modes `oneshot` (with the option
// --once) and `stream`.
int main(int argc, char** argv) {
  const sdk::Tags awake{{"clock", "awake"}};
  const sdk::Tags all{{"clock", "all"}};
  const auto seconds = [](clockid_t clock) {
    timespec now{};
    ::clock_gettime(clock, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
  };
  const auto collect = [&](sdk::Answer& answer) {
    answer.sample("uptime_seconds", seconds(CLOCK_MONOTONIC), awake.text());
    answer.sample("uptime_seconds", seconds(CLOCK_BOOTTIME), all.text());
  };
  return sdk::run(sdk::arguments_of(argc, argv), {"uptime", "how long the machine runs"}, collect);
}
