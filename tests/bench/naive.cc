// The contrast: a publisher as it is written at first. Each peer has a queue of its own with a copy
// of every frame, and each frame is a system call for each peer. Same sockets, same sinks.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <deque>
#include <span>
#include <string>
#include <vector>

#include "tests/bench/arguments.h"
#include "tests/bench/frames.h"
#include "tests/bench/peers.h"
#include "tests/bench/usage.h"

namespace lariat::bench {
namespace {

class Publisher {
 public:
  explicit Publisher(std::span<const std::uint16_t> ports) : peers_(ports), states_(ports.size()) {}

  void publish(const std::string& frame) {
    for (std::size_t peer = 0; peer < states_.size(); ++peer) {
      states_[peer].queue.push_back(frame);
      if (!states_[peer].waiting) send_some(peer);
    }
    while (longest() > kMostQueued) wait();
  }

  void finish() {
    while (longest() > 0) wait();
    peers_.wait_acknowledged();
  }

  [[nodiscard]] const Peers& peers() const noexcept { return peers_; }

 private:
  static constexpr std::size_t kMostQueued = 10'000;  // Frames; then whoever publishes waits.

  struct State {
    std::deque<std::string> queue;
    std::size_t sent = 0;  // Of the first frame.
    bool waiting = false;
  };

  void send_some(std::size_t peer) {
    auto& state = states_[peer];
    while (!state.queue.empty()) {
      const auto rest = std::as_bytes(std::span(state.queue.front())).subspan(state.sent);
      const auto taken = peers_.send(peer, rest);
      if (taken < rest.size()) {
        state.sent += taken;
        state.waiting = true;
        peers_.await_writable(peer);
        return;
      }
      state.queue.pop_front();
      state.sent = 0;
    }
  }

  void wait() {
    for (const auto peer : peers_.wait_writable()) {
      states_[peer].waiting = false;
      send_some(peer);
    }
  }

  [[nodiscard]] std::size_t longest() const {
    std::size_t most = 0;
    for (const auto& state : states_) most = std::max(most, state.queue.size());
    return most;
  }

  Peers peers_;
  std::vector<State> states_;
};

int run(int argc, char** argv) {
  const Arguments arguments(argc, argv, {"--ports", "--frames", "--pin"});
  arguments.pin();
  const auto ports = arguments.ports();
  const auto frames = std::max<std::uint64_t>(1, arguments.number("--frames", 300'000));
  const auto bytes = make_frame("series=0", 1.0);
  const std::string frame(reinterpret_cast<const char*>(bytes.data()), bytes.size());

  Publisher publisher(ports);
  const auto began = std::chrono::steady_clock::now();
  const double cpu_before = cpu_seconds();
  for (std::uint64_t i = 0; i < frames; ++i) publisher.publish(frame);
  publisher.finish();
  const double cpu = cpu_seconds() - cpu_before;
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - began;
  std::printf(
      "{\"peers\":%zu,\"frames\":%lu,\"frame_bytes\":%zu,\"seconds\":%.6f,"
      "\"cpu_seconds\":%.6f,\"cpu_seconds_per_million\":%.6f,\"sends\":%lu,"
      "\"stalls\":%lu}\n",
      ports.size(), frames, kFrameBytes, seconds.count(), cpu,
      cpu * 1e6 / static_cast<double>(frames), publisher.peers().sends(),
      publisher.peers().stalls());
  return 0;
}

}  // namespace
}  // namespace lariat::bench

int main(int argc, char** argv) { return lariat::bench::run(argc, argv); }
