#pragma once

#include "agent/collect/frame_sink.h"
#include "agent/expose/snapshot.h"
#include "agent/loop/loop.h"
#include "agent/publish/publisher.h"

namespace lariat::app {

/// Gives each frame of a collector to the log, and to the snapshot if it is to be exposed.
///
/// What the snapshot refuses (a clash, too many series) still goes to the endpoints; what is too
/// large for the log goes nowhere. Borrows all three. Threads: loop thread only.
class FrameFan final : public collect::FrameSink {
 public:
  FrameFan(const loop::Loop& loop, publish::Publisher& publisher, expose::Snapshot& snapshot)
      : loop_(loop), publisher_(publisher), snapshot_(snapshot) {}

  [[nodiscard]] bool take(std::span<const std::byte> frame,
                          const collect::FrameOrigin& origin) override {
    if (!publisher_.publish(frame)) return false;
    if (origin.expose) {
      snapshot_.take(frame, {.collector = origin.collector, .interval = origin.interval},
                     loop_.now());
    }
    return true;
  }

 private:
  const loop::Loop& loop_;
  publish::Publisher& publisher_;
  expose::Snapshot& snapshot_;
};

}  // namespace lariat::app
