#include <array>
#include <cstdint>
#include <string>

#include "collectors/linux/all.h"
#include "collectors/linux/fault.h"
#include "collectors/sdk/scan.h"

namespace lariat::host {
namespace {

// Behind the count of those in use stands how many of them are free, which is always 0.
constexpr std::array<std::string_view, 3> kMetrics = {
    "node_filefd_allocated", {}, "node_filefd_maximum"};

class FilefdSource : public sdk::Source {
 public:
  explicit FilefdSource(sdk::Host& host)
      : file_(host.paths().proc + "/sys/fs/file-nr", host.descriptors()) {}

  std::string collect(sdk::Answer& answer) override {
    std::array<char, 128> room;
    const auto text = file_.read(room);
    if (!text) return file_.error();
    std::string_view rest = *text;
    for (const std::string_view metric : kMetrics) {
      const auto value = sdk::parse<std::uint64_t>(sdk::take_word(rest));
      if (!value) return not_understood("/proc/sys/fs/file-nr", *text);
      if (!metric.empty()) answer.sample(metric, static_cast<double>(*value));
    }
    return {};
  }

 private:
  sdk::SysFile file_;
};

}  // namespace

std::unique_ptr<sdk::Source> make_filefd(sdk::Host& host) {
  return std::make_unique<FilefdSource>(host);
}

}  // namespace lariat::host
