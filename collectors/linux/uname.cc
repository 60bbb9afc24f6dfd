#include <sys/utsname.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <string>
#include <system_error>

#include "collectors/linux/all.h"

namespace lariat::host {
namespace {

class UnameSource : public sdk::Source {
 public:
  std::string collect(sdk::Answer& answer) override {
    utsname now{};
    if (::uname(&now) != 0) return "uname: " + std::generic_category().message(errno);
    // The names of host and domain may change.
    if (tags_.text().empty() || std::memcmp(&now, &last_, sizeof now) != 0) {
      last_ = now;
      tags_ = sdk::Tags{{"domainname", now.domainname}, {"machine", now.machine},
                        {"nodename", now.nodename},     {"release", now.release},
                        {"sysname", now.sysname},       {"version", now.version}};
    }
    answer.sample("node_uname_info", 1, tags_.text());
    return {};
  }

 private:
  utsname last_{};
  sdk::Tags tags_;
};

}  // namespace

std::unique_ptr<sdk::Source> make_uname(sdk::Host& /*host*/) {
  return std::make_unique<UnameSource>();
}

}  // namespace lariat::host
