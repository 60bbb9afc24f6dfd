#include "collectors/linux/cpu_throttles.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <system_error>

#include "collectors/sdk/scan.h"

namespace lariat::host {
namespace {

// So many files are kept open at most: descriptors are few, CPUs may be many.
constexpr std::size_t kMostCounts = 256;
constexpr std::size_t kMostCpus = 4096;

std::optional<std::uint64_t> read_number(const std::string& path) {
  const auto text = sdk::read_file(path);
  return text ? sdk::parse<std::uint64_t>(*text) : std::nullopt;
}

std::string_view without_end(std::string_view text) {
  while (text.ends_with('\n')) text.remove_suffix(1);
  return text;
}

}  // namespace

void CpuThrottles::collect(bool changed, sdk::Answer& answer) {
  if (changed) {
    find_files();
    find_isolated();
  }
  for (const sdk::Tags& tags : isolated_) answer.sample("node_cpu_isolated", 1, tags.text());
  for (Count& count : counts_) {
    const auto text = count.file.read();
    const auto value = text ? sdk::parse<std::uint64_t>(without_end(*text)) : std::nullopt;
    if (!value) continue;
    answer.delta(
        count.package ? "node_cpu_package_throttles_total" : "node_cpu_core_throttles_total",
        static_cast<double>(*value), count.tags.text());
  }
}

void CpuThrottles::find_files() {
  counts_.clear();
  std::vector<std::string> folders;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder_, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (name.starts_with("cpu") && sdk::parse<std::uint32_t>(name.substr(3))) {
      folders.push_back(entry->path().string());
    }
  }
  std::ranges::sort(folders);
  std::vector<std::string> seen;
  for (const std::string& folder : folders) add_cpu(folder, seen);
}

// Each core and each package once, whichever of its CPUs comes first.
void CpuThrottles::add_cpu(const std::string& folder, std::vector<std::string>& seen) {
  const auto package = read_number(folder + "/topology/physical_package_id");
  const auto core = read_number(folder + "/topology/core_id");
  if (!package || !core) return;
  const auto add = [&](const char* file, const sdk::Tags& tags, bool of_package) {
    const std::string path = folder + "/thermal_throttle/" + file;
    const std::string key = file + tags.text();
    if (counts_.size() >= kMostCounts || std::ranges::find(seen, key) != seen.end()) return;
    if (!read_number(path)) return;
    seen.push_back(key);
    counts_.push_back({sdk::ProcFile(path, sdk::ProcFile::Shape::kWhole), tags, of_package});
  };
  const std::string package_text = std::to_string(*package);
  add("core_throttle_count", sdk::Tags{{"core", std::to_string(*core)}, {"package", package_text}},
      false);
  add("package_throttle_count", sdk::Tags{{"package", package_text}}, true);
}

void CpuThrottles::find_isolated() {
  isolated_.clear();
  const auto list = sdk::read_file(folder_ + "/isolated");
  if (!list) return;
  for (const unsigned cpu : parse_cpu_list(*list)) {
    isolated_.push_back(sdk::Tags{{"cpu", std::to_string(cpu)}});
  }
}

std::vector<unsigned> parse_cpu_list(std::string_view list) {
  std::vector<unsigned> cpus;
  while (!list.empty()) {
    const std::string_view range = list.substr(0, list.find(','));
    list.remove_prefix(std::min(range.size() + 1, list.size()));
    const std::size_t dash = range.find('-');
    const auto first = sdk::parse<unsigned>(range.substr(0, dash));
    const auto last = dash == range.npos ? first : sdk::parse<unsigned>(range.substr(dash + 1));
    if (!first || !last || *last < *first || *last - *first >= kMostCpus - cpus.size()) return {};
    for (unsigned cpu = *first; cpu <= *last; ++cpu) cpus.push_back(cpu);
  }
  return cpus;
}

}  // namespace lariat::host
