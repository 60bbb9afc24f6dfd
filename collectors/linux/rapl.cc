#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "collectors/linux/all.h"
#include "collectors/linux/fault.h"
#include "collectors/linux/round_cache.h"
#include "collectors/sdk/scan.h"

namespace lariat::host {
namespace {

constexpr double kMicrojoules = 1e6;

struct Zone {
  std::string metric;
  sdk::Tags tags;
  sdk::SysFile energy;
};

// `package-1` has its number in its name; others are counted.
class Numbering {
 public:
  // Takes the number off `name`.
  std::string take_number(std::string& name) {
    const std::size_t dash = name.rfind('-');
    if (dash != name.npos && sdk::parse<std::uint32_t>(name.substr(dash + 1))) {
      std::string number = name.substr(dash + 1);
      name.resize(dash);
      return number;
    }
    return std::to_string(seen_[name]++);
  }

 private:
  std::map<std::string, unsigned> seen_;
};

// Energy used by parts of the CPU.
class RaplSource : public sdk::Source {
 public:
  explicit RaplSource(sdk::Host& host)
      : host_(host), folder_(host.paths().sys + "/class/powercap") {}

  std::string collect(sdk::Answer& answer) override {
    names_.begin();
    const bool good = folder_.list([this](std::string_view name) {
      // A zone has a colon, what controls it none.
      if (!name.starts_with("intel-rapl") || name.find(':') == name.npos) return;
      names_.at(name, [](std::string_view of) { return std::string(of); });
    });
    if (names_.end()) find_zones();
    if (!good) return folder_.is_absent() ? not_here() : folder_.error();
    for (Zone& zone : zones_) {
      const auto energy = zone.energy.number<std::uint64_t>();
      // Since it tells others what a program computes, only root may read it.
      if (!energy) return zone.energy.is_forbidden() ? not_here() : zone.energy.error();
      answer.delta(zone.metric, static_cast<double>(*energy) / kMicrojoules, zone.tags.text());
    }
    return zones_.empty() ? not_here() : std::string();
  }

 private:
  void find_zones() {
    zones_.clear();
    std::vector<std::string> names;
    for (std::size_t i = 0; i < names_.size(); ++i) names.push_back(names_[i]);
    std::ranges::sort(names);
    Numbering numbering;
    for (const std::string& file : names) {
      const std::string folder = folder_.path() + '/' + file;
      auto name = sdk::read_file(folder + "/name");
      if (!name) continue;
      const std::string number = numbering.take_number(*name);
      std::ranges::replace_if(
          *name, [](char c) { return !sdk::is_letter_or_digit(c) && c != '_'; }, '_');
      zones_.push_back({"node_rapl_" + *name + "_joules_total",
                        sdk::Tags{{"index", number}, {"path", folder}},
                        sdk::SysFile(folder + "/energy_uj", host_.descriptors())});
    }
  }

  sdk::Host& host_;
  sdk::Folder folder_;
  RoundCache<std::string> names_;
  std::vector<Zone> zones_;
};

}  // namespace

std::unique_ptr<sdk::Source> make_rapl(sdk::Host& host) {
  return std::make_unique<RaplSource>(host);
}

}  // namespace lariat::host
