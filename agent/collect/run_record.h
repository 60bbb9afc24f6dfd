#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "agent/base/clock.h"
#include "agent/base/log.h"
#include "agent/collect/collector_state.h"

namespace lariat::collect {

/// What became of a collector's runs: counts, the last error, and the log's line when that changes.
class RunRecord {
 public:
  RunRecord(const base::Log& lines, std::string name) : lines_(lines), name_(std::move(name)) {}

  void good(base::WallTime now);
  /// `why`: in words, with what to do. The log has it once as long as it stays the same.
  void bad(Result result, std::string why);
  void took(std::chrono::milliseconds duration) noexcept { last_duration_ = duration; }
  void succeeded(base::WallTime now) noexcept { last_success_ = now; }

  [[nodiscard]] std::uint64_t count(Result result) const noexcept {
    return counts_[static_cast<std::size_t>(result)];
  }
  [[nodiscard]] std::uint64_t total() const noexcept;
  [[nodiscard]] const std::string& last_error() const noexcept { return last_error_; }
  [[nodiscard]] std::optional<std::chrono::milliseconds> last_duration() const noexcept {
    return last_duration_;
  }
  [[nodiscard]] std::optional<base::WallTime> last_success() const noexcept {
    return last_success_;
  }

 private:
  const base::Log& lines_;
  std::string name_;
  std::array<std::uint64_t, kResults> counts_{};
  std::uint64_t bad_in_a_row_ = 0;
  std::string last_error_;
  std::optional<std::chrono::milliseconds> last_duration_;
  std::optional<base::WallTime> last_success_;
};

/// `ended with status 3`, `was ended by SIGSEGV (Segmentation fault)`: of a status as `wait` gives
/// it.
[[nodiscard]] std::string describe_status(int status);

}  // namespace lariat::collect
