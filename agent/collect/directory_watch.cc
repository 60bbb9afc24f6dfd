#include "agent/collect/directory_watch.h"

#include <dirent.h>
#include <fmt/format.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <memory>
#include <utility>

#include "agent/collect/directory_scan.h"

namespace lariat::collect {
namespace {

constexpr std::uint32_t kOfDirectory = IN_CREATE | IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM |
                                       IN_DELETE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF |
                                       IN_ONLYDIR;
constexpr std::uint32_t kOfParent =
    IN_CREATE | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
// The kernel tells nothing when a program is only executed. A file that is replaced under its name
// loses that name, which is a change of its attributes.
constexpr std::uint32_t kOfFile = IN_CLOSE_WRITE | IN_ATTRIB | IN_MOVE_SELF | IN_DELETE_SELF;
// One that is no collector, such as a log that is written all the time, becomes one by its rights.
constexpr std::uint32_t kOfOther = IN_ATTRIB | IN_MOVE_SELF | IN_DELETE_SELF;
// One that is changed without a pause is looked at nevertheless, within a second.
constexpr int kLongestSettling = 3;

std::string parent_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == 0 || slash == std::string::npos ? "/" : path.substr(0, slash);
}

// Those that may lead to a program or a description.
std::vector<std::string> links_in(const std::string& directory) {
  std::vector<std::string> links;
  const std::unique_ptr<DIR, int (*)(DIR*)> open(::opendir(directory.c_str()), ::closedir);
  if (!open) return links;
  while (const dirent* entry = ::readdir(open.get())) {
    const std::string path = directory + "/" + entry->d_name;
    struct stat status {};
    const bool is_link =
        entry->d_type == DT_LNK || (entry->d_type == DT_UNKNOWN &&
                                    ::lstat(path.c_str(), &status) == 0 && S_ISLNK(status.st_mode));
    if (!is_link || is_leftover(entry->d_name)) continue;
    if (::stat(path.c_str(), &status) != 0 || S_ISREG(status.st_mode)) links.push_back(path);
  }
  return links;
}

// Where a link says that it leads, as an absolute path; empty if it says nothing.
std::string target_of(const std::string& link) {
  std::array<char, PATH_MAX> text{};
  const ssize_t length = ::readlink(link.c_str(), text.data(), text.size());
  if (length <= 0) return {};
  std::string target(text.data(), static_cast<std::size_t>(length));
  return target.front() == '/' ? target : parent_of(link) + "/" + target;
}

bool may_be_collector(const std::string& link) {
  return link.ends_with(".json") || ::access(link.c_str(), X_OK) == 0;
}

bool is_there(const std::string& path, bool directory) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && (!directory || S_ISDIR(status.st_mode));
}

}  // namespace

DirectoryWatch::DirectoryWatch(loop::Loop& loop, const base::Log& lines,
                               std::chrono::milliseconds settle, std::function<void()> changed)
    : loop_(loop),
      lines_(lines),
      settle_(settle),
      changed_(std::move(changed)),
      readable_(loop, loop::CallbackKind::kFile, [this]() noexcept { read_events(); }),
      settling_(loop, [this]() noexcept { settled(); }) {}

void DirectoryWatch::watch(std::vector<std::string> directories) {
  directories_ = std::move(directories);
  if (directories_.empty()) {
    settling_.stop();
    readable_.watch(-1);
    inotify_.reset();
    watches_.clear();
    return;
  }
  if (!inotify_) {
    inotify_.reset(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
    if (!inotify_) {
      lines_.error(
          fmt::format("cannot watch the collectors' directories: {}; changes there need a "
                      "reload (fs.inotify.max_user_instances may be too low)",
                      std::strerror(errno)));
      return;
    }
    readable_.watch(inotify_.get());
    readable_.start();
  }
  arm();
}

// All anew: adding what is watched already changes nothing.
void DirectoryWatch::arm() {
  auto old = std::exchange(watches_, {});
  were_failed_ = std::exchange(failed_, {});
  for (const auto& directory : directories_) {
    watches_.push_back(arm_one(directory, true));
    arm_links(directory);
  }
  for (const auto& watch : old) {
    const bool kept = std::any_of(watches_.begin(), watches_.end(), [&watch](const auto& other) {
      return other.descriptor == watch.descriptor;
    });
    if (!kept && watch.descriptor >= 0) ::inotify_rm_watch(inotify_.get(), watch.descriptor);
  }
}

DirectoryWatch::Watch DirectoryWatch::arm_one(const std::string& path, bool directory) {
  int descriptor = ::inotify_add_watch(inotify_.get(), path.c_str(), kOfDirectory);
  if (descriptor >= 0) return {descriptor, {}};
  std::string missing = path;
  while ((errno == ENOENT || errno == ENOTDIR) && missing.size() > 1) {
    const std::string parent = parent_of(missing);
    // Added to what another directory may be watched for in it.
    descriptor = ::inotify_add_watch(inotify_.get(), parent.c_str(), kOfParent | IN_MASK_ADD);
    if (descriptor < 0) {
      missing = parent;
      continue;
    }
    // It may have come in between: then nobody would tell. A file in its place stays one.
    if (is_there(missing, directory || missing != path)) note_change();
    return {descriptor, missing.substr(missing.rfind('/') + 1)};
  }
  tell_once(path, errno);
  return {-1, {}};
}

void DirectoryWatch::tell_once(const std::string& path, int error) {
  failed_.insert(path);
  if (were_failed_.contains(path)) return;
  const char* remedy = error == ENOSPC ? " (fs.inotify.max_user_watches may be too low)" : "";
  lines_.error(fmt::format("cannot watch {}: {}; changes there need a reload{}", path,
                           error == ENOSPC ? "too many watches" : std::strerror(error), remedy));
}

// A link that leads nowhere is looked at again when its target's directory gets that name.
void DirectoryWatch::arm_links(const std::string& directory) {
  for (const auto& link : links_in(directory)) {
    const auto events = may_be_collector(link) ? kOfFile : kOfOther;
    const int descriptor = ::inotify_add_watch(inotify_.get(), link.c_str(), events | IN_MASK_ADD);
    if (descriptor >= 0) {
      watches_.push_back({.descriptor = descriptor, .file = true});
    } else if (errno != ENOENT) {
      tell_once(link, errno);
    } else if (const auto target = target_of(link); !target.empty()) {
      watches_.push_back(arm_one(target, false));
    }
  }
}

void DirectoryWatch::read_events() {
  alignas(inotify_event) std::array<char, 16384> events;
  const ssize_t got = ::read(inotify_.get(), events.data(), events.size());
  bool changed = false;
  for (ssize_t at = 0; at < got;) {
    inotify_event event{};
    std::memcpy(&event, events.data() + at, sizeof event);
    const char* name = events.data() + at + sizeof event;
    changed |= matters(event.wd, event.mask, event.len > 0 ? name : "");
    at += static_cast<ssize_t>(sizeof event + event.len);
  }
  if (changed) note_change();
}

bool DirectoryWatch::matters(int descriptor, unsigned mask, const std::string& name) const {
  if ((mask & IN_Q_OVERFLOW) != 0) return true;
  for (const auto& watch : watches_) {
    if (watch.descriptor != descriptor) continue;
    if (watch.file) return true;
    if (name.empty() || (watch.only.empty() ? !is_leftover(name) : name == watch.only)) return true;
  }
  return false;
}

void DirectoryWatch::note_change() {
  const auto now = loop_.now();
  if (!settling_.active()) first_change_ = now;
  if (now - first_change_ < settle_ * kLongestSettling) settling_.start(settle_);
}

void DirectoryWatch::settled() {
  arm();
  changed_();
}

}  // namespace lariat::collect
