#pragma once

#include <functional>
#include <string_view>

namespace lariat::base {

enum class Level { kInfo, kWarning, kError };

/// Where lines for the operator go: one line a change of state, never one a frame.
///
/// Ownership: whoever builds the program owns it and hands references down; it outlives them.
/// Threads: the owner's loop thread only.
class Log {
 public:
  using Sink = std::function<void(Level, std::string_view line)>;

  /// Writes to standard error, a short write or a closed descriptor being ignored.
  Log();
  /// Hands each line, without its line end, to `sink`.
  explicit Log(Sink sink) : sink_(std::move(sink)) {}

  void info(std::string_view line) const { sink_(Level::kInfo, line); }
  void warning(std::string_view line) const { sink_(Level::kWarning, line); }
  void error(std::string_view line) const { sink_(Level::kError, line); }

 private:
  Sink sink_;
};

}  // namespace lariat::base
