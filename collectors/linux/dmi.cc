#include <unistd.h>

#include <array>
#include <string>

#include "collectors/linux/all.h"
#include "collectors/linux/device_files.h"
#include "collectors/linux/fault.h"

namespace lariat::host {
namespace {

constexpr std::array kTexts = {
    TextFiles::Text{"bios_date", "bios_date"},
    TextFiles::Text{"bios_release", "bios_release"},
    TextFiles::Text{"bios_vendor", "bios_vendor"},
    TextFiles::Text{"bios_version", "bios_version"},
    TextFiles::Text{"board_asset_tag", "board_asset_tag"},
    TextFiles::Text{"board_name", "board_name"},
    TextFiles::Text{"board_serial", "board_serial"},
    TextFiles::Text{"board_vendor", "board_vendor"},
    TextFiles::Text{"board_version", "board_version"},
    TextFiles::Text{"chassis_asset_tag", "chassis_asset_tag"},
    TextFiles::Text{"chassis_serial", "chassis_serial"},
    TextFiles::Text{"chassis_vendor", "chassis_vendor"},
    TextFiles::Text{"chassis_version", "chassis_version"},
    TextFiles::Text{"product_family", "product_family"},
    TextFiles::Text{"product_name", "product_name"},
    TextFiles::Text{"product_serial", "product_serial"},
    TextFiles::Text{"product_sku", "product_sku"},
    TextFiles::Text{"product_uuid", "product_uuid"},
    TextFiles::Text{"product_version", "product_version"},
    TextFiles::Text{"sys_vendor", "system_vendor"},
};

// What the firmware says of the machine. It does not change: it is read once.
class DmiSource : public sdk::Source {
 public:
  explicit DmiSource(sdk::Host& host) {
    const std::string folder = host.paths().sys + "/class/dmi/id";
    there_ = ::access(folder.c_str(), F_OK) == 0;
    tags_ = TextFiles(folder, kTexts, host).tags();
  }

  std::string collect(sdk::Answer& answer) override {
    if (!there_) return not_here();
    answer.sample("node_dmi_info", 1, tags_);
    return {};
  }

 private:
  bool there_ = false;
  std::string tags_;
};

}  // namespace

std::unique_ptr<sdk::Source> make_dmi(sdk::Host& host) { return std::make_unique<DmiSource>(host); }

}  // namespace lariat::host
