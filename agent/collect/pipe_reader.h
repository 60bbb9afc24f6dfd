#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>

#include "agent/base/unique_fd.h"
#include "agent/loop/io_watcher.h"
#include "agent/loop/loop.h"

namespace lariat::collect {

/// The reading end of a collector's pipe, read in bounded turns: a flood gets its share of the
/// loop, and everything else the rest.
///
/// The pipe is enlarged, so that a usual answer is one wake-up. Ownership: borrows the loop and
/// `room`, which several readers share. Threads: loop thread only.
class PipeReader {
 public:
  struct Events {
    /// What has come. May pause or close the reader.
    std::function<void(std::span<const std::byte> octets)> on_octets;
    /// Nothing more will come; it is closed.
    std::function<void()> on_end;
  };

  PipeReader(loop::Loop& loop, std::span<std::byte> room, Events events);

  void open(base::UniqueFd pipe);
  /// Nothing more is read; no event.
  void close() noexcept;
  /// Reads nothing more until `resume`: the writer has to wait.
  void pause() noexcept { readable_.stop(); }
  void resume() noexcept { readable_.set_active(is_open()); }
  /// Whoever the pipe was made for is gone: what lies in it is read, then it ends, whoever else
  /// holds it. `on_end` may come at once.
  void finish();

  [[nodiscard]] bool is_open() const noexcept { return static_cast<bool>(pipe_); }

 private:
  void read_some();
  [[nodiscard]] bool read_once();
  void end();

  std::span<std::byte> room_;
  Events events_;
  base::UniqueFd pipe_;
  std::optional<std::size_t> left_;  // Octets still to be read, once it is to finish.
  loop::Loop& loop_;
  loop::IoWatcher readable_;
};

}  // namespace lariat::collect
