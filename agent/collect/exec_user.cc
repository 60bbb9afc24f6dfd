#include "agent/collect/exec_user.h"

#include <fmt/format.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>

namespace lariat::collect {
namespace {

constexpr std::array<unsigned, 3> kRights{CAP_SETUID, CAP_SETGID, CAP_KILL};

// All three are among the first 32, so in the first element.
struct Capabilities {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> sets{};
};

constexpr std::uint32_t mask() {
  std::uint32_t bits = 0;
  for (const unsigned right : kRights) bits |= std::uint32_t{1} << right;
  return bits;
}

bool read(Capabilities& capabilities) noexcept {
  return ::syscall(SYS_capget, &capabilities.header, capabilities.sets.data()) == 0;
}

// What is executed would have them.
bool keeps_rights() noexcept {
  return std::any_of(kRights.begin(), kRights.end(), [](unsigned right) {
    return ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, right, 0, 0) == 1;
  });
}

// Else it could write to them, but not open them by their names such as /dev/stderr.
void give_pipes_to(const passwd& user) noexcept {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    struct stat status {};
    if (::fstat(fd, &status) != 0 || !S_ISFIFO(status.st_mode)) continue;
    [[maybe_unused]] const int given = ::fchown(fd, user.pw_uid, user.pw_gid);
  }
}

base::Error no_right(const std::string& name, const char* reason) {
  return {
      fmt::format("cannot become user '{}': {}; leave out `user`, or give the agent the right: "
                  "{}",
                  name, reason, user_drop_in())};
}

}  // namespace

bool may_change_user() noexcept {
  Capabilities now;
  return read(now) && (now.sets[0].effective & mask()) == mask();
}

const char* user_drop_in() noexcept {
  return "systemctl edit lariat, and in the section [Service] the lines "
         "CapabilityBoundingSet=CAP_SETUID CAP_SETGID CAP_KILL and "
         "AmbientCapabilities=CAP_SETUID CAP_SETGID CAP_KILL";
}

void give_up_user_rights() noexcept {
  for (const unsigned right : kRights) ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_LOWER, right, 0, 0);
  Capabilities now;
  if (::geteuid() == 0 || !read(now)) return;
  now.sets[0].effective &= ~mask();
  now.sets[0].permitted &= ~mask();
  now.sets[0].inheritable &= ~mask();
  ::syscall(SYS_capset, &now.header, now.sets.data());
}

// Supplementary groups too: those of the agent are not for it.
std::optional<base::Error> become_user(const std::string& name) {
  errno = 0;
  const passwd* user = ::getpwnam(name.c_str());
  if (user == nullptr) {
    return base::Error{fmt::format("there is no user '{}' on this host{}", name,
                                   errno != 0 ? fmt::format(" ({})", std::strerror(errno)) : "")};
  }
  // Where the environment says otherwise the description does: the agent's own are not in it.
  ::setenv("USER", user->pw_name, 0);
  ::setenv("LOGNAME", user->pw_name, 0);
  ::setenv("HOME", user->pw_dir, 0);
  if (::geteuid() == user->pw_uid && ::geteuid() != 0) {
    give_up_user_rights();
    return std::nullopt;
  }
  if (!may_change_user()) {
    return no_right(name, "the agent may not change to another user and end what has");
  }
  give_pipes_to(*user);
  if (::initgroups(name.c_str(), user->pw_gid) != 0 || ::setgid(user->pw_gid) != 0 ||
      ::setuid(user->pw_uid) != 0) {
    return no_right(name, std::strerror(errno));
  }
  // From one user to another the kernel takes nothing away.
  give_up_user_rights();
  if (keeps_rights()) {
    return base::Error{fmt::format("could not give up the right to be another than '{}'", name)};
  }
  // Where a filter of system calls forbids to give them up here the execution does it.
  if (user->pw_uid != 0 && !may_change_user() && ::setuid(0) == 0) {
    return base::Error{fmt::format("could become root again after user '{}'", name)};
  }
  return std::nullopt;
}

}  // namespace lariat::collect
