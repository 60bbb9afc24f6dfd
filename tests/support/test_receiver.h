#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "agent/base/unique_fd.h"
#include "tests/support/numbered_receiver.h"

namespace lariat::test {

/// Numbers from `first` to `last`.
struct NumberRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;

  [[nodiscard]] std::uint64_t size() const noexcept { return last - first + 1; }
  friend bool operator==(const NumberRange&, const NumberRange&) = default;
};

/// Which numbers came, whatever the connection: disjoint, rising.
class NumberSet {
 public:
  NumberSet() = default;
  explicit NumberSet(const std::vector<NumberRun>& runs);

  [[nodiscard]] const std::vector<NumberRange>& ranges() const noexcept { return ranges_; }
  [[nodiscard]] std::uint64_t size() const noexcept;
  /// Of 0 to `end` - 1, those that are not in it.
  [[nodiscard]] std::vector<NumberRange> missing(std::uint64_t end) const;
  [[nodiscard]] std::uint64_t missing_count(std::uint64_t end) const;

 private:
  std::vector<NumberRange> ranges_;
};

/// A `NumberedReceiver` in a process of its own, on a TCP port that stays its own when it is
/// killed.
///
/// Ownership: ends its process. Threads: one. Throws std::runtime_error if the process does not do
/// what it is told.
class TestReceiver {
 public:
  struct Options {
    ReceiverBehaviour behaviour;
    int receive_buffer = 0;  ///< SO_RCVBUF; 0: as the kernel likes.
    std::string address = "127.0.0.1";
    std::string network_namespace;  ///< Of `ip netns`; then it cannot be started again.
    bool started = true;
  };

  TestReceiver() : TestReceiver(Options{}) {}
  explicit TestReceiver(Options options);
  ~TestReceiver();
  TestReceiver(const TestReceiver&) = delete;
  TestReceiver& operator=(const TestReceiver&) = delete;

  /// Listens, again, on the port. Without a process the port refuses.
  void start();
  /// SIGKILL, and waits for its end.
  void kill();
  void freeze();      ///< SIGSTOP: it reads nothing and answers nothing.
  void thaw() const;  ///< SIGCONT.

  void pause_reading();
  void resume_reading();
  /// Sends its saying on each connection.
  void say() const { order('s'); }
  /// Closes its side of its connections and reads to their end. It goes on listening.
  void close_connections() const { order('c'); }
  /// Bytes in the kernel's receive buffers, once they have not changed for `settled`.
  [[nodiscard]] std::uint64_t unread(std::chrono::milliseconds settled) const;

  [[nodiscard]] pid_t pid() const noexcept { return pid_; }
  [[nodiscard]] std::string url() const;
  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  [[nodiscard]] const ReceiverRecord& record() const noexcept { return *record_; }

  /// These pause a living receiver while they look.
  [[nodiscard]] std::vector<NumberRun> runs() const;
  [[nodiscard]] std::vector<Arrival> arrivals() const;
  [[nodiscard]] NumberSet numbers() const { return NumberSet(runs()); }

 private:
  [[nodiscard]] base::UniqueFd listen() const;
  [[noreturn]] void live(base::UniqueFd control);
  std::uint64_t order(char what) const;

  Options options_;
  ReceiverRecord* record_;
  base::UniqueFd reserved_;
  std::uint16_t port_ = 0;
  pid_t pid_ = -1;
  base::UniqueFd control_;
  bool paused_ = false;
};

/// A TCP port of 127.0.0.1 that refuses connections for as long as this lives.
class RefusingPort {
 public:
  RefusingPort();
  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  [[nodiscard]] std::string url() const;

 private:
  base::UniqueFd socket_;
  std::uint16_t port_ = 0;
};

/// A TCP port of 127.0.0.1 that answers nothing: its queue of connections is full.
class SwallowingPort {
 public:
  /// On `port` if it is given: that of a receiver that is dead.
  explicit SwallowingPort(std::uint16_t port = 0);
  [[nodiscard]] std::string url() const;

 private:
  base::UniqueFd listener_;
  std::vector<base::UniqueFd> waiting_;
  std::uint16_t port_ = 0;
};

}  // namespace lariat::test
