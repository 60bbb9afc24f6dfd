#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/base/log.h"
#include "agent/collect/ingest.h"
#include "agent/loop/io_watcher.h"
#include "agent/loop/timer.h"
#include "agent/publish/publisher.h"
#include "proto/line_splitter.h"

namespace lariat::app {

/// For how long endpoints may make no progress before nobody waits for them any more.
///
/// Borrows the publisher, whose endpoints do not change.
class Patience {
 public:
  Patience(const publish::Publisher& publisher, std::chrono::milliseconds timeout);

  /// Looks which of them have moved.
  void look();
  /// The largest lag among those that are still waited for.
  [[nodiscard]] std::uint64_t lag() const noexcept;
  /// Every endpoint that has not got all is one that nobody waits for.
  [[nodiscard]] bool exhausted() const noexcept;

 private:
  struct Seen {
    std::uint64_t delivered = 0;
    base::Monotonic moved_at;
    bool given_up = false;
  };
  const publish::Publisher& publisher_;
  std::chrono::milliseconds timeout_;
  std::vector<Seen> seen_;
};

/// Standard input as a source of frames: TSDP octets, lines, or JSON objects, read no faster than
/// the endpoints take them.
///
/// Ownership: borrows all that it is made of. Threads: loop thread only.
class SendSource {
 public:
  SendSource(loop::Loop& loop, publish::Publisher& publisher, const proto::DefaultTags& tags,
             const base::Log& lines, Patience& patience);

  /// Reads `fd` to its end, then calls `done`. `json`: one object a line, as `receive --json`
  /// prints.
  void start(int fd, bool json, std::function<void()> done);
  /// Ends before the end.
  void stop();
  /// So many lines and messages were refused; each reason was told once.
  [[nodiscard]] std::uint64_t refused() const noexcept {
    return ingest_.refused_total() + refused_;
  }

 private:
  void readable();
  void take_json(std::string_view text);
  void take_json_line(const proto::LineSplitter::Line& line);
  void hold_or_go_on();
  void finish();

  publish::Publisher& publisher_;
  const base::Log& lines_;
  Patience& patience_;
  collect::Ingest ingest_;
  proto::LineSplitter json_lines_;
  std::vector<std::byte> message_;
  std::vector<std::byte> buffer_;
  loop::IoWatcher readable_;
  loop::Timer hold_;
  std::function<void()> done_;
  int fd_ = -1;
  bool json_ = false;
  std::uint64_t refused_ = 0;
};

}  // namespace lariat::app
