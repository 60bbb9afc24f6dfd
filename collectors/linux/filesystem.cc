#include "collectors/linux/filesystem.h"

#include <sys/statvfs.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "collectors/linux/all.h"
#include "collectors/linux/device_names.h"
#include "collectors/linux/mountinfo.h"
#include "collectors/linux/round_cache.h"
#include "collectors/sdk/scan.h"

namespace lariat::host {
namespace {

struct Entry {
  std::string point;  // As it is told: without what `--rootfs` says.
  bool ignored = true;
  bool remote = false;
  bool read_only = false;
  bool in_sandbox = false;  // Our own mount of it is read-only, the host's is not.
  sdk::Tags tags;
  MountQuestion question;
};

// Those that may hang are asked last.
bool is_remote(std::string_view type) noexcept {
  constexpr std::array<std::string_view, 10> kRemote = {
      "9p", "afs", "ceph", "cifs", "glusterfs", "lustre", "ncpfs", "ocfs2", "smb3", "smbfs"};
  return type.starts_with("nfs") || type.starts_with("fuse") ||
         std::ranges::find(kRemote, type) != kRemote.end();
}

// An error may make a file system read-only, and no word of it to those who watch the mounts.
bool is_read_only(const Entry& entry) noexcept {
  if (entry.read_only || entry.in_sandbox) return entry.read_only;
  return (entry.question.numbers.f_flags & ST_RDONLY) != 0;
}

void put_numbers(const Entry& entry, sdk::Answer& answer) {
  const struct statfs& of = entry.question.numbers;
  const std::string& tags = entry.tags.text();
  const auto block = static_cast<double>(of.f_bsize);
  answer.sample("node_filesystem_device_error", 0, tags);
  answer.sample("node_filesystem_size_bytes", static_cast<double>(of.f_blocks) * block, tags);
  answer.sample("node_filesystem_free_bytes", static_cast<double>(of.f_bfree) * block, tags);
  answer.sample("node_filesystem_avail_bytes", static_cast<double>(of.f_bavail) * block, tags);
  answer.sample("node_filesystem_files", static_cast<double>(of.f_files), tags);
  answer.sample("node_filesystem_files_free", static_cast<double>(of.f_ffree), tags);
  answer.sample("node_filesystem_readonly", is_read_only(entry) ? 1 : 0, tags);
}

class FilesystemSource : public sdk::Source {
 public:
  FilesystemSource(sdk::Host& host, MountProbe::Call call, const MountProbe::Limits& limits)
      : host_(host),
        hosts_mounts_(host.paths().proc + "/1/mountinfo"),
        own_mounts_(host.paths().proc + "/self/mountinfo"),
        probe_(std::move(call), limits) {}

  std::string collect(sdk::Answer& answer) override {
    if (std::string fault = read_mounts(); !fault.empty()) return fault;
    probe_.ask(questions_);
    for (const Entry* entry : chosen_) put(*entry, answer);
    return {};
  }

 private:
  // A sandboxed process sees its own mounts, often read-only: those of process 1 are the host's.
  std::string read_mounts() {
    if (read_ != nullptr && !in_sandbox_ && !read_->may_have_changed()) return {};
    read_ = &hosts_mounts_;
    auto content = read_->read();
    if (!content) {
      read_ = &own_mounts_;
      content = read_->read();
    }
    std::string fault = content ? take_mounts(*content) : read_->error();
    if (!fault.empty()) read_ = nullptr;
    return fault;
  }

  std::string take_mounts(std::string_view rest) {
    std::string_view line;
    entries_.begin();
    while (sdk::take_line(rest, line)) {
      const Entry& entry = entries_.at(line, [this](std::string_view text) { return make(text); });
      if (entry.point.empty())
        return "mountinfo has a line that is not understood: " + std::string(line.substr(0, 80));
    }
    if (entries_.end()) {
      choose();
      look_for_sandbox();
    }
    return entries_.size() == 0 ? "mountinfo is empty" : std::string();
  }

  [[nodiscard]] Entry make(std::string_view line) const {
    Entry entry;
    auto mount = parse_mount(line);
    if (!mount) return entry;
    const std::string& root = host_.paths().root;
    entry.point = std::move(mount->point);
    if (root != "/" && (entry.point + '/').starts_with(root + '/')) {
      entry.point.erase(0, root.size());
      if (entry.point.empty()) entry.point = "/";
    }
    entry.ignored = is_ignored_mount(entry.point) || is_ignored_type(mount->type);
    entry.remote = is_remote(mount->type);
    entry.read_only = mount->read_only;
    entry.tags =
        sdk::Tags{{"device", mount->device}, {"fstype", mount->type}, {"mountpoint", entry.point}};
    entry.question.path = host_.paths().in_root(entry.point);
    return entry;
  }

  // Of several mounts on one point the last lies on top.
  void choose() {
    chosen_.clear();
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      std::erase_if(chosen_, [point = std::string_view(entries_[i].point)](const Entry* earlier) {
        return earlier->point == point;
      });
      chosen_.push_back(&entries_[i]);
    }
    std::erase_if(chosen_, [](const Entry* entry) { return entry->ignored; });
    // Not that of ranges: clang 14 cannot take what libstdc++ 12 returns.
    std::stable_partition(chosen_.begin(), chosen_.end(),
                          [](const Entry* entry) { return !entry->remote; });
    questions_.clear();
    for (Entry* entry : chosen_) questions_.push_back(&entry->question);
  }

  // Where our own mounts are read-only, statfs says so of file systems that are not. What an error
  // does to them is told by the host's mounts alone, which then are read in each round.
  void look_for_sandbox() {
    in_sandbox_ = false;
    const auto content = read_ == &hosts_mounts_ ? own_mounts_.read() : std::nullopt;
    if (!content) return;
    std::map<std::string, bool> read_only;
    std::string_view rest = *content;
    for (std::string_view line; sdk::take_line(rest, line);) {
      if (auto mount = parse_mount(line)) read_only[mount->point] = mount->read_only;
    }
    for (Entry* entry : chosen_) {
      std::string point = entry->question.path;
      if (point.size() > 1 && point.ends_with('/')) point.pop_back();
      const auto own = read_only.find(point);
      entry->in_sandbox = own != read_only.end() && own->second && !entry->read_only;
      in_sandbox_ |= entry->in_sandbox;
    }
  }

  static void put(const Entry& entry, sdk::Answer& answer) {
    switch (entry.question.outcome) {
      case MountQuestion::Outcome::kGood:
        put_numbers(entry, answer);
        return;
      case MountQuestion::Outcome::kFailed:
      case MountQuestion::Outcome::kStuck:
        answer.sample("node_filesystem_device_error", 1, entry.tags.text());
        return;
      case MountQuestion::Outcome::kNotAsked:
        return;
    }
  }

  sdk::Host& host_;
  sdk::ProcFile hosts_mounts_;
  sdk::ProcFile own_mounts_;
  sdk::ProcFile* read_ = nullptr;  // The one that `entries_` are of.
  bool in_sandbox_ = false;        // Some entry is.
  MountProbe probe_;
  RoundCache<Entry> entries_;
  std::vector<Entry*> chosen_;  // Into `entries_`, which stay where they are while none changes.
  std::vector<MountQuestion*> questions_;
};

}  // namespace

std::unique_ptr<sdk::Source> make_filesystem_with(sdk::Host& host, MountProbe::Call call,
                                                  const MountProbe::Limits& limits) {
  return std::make_unique<FilesystemSource>(host, std::move(call), limits);
}

std::unique_ptr<sdk::Source> make_filesystem(sdk::Host& host) {
  return make_filesystem_with(host, &::statfs, {});
}

}  // namespace lariat::host
