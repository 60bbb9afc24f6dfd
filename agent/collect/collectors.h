#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/base/log.h"
#include "agent/collect/collector.h"
#include "agent/collect/collector_state.h"
#include "agent/collect/directory_watch.h"
#include "agent/collect/frame_sink.h"
#include "agent/collect/reaper.h"
#include "agent/collect/schedule.h"
#include "agent/collect/start_places.h"
#include "agent/collect/supervision.h"
#include "agent/collect/wanted.h"
#include "agent/loop/loop.h"
#include "agent/loop/timer.h"
#include "agent/metrics/source.h"
#include "proto/default_tags.h"

namespace lariat::collect {

/// All collectors of an agent: those of its configuration, and those that are dropped into its
/// directories while it runs.
///
/// One timer starts all that are due together, in bounded turns of the loop and in bounded numbers
/// (`StartPlaces`); one that begins over a second late is counted. A change touches the
/// collectors concerned: one whose description and program are as they were keeps its process. One
/// that is changed is ended first, then started as it is now. A description that gets mistakes
/// leaves what it said before running. Ownership: borrows all it is given. The destructor kills
/// what still runs. Threads: loop thread only, made before there is another; one of a process.
class Collectors final : public metrics::Source {
 public:
  struct Options {
    std::string exec_program = "/proc/self/exe";  ///< `lariat`.
    std::string hostname;                         ///< For the splay.
    std::string control_socket;                   ///< Told to the collectors; empty: none.
    Describe describe;
    /// One has been removed, and its program has ended: no more frames with this number.
    std::function<void(std::uint32_t number)> on_removed;
    /// Files must belong to root, to the agent's user or to the owner of `exec_program`, who could
    /// change the agent itself. False: everything is trusted.
    bool trust_rule = true;
    Waits waits;
  };

  /// `tags` may change in place between calls.
  Collectors(loop::Loop& loop, const base::Log& lines, FrameSink& sink,
             const proto::DefaultTags& tags, Options options);
  ~Collectors();
  Collectors(const Collectors&) = delete;
  Collectors& operator=(const Collectors&) = delete;

  /// At the start and at each reload: what differs from before is ended and started.
  void apply(CollectorsConfig config);
  /// Where the agent's control socket is from now on; told to each program that is started.
  void set_control_socket(std::string path) { supervision_.control_socket = std::move(path); }
  /// Starts nothing any more and ends all. `done` comes from the loop once they have ended, or when
  /// the time for that is over; it must not destroy this object.
  void stop(std::function<void()> done);

  /// Each has ended a run, well or not, or is not to run.
  [[nodiscard]] bool every_one_ran() const { return waiting_for().empty(); }
  /// The name of one that has not.
  [[nodiscard]] std::string waiting_for() const;
  [[nodiscard]] std::vector<CollectorState> states() const;
  void report(metrics::Report& report) const override;

  /// The process of a collector; -1 if it has none now.
  [[nodiscard]] pid_t pid_of(std::string_view name) const;

 private:
  struct Entry {
    Wanted wanted;
    std::unique_ptr<Collector> collector;
    bool held = false;  // Until the one before it of the same name has ended.
  };

  void look_again();
  void count_taken(const Wanted& wanted, const std::vector<Wanted>& before);
  void take(Wanted wanted, std::vector<Entry>& old);
  void add(Wanted wanted);
  void drop(Entry& entry);
  void tell(const config::Collector& collector, std::string_view change) const;
  void tell_remarks(const Gathered& gathered);
  /// One that is to be started or asked.
  struct Waiting {
    std::uint32_t number;
    base::Monotonic moment;  // Since when.
    bool counted;            // That moment counts as late already, or is none of its schedule.
  };

  void moment();
  void arm();
  void queue(const Waiting& waiting);
  void wants_start(std::uint32_t number);
  void start_some();
  void start_more();
  void number_entries();
  [[nodiscard]] bool may_start(const Waiting& waiting, base::Monotonic now);
  void start_one(const Waiting& waiting);
  void sweep();
  [[nodiscard]] bool is_wanted(std::uint32_t number) const;
  [[nodiscard]] bool is_ending(std::string_view name) const;
  void queue_held();
  [[nodiscard]] std::uint32_t number_of(const std::string& name);
  [[nodiscard]] static Schedule::Now now();

  std::vector<std::byte> room_;
  Reaper reaper_;
  StartPlaces places_;
  Supervision supervision_;
  Describe describe_;
  std::function<void(std::uint32_t)> on_removed_;
  CollectorsConfig config_;
  Schedule schedule_;
  std::map<std::string, std::uint32_t> numbers_;  // Of collectors, by name; never used again.
  std::vector<Entry> entries_;                    // In the order of their sources.
  std::vector<Entry*> by_number_;                 // As `entries_`, by the collectors' numbers.
  std::vector<Wanted> taken_;                     // Those whose name another has.
  std::vector<SkippedFile> skipped_;              // In the directories.
  std::map<std::string, std::uint64_t, std::less<>> taken_counts_;  // Ever, by name.
  std::vector<std::unique_ptr<Collector>> ending_;
  std::vector<Waiting> queue_;     // Each collector once.
  bool mended_ = false;            // One that was distrusted may be trusted now.
  std::set<std::string> remarks_;  // Told, as long as they hold.
  std::function<void()> stopped_;
  bool stopping_ = false;
  bool applied_ = false;  // Once: what changes from then on is told.
  DirectoryWatch watch_;
  loop::Timer moment_;
  loop::Timer start_;
  loop::Timer give_up_;
  loop::Timer sweep_;  // At once, but not inside of what it destroys.
};

}  // namespace lariat::collect
