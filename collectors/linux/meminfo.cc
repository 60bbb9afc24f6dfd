#include <cstdint>
#include <optional>
#include <string>

#include "collectors/linux/all.h"
#include "collectors/linux/round_cache.h"
#include "collectors/sdk/scan.h"

namespace lariat::host {
namespace {

constexpr double kKibibyte = 1024;

// `Active(anon):` with a unit is `node_memory_Active_anon_bytes`.
std::string metric_of(std::string_view key, bool bytes) {
  std::string metric = "node_memory_";
  for (const char c : key) {
    if (c == '(') {
      metric += '_';
    } else if (c != ')' && c != ':') {
      metric += c;
    }
  }
  if (bytes) metric += "_bytes";
  return metric;
}

class MeminfoSource : public sdk::Source {
 public:
  explicit MeminfoSource(sdk::Host& host) : host_(host) {}

  std::string collect(sdk::Answer& answer) override {
    std::string error;
    const auto content = host_.read_proc("meminfo", error, sdk::ProcFile::Shape::kWhole);
    if (!content) return error;
    std::string_view rest = *content;
    std::string_view line;
    metrics_.begin();
    while (sdk::take_line(rest, line)) {
      if (!take_line(line, answer)) {
        return "/proc/meminfo has a line that is not understood: " +
               std::string(line.substr(0, 80));
      }
    }
    metrics_.end();
    return metrics_.size() == 0 ? "/proc/meminfo is empty" : std::string();
  }

 private:
  // `KEY: NUMBER` or `KEY: NUMBER kB`; some kernels have empty lines.
  bool take_line(std::string_view line, sdk::Answer& answer) {
    const std::string_view key = sdk::take_word(line);
    if (key.empty()) return true;
    const auto number = sdk::parse<std::uint64_t>(sdk::take_word(line));
    const bool bytes = !sdk::take_word(line).empty();
    if (!number || !key.ends_with(':') || !sdk::take_word(line).empty()) return false;
    const std::string& metric =
        metrics_.at(key, [bytes](std::string_view of) { return metric_of(of, bytes); });
    answer.sample(metric, static_cast<double>(*number) * (bytes ? kKibibyte : 1));
    return true;
  }

  sdk::Host& host_;
  RoundCache<std::string> metrics_;
};

}  // namespace

std::unique_ptr<sdk::Source> make_meminfo(sdk::Host& host) {
  return std::make_unique<MeminfoSource>(host);
}

}  // namespace lariat::host
