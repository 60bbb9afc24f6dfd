#include <unistd.h>

#include <array>
#include <climits>
#include <optional>
#include <string>

#include "collectors/hostinfo/all.h"
#include "collectors/hostinfo/parse.h"

namespace lariat::hostinfo {
namespace {

std::optional<std::string> link_target(const std::string& path) {
  std::array<char, PATH_MAX> target;
  const ssize_t length = ::readlink(path.c_str(), target.data(), target.size());
  if (length <= 0) return std::nullopt;
  return std::string(target.data(), static_cast<std::size_t>(length));
}

class NamesSource : public sdk::Source {
 public:
  explicit NamesSource(sdk::Host& host) : host_(host) {}

  std::string collect(sdk::Answer& answer) override {
    const sdk::Paths& paths = host_.paths();
    std::string error;
    const auto name = host_.read_proc("sys/kernel/hostname", error, sdk::ProcFile::Shape::kWhole);
    if (!name) return error;
    const std::string host(name->substr(0, name->find('\n')));
    if (host.empty()) return "this host has no name";
    answer.fact("host_name", host);
    const auto hosts = sdk::read_file(paths.in_root("/etc/hosts"));
    auto full = hosts ? full_name(*hosts, host) : std::nullopt;
    if (!full && host.find('.') != host.npos) full = host;
    if (full) answer.fact("host_fqdn", *full);
    answer.fact("host_time_zone", time_zone());
    return {};
  }

 private:
  [[nodiscard]] std::string time_zone() const {
    const sdk::Paths& paths = host_.paths();
    if (const auto target = link_target(paths.in_root("/etc/localtime"))) {
      if (auto zone = zone_of_link(*target)) return *zone;
    }
    auto zone = sdk::read_file(paths.in_root("/etc/timezone"));
    return zone && !zone->empty() ? *zone : "UTC";
  }

  sdk::Host& host_;
};

}  // namespace

std::unique_ptr<sdk::Source> make_names(sdk::Host& host) {
  return std::make_unique<NamesSource>(host);
}

}  // namespace lariat::hostinfo
