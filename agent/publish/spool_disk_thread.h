#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>

#include "agent/base/result.h"
#include "agent/loop/io_watcher.h"
#include "agent/loop/loop.h"

namespace lariat::publish {

/// The one thread besides the loop's: it waits for the disk, so that the loop does not.
///
/// Work runs there, one piece after the other in the order of posting; what it returns runs in the
/// loop. Between them lies a short list under a lock: neither waits for the other's work.
/// All signals are blocked in it. It sleeps while nothing is due.
/// Ownership: borrows the loop. What work captures must outlive the thread, not this object:
/// `stop` may leave a thread behind that hangs in the disk. Threads: methods, the loop's only.
class SpoolDiskThread {
 public:
  using Done = std::function<void()>;  ///< Runs in the loop; may be empty.
  using Work = std::function<Done()>;  ///< Runs in the thread.

  /// An error if the system gives no descriptor or no thread.
  [[nodiscard]] static base::Result<std::unique_ptr<SpoolDiskThread>> start(loop::Loop& loop);
  ~SpoolDiskThread();
  SpoolDiskThread(const SpoolDiskThread&) = delete;
  SpoolDiskThread& operator=(const SpoolDiskThread&) = delete;

  /// After `stop` it is dropped.
  void post(Work work);
  /// Does all that was posted and ends the thread. False if it has not ended after `patience`: then
  /// it is left to itself, and what is undone stays undone. What finished work returned has run in
  /// either case.
  [[nodiscard]] bool stop(std::chrono::milliseconds patience);

  /// In a child process, where there is no such thread: as if it had ended. Its list is not
  /// touched, as it may have held the lock.
  void abandon() noexcept;

  /// Posted, and what it returned has not run yet.
  [[nodiscard]] std::size_t pending() const noexcept { return pending_; }

 private:
  struct State;
  SpoolDiskThread(loop::Loop& loop, std::shared_ptr<State> state);
  void finish_done() noexcept;

  std::shared_ptr<State> state_;
  std::size_t pending_ = 0;
  bool stopped_ = false;
  loop::IoWatcher finished_;
};

}  // namespace lariat::publish
