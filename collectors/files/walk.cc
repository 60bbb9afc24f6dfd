#include "collectors/files/walk.h"

#include <dirent.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <memory>
#include <string_view>
#include <utility>

#include "collectors/sdk/scan.h"

namespace lariat::files {
namespace {

using Directory = std::unique_ptr<DIR, int (*)(DIR*)>;

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

// A number and one of `units`, or none.
template <std::size_t Count>
std::optional<std::uint64_t> parse_with(std::string_view text,
                                        const std::array<Unit, Count>& units) {
  std::uint64_t factor = 1;
  for (const Unit& unit : units) {
    if (!text.ends_with(unit.name)) continue;
    factor = unit.factor;
    text.remove_suffix(unit.name.size());
    break;
  }
  const auto number = sdk::parse<std::uint64_t>(text);
  constexpr std::uint64_t kMost = std::uint64_t{1} << 60U;
  return number && *number <= kMost / factor ? std::optional(*number * factor) : std::nullopt;
}

double seconds_of(const timespec& time) noexcept {
  constexpr double kNanoseconds = 1e-9;
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * kNanoseconds;
}

bool is_of_type(char type, mode_t mode) noexcept {
  switch (type) {
    case 'f':
      return S_ISREG(mode);
    case 'd':
      return S_ISDIR(mode);
    case 'l':
      return S_ISLNK(mode);
    default:
      return true;
  }
}

/// One walk: folders that are still to be gone into are kept as paths, so that depth costs no
/// descriptors.
class Walk {
 public:
  Walk(const Query& query, double now, std::size_t most) : query_(query), now_(now), left_(most) {}

  Found run() {
    struct stat root {};
    if (::stat(query_.path.c_str(), &root) != 0) {
      ++found_.unreadable;
      return found_;
    }
    if (!S_ISDIR(root.st_mode)) {
      consider(query_.path.substr(query_.path.rfind('/') + 1), root);
      return found_;
    }
    device_ = root.st_dev;
    pending_.push_back({query_.path, 1});
    while (!pending_.empty() && !found_.cut) {
      const Pending next = std::move(pending_.back());
      pending_.pop_back();
      look_into(next);
    }
    return found_;
  }

 private:
  struct Pending {
    std::string path;
    std::size_t depth = 0;
  };

  void look_into(const Pending& folder) {
    const Directory directory(::opendir(folder.path.c_str()), &::closedir);
    if (directory == nullptr) {
      ++found_.unreadable;
      return;
    }
    const int descriptor = ::dirfd(directory.get());
    while (const dirent* const entry = ::readdir(directory.get())) {
      const std::string_view name = entry->d_name;
      if (name == "." || name == "..") continue;
      found_.cut = left_ == 0;
      if (found_.cut) return;
      --left_;
      struct stat seen {};
      if (::fstatat(descriptor, entry->d_name, &seen, AT_SYMLINK_NOFOLLOW) != 0) {
        // One that has gone meanwhile is none.
        if (errno != ENOENT) ++found_.unreadable;
        continue;
      }
      const bool enter = S_ISDIR(seen.st_mode) && folder.depth < query_.depth;
      if (enter && seen.st_dev == device_) {
        pending_.push_back({folder.path + '/' + std::string(name), folder.depth + 1});
      }
      consider(std::string(name), seen);
    }
  }

  void consider(const std::string& name, const struct stat& seen) {
    const auto matches = [&name](const std::string& glob) {
      return ::fnmatch(glob.c_str(), name.c_str(), 0) == 0;
    };
    if (!query_.globs.empty() && std::ranges::none_of(query_.globs, matches)) return;
    const auto size = static_cast<std::uint64_t>(std::max<off_t>(seen.st_size, 0));
    const double written = seconds_of(seen.st_mtim);
    const double age = now_ - written;
    const bool wanted =
        is_of_type(query_.type, seen.st_mode) && !(query_.older && age < *query_.older) &&
        !(query_.newer && age > *query_.newer) && !(query_.larger && size < *query_.larger) &&
        !(query_.smaller && size > *query_.smaller);
    if (!wanted) return;
    const bool first = found_.count++ == 0;
    found_.bytes += size;
    found_.smallest = first ? size : std::min(found_.smallest, size);
    found_.largest = std::max(found_.largest, size);
    found_.oldest = first ? written : std::min(found_.oldest, written);
    found_.newest = first ? written : std::max(found_.newest, written);
  }

  const Query& query_;
  double now_;
  std::size_t left_;
  dev_t device_ = 0;
  std::vector<Pending> pending_;
  Found found_;
};

}  // namespace

Found walk(const Query& query, double now, std::size_t most) {
  return Walk(query, now, most).run();
}

void put(const Found& found, double now, std::string_view tags, sdk::Answer& answer) {
  const auto count = static_cast<double>(found.count);
  const auto bytes = static_cast<double>(found.bytes);
  answer.sample("files_count", count, tags);
  answer.sample("files_size_bytes", bytes, tags);
  answer.sample("files_unreadable", static_cast<double>(found.unreadable), tags);
  answer.sample("files_cut", found.cut ? 1 : 0, tags);
  if (found.count == 0) return;
  answer.sample("files_smallest_bytes", static_cast<double>(found.smallest), tags);
  answer.sample("files_largest_bytes", static_cast<double>(found.largest), tags);
  answer.sample("files_average_bytes", bytes / count, tags);
  answer.sample("files_oldest_age_seconds", std::max(now - found.oldest, 0.0), tags);
  answer.sample("files_newest_age_seconds", std::max(now - found.newest, 0.0), tags);
}

std::optional<double> parse_age(std::string_view text) {
  constexpr std::array kUnits = {Unit{"s", 1}, Unit{"m", 60}, Unit{"h", 3600}, Unit{"d", 86'400}};
  const auto seconds = parse_with(text, kUnits);
  return seconds ? std::optional(static_cast<double>(*seconds)) : std::nullopt;
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  constexpr std::array kUnits = {Unit{"KiB", std::uint64_t{1} << 10U},
                                 Unit{"MiB", std::uint64_t{1} << 20U},
                                 Unit{"GiB", std::uint64_t{1} << 30U}, Unit{"B", 1}};
  return parse_with(text, kUnits);
}

}  // namespace lariat::files
