#include "collectors/linux/device_names.h"

#include <algorithm>
#include <array>

namespace lariat::host {
namespace {

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

// Takes digits off the front, and says whether there were any.
bool take_digits(std::string_view& text) noexcept {
  const auto* const end = std::find_if_not(text.begin(), text.end(), is_digit);
  const auto count = static_cast<std::size_t>(end - text.begin());
  text.remove_prefix(count);
  return count > 0;
}

bool take(std::string_view& text, std::string_view prefix) noexcept {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

bool is_number(std::string_view text) noexcept { return take_digits(text) && text.empty(); }

bool is_partition(std::string_view name, std::string_view prefix) noexcept {
  if (!take(name, prefix) || name.empty() || name.front() < 'a' || name.front() > 'z') return false;
  return is_number(name.substr(1));
}

bool is_nvme_partition(std::string_view name) noexcept {
  return take(name, "nvme") && take_digits(name) && take(name, "n") && take_digits(name) &&
         take(name, "p") && is_number(name);
}

constexpr std::array<std::string_view, 24> kTypes = {
    "autofs",     "binfmt_misc", "bpf",       "cgroup",   "cgroup2",   "configfs",
    "debugfs",    "devpts",      "devtmpfs",  "fusectl",  "hugetlbfs", "iso9660",
    "mqueue",     "nsfs",        "overlay",   "proc",     "procfs",    "pstore",
    "rpc_pipefs", "securityfs",  "selinuxfs", "squashfs", "sysfs",     "tracefs"};

template <std::size_t Count>
bool is_one_of(std::string_view text, const std::array<std::string_view, Count>& these) noexcept {
  return std::ranges::find(these, text) != these.end();
}

constexpr std::array<std::string_view, 2> kErrors = {"InErrors", "InErrs"};
constexpr std::array<std::string_view, 2> kOctets = {"InOctets", "OutOctets"};
constexpr std::array<std::string_view, 2> kMessages = {"InMsgs", "OutMsgs"};
constexpr std::array<std::string_view, 2> kTcpExtra = {"TCPSynRetrans", "TCPTimeouts"};
constexpr std::array<std::string_view, 7> kTcp = {
    "ActiveOpens", "InSegs", "OutSegs", "OutRsts", "PassiveOpens", "RetransSegs", "CurrEstab"};
constexpr std::array<std::string_view, 5> kUdp = {"InDatagrams", "OutDatagrams", "NoPorts",
                                                  "RcvbufErrors", "SndbufErrors"};

}  // namespace

bool is_ignored_disk(std::string_view name) noexcept {
  for (const std::string_view prefix : {"ram", "loop", "fd"}) {
    if (name.starts_with(prefix) && is_number(name.substr(prefix.size()))) return true;
  }
  return std::ranges::any_of(
             std::array<std::string_view, 4>{"hd", "sd", "vd", "xvd"},
             [name](std::string_view prefix) { return is_partition(name, prefix); }) ||
         is_nvme_partition(name);
}

bool is_ignored_interface(std::string_view name) noexcept { return name == "lo"; }

bool is_ignored_mount(std::string_view path) noexcept {
  for (const std::string_view folder : {"/dev", "/proc", "/run", "/sys", "/mnt", "/media"}) {
    if (path == folder || (path.starts_with(folder) && path[folder.size()] == '/')) return true;
  }
  // The folders themselves are not left out, only what is in them. `.` is no line end.
  for (const std::string_view folder : {"/var/lib/docker/", "/var/lib/containers/storage/"}) {
    if (path.starts_with(folder) && path.size() > folder.size() && path[folder.size()] != '\n') {
      return true;
    }
  }
  return false;
}

bool is_ignored_type(std::string_view type) noexcept {
  return !type.empty() && std::ranges::find(kTypes, type) != kTypes.end();
}

bool is_told_vmstat(std::string_view key) noexcept {
  for (const std::string_view prefix : {"oom_kill", "pgpg", "pswp"}) {
    if (key.starts_with(prefix)) return true;
  }
  return key.starts_with("pg") && key.find("fault", 2) != key.npos;
}

bool is_told_netstat(std::string_view protocol, std::string_view name) noexcept {
  if (is_one_of(name, kErrors)) return true;
  if (protocol == "Ip") return name == "Forwarding";
  if (protocol == "Ip6" || protocol == "IpExt") return is_one_of(name, kOctets);
  if (protocol == "Icmp" || protocol == "Icmp6") return is_one_of(name, kMessages);
  if (protocol == "Tcp") return is_one_of(name, kTcp);
  if (protocol == "Udp" || protocol == "Udp6") return is_one_of(name, kUdp);
  return protocol == "TcpExt" && (name.starts_with("Listen") || name.starts_with("Syncookies") ||
                                  is_one_of(name, kTcpExtra));
}

}  // namespace lariat::host
