#include <sys/stat.h>

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "collectors/linux/all.h"
#include "collectors/linux/fault.h"
#include "collectors/sdk/os_release.h"
#include "collectors/sdk/scan.h"

namespace lariat::host {
namespace {

struct Key {
  std::string_view key;
  std::string_view tag;
};
constexpr std::array kInfo = {
    Key{"BUILD_ID", "build_id"},
    Key{"ID", "id"},
    Key{"ID_LIKE", "id_like"},
    Key{"IMAGE_ID", "image_id"},
    Key{"IMAGE_VERSION", "image_version"},
    Key{"NAME", "name"},
    Key{"PRETTY_NAME", "pretty_name"},
    Key{"VARIANT", "variant"},
    Key{"VARIANT_ID", "variant_id"},
    Key{"VERSION", "version"},
    Key{"VERSION_CODENAME", "version_codename"},
    Key{"VERSION_ID", "version_id"},
};
constexpr std::array kVersion = {Key{"ID", "id"}, Key{"ID_LIKE", "id_like"}, Key{"NAME", "name"}};

template <std::size_t Count>
sdk::Tags tags_of(std::string_view text, const std::array<Key, Count>& keys) {
  std::array<std::string, Count> values;
  std::vector<sdk::Tags::Pair> pairs;
  for (std::size_t i = 0; i < Count; ++i) {
    values[i] = sdk::os_release_value(text, keys[i].key).value_or("");
    pairs.push_back({keys[i].tag, values[i]});
  }
  return sdk::Tags(pairs);
}

// Of `12.1.3` the major and minor number; 0 if it does not begin with one.
double version_in(std::string_view text) {
  std::size_t end = 0;
  bool point = false;
  for (; end < text.size(); ++end) {
    const bool digit = text[end] >= '0' && text[end] <= '9';
    if (!digit && (point || text[end] != '.' || end == 0)) break;
    point |= !digit;
  }
  text = text.substr(0, end);
  if (text.ends_with('.')) text.remove_suffix(1);
  return sdk::parse<double>(text).value_or(0);
}

// The file is read again if it is another one, or was written to: after an upgrade.
class OsSource : public sdk::Source {
 public:
  explicit OsSource(sdk::Host& host)
      : paths_{host.paths().in_root("/etc/os-release"),
               host.paths().in_root("/usr/lib/os-release")} {}

  std::string collect(sdk::Answer& answer) override {
    for (const std::string& path : paths_) {
      struct stat now {};
      if (::stat(path.c_str(), &now) != 0) continue;
      if (!is_known(now) && !read(path, now)) continue;
      answer.sample("node_os_info", 1, info_.text());
      if (version_ > 0) answer.sample("node_os_version", version_, version_tags_.text());
      return {};
    }
    return not_here();
  }

 private:
  [[nodiscard]] bool is_known(const struct stat& now) const noexcept {
    return last_ && now.st_dev == last_->st_dev && now.st_ino == last_->st_ino &&
           now.st_size == last_->st_size && now.st_mtim.tv_sec == last_->st_mtim.tv_sec &&
           now.st_mtim.tv_nsec == last_->st_mtim.tv_nsec;
  }

  bool read(const std::string& path, const struct stat& now) {
    const auto text = sdk::read_file(path);
    if (!text) return false;
    last_ = now;
    info_ = tags_of(*text, kInfo);
    version_tags_ = tags_of(*text, kVersion);
    version_ = version_in(sdk::os_release_value(*text, "VERSION_ID").value_or(""));
    return true;
  }

  std::array<std::string, 2> paths_;
  std::optional<struct stat> last_;
  sdk::Tags info_;
  sdk::Tags version_tags_;
  double version_ = 0;
};

}  // namespace

std::unique_ptr<sdk::Source> make_os(sdk::Host& host) { return std::make_unique<OsSource>(host); }

}  // namespace lariat::host
