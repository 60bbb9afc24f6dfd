#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace lariat::collect {

/// `text` as one line that any log and terminal may have: control characters and octets that are
/// no ASCII as `\xNN`, at most `limit` octets of it.
[[nodiscard]] std::string printable(std::string_view text, std::size_t limit = 200);

/// Cuts what a collector writes to its standard error into lines for the log, at most so many a
/// run; how many more there were is one line at the run's end. Holds one line's begin.
class ErrorLines {
 public:
  static constexpr std::size_t kLinesPerRun = 10;

  explicit ErrorLines(std::function<void(std::string_view line)> tell) : tell_(std::move(tell)) {}

  void feed(std::span<const std::byte> octets);
  /// A run is over, the next may say as much again.
  void end_run();
  /// The stream has ended: what has no line end yet is a line.
  void finish();

 private:
  void end_line();

  std::function<void(std::string_view line)> tell_;
  std::string line_;  // At most one octet more than is shown.
  std::size_t told_ = 0;
  std::uint64_t left_out_ = 0;
};

}  // namespace lariat::collect
