#pragma once

#include <cstdint>
#include <functional>
#include <string>
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

  /// Writes to standard error through a `LineWriter`.
  Log();
  /// Hands each line, without its line end, to `sink`.
  explicit Log(Sink sink) : sink_(std::move(sink)) {}

  void info(std::string_view line) const { sink_(Level::kInfo, line); }
  void warning(std::string_view line) const { sink_(Level::kWarning, line); }
  void error(std::string_view line) const { sink_(Level::kError, line); }

 private:
  Sink sink_;
};

/// Writes lines to a descriptor and never waits for it: what a pipe or a terminal does not take
/// now is left out, and their number is told when it takes lines again.
///
/// A line is `lariat: warning: text`; the journal, if the descriptor is its (`JOURNAL_STREAM` names
/// it), gets the level as the prefix `<4>` instead. Borrows the descriptor.
class LineWriter {
 public:
  explicit LineWriter(int fd) noexcept;

  void write(Level level, std::string_view line);
  /// Lines that were not taken since the last one that was.
  [[nodiscard]] std::uint64_t left_out() const noexcept { return left_out_; }

 private:
  [[nodiscard]] bool put(Level level, std::string_view line);

  int fd_;
  bool journal_;
  std::uint64_t left_out_ = 0;
  std::string text_;
};

}  // namespace lariat::base
