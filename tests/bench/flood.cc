// A collector of mode `feed` that prints so many frames as fast as they are taken, then nothing.

#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "tests/bench/arguments.h"
#include "tests/bench/frames.h"

namespace lariat::bench {
namespace {

constexpr std::size_t kSeries = 800;  // As many as a pipe takes at once.

bool write_all(std::span<const std::byte> octets) {
  while (!octets.empty()) {
    const ssize_t written = ::write(STDOUT_FILENO, octets.data(), octets.size());
    if (written < 0) return false;  // Nobody reads on.
    octets = octets.subspan(static_cast<std::size_t>(written));
  }
  return true;
}

int run(int argc, char** argv) {
  const Arguments arguments(argc, argv, {"--frames", "--pin"});
  arguments.pin();
  std::vector<std::byte> round;
  for (std::size_t series = 0; series < kSeries; ++series) {
    // With a host: the agent adds no tag, and each frame keeps its size.
    const auto frame = make_frame("host=h,series=" + std::to_string(series), 1.0);
    round.insert(round.end(), frame.begin(), frame.end());
  }
  for (auto left = arguments.number("--frames", 1'000'000); left > 0;) {
    const auto count = std::min<std::uint64_t>(left, kSeries);
    if (!write_all(std::span(round).first(count * kFrameBytes))) return 0;
    left -= count;
  }
  for (;;) ::pause();
}

}  // namespace
}  // namespace lariat::bench

int main(int argc, char** argv) { return lariat::bench::run(argc, argv); }
