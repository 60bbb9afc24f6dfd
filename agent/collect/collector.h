#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include "agent/base/back_off.h"
#include "agent/base/clock.h"
#include "agent/collect/collector_state.h"
#include "agent/collect/error_lines.h"
#include "agent/collect/intake.h"
#include "agent/collect/pipe_reader.h"
#include "agent/collect/process.h"
#include "agent/collect/process_usage.h"
#include "agent/collect/run_record.h"
#include "agent/collect/supervision.h"
#include "agent/config/collector.h"
#include "agent/loop/timer.h"

namespace lariat::collect {

/// One collector and its program: started, asked, read, held to its deadline, ended, started again.
///
/// Whatever the program does costs its own data only, and is counted (see `Result`). A oneshot is
/// started when it is due. A stream lives on and is asked when it is due; a feed lives on and
/// prints when it likes. These two come back after they ended, for ever, after a wait that grows
/// from 1 s to 5 min. One that is busy when it is due runs once, at once, when it is done. The
/// program is judged by the trust rule before each start.
/// Ownership: borrows `supervision`. The destructor kills what runs; `retire` ends it in order.
/// Threads: loop thread only. Not to be destroyed from one of its events.
class Collector {
 public:
  struct Events {
    std::function<void()> on_run;   ///< One has ended, with a result.
    std::function<void()> on_gone;  ///< Retired, and its program has ended.
    /// It wants to start outside of its moments: `due` is to be called when it may. If it is not
    /// set, it starts at once.
    std::function<void()> on_wants_start;
  };

  Collector(const Supervision& supervision, config::Collector description, std::uint32_t number,
            Events events);

  /// Its first run, at once. `late`: it should have begun long ago, and counts if it begins.
  void start(bool late = false);
  /// A moment of its schedule, or it wanted to start. `late`: as above.
  void due(bool late);
  /// So many moments went by without a run.
  void missed(std::uint64_t moments) noexcept { late_ += moments; }
  /// It is not to run, and why.
  void refuse(std::string why);
  /// A thing the operator should know although it runs, told in the log too; empty: no more.
  void set_notice(std::string notice);
  /// Starts nothing more and ends what runs. `on_gone` follows, at once if nothing runs.
  void retire();

  [[nodiscard]] const config::Collector& description() const noexcept { return description_; }
  [[nodiscard]] std::uint32_t number() const noexcept { return origin_.collector; }
  /// It has moments: `due` is to be called.
  [[nodiscard]] bool scheduled() const noexcept;
  /// A run has ended, well or not, or none is to be waited for.
  [[nodiscard]] bool has_run() const noexcept;
  [[nodiscard]] bool retired() const noexcept { return retired_; }
  [[nodiscard]] bool gone() const noexcept { return retired_ && !alive_; }
  /// How its last process ended, until the next is started.
  [[nodiscard]] const std::optional<ProcessEnd>& end() const noexcept { return end_; }
  [[nodiscard]] pid_t pid() const noexcept { return process_.pid(); }
  [[nodiscard]] bool lives_on() const noexcept {
    return description_.mode != config::Mode::kOneshot;
  }
  /// `start` or `due` would start a program now.
  [[nodiscard]] bool would_launch() const noexcept {
    return description_.enabled && !alive_ && !retired_ && !restart_.active();
  }
  [[nodiscard]] CollectorState state() const;
  [[nodiscard]] const RunRecord& runs() const noexcept { return runs_; }
  [[nodiscard]] const Intake& intake() const noexcept { return intake_; }
  [[nodiscard]] std::uint64_t restarts() const noexcept { return restarts_; }
  [[nodiscard]] std::uint64_t late() const noexcept { return late_; }
  /// Of all its processes, the one that runs included: what that had used is read, at most each
  /// second.
  [[nodiscard]] ProcessUsage usage() const;

 private:
  void launch();
  void want_start();
  void ask();
  void answered();
  void again_if_owed();
  void begin_budget();
  void take_output(std::span<const std::byte> octets);
  void take_errors(std::span<const std::byte> octets);
  void weigh(Intake::Verdict verdict);
  void hold_back();
  void go_on();
  void deadline_passed();
  void watch_half_message();
  void end_for(Result result, std::string why);
  void cut_off(Result result, std::string why);
  void process_ended(const ProcessEnd& end);
  void finish();
  [[nodiscard]] proto::PluginEnd plugin_end() const;
  [[nodiscard]] bool used_up_cpu() const;
  void judge_end();
  void launch_failed(Result result, std::string why);
  void come_back();
  [[nodiscard]] std::chrono::milliseconds since(base::Monotonic then) const noexcept;

  const Supervision& supervision_;
  config::Collector description_;
  FrameOrigin origin_;
  Events events_;
  RunRecord runs_;
  Intake intake_;
  ErrorLines error_lines_;
  Process process_;
  PipeReader output_;
  PipeReader errors_;
  base::UniqueFd input_;
  base::BackOff back_off_;
  loop::Timer deadline_;  // Of a run or an answer; of a feed, in the middle of a message.
  loop::Timer restart_;
  loop::Timer pause_;  // Of a feed that has used up its budget.

  bool alive_ = false;      // From the start of the process until all it left is read.
  bool answering_ = false;  // A stream was asked and has not closed its answer.
  bool owed_ = false;       // Was due while it was busy.
  bool again_ = false;      // The next start follows an end: it counts as a restart.
  bool refused_ = false;
  bool retired_ = false;
  bool counted_ = false;  // What the end of the process means stands in `runs_` already.
  std::optional<ProcessEnd> end_;
  base::Monotonic launched_;  // Or tried to.
  base::Monotonic began_;     // The run, the answer, the interval of a feed.
  std::uint64_t restarts_ = 0;
  std::uint64_t late_ = 0;
  ProcessUsage used_;                            // By processes that have ended.
  mutable ProcessUsage living_;                  // By the one that runs, as it was read.
  mutable std::optional<base::Monotonic> read_;  // Then; not of this process yet: nothing.
  std::string notice_;
};

}  // namespace lariat::collect
