#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "collectors/sdk/answer.h"

namespace lariat::files {

/// Which files count.
struct Query {
  std::string name;                ///< What the group is called; empty: as its path.
  std::string path;                ///< A folder, or one file.
  std::vector<std::string> globs;  ///< The file's name matches one of them; none: any.
  char type = 'f';                 ///< As find(1) has it: `f` file, `d` folder, `l` link; `a`: all.
  std::size_t depth = 1;           ///< Folders below `path` to go into, itself being the first.
  std::optional<double> older;     ///< Seconds since it was written, at least.
  std::optional<double> newer;     ///< At most.
  std::optional<std::uint64_t> larger;   ///< Octets, at least.
  std::optional<std::uint64_t> smaller;  ///< At most.
};

struct Found {
  std::uint64_t count = 0;
  std::uint64_t bytes = 0;
  std::uint64_t smallest = 0;
  std::uint64_t largest = 0;
  double oldest = 0;  ///< Time of the last change, seconds since 1970.
  double newest = 0;
  std::uint64_t unreadable = 0;  ///< Folders and files that could not be looked at.
  bool cut = false;              ///< There were more than may be looked at.
};

/// Looks at no more entries than that.
inline constexpr std::size_t kMostEntries = 1'000'000;

/// Walks below the query's path. Links are not followed; other file systems are not gone into.
[[nodiscard]] Found walk(const Query& query, double now, std::size_t most = kMostEntries);

/// Puts what was found into `answer`, with `tags`.
void put(const Found& found, double now, std::string_view tags, sdk::Answer& answer);

/// `90`, `5m`, `12h`, `1d` in seconds; nothing if it is none.
[[nodiscard]] std::optional<double> parse_age(std::string_view text);
/// `512`, `64KiB`, `1MiB`, `2GiB` in octets; nothing if it is none.
[[nodiscard]] std::optional<std::uint64_t> parse_size(std::string_view text);

}  // namespace lariat::files
