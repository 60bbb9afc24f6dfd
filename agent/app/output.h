#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "agent/loop/io_watcher.h"
#include "agent/loop/loop.h"

namespace lariat::app {

/// What a program prints in bulk: gathered, written once a loop turn, never waited for.
///
/// A reader that is slow makes it `blocked`; whoever fills it then stops until `on_drained`, so
/// that memory stays bounded and the loop goes on. Only a regular file is waited for. Ownership:
/// borrows the loop and the descriptor. Threads: loop thread only.
class Output {
 public:
  struct Events {
    std::function<void()> on_drained;          ///< Was blocked, is empty.
    std::function<void(int error)> on_failed;  ///< An errno, once; EPIPE: nobody reads. From
                                               ///< `flush` or from the loop.
  };

  Output(loop::Loop& loop, int fd, Events events);

  /// To append to; nothing is lost that is in it.
  [[nodiscard]] std::string& buffer() noexcept { return buffer_; }
  /// Writes what the reader takes now.
  void flush() noexcept;
  /// The same if enough has been gathered to be worth it.
  void flush_if_large() noexcept;

  [[nodiscard]] bool blocked() const noexcept { return writable_.active(); }
  [[nodiscard]] bool failed() const noexcept { return failed_; }
  [[nodiscard]] std::size_t pending() const noexcept { return buffer_.size() - written_; }
  /// Gives up what is not written yet.
  void drop() noexcept;

 private:
  void drain() noexcept;
  void look_for_reader() noexcept;
  void fail(int error) noexcept;

  int fd_;
  Events events_;
  std::size_t chunk_;  // Octets of one write.
  std::string buffer_;
  std::size_t written_ = 0;  // Octets at the start of the buffer.
  bool failed_ = false;
  loop::IoWatcher writable_;
  loop::IoWatcher closed_;  // Of a pipe: its reader goes away while there is nothing to write.
};

}  // namespace lariat::app
