#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/linux/all.h"
#include "collectors/sdk/source.h"

namespace lariat::test {

using Lines = std::vector<std::string>;

inline sdk::Paths fixture_paths(std::string_view set = "") {
  const std::string folder = std::string(LARIAT_FIXTURES) + "/linux";
  return {.proc = folder + (set.empty() ? "" : "/" + std::string(set)) + "/proc",
          .sys = folder + "/sys",
          .root = folder + "/rootfs"};
}

/// The messages as lines without keyword and time: `node_load1 0.5`; the kind is its first letter,
/// `s node_load1 0.5`.
inline Lines lines_of(const sdk::Answer& answer) {
  std::string text;
  sdk::print(answer, text);
  Lines lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    const std::string line = text.substr(at, end - at);
    at = end + 1;
    const std::size_t first = line.find(' ');
    const bool timed = line.starts_with("sample ") || line.starts_with("delta ");
    const std::size_t name = timed ? line.find(' ', first + 1) : first;
    lines.push_back(line.substr(0, 1) + line.substr(name));
  }
  return lines;
}

/// A source of the `linux` collector on fixtures.
class SourceRun {
 public:
  explicit SourceRun(std::string_view name, sdk::Paths paths = fixture_paths())
      : host_(std::move(paths)) {
    const auto sources = host::all_sources();
    source_ = std::ranges::find(sources, name, &sdk::SourceEntry::name)->make(host_);
  }
  SourceRun(std::unique_ptr<sdk::Source> (*make)(sdk::Host&), sdk::Paths paths)
      : host_(std::move(paths)), source_(make(host_)) {}

  /// One more round.
  Lines collect() {
    host_.next_round();
    answer_.begin(1'700'000'000);
    fault_ = source_->collect(answer_);
    return lines_of(answer_);
  }
  [[nodiscard]] const std::string& fault() const noexcept { return fault_; }

 private:
  sdk::Host host_;
  std::unique_ptr<sdk::Source> source_;
  sdk::Answer answer_;
  std::string fault_;
};

}  // namespace lariat::test
