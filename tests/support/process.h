#pragma once

#include <sys/types.h>

#include <array>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/base/unique_fd.h"
#include "tests/support/temporary_directory.h"

namespace lariat::test {

/// How long a test waits for what ought to happen at once, on a busy machine.
inline constexpr std::chrono::milliseconds kPatience{30'000};

/// A moment that is not moved by what is waited for in between.
class Deadline {
 public:
  explicit Deadline(std::chrono::milliseconds from_now)
      : at_(std::chrono::steady_clock::now() + from_now) {}
  [[nodiscard]] bool passed() const { return std::chrono::steady_clock::now() >= at_; }
  /// For `poll`: rounded up, 0 once it has passed.
  [[nodiscard]] int left() const;

 private:
  std::chrono::steady_clock::time_point at_;
};

/// Asks until `happened` or the deadline; false at the deadline.
[[nodiscard]] bool wait_until(const std::function<bool()>& happened,
                              std::chrono::milliseconds patience = kPatience,
                              std::chrono::milliseconds between = std::chrono::milliseconds(5));

/// A program that was started, with its three standard streams on pipes.
///
/// Both outputs are read whenever this object waits for anything, and kept. It starts with an empty
/// signal mask and the usual dispositions. The destructor kills and reaps it.
/// Threads: one.
class Process {
 public:
  enum class Stream { kOut, kErr };

  struct Options {
    std::string input_file;                ///< Read as its standard input instead of the pipe.
    std::vector<std::string> environment;  ///< `KEY=VALUE`, beside our own.
  };

  /// The program `words[0]` is looked for in PATH. Throws std::runtime_error if it cannot start.
  explicit Process(std::vector<std::string> words) : Process(std::move(words), Options{}) {}
  Process(std::vector<std::string> words, const Options& options);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  [[nodiscard]] pid_t pid() const noexcept { return pid_; }

  /// Writes all of it; false if the program has closed its end.
  bool write(std::string_view text);
  void close_input() noexcept { in_.reset(); }
  /// Reads no more: what the program writes from now on is an error to it.
  void close_output(Stream stream) noexcept { reader(stream).fd.reset(); }

  /// The next line, without its line end; nothing if none comes in time.
  std::optional<std::string> line(Stream stream, std::chrono::milliseconds patience = kPatience);
  /// The next line that begins so; those before it are skipped.
  std::optional<std::string> wait_for_line(Stream stream, std::string_view prefix,
                                           std::chrono::milliseconds patience = kPatience);
  /// Whether `text` stands in the stream, or comes to stand there; skips nothing.
  bool wait_for_text(Stream stream, std::string_view text,
                     std::chrono::milliseconds patience = kPatience);
  /// All that came so far, lines that were handed out too.
  [[nodiscard]] const std::string& text(Stream stream) const { return reader(stream).text; }

  void signal(int number) const;
  /// SIGSTOP, and waits until it has stopped.
  void stop();
  void go_on() const;

  /// Exit status, or 128 + signal; nothing if it does not end in time. Its output is complete then.
  std::optional<int> wait(std::chrono::milliseconds patience = kPatience);
  [[nodiscard]] bool running();

 private:
  struct Reader {
    base::UniqueFd fd;
    std::string text;
    std::size_t taken = 0;  // What `line` has handed out.
  };

  Reader& reader(Stream stream) { return readers_[stream == Stream::kOut ? 0 : 1]; }
  [[nodiscard]] const Reader& reader(Stream stream) const {
    return readers_[stream == Stream::kOut ? 0 : 1];
  }
  bool pump(int timeout);
  void drain();
  static bool read_some(Reader& reader);

  pid_t pid_ = -1;
  base::UniqueFd ended_;  // A pidfd: readable when it has ended.
  base::UniqueFd in_;
  std::array<Reader, 2> readers_;
  std::optional<int> status_;
};

/// The numbers in `/proc/PID/status` behind `key`, such as `VmRSS` (in KiB).
[[nodiscard]] std::uint64_t status_number(pid_t pid, std::string_view key);
/// Whether the process has the signal blocked or caught: a signalfd or a handler is in place.
[[nodiscard]] bool handles_signal(pid_t pid, int number);

[[nodiscard]] std::string read_file(const std::string& path);
void write_file(const std::string& path, std::string_view text);

}  // namespace lariat::test
