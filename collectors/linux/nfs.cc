#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "collectors/linux/all.h"
#include "collectors/linux/fault.h"
#include "collectors/sdk/scan.h"

namespace lariat::host {
namespace {

// The requests of each version of the protocol, in the kernel's order.
constexpr std::array<std::string_view, 18> kVersion2 = {
    "Null",   "GetAttr", "SetAttr", "Root", "Lookup",  "ReadLink", "Read",  "WrCache", "Write",
    "Create", "Remove",  "Rename",  "Link", "SymLink", "MkDir",    "RmDir", "ReadDir", "FsStat"};
constexpr std::array<std::string_view, 22> kVersion3 = {
    "Null",    "GetAttr",     "SetAttr", "Lookup", "Access",   "ReadLink", "Read",   "Write",
    "Create",  "MkDir",       "SymLink", "MkNod",  "Remove",   "RmDir",    "Rename", "Link",
    "ReadDir", "ReadDirPlus", "FsStat",  "FsInfo", "PathConf", "Commit"};
constexpr std::array<std::string_view, 59> kVersion4 = {"Null",
                                                        "Read",
                                                        "Write",
                                                        "Commit",
                                                        "Open",
                                                        "OpenConfirm",
                                                        "OpenNoattr",
                                                        "OpenDowngrade",
                                                        "Close",
                                                        "Setattr",
                                                        "FsInfo",
                                                        "Renew",
                                                        "SetClientID",
                                                        "SetClientIDConfirm",
                                                        "Lock",
                                                        "Lockt",
                                                        "Locku",
                                                        "Access",
                                                        "Getattr",
                                                        "Lookup",
                                                        "LookupRoot",
                                                        "Remove",
                                                        "Rename",
                                                        "Link",
                                                        "Symlink",
                                                        "Create",
                                                        "Pathconf",
                                                        "StatFs",
                                                        "ReadLink",
                                                        "ReadDir",
                                                        "ServerCaps",
                                                        "DelegReturn",
                                                        "GetACL",
                                                        "SetACL",
                                                        "FsLocations",
                                                        "ReleaseLockowner",
                                                        "Secinfo",
                                                        "FsidPresent",
                                                        "ExchangeID",
                                                        "CreateSession",
                                                        "DestroySession",
                                                        "Sequence",
                                                        "GetLeaseTime",
                                                        "ReclaimComplete",
                                                        "LayoutGet",
                                                        "GetDeviceInfo",
                                                        "LayoutCommit",
                                                        "LayoutReturn",
                                                        "SecinfoNoName",
                                                        "TestStateID",
                                                        "FreeStateID",
                                                        "GetDeviceList",
                                                        "BindConnToSession",
                                                        "DestroyClientID",
                                                        "Seek",
                                                        "Allocate",
                                                        "DeAllocate",
                                                        "LayoutStats",
                                                        "Clone"};

struct Version {
  std::string_view key;
  std::string_view number;
  std::span<const std::string_view> requests;
};
const std::array kVersions = {
    Version{"proc2", "2", kVersion2},
    Version{"proc3", "3", kVersion3},
    Version{"proc4", "4", kVersion4},
};

constexpr std::array<std::string_view, 3> kRpcs = {"node_nfs_rpcs_total",
                                                   "node_nfs_rpc_retransmissions_total",
                                                   "node_nfs_rpc_authentication_refreshes_total"};

// What this host asks of NFS servers.
class NfsSource : public sdk::Source {
 public:
  explicit NfsSource(sdk::Host& host)
      : file_(host.paths().proc + "/net/rpc/nfs", sdk::ProcFile::Shape::kRecords) {}

  std::string collect(sdk::Answer& answer) override {
    const auto content = file_.read();
    if (!content) return file_.is_absent() ? not_here() : file_.error();
    make_tags();
    std::string_view rest = *content;
    std::string_view line;
    while (sdk::take_line(rest, line)) {
      std::string_view words = line;
      if (!put(sdk::take_word(words), words, answer)) {
        return not_understood("/proc/net/rpc/nfs", line);
      }
    }
    return {};
  }

 private:
  bool put(std::string_view key, std::string_view words, sdk::Answer& answer) {
    if (key == "net") return put_net(words, answer);
    if (key == "rpc") {
      return std::ranges::all_of(
          kRpcs, [&](std::string_view metric) { return put_one(metric, words, {}, answer); });
    }
    const auto* const version = std::ranges::find(kVersions, key, &Version::key);
    if (version == kVersions.end()) return true;
    // Behind the key stands how many there are. A newer kernel has more, an older one fewer.
    (void)sdk::take_word(words);
    const auto& tags = request_tags_[static_cast<std::size_t>(version - kVersions.begin())];
    return std::ranges::all_of(tags, [&](const sdk::Tags& of) {
      return put_one("node_nfs_requests_total", words, of.text(), answer);
    });
  }

  // All packets, those over UDP, those over TCP, connections.
  bool put_net(std::string_view words, sdk::Answer& answer) const {
    (void)sdk::take_word(words);
    return put_one("node_nfs_packets_total", words, udp_.text(), answer) &&
           put_one("node_nfs_packets_total", words, tcp_.text(), answer) &&
           put_one("node_nfs_connections_total", words, {}, answer);
  }

  // No word is 0.
  static bool put_one(std::string_view metric, std::string_view& words, std::string_view tags,
                      sdk::Answer& answer) {
    const std::string_view word = sdk::take_word(words);
    const auto value = sdk::parse<std::uint64_t>(word);
    if (!value && !word.empty()) return false;
    answer.delta(metric, static_cast<double>(value.value_or(0)), tags);
    return true;
  }

  // Only where there is NFS.
  void make_tags() {
    for (std::size_t i = 0; i < kVersions.size() && request_tags_[i].empty(); ++i) {
      for (const std::string_view request : kVersions[i].requests) {
        request_tags_[i].push_back(sdk::Tags{{"method", request}, {"proto", kVersions[i].number}});
      }
    }
  }

  sdk::ProcFile file_;
  std::array<std::vector<sdk::Tags>, 3> request_tags_;
  sdk::Tags udp_{{"protocol", "udp"}};
  sdk::Tags tcp_{{"protocol", "tcp"}};
};

}  // namespace

std::unique_ptr<sdk::Source> make_nfs(sdk::Host& host) { return std::make_unique<NfsSource>(host); }

}  // namespace lariat::host
