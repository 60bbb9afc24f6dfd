// What a publisher does when its log has a spool.

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "agent/publish/publisher.h"
#include "agent/publish/spool_places.h"

namespace lariat::publish {
namespace {

constexpr std::chrono::milliseconds kSaveEvery{1'000};

}  // namespace

base::Result<bool> Publisher::open_spool(SpoolOptions options, std::shared_ptr<SpoolIo> io) {
  options.segment_bytes = log_.segment_bytes();
  if (!io) io = std::make_shared<SpoolIo>();
  auto opened = Spool::open(std::move(options), spool_events(), loop_, std::move(io));
  if (!opened) return opened.error();
  spool_ = std::move(*opened);
  log_.attach(*spool_);
  log_.on_lost([this](FramePlace from, FramePlace to) { lose(from, to); });
  first_ = {log_.end(), log_.end_sequence()};
  places_ = spool_->cursors();
  saved_from_ = log_.oldest().position;
  if (spool_->cursors_lost()) {
    lines_.warning(
        "the spool's cursors cannot be read: each endpoint begins where its \"start\" says");
  }
  return true;
}

SpoolEvents Publisher::spool_events() {
  return {.on_evict =
              [this](SpoolPlace end) {
                FramePlace to{end.position, end.sequence};
                if (to.position > log_.begin()) to = {log_.begin(), log_.begin_sequence()};
                lose({}, to);
              },
          .on_damage =
              [this](const SpoolDamage& damage) {
                lines_.warning(fmt::format(
                    "spool: {} is damaged, {} frames of it are lost{}", damage.file, damage.lost,
                    damage.set_aside ? "; it was set aside as " + damage.file + ".bad" : ""));
              },
          .on_state =
              [this](const std::optional<base::Error>& degraded) {
                if (degraded) {
                  lines_.error(fmt::format("{}: the log is in memory only until this is over",
                                           degraded->text));
                } else {
                  lines_.info("the spool is written again");
                }
              }};
}

void Publisher::lose(FramePlace from, FramePlace to) {
  for (const auto& endpoint : endpoints_) {
    if (endpoint) endpoint->lose(from, to);
  }
  touched_ = true;
}

std::optional<ReaderState> Publisher::saved_place(const std::string& name) const {
  const auto found = places_.endpoints.find(name);
  if (found == places_.endpoints.end()) return std::nullopt;
  return to_state(found->second);
}

void Publisher::note_place(const Endpoint& endpoint) {
  if (!spool_ || places_.endpoints.size() >= kMaxSpoolCursors) return;
  auto cursor = to_cursor(endpoint.reader_state(), loop_.wall_now());
  const auto [found, added] = places_.endpoints.try_emplace(endpoint.config().name);
  auto& noted = found->second;
  noted.last_configured = cursor.last_configured;
  if (!added && noted == cursor) return;
  noted = std::move(cursor);
  places_changed_ = true;
}

// Not ahead of what is written: that is what the file says.
SpoolCursors Publisher::present_cursors() {
  log_.write_through(loop_.wall_now());
  std::vector<std::string> names;
  names.reserve(endpoints_.size());
  for (const auto& endpoint : endpoints_) {
    if (!endpoint) continue;
    note_place(*endpoint);
    names.push_back(endpoint->config().name);
  }
  forget_removed(places_, names, loop_.wall_now());
  return places_;
}

// Files are let go when the places that need them no more are on disk.
void Publisher::save_cursors() {
  auto cursors = present_cursors();
  auto held_from = log_.end();
  for (const auto& endpoint : endpoints_) held_from = std::min(held_from, endpoint->held_from());
  const bool changed = std::exchange(places_changed_, false);
  if (!changed && held_from == saved_from_) return;
  saved_from_ = held_from;
  spool_->save_cursors(std::move(cursors), loop_.wall_now(), held_from);
}

bool Publisher::close_spool(std::chrono::milliseconds patience) {
  if (!spool_) return true;
  for (const auto& endpoint : endpoints_) endpoint->ask_acknowledged();
  save_.stop();
  return spool_->close(present_cursors(), loop_.wall_now(), patience);
}

void Publisher::release_spool(std::uint64_t held_from) {
  if (!spool_) return;
  if (held_from >= log_.begin()) log_.forget_pages();
  if (!save_.active()) save_.start(kSaveEvery);
}

void Publisher::report_spool(metrics::Report& report) const {
  using metrics::Metric;
  if (!spool_) return;
  const auto stats = spool_->stats();
  report.set(Metric::kLogSpoolBytes, static_cast<double>(stats.bytes));
  report.set(Metric::kLogSpoolDegraded, stats.degraded ? 1 : 0);
  report.set(Metric::kLogSegmentsDamagedTotal, static_cast<double>(stats.segments_damaged));
}

}  // namespace lariat::publish
