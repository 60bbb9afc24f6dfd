// A frame's way in the agent: from a collector's pipe into the log and the snapshot. Read, decoded,
// held to the collector's limits, its name and values checked, appended, looked up and shown. The
// octets are written by a process of their own, whose time is not counted.

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "agent/app/frame_fan.h"
#include "agent/base/log.h"
#include "agent/base/unique_fd.h"
#include "agent/collect/intake.h"
#include "agent/collect/pipe_reader.h"
#include "agent/collect/reaper.h"
#include "agent/collect/supervision.h"
#include "agent/expose/snapshot.h"
#include "agent/loop/loop.h"
#include "agent/net/resolver.h"
#include "agent/publish/publisher.h"
#include "proto/default_tags.h"
#include "tests/bench/arguments.h"
#include "tests/bench/frames.h"
#include "tests/bench/usage.h"
#include "tests/support/allocations.h"

namespace lariat::bench {
namespace {

constexpr std::size_t kRoomBytes = std::size_t{64} << 10U;  // What the agent reads at a time.

/// A collector that reports `series` in turn, for ever.
class Writer {
 public:
  explicit Writer(std::uint64_t series) {
    std::array<int, 2> ends{};
    if (::pipe(ends.data()) != 0) fail("pipe", errno);
    output_.reset(ends[0]);
    base::UniqueFd input(ends[1]);
    pid_ = ::fork();
    if (pid_ < 0) fail("fork", errno);
    if (pid_ != 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    write_for_ever(input.get(), series);
  }
  ~Writer() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  [[nodiscard]] base::UniqueFd take_output() { return std::move(output_); }

 private:
  [[noreturn]] static void write_for_ever(int pipe, std::uint64_t series) {
    std::vector<std::byte> stream;
    for (std::uint64_t i = 0; i < series || stream.size() < kRoomBytes; ++i) {
      const auto number = std::to_string(100'000 + i % series);
      const auto frame = make_frame("series=" + number + ",host=web1", static_cast<double>(i));
      stream.insert(stream.end(), frame.begin(), frame.end());
    }
    for (std::size_t at = 0;; at %= stream.size()) {
      const ssize_t written = ::write(pipe, stream.data() + at, stream.size() - at);
      if (written <= 0) ::_exit(1);
      at += static_cast<std::size_t>(written);
    }
  }

  base::UniqueFd output_;
  pid_t pid_ = -1;
};

/// What the agent has between a pipe and its two stores, put together as there.
class Pipeline {
 public:
  explicit Pipeline(std::uint64_t series) : writer_(series) {
    if (tags_.set("host", "web1") != proto::NameError::kNone) fail("cannot set a default tag");
    intake_.begin_stream();
    reader_.open(writer_.take_output());
  }

  /// Takes at least so many messages; returns how many they were.
  std::uint64_t take(std::uint64_t messages) {
    const auto before = intake_.frames();
    wanted_ = before + messages;
    intake_.begin_run();
    loop_.run();
    return intake_.frames() - before;
  }

  /// Ends the program unless every message went to both, and the snapshot has just those series.
  void check(std::uint64_t series) const {
    if (intake_.rejected_total() != 0) fail("messages were refused");
    if (publisher_.log().end_sequence() != intake_.frames())
      fail("the log has not had every frame");
    if (snapshot_.series() != series) fail("the snapshot has not every series");
  }

 private:
  void octets(std::span<const std::byte> octets) {
    if (intake_.feed(octets) != collect::Intake::Verdict::kGood) fail("the stream was lost");
    if (intake_.frames() >= wanted_) loop_.stop();
  }

  Writer writer_;
  base::Log lines_{[](base::Level, std::string_view line) { fail(line); }};
  loop::Loop loop_;
  net::Resolver resolver_{loop_};
  publish::Publisher publisher_{loop_, resolver_, lines_};
  proto::DefaultTags tags_;
  expose::Snapshot snapshot_{tags_, {}, lines_};
  app::FrameFan fan_{loop_, publisher_, snapshot_};
  collect::Reaper reaper_{loop_};
  std::vector<std::byte> room_ = std::vector<std::byte>(kRoomBytes);
  collect::Supervision supervision_{.loop = loop_,
                                    .lines = lines_,
                                    .sink = fan_,
                                    .tags = tags_,
                                    .reaper = reaper_,
                                    .exec_program = {},
                                    .control_socket = {},
                                    .owners = {},
                                    .waits = {},
                                    .room = room_,
                                    .on_refused = {},
                                    .on_errors = {}};
  config::Collector description_{.name = "bench",
                                 .max_series = 100'000,
                                 .max_frames = std::numeric_limits<std::size_t>::max(),
                                 .max_output = std::numeric_limits<std::uint64_t>::max()};
  collect::Intake intake_{supervision_, description_, {.collector = 1}, [] {}};
  collect::PipeReader reader_{loop_,
                              room_,
                              {.on_octets = [this](auto piece) { octets(piece); },
                               .on_end = [] { fail("the pipe has ended"); }}};
  std::uint64_t wanted_ = 0;
};

void measure(std::uint64_t series, std::uint64_t messages, std::uint64_t repetitions) {
  Pipeline pipeline(series);
  pipeline.take(std::max(messages, series));  // Until then log and snapshot grow.
  std::uint64_t taken = 0;
  std::vector<double> nanoseconds(static_cast<std::size_t>(repetitions));
  const auto allocations_before = test::allocations();
  for (auto& result : nanoseconds) {
    const double before = cpu_seconds();
    const auto count = pipeline.take(messages);
    result = (cpu_seconds() - before) * 1e9 / static_cast<double>(count);
    taken += count;
  }
  const auto allocated = test::allocations() - allocations_before;
  pipeline.check(series);
  std::sort(nanoseconds.begin(), nanoseconds.end());
  std::printf(
      "{\"series\":%lu,\"messages\":%lu,\"allocations\":%lu,\"nanoseconds\":"
      "{\"min\":%.2f,\"median\":%.2f,\"max\":%.2f}}",
      series, taken, allocated, nanoseconds.front(), nanoseconds[nanoseconds.size() / 2],
      nanoseconds.back());
}

int run(int argc, char** argv) {
  const Arguments arguments(argc, argv, {"--messages", "--repetitions", "--series", "--pin"});
  arguments.pin();
  const auto messages = std::max<std::uint64_t>(1, arguments.number("--messages", 1'000'000));
  const auto repetitions = std::max<std::uint64_t>(1, arguments.number("--repetitions", 7));
  std::printf("{\"frame_bytes\":%zu,\"runs\":[", kFrameBytes);
  bool first = true;
  for (const auto series : arguments.numbers("--series", {1, 1'000, 10'000})) {
    if (!std::exchange(first, false)) std::printf(",");
    std::fflush(stdout);  // What a child inherits it could print again.
    measure(std::max<std::uint64_t>(1, series), messages, repetitions);
  }
  std::printf("]}\n");
  return 0;
}

}  // namespace
}  // namespace lariat::bench

int main(int argc, char** argv) { return lariat::bench::run(argc, argv); }
