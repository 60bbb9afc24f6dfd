#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "agent/api/include/lariat/lariat.h"
#include "agent/base/fork_mark.h"
#include "agent/base/log.h"
#include "agent/base/result.h"
#include "agent/base/unique_fd.h"
#include "agent/loop/io_watcher.h"
#include "agent/loop/loop.h"
#include "agent/loop/timer.h"
#include "agent/net/resolver.h"
#include "agent/publish/publisher.h"
#include "proto/default_tags.h"

namespace lariat::api {

/// Which loop drives an engine.
enum class Drive {
  kOwn,    ///< Its own, turned by `poll` and its like.
  kLibev,  ///< The program's `ev_loop`.
  kHost,   ///< Any other of the program's, by `action`.
};

/// What `lariat_options` say, looked through.
struct EngineOptions {
  lariat_options callbacks{};  ///< The functions, `data` and the loop.
  publish::LogLimits log;
  std::optional<publish::SpoolOptions> spool;
  proto::DefaultTags tags;
  Drive drive = Drive::kOwn;
};

/// The parts that a `lariat_publisher` is made of, put together: a loop or a part of one, a
/// resolver, the publisher that the agent uses too, and the way to the program's callbacks.
///
/// Ownership: owns all of it; borrows a loop of the program's. Threads: one at a time, but for
/// `wake`. Results are those of `lariat_result`.
class Engine {
 public:
  using Result = int;
  struct Made {
    std::unique_ptr<Engine> engine;  ///< Null: `result` says why, and a line to the program's log.
    Result result = LARIAT_OK;
  };
  /// `mark` is of the process that may drive it.
  [[nodiscard]] static Made make(EngineOptions options, const base::ForkMark& mark);
  /// Leaves what was not delivered to the spool, if there is one.
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// In a child process, before the destructor.
  void abandon() noexcept;

  [[nodiscard]] Result connect(const publish::EndpointConfig& config);
  [[nodiscard]] Result disconnect(const std::string& name);
  /// `message` is a valid SUBMIT.
  [[nodiscard]] Result publish(std::span<const std::byte> message);

  [[nodiscard]] Result poll(int timeout_ms);
  [[nodiscard]] Result wait(std::uint64_t bytes, int timeout_ms);
  [[nodiscard]] Result flush(int timeout_ms);
  void flush_start(int timeout_ms, void (*done)(void* data, int result));
  void action(int descriptor, int events);
  /// From any thread or signal handler.
  void wake() const noexcept;

  /// Null: none has that name.
  [[nodiscard]] publish::Endpoint* find(const std::string& name) const;
  /// As it is written in a configuration; good until the next call.
  [[nodiscard]] const char* url_of(const publish::Endpoint& endpoint) {
    url_ = endpoint.config().url.text();
    return url_.c_str();
  }
  [[nodiscard]] const publish::Publisher& publisher() const noexcept { return *publisher_; }
  [[nodiscard]] const proto::DefaultTags& tags() const noexcept { return options_.tags; }
  [[nodiscard]] loop::LoopStats loop_stats() const noexcept { return loop_->stats(); }
  [[nodiscard]] Drive drive() const noexcept { return options_.drive; }
  /// A call that waits for a flush is on the stack.
  [[nodiscard]] bool in_flush() const noexcept { return in_flush_; }
  /// A callback of the program's is on the stack; `strict`: one that may not call us at all.
  [[nodiscard]] bool in_callback() const noexcept { return depth_ > 0; }
  [[nodiscard]] bool in_strict_callback() const noexcept { return strict_depth_ > 0; }
  /// A call begins: time has passed outside.
  void begin_call() noexcept;
  /// And ends: a host is told what changed.
  void end_call();
  /// A mistake of the caller's, to the program's log.
  void tell(const std::string& line) const { lines_.error(line); }
  /// What a child process has to do when its libev loop says so.
  void on_fork(std::function<void()> run) { loop_->on_fork(std::move(run)); }

 private:
  Engine(EngineOptions options, const base::ForkMark& mark);
  void end_flush(int result);
  [[nodiscard]] bool make_loop();
  [[nodiscard]] bool make_wake();
  [[nodiscard]] Result open_spool();
  void received(const publish::EndpointConfig& from, std::span<const std::byte> message);
  void log_line(base::Level level, std::string_view line) const;
  /// Turns the loop until `done` or the time is over, and once in any case.
  void turn_until(const std::function<bool()>& done, int timeout_ms);

  EngineOptions options_;
  const base::ForkMark& mark_;
  base::Log lines_;
  std::unique_ptr<loop::Loop> loop_;
  std::unique_ptr<net::Resolver> resolver_;
  std::unique_ptr<publish::Publisher> publisher_;
  base::UniqueFd wake_fd_;
  std::unique_ptr<loop::IoWatcher> woken_watcher_;
  std::unique_ptr<loop::Timer> deadline_;  // Of its own loop.
  bool late_ = false;
  bool woken_ = false;
  bool in_flush_ = false;
  void (*flush_done_)(void* data, int result) = nullptr;  // Of one that was started.
  int received_ = 0;
  std::string url_;
  std::uint64_t unpushed_ = 0;  // Bytes published since they were last sent by hand.
  base::WallTime stamp_{};      // When what is published now was published, as the log knows it.
  base::Monotonic stamped_turn_{};
  unsigned unstamped_ = 0;  // Messages since.
  mutable int depth_ = 0;
  mutable int strict_depth_ = 0;
};

}  // namespace lariat::api
