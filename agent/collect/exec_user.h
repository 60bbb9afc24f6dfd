#pragma once

#include <optional>
#include <string>

#include "agent/base/result.h"

namespace lariat::collect {

/// Whether this process has the rights that the key `user` takes: CAP_SETUID and CAP_SETGID to
/// become another user, CAP_KILL to end what has become one.
[[nodiscard]] bool may_change_user() noexcept;

/// What gives an agent those rights, for the end of a sentence: what to put into a drop-in of its
/// unit.
[[nodiscard]] const char* user_drop_in() noexcept;

/// Becomes a user for good, with its groups, `HOME`, `USER` and `LOGNAME`, and gives up the rights
/// to become another. Asks the system's databases of users: may take its time. Only in a process
/// with one thread. One sentence if it cannot.
[[nodiscard]] std::optional<base::Error> become_user(const std::string& name);

/// A program that is executed from here on has none of the rights above, whatever the unit gives
/// to the agent. It does not bind root.
void give_up_user_rights() noexcept;

}  // namespace lariat::collect
