#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "agent/loop/loop.h"
#include "agent/loop/timer.h"

namespace lariat::net {

/// Calls to be made in a turn of their own: from the loop, with no watcher of the one who asked on
/// the stack, so that what is called may start over, cancel, or destroy that watcher's owner.
///
/// The loop does not sleep while a call is due; with none due there is no timer.
/// Ownership: borrows the loop; the maker of a call holds its ticket. A call may not destroy the
/// queue. Threads: loop thread only.
class CallQueue {
 public:
  using Call = std::function<void()>;

  /// A call that is due. Without its ticket it is not made.
  class [[nodiscard]] Ticket {
   public:
    Ticket() noexcept = default;
    void cancel() noexcept { call_.reset(); }

   private:
    friend class CallQueue;
    explicit Ticket(std::shared_ptr<Call> call) noexcept : call_(std::move(call)) {}
    std::shared_ptr<Call> call_;
  };

  explicit CallQueue(loop::Loop& loop);

  /// In the order of posting, in the next turn. What is posted by a call waits for the turn after.
  Ticket post(Call call);

 private:
  void run_due();

  loop::Loop& loop_;
  loop::Timer soon_;
  std::vector<std::weak_ptr<Call>> due_;
};

}  // namespace lariat::net
