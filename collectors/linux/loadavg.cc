#include <array>
#include <string>

#include "collectors/linux/all.h"
#include "collectors/sdk/scan.h"

namespace lariat::host {
namespace {

class LoadavgSource : public sdk::Source {
 public:
  explicit LoadavgSource(sdk::Host& host) : host_(host) {}

  std::string collect(sdk::Answer& answer) override {
    std::string error;
    const auto content = host_.read_proc("loadavg", error, sdk::ProcFile::Shape::kWhole);
    if (!content) return error;
    std::string_view rest = *content;
    for (const std::string_view metric : {"node_load1", "node_load5", "node_load15"}) {
      const auto load = sdk::parse<double>(sdk::take_word(rest));
      if (!load) return "/proc/loadavg does not begin with three numbers";
      answer.sample(metric, *load);
    }
    return {};
  }

 private:
  sdk::Host& host_;
};

}  // namespace

std::unique_ptr<sdk::Source> make_loadavg(sdk::Host& host) {
  return std::make_unique<LoadavgSource>(host);
}

}  // namespace lariat::host
