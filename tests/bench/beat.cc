// A collector of mode `feed` that reports one frame at a fixed pace, its value being the moment on
// the monotonic clock at which it was written: `bench_arrivals` tells how long it was under way.

#include <time.h>
#include <unistd.h>

#include "tests/bench/arguments.h"
#include "tests/bench/frames.h"

namespace lariat::bench {
namespace {

constexpr long kSecond = 1'000'000'000;

int run(int argc, char** argv) {
  const Arguments arguments(argc, argv, {"--microseconds", "--pin"});
  arguments.pin();
  const auto pace = static_cast<long>(arguments.number("--microseconds", 2000)) * 1000;
  timespec next{};
  ::clock_gettime(CLOCK_MONOTONIC, &next);
  for (;;) {
    next.tv_nsec += pace;
    next.tv_sec += next.tv_nsec / kSecond;
    next.tv_nsec %= kSecond;
    ::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, nullptr);
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    const auto frame =
        make_frame("beat=1", static_cast<double>(now.tv_sec) +
                                 static_cast<double>(now.tv_nsec) / static_cast<double>(kSecond));
    if (::write(STDOUT_FILENO, frame.data(), frame.size()) < 0) return 0;  // Nobody reads on.
  }
}

}  // namespace
}  // namespace lariat::bench

int main(int argc, char** argv) { return lariat::bench::run(argc, argv); }
