#include "agent/net/call_queue.h"

#include <utility>

namespace lariat::net {

CallQueue::CallQueue(loop::Loop& loop) : loop_(loop), soon_(loop, [this] { run_due(); }) {}

CallQueue::Ticket CallQueue::post(Call call) {
  auto shared = std::make_shared<Call>(std::move(call));
  due_.emplace_back(shared);
  if (!soon_.active()) soon_.start(std::chrono::nanoseconds(0));
  return Ticket(std::move(shared));
}

void CallQueue::run_due() {
  bool any = false;
  for (const auto& due : std::exchange(due_, {})) {
    // Held here: a call may drop its own ticket, or those of calls that come after it.
    const auto call = due.lock();
    if (!call) continue;
    any = true;
    (*call)();
  }
  if (!any) loop_.nothing_done();
}

}  // namespace lariat::net
