#include "agent/collect/collectors.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "agent/collect/trust.h"

namespace lariat::collect {
namespace {

constexpr std::size_t kRoom = std::size_t{64} << 10U;  // One read.
// A start waits for the child's exec, on a busy machine some 10 ms each: then the loop turns.
constexpr std::chrono::milliseconds kStartTurn{10};
// Beyond SIGKILL, for what the kernel does not let go.
constexpr std::chrono::seconds kGiveUp{1};

template <typename Queue>
auto find_number(Queue& queue, std::uint32_t number) {
  return std::find_if(queue.begin(), queue.end(),
                      [number](const auto& waiting) { return waiting.number == number; });
}

}  // namespace

Collectors::Collectors(loop::Loop& loop, const base::Log& lines, FrameSink& sink,
                       const proto::DefaultTags& tags, Options options)
    : room_(kRoom),
      reaper_(loop),
      places_(StartPlaces::usual_starting()),
      supervision_{.loop = loop,
                   .lines = lines,
                   .sink = sink,
                   .tags = tags,
                   .reaper = reaper_,
                   .exec_program = options.exec_program,
                   .control_socket = options.control_socket,
                   .waits = options.waits,
                   .room = room_,
                   .places = &places_},
      describe_(std::move(options.describe)),
      on_removed_(std::move(options.on_removed)),
      schedule_(options.hostname),
      watch_(loop, lines, options.waits.settle, [this] { look_again(); }),
      moment_(loop, [this]() noexcept { moment(); }),
      start_(loop, [this]() noexcept { start_some(); }),
      give_up_(loop,
               [this]() noexcept {
                 ending_.clear();
                 sweep();
               }),
      sweep_(loop, [this]() noexcept { sweep(); }) {
  if (options.trust_rule) supervision_.owners = trusted_owners(options.exec_program);
}

Collectors::~Collectors() = default;

void Collectors::apply(CollectorsConfig config) {
  if (stopping_) return;
  config_ = std::move(config);
  places_.set_most_running(config_.max_running);
  watch_.watch(config_.directories);
  look_again();
  applied_ = true;
}

void Collectors::stop(std::function<void()> done) {
  stopping_ = true;
  stopped_ = std::move(done);
  moment_.stop();
  start_.stop();
  queue_.clear();
  watch_.watch({});
  for (auto& entry : entries_) drop(entry);
  entries_.clear();
  number_entries();
  give_up_.start(supervision_.waits.kill_grace + kGiveUp);
  sweep_.start(std::chrono::nanoseconds(0));
}

std::string Collectors::waiting_for() const {
  const auto waiting = std::find_if(entries_.begin(), entries_.end(),
                                    [](const auto& entry) { return !entry.collector->has_run(); });
  return waiting == entries_.end() ? std::string() : waiting->wanted.description.name;
}

pid_t Collectors::pid_of(std::string_view name) const {
  const auto entry = std::find_if(entries_.begin(), entries_.end(), [name](const auto& other) {
    return other.wanted.description.name == name;
  });
  return entry == entries_.end() ? -1 : entry->collector->pid();
}

// What is wanted against what is there.
void Collectors::look_again() {
  auto gathered = gather(config_, describe_, supervision_.owners);
  tell_remarks(gathered);
  skipped_ = std::move(gathered.skipped);
  auto old = std::exchange(entries_, {});
  const auto taken_before = std::exchange(taken_, {});
  for (auto& wanted : gathered.wanted) {
    if (wanted.standing == Wanted::Standing::kTaken) {
      count_taken(wanted, taken_before);
      taken_.push_back(std::move(wanted));
    } else {
      take(std::move(wanted), old);
    }
  }
  for (auto& entry : old) {
    if (!entry.collector) continue;
    tell(entry.wanted.description, "removed");
    drop(entry);
  }
  number_entries();
  arm();
  queue_held();
  start_some();
}

// Once for as long as it lasts.
void Collectors::count_taken(const Wanted& wanted, const std::vector<Wanted>& before) {
  const bool counted = std::any_of(before.begin(), before.end(), [&wanted](const auto& other) {
    return other.description.name == wanted.description.name &&
           other.description.origin == wanted.description.origin;
  });
  if (!counted) ++taken_counts_[wanted.description.name];
}

void Collectors::take(Wanted wanted, std::vector<Entry>& old) {
  const auto before = std::find_if(old.begin(), old.end(), [&wanted](const auto& entry) {
    return entry.collector && entry.wanted.description.name == wanted.description.name;
  });
  if (before == old.end()) {
    tell(wanted.description, "added");
    add(std::move(wanted));
    return;
  }
  const bool goes_on = wanted.standing == Wanted::Standing::kMistaken &&
                       before->wanted.standing == Wanted::Standing::kGood &&
                       before->wanted.source == wanted.source;
  if (goes_on || before->wanted == wanted) {
    before->collector->set_notice(goes_on ? wanted.refusal + " (what it said before goes on)"
                                          : std::string());
    entries_.push_back(std::move(*before));
    return;
  }
  tell(wanted.description, "changed, begins anew");
  drop(*before);
  add(std::move(wanted));
}

void Collectors::tell(const config::Collector& collector, std::string_view change) const {
  if (!applied_) return;
  supervision_.lines.info(
      fmt::format("collector {}: {} ({})", collector.name, change, collector.origin));
}

void Collectors::add(Wanted wanted) {
  const auto number = number_of(wanted.description.name);
  auto collector = std::make_unique<Collector>(
      supervision_, wanted.description, number,
      Collector::Events{.on_run = [this] { start_more(); },
                        .on_gone = [this] { sweep_.start(std::chrono::nanoseconds(0)); },
                        .on_wants_start = [this, number] { wants_start(number); }});
  if (!wanted.refusal.empty()) collector->refuse(wanted.refusal);
  // Held in any case: it is started when all are known.
  const bool held = wanted.standing == Wanted::Standing::kGood;
  entries_.push_back({std::move(wanted), std::move(collector), held});
  const auto& entry = entries_.back();
  if (entry.collector->scheduled() && entry.wanted.standing != Wanted::Standing::kMistaken) {
    schedule_.add(entry.collector->number(), entry.collector->description().interval, now());
  }
}

void Collectors::drop(Entry& entry) {
  const auto number = entry.collector->number();
  schedule_.remove(number);
  std::erase_if(queue_, [number](const auto& other) { return other.number == number; });
  entry.collector->retire();
  ending_.push_back(std::move(entry.collector));
}

void Collectors::tell_remarks(const Gathered& gathered) {
  const std::set<std::string> told =
      std::exchange(remarks_, {gathered.remarks.begin(), gathered.remarks.end()});
  for (const auto& file : gathered.skipped) remarks_.insert(file.why);
  for (const auto& remark : remarks_) {
    if (!told.contains(remark)) supervision_.lines.warning(remark);
  }
}

void Collectors::moment() {
  for (const auto& due : schedule_.take_due(now())) {
    if (due.missed > 0) by_number_[due.id]->collector->missed(due.missed);
    queue({.number = due.id, .moment = due.moment, .counted = false});
  }
  arm();
  start_some();
}

// One that still waits keeps its turn: one run is for both moments, and the first was missed.
void Collectors::queue(const Waiting& waiting) {
  const auto before = find_number(queue_, waiting.number);
  if (before == queue_.end()) {
    queue_.push_back(waiting);
    return;
  }
  if (waiting.counted) return;
  Entry* entry = by_number_[waiting.number];
  if (entry != nullptr && !before->counted) entry->collector->missed(1);
  *before = waiting;
}

// Behind all that wait already. What made it run again counts as late, if it is to.
void Collectors::wants_start(std::uint32_t number) {
  queue({.number = number, .moment = base::monotonic_now(), .counted = true});
  start_more();
}

void Collectors::queue_held() {
  for (const auto& entry : entries_) {
    const auto number = entry.collector->number();
    if (!entry.held || is_ending(entry.wanted.description.name)) continue;
    if (find_number(queue_, number) == queue_.end()) {
      queue_.push_back({number, base::monotonic_now(), false});
    }
  }
}

// At least one; what is left has its turn after what else the loop has to do. What would start a
// program when no place is free waits for one, and nobody waits behind it who needs none.
void Collectors::start_some() {
  const auto end = base::monotonic_now() + kStartTurn;
  auto time = base::monotonic_now();
  std::size_t waiting = 0;
  std::size_t at = 0;
  bool begun = false;
  for (; at < queue_.size() && (!begun || time < end); ++at) {
    const auto next = queue_[at];
    if (!may_start(next, time)) {
      queue_[waiting++] = next;
      continue;
    }
    start_one(next);
    begun = true;
    time = base::monotonic_now();
  }
  const bool all_seen = at == queue_.size();
  queue_.erase(queue_.begin() + static_cast<std::ptrdiff_t>(waiting),
               queue_.begin() + static_cast<std::ptrdiff_t>(at));
  if (!all_seen) {
    start_.start(std::chrono::nanoseconds(0));
  } else if (!queue_.empty()) {
    // Else what ends makes a place free, and tells.
    if (const auto free = places_.free_at()) {
      start_.start(std::max(*free - time, std::chrono::nanoseconds(0)));
    }
  } else if (std::exchange(mended_, false)) {
    look_again();
  }
}

// Not inside of what has just ended.
void Collectors::start_more() {
  if (!queue_.empty() && !stopping_) start_.start(std::chrono::nanoseconds(0));
}

void Collectors::number_entries() {
  by_number_.assign(numbers_.size() + 1, nullptr);
  for (auto& entry : entries_) by_number_[entry.collector->number()] = &entry;
}

// There is a place for it, or it needs none.
bool Collectors::may_start(const Waiting& waiting, base::Monotonic now) {
  const Entry* entry = by_number_[waiting.number];
  return entry == nullptr || entry->wanted.standing == Wanted::Standing::kDistrusted ||
         !entry->collector->would_launch() || places_.is_free(entry->collector->lives_on(), now);
}

void Collectors::start_one(const Waiting& waiting) {
  Entry* entry = by_number_[waiting.number];
  if (entry == nullptr) return;
  const bool late =
      !waiting.counted && base::monotonic_now() - waiting.moment >= supervision_.waits.late;
  if (entry->held) {
    if (is_ending(entry->wanted.description.name)) return;
    entry->held = false;
    entry->collector->start(late);
  } else if (entry->wanted.standing == Wanted::Standing::kDistrusted) {
    mended_ |= !judge(entry->wanted.source, supervision_.owners);
  } else {
    entry->collector->due(late);
  }
}

void Collectors::arm() {
  const auto wait = schedule_.until_next(base::monotonic_now());
  if (wait && !stopping_) {
    moment_.start(*wait);
  } else {
    moment_.stop();
  }
}

// Nobody is destroyed by what it tells: in a callback of its own.
void Collectors::sweep() {
  const auto gone = std::erase_if(ending_, [this](const auto& collector) {
    if (!collector->gone()) return false;
    if (on_removed_ && !is_wanted(collector->number())) on_removed_(collector->number());
    return true;
  });
  if (gone > 0) {
    queue_held();
    start_some();
  }
  if (stopping_ && ending_.empty() && stopped_) {
    give_up_.stop();
    std::exchange(stopped_, nullptr)();
  }
}

bool Collectors::is_wanted(std::uint32_t number) const {
  return std::any_of(entries_.begin(), entries_.end(),
                     [number](const auto& entry) { return entry.collector->number() == number; });
}

bool Collectors::is_ending(std::string_view name) const {
  return std::any_of(ending_.begin(), ending_.end(), [name](const auto& collector) {
    return !collector->gone() && collector->description().name == name;
  });
}

std::uint32_t Collectors::number_of(const std::string& name) {
  return numbers_.try_emplace(name, static_cast<std::uint32_t>(numbers_.size() + 1)).first->second;
}

Schedule::Now Collectors::now() { return {base::monotonic_now(), base::wall_now()}; }

}  // namespace lariat::collect
