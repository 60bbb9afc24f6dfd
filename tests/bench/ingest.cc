// A message's way from the octets of a collector into the log and past three cursors: decoded, its
// name and values checked, appended, judged. Then the cursors go on as if all had been sent and
// acknowledged, so that the log keeps its length and nothing is dropped.

#include "agent/collect/ingest.h"

#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <list>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "agent/base/clock.h"
#include "agent/publish/cursor.h"
#include "agent/publish/frame_log.h"
#include "proto/default_tags.h"
#include "tests/bench/arguments.h"
#include "tests/bench/frames.h"
#include "tests/bench/usage.h"
#include "tests/support/allocations.h"

namespace lariat::bench {
namespace {

constexpr std::size_t kPieceBytes = std::size_t{64} << 10U;  // What a pipe holds.
constexpr std::size_t kSeries = 1000;
constexpr std::size_t kCursors = 3;

/// How a run differs from the plain one.
struct Variant {
  const char* name;
  bool filter;      // Each cursor has a `match` that all names pass.
  bool adds_a_tag;  // The names lack a default tag.
};
constexpr std::array<Variant, 3> kVariants = {
    {{"plain", false, false}, {"match", true, false}, {"tagged", false, true}}};

/// A host's series in turn, so many rounds of them.
std::vector<std::byte> make_stream(bool with_host) {
  constexpr std::size_t kRounds = 26;  // Two MiB: more than the fast caches hold.
  std::vector<std::byte> stream;
  for (std::size_t i = 0; i < kRounds * kSeries; ++i) {
    const auto series = "series=" + std::to_string(100'000 + i % kSeries);
    const auto frame = make_frame(with_host ? series + ",host=web1" : series, 1.0);
    stream.insert(stream.end(), frame.begin(), frame.end());
  }
  return stream;
}

publish::CursorLimits limits_of(const Variant& variant) {
  publish::CursorLimits limits{.start = publish::Start::kBegin};
  if (!variant.filter) return limits;
  const std::array<std::string, 2> patterns = {"other_* *", "ben* host=web1,*"};
  auto filter = proto::Filter::parse(patterns);
  if (const auto* why = std::get_if<std::string>(&filter)) fail(*why);
  limits.filter = std::get<proto::Filter>(std::move(filter));
  return limits;
}

class Path {
 public:
  explicit Path(const Variant& variant)
      : stream_(make_stream(!variant.adds_a_tag)),
        ingest_(tags_, {}, {.frame = [this](std::span<const std::byte> frame) {
                  return log_.append(frame, now_);
                }}) {
    if (tags_.set("host", "web1") != proto::NameError::kNone) fail("cannot set a default tag");
    for (std::size_t i = 0; i < kCursors; ++i) {
      cursors_.emplace_back(log_, limits_of(variant)).begin_connection({});
    }
  }

  /// Takes at least so many messages, in whole rounds of the stream; returns how many they were.
  std::uint64_t take(std::uint64_t messages) {
    const auto before = ingest_.frames();
    while (ingest_.frames() - before < messages) {
      auto rest = std::span<const std::byte>(stream_);
      while (!rest.empty()) {
        const auto piece = rest.first(std::min(rest.size(), kPieceBytes));
        rest = rest.subspan(piece.size());
        now_ = base::wall_now();
        if (!ingest_.feed(piece)) fail("the stream was lost");
        for (auto& cursor : cursors_) {
          cursor.judge();
          pretend_to_send(cursor);
        }
        log_.release(cursors_.front().held_from());
      }
    }
    return ingest_.frames() - before;
  }

  /// Ends the program unless every message came through everywhere.
  void check() const {
    if (ingest_.refused_total() != 0) fail("messages were refused");
    for (const auto& cursor : cursors_) {
      const auto ledger = cursor.ledger(now_);
      if (ledger.accepted != ingest_.frames() || ledger.delivered != ledger.accepted) {
        fail("a cursor has not had every frame");
      }
    }
  }

 private:
  void pretend_to_send(publish::Cursor& cursor) {
    constexpr std::size_t kMost = std::size_t{1} << 20U;
    while (cursor.behind()) {
      std::array<iovec, 64> spans{};
      std::size_t bytes = 0;
      const auto count = cursor.gather(spans, kMost, scratch_);
      for (const auto& span : std::span(spans).first(count)) bytes += span.iov_len;
      cursor.wrote(bytes);
    }
    cursor.acknowledge(cursor.bytes_written());
  }

  proto::DefaultTags tags_;
  std::vector<std::byte> stream_;
  publish::FrameLog log_;
  std::list<publish::Cursor> cursors_;
  collect::Ingest ingest_;
  base::WallTime now_{};
  std::vector<std::byte> scratch_ = std::vector<std::byte>(kPieceBytes);
};

void measure(const Variant& variant, std::uint64_t messages, std::uint64_t repetitions) {
  Path path(variant);
  path.take(messages);  // Until then the log grows, and caches are cold.
  std::uint64_t taken = 0;
  std::vector<double> nanoseconds(static_cast<std::size_t>(repetitions));
  const auto allocations_before = test::allocations();
  for (auto& result : nanoseconds) {
    const double before = cpu_seconds();
    const auto count = path.take(messages);
    result = (cpu_seconds() - before) * 1e9 / static_cast<double>(count);
    taken += count;
  }
  const auto allocated = test::allocations() - allocations_before;
  path.check();
  std::sort(nanoseconds.begin(), nanoseconds.end());
  std::printf(
      "{\"variant\":\"%s\",\"messages\":%lu,\"allocations\":%lu,\"nanoseconds\":"
      "{\"min\":%.2f,\"median\":%.2f,\"max\":%.2f}}",
      variant.name, taken, allocated, nanoseconds.front(), nanoseconds[nanoseconds.size() / 2],
      nanoseconds.back());
}

int run(int argc, char** argv) {
  const Arguments arguments(argc, argv, {"--messages", "--repetitions", "--pin"});
  arguments.pin();
  const auto messages = std::max<std::uint64_t>(1, arguments.number("--messages", 1'000'000));
  const auto repetitions = std::max<std::uint64_t>(1, arguments.number("--repetitions", 11));
  std::printf("{\"frame_bytes\":%zu,\"cursors\":%zu,\"variants\":[", kFrameBytes, kCursors);
  for (const auto& variant : kVariants) {
    if (&variant != kVariants.data()) std::printf(",");
    measure(variant, messages, repetitions);
  }
  std::printf("]}\n");
  return 0;
}

}  // namespace
}  // namespace lariat::bench

int main(int argc, char** argv) { return lariat::bench::run(argc, argv); }
