#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

namespace lariat::bench {

/// What one sink of another process has had, in memory that both see.
struct SinkCount {
  std::atomic<std::uint32_t> port{0};    ///< Where it listens; 0: not yet.
  std::atomic<std::uint64_t> probes{0};  ///< Messages of another size than a frame.
  std::atomic<std::uint64_t> frames{0};
};

/// Another library that publishes: what it is to do in the sinks' process and in the publisher's.
/// Whatever goes wrong ends the program.
class Rival {
 public:
  virtual ~Rival() = default;

  [[nodiscard]] virtual const char* name() const noexcept = 0;
  /// Opens a subscriber, tells its port, and counts what comes, for ever. In a thread of its own.
  virtual void sink(SinkCount& count) = 0;
  /// Connects the one publisher to 127.0.0.1:`port`.
  virtual void connect(std::uint16_t port) = 0;
  virtual void publish(std::span<const std::byte> message) = 0;
};

/// The whole program, as `bench_library` is for ours: sinks in a child, on a processor of their
/// own, and so many frames to all of them.
[[nodiscard]] int run_rival(int argc, char** argv, Rival& rival);

/// Counts one message that came.
void count(SinkCount& sink, std::size_t bytes) noexcept;

}  // namespace lariat::bench
