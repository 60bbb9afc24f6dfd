#pragma once

#include <string>

namespace lariat::collect {

/// What lies at `path` comes from another machine or from another process (NFS, SMB, FUSE, ...):
/// whoever executes it may stand still for as long as that one does. What cannot be looked at is
/// not remote.
///
/// Asks no server about what a disk holds. Threads: any.
[[nodiscard]] bool is_remote(const std::string& path) noexcept;

/// The same of a kind of file system, by the number that `statfs` gives (linux/magic.h).
[[nodiscard]] bool is_remote_type(unsigned long type) noexcept;

}  // namespace lariat::collect
