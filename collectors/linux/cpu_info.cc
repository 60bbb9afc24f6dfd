#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "collectors/linux/all.h"
#include "collectors/linux/round_cache.h"
#include "collectors/sdk/scan.h"

namespace lariat::host {
namespace {

// A line of /proc/cpuinfo, and the tag that has what it says.
struct Column {
  std::string_view key;
  std::string_view tag;
};
// In the order of their tags.
constexpr std::array kColumns = {
    Column{"cache size", "cachesize"},  Column{"core id", "core"},
    Column{"processor", "cpu"},         Column{"cpu family", "family"},
    Column{"microcode", "microcode"},   Column{"model", "model"},
    Column{"model name", "model_name"}, Column{"physical id", "package"},
    Column{"stepping", "stepping"},     Column{"vendor_id", "vendor"},
};

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && sdk::is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && sdk::is_blank(text.back())) text.remove_suffix(1);
  return text;
}

// What of a CPU's lines stays as it is: its frequency does not.
class CpuInfoSource : public sdk::Source {
 public:
  explicit CpuInfoSource(sdk::Host& host) : host_(host) {}

  std::string collect(sdk::Answer& answer) override {
    std::string error;
    const auto content = host_.read_proc("cpuinfo", error, sdk::ProcFile::Shape::kRecords);
    if (!content) return error;
    cpus_.begin();
    std::string_view rest = *content;
    std::string_view line;
    bool any = false;
    values_.fill({});
    while (sdk::take_line(rest, line)) {
      const auto colon = line.find(':');
      if (colon == line.npos) {
        // An empty line ends a CPU.
        if (std::exchange(any, false)) put(answer);
        continue;
      }
      const auto* const column =
          std::ranges::find(kColumns, trimmed(line.substr(0, colon)), &Column::key);
      if (column == kColumns.end()) continue;
      values_.at(static_cast<std::size_t>(column - kColumns.begin())) =
          trimmed(line.substr(colon + 1));
      any = any || column->key == "processor";
    }
    if (any) put(answer);
    cpus_.end();
    return {};
  }

 private:
  void put(sdk::Answer& answer) {
    key_.clear();
    for (const auto value : values_) key_.append(value).push_back('\n');
    const auto make_it = [this](std::string_view) {
      std::array<sdk::Tags::Pair, kColumns.size()> pairs;
      for (std::size_t i = 0; i < pairs.size(); ++i)
        pairs.at(i) = {kColumns.at(i).tag, values_.at(i)};
      return sdk::Tags(pairs);
    };
    answer.sample("node_cpu_info", 1, cpus_.at(key_, make_it).text());
    values_.fill({});
  }

  sdk::Host& host_;
  std::array<std::string_view, kColumns.size()> values_;  // As kColumns.
  std::string key_;
  RoundCache<sdk::Tags> cpus_;
};

}  // namespace

std::unique_ptr<sdk::Source> make_cpu_info(sdk::Host& host) {
  return std::make_unique<CpuInfoSource>(host);
}

}  // namespace lariat::host
