// What the libraries that we are compared with have in common. The sinks are a process of their
// own, whose time is not counted. First the publisher sends probes, until each sink has had one:
// what is published to a subscriber that is not there yet is lost. Then the frames; it is over when
// each sink has had every one of them.

#include "tests/bench/rival.h"

#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <functional>
#include <limits>
#include <new>
#include <thread>
#include <vector>

#include "tests/bench/arguments.h"
#include "tests/bench/frames.h"
#include "tests/bench/usage.h"

namespace lariat::bench {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

std::span<SinkCount> shared_counts(std::size_t sinks) {
  void* memory = ::mmap(nullptr, sinks * sizeof(SinkCount), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) fail("mmap", errno);
  return {new (memory) SinkCount[sinks], sinks};
}

void run_on(std::uint64_t processor) {
  cpu_set_t processors;
  CPU_ZERO(&processors);
  CPU_SET(processor, &processors);
  if (::sched_setaffinity(0, sizeof processors, &processors) != 0) fail("--sink-pin", errno);
}

[[noreturn]] void be_the_sinks(Rival& rival, std::span<SinkCount> counts, const Arguments& words) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (const auto processors = words.numbers("--sink-pin", {}); !processors.empty()) {
    run_on(processors.front());
  }
  std::vector<std::thread> threads;
  for (auto& count : counts) threads.emplace_back([&rival, &count] { rival.sink(count); });
  for (auto& thread : threads) thread.join();
  ::_exit(1);
}

// Looks once a millisecond; nothing for so long that it can only be lost ends the program.
void wait_for(
    const char* what, std::span<const SinkCount> counts,
    const std::function<bool(const SinkCount&)>& good,
    const std::function<void()>& meanwhile = [] {}) {
  constexpr std::chrono::seconds kPatience{60};
  const auto ends = steady_clock::now() + kPatience;
  while (!std::all_of(counts.begin(), counts.end(), good)) {
    if (steady_clock::now() > ends) fail(what, ETIMEDOUT);
    meanwhile();
    std::this_thread::sleep_for(milliseconds(1));
  }
}

// Returns the CPU seconds. Never more than `window` frames ahead of the slowest sink, unless it
// is 0: then the library itself is to hold the publisher back.
double publish_all(Rival& rival, std::span<const SinkCount> counts, std::uint64_t frames,
                   std::uint64_t window) {
  constexpr std::uint64_t kBatch = 256;
  const auto frame = make_frame("series=0", 1.0);
  const double before = cpu_seconds();
  for (std::uint64_t sent = 0; sent < frames; ++sent) {
    if (window != 0 && sent % kBatch == 0 && sent >= window) {
      wait_for("the sinks do not follow", counts, [&](const SinkCount& sink) {
        return sink.frames.load(std::memory_order_relaxed) + window >= sent + kBatch;
      });
    }
    rival.publish(frame);
  }
  wait_for("frames were lost", counts, [&](const SinkCount& sink) {
    return sink.frames.load(std::memory_order_relaxed) >= frames;
  });
  return cpu_seconds() - before;
}

}  // namespace

void count(SinkCount& sink, std::size_t bytes) noexcept {
  auto& counted = bytes == kFrameBytes ? sink.frames : sink.probes;
  counted.store(counted.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

int run_rival(int argc, char** argv, Rival& rival) {
  const Arguments words(argc, argv,
                        {"--peers", "--frames", "--window", "--limit", "--pin", "--sink-pin"});
  const auto frames = std::max<std::uint64_t>(1, words.number("--frames", 100'000));
  const auto counts = shared_counts(words.number("--peers", 3));
  const pid_t sinks = ::fork();
  if (sinks < 0) fail("fork", errno);
  if (sinks == 0) be_the_sinks(rival, counts, words);

  words.pin();
  wait_for("the sinks do not listen", counts, [](const SinkCount& sink) { return sink.port != 0; });
  for (const auto& sink : counts) rival.connect(static_cast<std::uint16_t>(sink.port));
  const std::array<std::byte, 1> probe{};
  wait_for(
      "the sinks hear nothing", counts, [](const SinkCount& sink) { return sink.probes > 0; },
      [&] { rival.publish(probe); });
  const auto began = steady_clock::now();
  const double cpu = publish_all(rival, counts, frames, words.number("--window", 0));
  const std::chrono::duration<double> seconds = steady_clock::now() - began;
  const bool exact = std::all_of(counts.begin(), counts.end(),
                                 [&](const SinkCount& sink) { return sink.frames == frames; });
  std::printf(
      "{\"library\":\"%s\",\"peers\":%zu,\"frames\":%lu,\"frame_bytes\":%zu,\"seconds\":%.6f,"
      "\"cpu_seconds\":%.6f,\"cpu_seconds_per_million\":%.6f}\n",
      rival.name(), counts.size(), frames, kFrameBytes, seconds.count(), cpu,
      cpu * 1e6 / static_cast<double>(frames));
  std::fflush(stdout);
  ::kill(sinks, SIGKILL);
  ::waitpid(sinks, nullptr, 0);
  // Not by way of the libraries' own ends: what was measured is over.
  ::_exit(exact ? 0 : 1);
}

}  // namespace lariat::bench
