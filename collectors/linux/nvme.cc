#include <array>
#include <string>

#include "collectors/linux/all.h"
#include "collectors/linux/device_files.h"
#include "collectors/linux/fault.h"
#include "collectors/linux/round_cache.h"

namespace lariat::host {
namespace {

constexpr std::array kTexts = {
    TextFiles::Text{"firmware_rev", "firmware_revision"},
    TextFiles::Text{"model", "model"},
    TextFiles::Text{"serial", "serial"},
    TextFiles::Text{"state", "state"},
};

class NvmeSource : public sdk::Source {
 public:
  explicit NvmeSource(sdk::Host& host) : host_(host), folder_(host.paths().sys + "/class/nvme") {}

  std::string collect(sdk::Answer& answer) override {
    devices_.begin();
    const bool good = folder_.list([this, &answer](std::string_view name) {
      const auto make = [this](std::string_view of) {
        return TextFiles(folder_.path() + '/' + std::string(of), kTexts, host_, "device", of);
      };
      answer.sample("node_nvme_info", 1, devices_.at(name, make).tags());
    });
    devices_.end();
    if (good) return {};
    return folder_.is_absent() ? not_here() : folder_.error();
  }

 private:
  sdk::Host& host_;
  sdk::Folder folder_;
  RoundCache<TextFiles> devices_;
};

}  // namespace

std::unique_ptr<sdk::Source> make_nvme(sdk::Host& host) {
  return std::make_unique<NvmeSource>(host);
}

}  // namespace lariat::host
