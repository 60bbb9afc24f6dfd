// The library, by its C interface, as a program uses it: connects to the sinks and publishes.
//
//   --frames N             so many, as fast as the slowest sink takes them
//   --rate R --seconds S   at an even pace, whatever the sinks do
//   --idle 1               nothing, until SIGTERM
//
// Says `{"connected":N}` when all are, and at its end what it cost. Frames are made once: what is
// measured is publishing them.

#include <lariat/lariat.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include "tests/bench/arguments.h"
#include "tests/bench/frames.h"
#include "tests/bench/usage.h"

namespace lariat::bench {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

lariat_publisher* publisher = nullptr;  // For the signal's handler.
volatile sig_atomic_t ended = 0;

void end(int number) {
  ended = number;
  lariat_wake(publisher);
}

void check(const char* what, int result) {
  if (result < 0) fail(std::string(what) + ": " + lariat_strerror(result));
}

lariat_endpoint_stats stats_of(const std::string& name) {
  lariat_endpoint_stats stats{};
  stats.size = sizeof stats;
  check("lariat_get_endpoint_stats", lariat_get_endpoint_stats(publisher, name.c_str(), &stats));
  return stats;
}

void open(const Arguments& words, const std::vector<std::string>& urls) {
  lariat_options options{};
  options.size = sizeof options;
  options.memory_bytes = words.number("--memory", 0) << 20U;
  options.on_log = [](void*, int, const char* line) { std::fprintf(stderr, "%s\n", line); };
  check("lariat_open", lariat_open(&publisher, &options));
  for (const auto& url : urls) {
    check("lariat_connect", lariat_connect(publisher, url.c_str(), nullptr));
  }
  for (const auto& url : urls) {
    while (stats_of(url).connects == 0) check("lariat_poll", lariat_poll(publisher, 1));
  }
  std::printf("{\"connected\":%zu}\n", urls.size());
  std::fflush(stdout);
}

void publish(const std::vector<std::byte>& frame) {
  check("lariat_publish", lariat_publish(publisher, frame.data(), frame.size()));
}

// In batches that fit the processor's cache still when they are sent, and no further ahead of the
// slowest sink: nothing is dropped.
void publish_flat_out(const std::vector<std::byte>& frame, std::uint64_t frames) {
  constexpr std::uint64_t kBatchBytes = std::uint64_t{256} << 10U;
  constexpr int kPatience = 60'000;  // Milliseconds.
  for (std::uint64_t left = frames; left > 0;) {
    const auto batch = std::min<std::uint64_t>(left, kBatchBytes / kFrameBytes);
    for (std::uint64_t i = 0; i < batch; ++i) publish(frame);
    check("the sinks do not follow", lariat_wait(publisher, kBatchBytes, kPatience));
    left -= batch;
  }
  check("not all was delivered", lariat_flush(publisher, kPatience));
}

std::uint64_t publish_evenly(const std::vector<std::byte>& frame, std::uint64_t rate,
                             std::uint64_t seconds) {
  const auto begin = steady_clock::now();
  const auto length = duration_cast<milliseconds>(std::chrono::seconds(seconds));
  std::uint64_t sent = 0;
  for (auto now = milliseconds(0); now < length;) {
    now = std::min(duration_cast<milliseconds>(steady_clock::now() - begin), length);
    const auto due = static_cast<std::uint64_t>(now.count()) * rate / 1'000;
    for (; sent < due; ++sent) publish(frame);
    check("lariat_poll", lariat_poll(publisher, 5));
  }
  const int flushed = lariat_flush(publisher, 1'000);
  if (flushed != LARIAT_NO_TIME) check("lariat_flush", flushed);
  return sent;
}

void sleep_until_ended() {
  ::signal(SIGTERM, end);
  while (ended == 0) check("lariat_poll", lariat_poll(publisher, -1));
}

void print_endpoints(const std::vector<std::string>& urls) {
  std::printf(",\"endpoints\":[");
  for (const auto& url : urls) {
    const auto stats = stats_of(url);
    std::printf(
        "%s{\"accepted\":%lu,\"delivered\":%lu,\"evicted\":%lu,\"queued\":%lu,"
        "\"write_wakeups_empty\":%lu}",
        &url == urls.data() ? "" : ",", stats.accepted, stats.delivered, stats.evicted,
        stats.queued, stats.write_wakeups_empty);
  }
  std::printf("]");
}

int run(int argc, char** argv) {
  const Arguments words(
      argc, argv, {"--ports", "--frames", "--rate", "--seconds", "--idle", "--memory", "--pin"});
  words.pin();
  std::vector<std::string> urls;
  for (const auto port : words.ports()) urls.push_back("tsdp://127.0.0.1:" + std::to_string(port));
  open(words, urls);

  const auto frame = make_frame("series=0", 1.0);
  std::uint64_t frames = words.number("--frames", 0);
  const auto began = steady_clock::now();
  const double before = cpu_seconds();
  if (words.number("--idle", 0) != 0) {
    sleep_until_ended();
  } else if (const auto rate = words.number("--rate", 0); rate != 0) {
    frames = publish_evenly(frame, rate, words.number("--seconds", 20));
  } else {
    publish_flat_out(frame, frames);
  }
  const double cpu = cpu_seconds() - before;
  const std::chrono::duration<double> seconds = steady_clock::now() - began;
  lariat_stats stats{};
  stats.size = sizeof stats;
  check("lariat_get_stats", lariat_get_stats(publisher, &stats));
  std::printf(
      "{\"library\":\"lariat\",\"frames\":%lu,\"frame_bytes\":%zu,\"seconds\":%.6f,"
      "\"cpu_seconds\":%.6f,\"cpu_seconds_per_million\":%.6f,\"wakeups\":%lu,"
      "\"wakeups_idle\":%lu",
      frames, kFrameBytes, seconds.count(), cpu,
      frames == 0 ? 0 : cpu * 1e6 / static_cast<double>(frames), stats.wakeups, stats.wakeups_idle);
  print_endpoints(urls);
  std::printf("}\n");
  check("lariat_close", lariat_close(publisher));
  return 0;
}

}  // namespace
}  // namespace lariat::bench

int main(int argc, char** argv) { return lariat::bench::run(argc, argv); }
