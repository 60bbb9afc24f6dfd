// What the log on disk costs: writing it through, and opening it again.
//
//   bench_spool DIR [FRAMES]
//
// Writes frames of 80 octets in turns of 64 KiB to a new spool DIR/bench-spool, and prints the CPU
// time for a million of them and the time that opening it took; then removes it.
#include "agent/publish/spool.h"

#include <sys/resource.h>

#include <charconv>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/frames.h"

namespace lariat::bench {
namespace {

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double seconds_since(base::Monotonic start) {
  return std::chrono::duration<double>(base::monotonic_now() - start).count();
}

std::vector<std::byte> turn_of_frames() {
  auto padding = std::size_t{0};
  while (test::numbered_frame(0, 0, padding).size() < 80) ++padding;
  const auto frame = test::numbered_frame(0, 0, padding);
  std::vector<std::byte> turn;
  while (turn.size() + frame.size() <= (std::size_t{64} << 10U)) {
    turn.insert(turn.end(), frame.begin(), frame.end());
  }
  return turn;
}

std::unique_ptr<publish::Spool> open_spool(const std::string& directory, loop::Loop& loop) {
  auto spool = publish::Spool::open({.directory = directory, .max_bytes = std::uint64_t{4} << 30U},
                                    {}, loop, std::make_shared<publish::SpoolIo>());
  if (!spool || (*spool)->degraded()) {
    const auto why = spool ? std::string((*spool)->reason()) : spool.error().text;
    std::fprintf(stderr, "bench_spool: %s\n", why.c_str());
    std::exit(1);
  }
  return std::move(*spool);
}

void write_frames(publish::Spool& spool, loop::Loop& loop, std::uint64_t frames) {
  const auto turn = turn_of_frames();
  const auto in_turn = static_cast<std::uint64_t>(test::numbers_in(turn).size());
  const auto cpu = cpu_seconds();
  auto worst = 0.0;
  for (std::uint64_t written = 0; written < frames; written += in_turn) {
    const auto from = spool.end();
    const auto start = base::monotonic_now();
    spool.write({from, {from.position + turn.size(), from.sequence + in_turn}}, turn,
                base::wall_now());
    worst = std::max(worst, seconds_since(start));
    loop.run_ready();
  }
  const auto millions = static_cast<double>(frames) / 1e6;
  std::printf("write: %.4f CPU-s a million frames, longest turn %.1f ms\n",
              (cpu_seconds() - cpu) / millions, worst * 1e3);
}

int run(const std::string& directory, std::uint64_t frames) {
  loop::Loop loop;
  {
    const auto spool = open_spool(directory, loop);
    write_frames(*spool, loop, frames);
    if (!spool->close({}, base::wall_now(), std::chrono::minutes(1))) return 1;
  }
  const auto start = base::monotonic_now();
  const auto spool = open_spool(directory, loop);
  const auto opened = seconds_since(start);
  const auto left = spool->unchecked();
  while (!spool->idle()) loop.run_once();
  std::printf("open: %.0f MiB, %llu frames in %.3f s, %zu files left to check, done after %.3f s\n",
              static_cast<double>(spool->stats().bytes) / (1 << 20U),
              static_cast<unsigned long long>(spool->end().sequence), opened, left,
              seconds_since(start));
  return 0;
}

}  // namespace
}  // namespace lariat::bench

int main(int argc, char** argv) {
  std::uint64_t frames = 3'300'000;
  if (argc == 3) std::from_chars(argv[2], argv[2] + std::strlen(argv[2]), frames);
  if (argc < 2 || argc > 3 || frames == 0) {
    std::fputs("usage: bench_spool DIR [FRAMES]\n", stderr);
    return 2;
  }
  const std::string directory = std::string(argv[1]) + "/bench-spool";
  const int status = lariat::bench::run(directory, frames);
  std::filesystem::remove_all(directory);
  return status;
}
