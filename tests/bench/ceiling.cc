// The raw ceiling: what the kernel asks for the bytes alone. Blocks of frames that were made
// before, sent to each peer by the program that does nothing else, with the sockets of the agent.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <limits>
#include <numeric>
#include <span>
#include <vector>

#include "tests/bench/arguments.h"
#include "tests/bench/frames.h"
#include "tests/bench/peers.h"
#include "tests/bench/usage.h"

namespace lariat::bench {
namespace {

std::vector<std::byte> make_block(std::size_t most_bytes) {
  const auto frame = make_frame("series=0", 1.0);
  std::vector<std::byte> block;
  while (block.size() + frame.size() <= most_bytes) {
    block.insert(block.end(), frame.begin(), frame.end());
  }
  if (block.empty()) fail("--blocks: a block holds one frame at least");
  return block;
}

// Block by block to each peer that can take one. Only when none can, the program sleeps.
void send_all(Peers& peers, std::span<const std::byte> block, std::uint64_t bytes_each) {
  std::vector<std::uint64_t> sent(peers.size(), 0);
  std::vector<std::size_t> ready(peers.size());
  std::iota(ready.begin(), ready.end(), std::size_t{0});
  std::size_t unfinished = peers.size();
  const auto done_for_now = [&](std::size_t peer) {
    const auto offset = static_cast<std::size_t>(sent[peer] % block.size());
    const auto left = bytes_each - sent[peer];
    const auto asked =
        static_cast<std::size_t>(std::min<std::uint64_t>(block.size() - offset, left));
    const auto taken = peers.send(peer, block.subspan(offset, asked));
    sent[peer] += taken;
    if (sent[peer] == bytes_each) {
      --unfinished;
      return true;
    }
    if (taken == asked) return false;
    peers.await_writable(peer);
    return true;
  };
  while (unfinished != 0) {
    if (ready.empty()) {
      const auto writable = peers.wait_writable();
      ready.assign(writable.begin(), writable.end());
    }
    ready.erase(std::remove_if(ready.begin(), ready.end(), done_for_now), ready.end());
  }
  peers.wait_acknowledged();
}

// On connections of its own, as the sender that it is compared with has. Returns CPU seconds a
// million frames.
double measure(std::span<const std::uint16_t> ports, std::size_t most_bytes, std::uint64_t frames) {
  const auto block = make_block(most_bytes);
  Peers peers(ports);
  const auto began = std::chrono::steady_clock::now();
  const double cpu_before = cpu_seconds();
  send_all(peers, block, frames * kFrameBytes);
  const double cpu = cpu_seconds() - cpu_before;
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - began;
  const double per_million = cpu * 1e6 / static_cast<double>(frames);
  std::printf(
      "{\"block_bytes\":%zu,\"seconds\":%.6f,\"cpu_seconds\":%.6f,"
      "\"cpu_seconds_per_million\":%.6f,\"sends\":%lu,\"stalls\":%lu}",
      block.size(), seconds.count(), cpu, per_million, peers.sends(), peers.stalls());
  return per_million;
}

int run(int argc, char** argv) {
  const Arguments arguments(argc, argv, {"--ports", "--frames", "--blocks", "--pin"});
  arguments.pin();
  const auto ports = arguments.ports();
  const auto frames = std::max<std::uint64_t>(1, arguments.number("--frames", 5'000'000));
  const auto blocks = arguments.numbers("--blocks", {32, 64, 256});  // KiB.

  std::printf("{\"peers\":%zu,\"frames\":%lu,\"frame_bytes\":%zu,\"blocks\":[", ports.size(),
              frames, kFrameBytes);
  double best = std::numeric_limits<double>::max();
  for (const auto& kib : blocks) {
    if (&kib != blocks.data()) std::printf(",");
    best = std::min(best, measure(ports, static_cast<std::size_t>(kib) << 10U, frames));
  }
  std::printf("],\"cpu_seconds_per_million\":%.6f}\n", best);
  return 0;
}

}  // namespace
}  // namespace lariat::bench

int main(int argc, char** argv) { return lariat::bench::run(argc, argv); }
