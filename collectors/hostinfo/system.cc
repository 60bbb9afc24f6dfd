#include <sys/utsname.h>

#include <cerrno>
#include <optional>
#include <string>
#include <system_error>

#include "collectors/hostinfo/all.h"
#include "collectors/hostinfo/parse.h"
#include "collectors/sdk/os_release.h"

namespace lariat::hostinfo {
namespace {

class SystemSource : public sdk::Source {
 public:
  explicit SystemSource(sdk::Host& host) : host_(host) {}

  std::string collect(sdk::Answer& answer) override {
    put_distribution(answer);
    utsname kernel{};
    if (::uname(&kernel) != 0) return "uname: " + std::generic_category().message(errno);
    answer.fact("host_kernel", kernel.release);
    answer.fact("host_architecture", kernel.machine);
    std::string error;
    const auto boot =
        host_.read_proc("sys/kernel/random/boot_id", error, sdk::ProcFile::Shape::kWhole);
    if (!boot) return error;
    answer.fact("host_boot_id", boot->substr(0, boot->find('\n')));
    return {};
  }

 private:
  // It may be upgraded under us. Where /etc has none, the vendor has one.
  void put_distribution(sdk::Answer& answer) const {
    auto text = sdk::read_file(host_.paths().in_root("/etc/os-release"));
    if (!text) text = sdk::read_file(host_.paths().in_root("/usr/lib/os-release"));
    if (!text) return;
    const auto put = [&](std::string_view metric, std::string_view key) {
      const auto value = sdk::os_release_value(*text, key);
      if (value && !value->empty()) answer.fact(metric, *value);
    };
    put("host_os", "PRETTY_NAME");
    put("host_os_id", "ID");
    put("host_os_version", "VERSION_ID");
  }

  sdk::Host& host_;
};

}  // namespace

std::unique_ptr<sdk::Source> make_system(sdk::Host& host) {
  return std::make_unique<SystemSource>(host);
}

}  // namespace lariat::hostinfo
