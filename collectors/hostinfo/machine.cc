#include <unistd.h>

#include <string>

#include "collectors/hostinfo/all.h"
#include "collectors/hostinfo/parse.h"

namespace lariat::hostinfo {
namespace {

// None of it changes while a machine runs: it is read once.
class MachineSource : public sdk::Source {
 public:
  explicit MachineSource(sdk::Host& host) {
    const sdk::Paths& paths = host.paths();
    const std::string dmi = paths.sys + "/class/dmi/id/";
    vendor_ = sdk::read_file(dmi + "sys_vendor").value_or("");
    product_ = sdk::read_file(dmi + "product_name").value_or("");
    const auto cpuinfo = sdk::read_file(paths.proc + "/cpuinfo");
    const auto hypervisor = sdk::read_file(paths.sys + "/hypervisor/type");
    const auto kind = virtualization_of(vendor_, product_);
    if (hypervisor && !hypervisor->empty()) {
      virtualization_ = *hypervisor;
    } else if (kind) {
      virtualization_ = *kind;
    } else {
      virtualization_ = cpuinfo && has_hypervisor_flag(*cpuinfo) ? "unknown" : "none";
    }
    for (const char* mark : {"/run/.containerenv", "/.dockerenv", "/run/systemd/container"}) {
      container_ |= ::access(paths.in_root(mark).c_str(), F_OK) == 0;
    }
  }

  std::string collect(sdk::Answer& answer) override {
    if (!vendor_.empty()) answer.fact("host_vendor", vendor_);
    if (!product_.empty()) answer.fact("host_product", product_);
    answer.fact("host_virtualization", virtualization_);
    answer.fact("host_container", container_ ? "yes" : "no");
    return {};
  }

 private:
  std::string vendor_;
  std::string product_;
  std::string virtualization_;
  bool container_ = false;
};

}  // namespace

std::unique_ptr<sdk::Source> make_machine(sdk::Host& host) {
  return std::make_unique<MachineSource>(host);
}

}  // namespace lariat::hostinfo
