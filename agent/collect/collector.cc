#include "agent/collect/collector.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <random>
#include <utility>

#include "agent/base/units.h"
#include "agent/collect/environment.h"
#include "agent/collect/trust.h"

namespace lariat::collect {

using config::Mode;

namespace {

// Hundreds of living processes, at each look of each reader, cost two files of /proc each.
constexpr std::chrono::seconds kUsageKept{1};

}  // namespace

Collector::Collector(const Supervision& supervision, config::Collector description,
                     std::uint32_t number, Events events)
    : supervision_(supervision),
      description_(std::move(description)),
      origin_{
          .collector = number, .interval = description_.interval, .expose = description_.expose},
      events_(std::move(events)),
      runs_(supervision.lines, description_.name),
      intake_(supervision, description_, origin_, [this] { answered(); }),
      error_lines_([this](std::string_view line) {
        supervision_.lines.info(fmt::format("collector {}: says: {}", description_.name, line));
      }),
      process_(supervision.loop, supervision.reaper, supervision.waits.kill_grace,
               [this](const ProcessEnd& end) { process_ended(end); }),
      output_(supervision.loop, supervision.room,
              {.on_octets = [this](auto octets) { take_output(octets); },
               .on_end = [this] { finish(); }}),
      errors_(supervision.loop, supervision.room,
              {.on_octets = [this](auto octets) { take_errors(octets); },
               .on_end = [this] { finish(); }}),
      back_off_(supervision.waits.back_off_min, supervision.waits.back_off_max,
                std::random_device{}()),
      deadline_(supervision.loop, [this]() noexcept { deadline_passed(); }),
      restart_(supervision.loop, [this] { want_start(); }),
      pause_(supervision.loop, [this]() noexcept { go_on(); }) {}

void Collector::start(bool late) {
  if (!description_.enabled || refused_ || retired_) return;
  if (late) ++late_;
  launch();
}

void Collector::due(bool late) {
  if (retired_ || !description_.enabled || restart_.active()) return;
  if (!alive_) {
    if (late) ++late_;
    launch();
    return;
  }
  // One that is ending comes back after its wait.
  if (!scheduled() || (lives_on() && (counted_ || end_))) return;
  const bool busy = !lives_on() || answering_;
  if (busy || late) ++late_;
  if (busy) {
    owed_ = true;
  } else {
    ask();
  }
}

void Collector::refuse(std::string why) {
  refused_ = true;
  runs_.bad(Result::kRefused, std::move(why));
}

void Collector::set_notice(std::string notice) {
  if (!notice.empty() && notice != notice_) {
    supervision_.lines.warning(fmt::format("collector {}: {}", description_.name, notice));
  }
  notice_ = std::move(notice);
}

void Collector::retire() {
  if (retired_) return;
  retired_ = true;
  owed_ = false;
  counted_ = true;
  deadline_.stop();
  restart_.stop();
  input_.reset();
  process_.end();
  if (!alive_ && events_.on_gone) events_.on_gone();
}

bool Collector::scheduled() const noexcept {
  return description_.enabled && description_.mode != Mode::kFeed;
}

bool Collector::has_run() const noexcept {
  if (!description_.enabled || refused_ || runs_.total() > 0) return true;
  return description_.mode == Mode::kFeed && alive_;
}

// Starts the program; a stream is asked at once.
void Collector::launch() {
  assert(!alive_ && !description_.command.empty());
  restart_.stop();
  if (std::exchange(again_, false)) ++restarts_;
  refused_ = false;
  launched_ = supervision_.loop.now();
  const auto& program = description_.command.front();
  if (!supervision_.owners.empty()) {
    if (auto distrust = judge(program, supervision_.owners)) {
      refused_ = true;
      launch_failed(Result::kRefused, "refused: " + distrust.text);
      return;
    }
  }
  auto pipes =
      process_.start({.exec_program = supervision_.exec_program,
                      .settings = settings_of(description_),
                      .environment = environment_of(description_, supervision_.control_socket),
                      .wants_input = description_.mode == Mode::kStream});
  if (!pipes) {
    launch_failed(Result::kFailed, pipes.error().text);
    return;
  }
  if (supervision_.places != nullptr) {
    supervision_.places->take(number(), lives_on(), launched_);
  }
  alive_ = true;
  counted_ = false;
  end_.reset();
  living_ = {};
  read_.reset();
  input_ = std::move(pipes->input);
  output_.open(std::move(pipes->output));
  errors_.open(std::move(pipes->errors));
  intake_.begin_stream();
  begin_budget();
  if (description_.mode == Mode::kStream) ask();
  if (description_.mode == Mode::kOneshot) deadline_.start(description_.timeout);
}

void Collector::want_start() {
  if (events_.on_wants_start) {
    events_.on_wants_start();
  } else {
    launch();
  }
}

// A tick that finds no room, or no reader, is one without an answer: its deadline comes.
void Collector::ask() {
  if (answering_) return;
  answering_ = true;
  begin_budget();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(supervision_.loop.wall_now());
  const std::string tick = fmt::format("tick {}\n", seconds.time_since_epoch().count());
  [[maybe_unused]] const ssize_t sent = ::write(input_.get(), tick.data(), tick.size());
  deadline_.start(description_.timeout);
}

void Collector::answered() {
  if (!answering_) return;
  answering_ = false;
  deadline_.stop();
  runs_.took(since(began_));
  runs_.good(supervision_.loop.wall_now());
  if (events_.on_run) events_.on_run();
  again_if_owed();
}

void Collector::again_if_owed() {
  if (!std::exchange(owed_, false) || retired_ || counted_) return;
  if (alive_) {
    ask();
  } else {
    want_start();
  }
}

void Collector::begin_budget() {
  began_ = supervision_.loop.now();
  intake_.begin_run();
  error_lines_.end_run();
}

void Collector::take_output(std::span<const std::byte> octets) {
  const bool feed = description_.mode == Mode::kFeed;
  if (feed && since(began_) >= description_.interval) begin_budget();
  const auto before = intake_.frames();
  const auto verdict = intake_.feed(octets);
  if (feed) {
    // What one that is being ended still prints does not make it good.
    if (intake_.frames() != before && !counted_) runs_.recovered(supervision_.loop.wall_now());
    watch_half_message();
  }
  weigh(verdict);
}

void Collector::take_errors(std::span<const std::byte> octets) {
  if (description_.mode == Mode::kFeed && since(began_) >= description_.interval) begin_budget();
  const auto verdict = intake_.spend(octets.size());
  if (supervision_.on_errors) {
    supervision_.on_errors(octets);
  } else {
    error_lines_.feed(octets);
  }
  weigh(verdict);
}

void Collector::weigh(Intake::Verdict verdict) {
  switch (verdict) {
    case Intake::Verdict::kGood:
      return;
    case Intake::Verdict::kLost:
      cut_off(
          Result::kFailed,
          "printed octets that are no TSDP and was ended: print TSDP alone, or lines alone with "
          "\"format\": \"bolo\"");
      return;
    case Intake::Verdict::kOver:
      if (description_.mode == Mode::kFeed) {
        hold_back();
      } else {
        cut_off(Result::kKilled,
                fmt::format("printed more than {} in one run and was ended: print less, or raise "
                            "its `max_output`",
                            base::format_size(description_.max_output)));
      }
  }
}

// It waits in its write until the next interval; nothing is lost, and nothing spins.
void Collector::hold_back() {
  if (end_ || pause_.active()) return;
  output_.pause();
  errors_.pause();
  deadline_.stop();
  pause_.start(std::max(description_.interval - since(began_), std::chrono::milliseconds(0)));
}

void Collector::go_on() {
  begin_budget();
  output_.resume();
  errors_.resume();
}

void Collector::deadline_passed() {
  if (description_.mode == Mode::kFeed) {
    end_for(Result::kTimeout,
            fmt::format("stood still for {} in the middle of a message and was ended",
                        base::format_duration(supervision_.waits.half_message)));
    return;
  }
  end_for(Result::kTimeout,
          fmt::format("{} within {} and was ended: see why it hangs, or raise its `timeout`",
                      lives_on() ? "did not close its answer" : "did not end",
                      base::format_duration(description_.timeout)));
}

// Armed in the middle of a message only: a feed that is silent is not woken for.
void Collector::watch_half_message() {
  if (intake_.mid_message()) {
    deadline_.start(supervision_.waits.half_message);
  } else {
    deadline_.stop();
  }
}

void Collector::end_for(Result result, std::string why) {
  if (counted_) return;
  counted_ = true;
  answering_ = false;
  deadline_.stop();
  runs_.took(since(began_));
  runs_.bad(result, std::move(why));
  process_.end();
}

// Nothing more of it is wanted: it need not be read until it has ended.
void Collector::cut_off(Result result, std::string why) {
  output_.close();
  errors_.close();
  end_for(result, std::move(why));
  finish();
}

void Collector::process_ended(const ProcessEnd& end) {
  end_ = end;
  const auto usage = usage_of(end.usage);
  used_.cpu += usage.cpu;
  used_.max_resident = std::max(used_.max_resident, usage.max_resident);
  input_.reset();
  deadline_.stop();
  pause_.stop();
  // Others may hold the pipes: what is there now is all.
  errors_.finish();
  output_.finish();
  finish();
}

// Once the process has ended and both pipes are read, whichever is last.
void Collector::finish() {
  if (!alive_ || !end_ || output_.is_open() || errors_.is_open()) return;
  intake_.finish(plugin_end());
  error_lines_.finish();
  deadline_.stop();
  alive_ = false;
  if (supervision_.places != nullptr) supervision_.places->leave(number(), lives_on());
  if (!counted_) judge_end();
  answering_ = false;
  if (retired_) {
    if (events_.on_gone) events_.on_gone();
    return;
  }
  if (events_.on_run) events_.on_run();
  if (lives_on()) {
    owed_ = false;
    come_back();
  } else {
    counted_ = false;
    again_if_owed();
  }
}

// What a plugin's STATE is made of.
proto::PluginEnd Collector::plugin_end() const {
  if (!end_->start_error.empty()) return {{}, end_->start_error};
  if (retired_) return {.stopped = true};
  if (counted_) return {{}, runs_.last_error()};  // It was ended.
  if (WIFEXITED(end_->status)) return {WEXITSTATUS(end_->status), {}};
  return {{}, describe_status(end_->status)};
}

void Collector::judge_end() {
  const auto& end = *end_;
  // The exit status of a plugin is what it has found.
  const bool found = intake_.format() == config::OutputFormat::kNagios && WIFEXITED(end.status) &&
                     WEXITSTATUS(end.status) <= 3;
  if (!lives_on() || answering_) runs_.took(since(began_));
  if (!end.start_error.empty()) {
    runs_.bad(Result::kFailed, end.start_error);
  } else if ((end.status == 0 || found) && description_.mode != Mode::kStream) {
    runs_.good(supervision_.loop.wall_now());
  } else {
    const char* rest = "";
    if (description_.mode == Mode::kStream) {
      rest = answering_ ? " in the middle of an answer; a stream lives on"
                        : "; a stream lives on and waits for the next tick on its standard input";
    }
    if (used_up_cpu()) rest = ": it used more CPU time than its `max_cpu` allows";
    runs_.bad(WIFSIGNALED(end.status) ? Result::kKilled : Result::kFailed,
              describe_status(end.status) + rest);
  }
}

// By the soft limit's signal, of its own or, as a shell says it, of a child; by the hard limit's if
// it went on, which nobody else has sent.
bool Collector::used_up_cpu() const {
  if (!description_.max_cpu) return false;
  const int status = end_->status;
  if (WIFEXITED(status)) return WEXITSTATUS(status) == 128 + SIGXCPU;
  return WTERMSIG(status) == SIGXCPU ||
         (WTERMSIG(status) == SIGKILL &&
          usage_of(end_->usage).cpu >= std::chrono::seconds(*description_.max_cpu));
}

void Collector::launch_failed(Result result, std::string why) {
  if (!lives_on()) intake_.never_began(why);
  runs_.bad(result, std::move(why));
  if (events_.on_run) events_.on_run();
  // One with moments is tried again at the next.
  if (lives_on() && !(refused_ && scheduled())) come_back();
}

void Collector::come_back() {
  if (retired_) return;
  if (since(launched_) >= supervision_.waits.steady) back_off_.reset();
  again_ = true;
  restart_.start(back_off_.next());
}

CollectorState Collector::state() const {
  CollectorState state = initial_state(description_);
  state.state = !description_.enabled ? "disabled"
                : refused_            ? "refused"
                : alive_              ? "running"
                : restart_.active()   ? "backing off"
                                      : "waiting";
  state.healthy = runs_.last_error().empty() && notice_.empty();
  state.last_error = notice_.empty() ? runs_.last_error() : notice_;
  state.runs_good = runs_.count(Result::kOk);
  state.runs_bad = runs_.total() - state.runs_good;
  state.frames = intake_.frames();
  state.rejected = intake_.rejected_total();
  state.restarts = restarts_;
  state.late = late_;
  const auto used = usage();
  state.cpu = used.cpu;
  state.max_resident = used.max_resident;
  state.last_duration = runs_.last_duration();
  state.last_success = runs_.last_success();
  return state;
}

ProcessUsage Collector::usage() const {
  ProcessUsage usage = used_;
  if (!process_.running()) return usage;
  const auto now = supervision_.loop.now();
  if (!read_ || now - *read_ >= kUsageKept) {
    if (const auto living = usage_of_living(process_.pid())) living_ = *living;
    read_ = now;
  }
  usage.cpu += living_.cpu;
  usage.max_resident = std::max(usage.max_resident, living_.max_resident);
  return usage;
}

std::chrono::milliseconds Collector::since(base::Monotonic then) const noexcept {
  return std::chrono::floor<std::chrono::milliseconds>(supervision_.loop.now() - then);
}

}  // namespace lariat::collect
