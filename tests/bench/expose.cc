// What the snapshot costs: a frame of a known series taken, and all series rendered, in CPU time.

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <span>
#include <string>
#include <vector>

#include "agent/base/clock.h"
#include "agent/base/log.h"
#include "agent/expose/snapshot.h"
#include "proto/default_tags.h"
#include "tests/bench/arguments.h"
#include "tests/bench/frames.h"
#include "tests/bench/usage.h"

namespace lariat::bench {
namespace {

constexpr std::array<std::size_t, 3> kSeries = {1'000, 10'000, 100'000};
constexpr std::size_t kPieceBytes = std::size_t{16} << 10U;

struct Costs {
  double take_nanoseconds;
  double render_milliseconds;
  double longest_piece_milliseconds;
  std::size_t bytes;
};

std::vector<std::vector<std::byte>> make_frames(std::size_t count) {
  std::vector<std::vector<std::byte>> frames;
  for (std::size_t i = 0; i < count; ++i) {
    frames.push_back(make_frame("host=web1,series=" + std::to_string(100'000 + i),
                                0.1 * static_cast<double>(i)));
  }
  return frames;
}

double render(const expose::Snapshot& snapshot, Costs& costs) {
  auto position = snapshot.begin();
  const auto now = base::monotonic_now();
  costs.bytes = 0;
  std::string piece;
  const double before = cpu_seconds();
  for (bool more = true; more;) {
    piece.clear();
    const double begin = cpu_seconds();
    more = snapshot.render(position, now, kPieceBytes, piece);
    costs.longest_piece_milliseconds =
        std::max(costs.longest_piece_milliseconds, (cpu_seconds() - begin) * 1e3);
    costs.bytes += piece.size();
  }
  return (cpu_seconds() - before) * 1e3;
}

Costs measure(std::size_t series, std::uint64_t repetitions) {
  proto::DefaultTags tags;
  if (tags.set("host", "web1") != proto::NameError::kNone) fail("cannot set a default tag");
  const base::Log log;
  expose::Snapshot snapshot(tags, {}, log);
  const auto frames = make_frames(series);
  for (const auto& frame : frames) snapshot.take(frame, {}, base::monotonic_now());
  if (snapshot.series() != series) fail("series were refused");

  std::vector<double> takes;
  std::vector<double> renders;
  Costs costs{};
  for (std::uint64_t i = 0; i < repetitions; ++i) {
    const double before = cpu_seconds();
    const auto now = base::monotonic_now();
    for (const auto& frame : frames) snapshot.take(frame, {}, now);
    takes.push_back((cpu_seconds() - before) * 1e9 / static_cast<double>(series));
    costs.longest_piece_milliseconds = 0;
    renders.push_back(render(snapshot, costs));
  }
  std::sort(takes.begin(), takes.end());
  std::sort(renders.begin(), renders.end());
  costs.take_nanoseconds = takes[takes.size() / 2];
  costs.render_milliseconds = renders[renders.size() / 2];
  return costs;
}

int run(int argc, char** argv) {
  const Arguments arguments(argc, argv, {"--repetitions", "--pin"});
  arguments.pin();
  const auto repetitions = std::max<std::uint64_t>(1, arguments.number("--repetitions", 11));
  std::printf("{\"frame_bytes\":%zu,\"runs\":[", kFrameBytes);
  for (const std::size_t series : kSeries) {
    if (series != kSeries.front()) std::printf(",");
    const Costs costs = measure(series, repetitions);
    std::printf(
        "{\"series\":%zu,\"take_nanoseconds\":%.1f,\"render_milliseconds\":%.3f,"
        "\"longest_piece_milliseconds\":%.3f,\"bytes\":%zu}",
        series, costs.take_nanoseconds, costs.render_milliseconds, costs.longest_piece_milliseconds,
        costs.bytes);
  }
  std::printf("]}\n");
  return 0;
}

}  // namespace
}  // namespace lariat::bench

int main(int argc, char** argv) { return lariat::bench::run(argc, argv); }
