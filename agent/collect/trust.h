#pragma once

#include <sys/types.h>

#include <span>
#include <string>

namespace lariat::collect {

/// Why a file is not trusted.
struct Distrust {
  std::string path;  ///< What breaks the rule: the file, or a directory or link on the way.
  std::string text;  ///< The rule and the command that mends it, in one sentence; empty: trusted.

  explicit operator bool() const noexcept { return !text.empty(); }
};

/// Judges the absolute path `file` by the trust rule: the file, its directory and every parent
/// belong to one of `owners` (root, and the agent's own user), and neither their group nor others
/// may write to them.
///
/// A link is judged itself, by its owner, and so is the way to what it names. A parent that all
/// may write to but where only owners may remove and rename (sticky, as /tmp is) is good if it is
/// not the file's own directory. A file that does not exist is judged by its directories.
[[nodiscard]] Distrust judge(const std::string& file, std::span<const uid_t> owners);

}  // namespace lariat::collect
