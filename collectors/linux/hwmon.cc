#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "collectors/linux/all.h"
#include "collectors/linux/fault.h"
#include "collectors/linux/hwmon_names.h"
#include "collectors/linux/round_cache.h"
#include "collectors/sdk/scan.h"

namespace lariat::host {
namespace {

struct Value {
  sdk::SysFile file;
  HwmonMetric metric;
  std::string tags;
};

struct Chip {
  sdk::Tags name;                 // Empty: it has none for people.
  std::vector<sdk::Tags> labels;  // What sensors are called.
  std::vector<Value> values;
};

// A file of a sensor before it is known which others there are: `temp1_max`.
struct Found {
  std::string path;
  HwmonFile file;
};

std::vector<Found> files_in(const std::string& folder) {
  std::vector<Found> found;
  sdk::Folder(folder).list([&](std::string_view name) {
    if (auto file = parse_hwmon_file(name)) {
      found.push_back({folder + '/' + std::string(name), std::move(*file)});
    }
  });
  return found;
}

// Which files a chip has is looked up once: it has them from its beginning to its end.
class ChipMaker {
 public:
  ChipMaker(const std::string& folder, sdk::Host& host)
      : folder_(folder), host_(host), chip_(hwmon_chip_name(folder)) {}

  Chip make() {
    Chip chip;
    if (chip_.empty()) return chip;
    if (const auto name = sdk::read_file(folder_ + "/name")) {
      const std::string clean = clean_hwmon_name(*name);
      if (!clean.empty()) chip.name = sdk::Tags{{"chip", chip_}, {"chip_name", clean}};
    }
    std::vector<Found> all = files_in(folder_);
    // Old drivers have them in the folder of the device.
    for (Found& found : files_in(folder_ + "/device")) all.push_back(std::move(found));
    for (const Found& found : all) add(found, all, chip);
    return chip;
  }

 private:
  void add(const Found& found, const std::vector<Found>& all, Chip& chip) const {
    const HwmonFile& file = found.file;
    if (file.property == "label") {
      const auto label = sdk::read_file(found.path);
      if (!label) return;
      chip.labels.push_back(sdk::Tags{{"chip", chip_}, {"sensor", file.sensor}, {"label", *label}});
      return;
    }
    bool bare = false;
    for (const Found& other : all) {
      bare |= other.file.sensor == file.sensor && other.file.property.empty();
    }
    chip.values.push_back({sdk::SysFile(found.path, host_.descriptors()), hwmon_metric(file, bare),
                           sdk::Tags{{"chip", chip_}, {"sensor", file.sensor}}.text()});
  }

  const std::string& folder_;
  sdk::Host& host_;
  std::string chip_;
};

class HwmonSource : public sdk::Source {
 public:
  explicit HwmonSource(sdk::Host& host) : host_(host), folder_(host.paths().sys + "/class/hwmon") {}

  std::string collect(sdk::Answer& answer) override {
    chips_.begin();
    const bool good = folder_.list([this, &answer](std::string_view name) {
      const auto make = [this](std::string_view of) {
        const std::string folder = folder_.path() + "/" + std::string(of);
        return ChipMaker(folder, host_).make();
      };
      put(chips_.at(name, make), answer);
    });
    chips_.end();
    if (good) return {};
    return folder_.is_absent() ? not_here() : folder_.error();
  }

 private:
  static void put(Chip& chip, sdk::Answer& answer) {
    if (!chip.name.text().empty()) answer.sample("node_hwmon_chip_names", 1, chip.name.text());
    for (const sdk::Tags& label : chip.labels) {
      answer.sample("node_hwmon_sensor_label", 1, label.text());
    }
    for (Value& value : chip.values) {
      const auto number = value.file.number<double>();
      if (!number) continue;
      const double scaled = *number / value.metric.divisor;
      value.metric.counter ? answer.delta(value.metric.name, scaled, value.tags)
                           : answer.sample(value.metric.name, scaled, value.tags);
    }
  }

  sdk::Host& host_;
  sdk::Folder folder_;
  RoundCache<Chip> chips_;
};

}  // namespace

std::unique_ptr<sdk::Source> make_hwmon(sdk::Host& host) {
  return std::make_unique<HwmonSource>(host);
}

}  // namespace lariat::host
