#include "agent/publish/selection.h"

#include <xxhash.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "agent/publish/reader_state.h"
#include "proto/message.h"

namespace lariat::publish {

Sieve::Sieve(std::optional<proto::Filter> filter) : filter_(std::move(filter)) {
  if (filter_) verdicts_ = std::make_unique<std::array<Verdict, kVerdicts>>();
}

bool Sieve::passes(std::span<const std::byte> frame) const noexcept {
  if (all()) return true;
  const auto name = proto::submit_name(frame);
  const XXH128_hash_t hash = XXH3_128bits(name.data(), name.size());
  // The last bit holds the verdict; an entry that was never filled matches no real name.
  const std::uint64_t key = hash.low64 | 1U;
  auto& entry = (*verdicts_)[(hash.low64 >> 1U) % kVerdicts];
  if (entry.high != hash.high64 || (entry.low_and_verdict | 1U) != key ||
      entry.low_and_verdict == 0) {
    entry = {hash.high64, filter_->matches(name) ? key : key - 1};
  }
  return (entry.low_and_verdict & 1U) != 0;
}

Selection::Selection(const FrameLog& log, std::optional<proto::Filter> filter)
    : log_(log), present_(std::move(filter)), everything_(present_.all()) {}

void Selection::change(std::optional<proto::Filter> filter, std::uint64_t position) {
  auto before = std::exchange(present_, Sieve(std::move(filter)));
  // One that no frame was judged by leaves no trace.
  if (position > present_from_) past_.push_back({position, std::move(before)});
  present_from_ = position;
  everything_ = false;
}

void Selection::forget_before(std::uint64_t position) {
  const auto needed = std::find_if(past_.begin(), past_.end(),
                                   [&](const Past& past) { return past.to > position; });
  past_.erase(past_.begin(), needed);
  if (!past_.empty() || !present_.all()) return;
  everything_ = true;
  per_segment_.clear();
}

Selection::Stretch Selection::stretch_at(std::uint64_t position) const noexcept {
  for (const auto& past : past_) {
    if (position < past.to) return {&past.sieve, past.to};
  }
  return {&present_, std::numeric_limits<std::uint64_t>::max()};
}

Count Selection::walk(std::uint64_t from, std::uint64_t to, const Sieve& sieve) const noexcept {
  Count count;
  while (from < to) {
    auto bytes = log_.segment_at(from).bytes_from(from);
    while (from < to && !bytes.empty()) {
      const auto size = proto::message_size(bytes);
      if (sieve.passes(bytes.first(size))) count += {1, size};
      bytes = bytes.subspan(size);
      from += size;
    }
  }
  return count;
}

Count Selection::judge(FramePlace from, FramePlace to) {
  if (present_.all()) return {to.sequence - from.sequence, to.position - from.position};
  // Segments that the log has given up are asked for no more.
  const auto held = std::find_if(per_segment_.begin(), per_segment_.end(),
                                 [&](const auto& entry) { return entry.to > log_.begin(); });
  per_segment_.erase(per_segment_.begin(), held);

  Count passed;
  for (auto position = from.position; position < to.position;) {
    const auto& segment = log_.segment_at(position);
    const auto end = std::min(segment.end(), to.position);
    const auto part = walk(position, end, present_);
    if (!per_segment_.empty() && per_segment_.back().to == position &&
        position != segment.position() && position != present_from_) {
      per_segment_.back().to = end;
      per_segment_.back().passed += part;
    } else {
      per_segment_.push_back({position, end, part});
    }
    passed += part;
    position = end;
  }
  return passed;
}

Count Selection::count(std::uint64_t from, std::uint64_t to) const noexcept {
  Count count;
  while (from < to) {
    const auto stretch = stretch_at(from);
    const auto end = std::min(to, stretch.to);
    count += count_judged(from, end, *stretch.sieve);
    from = end;
  }
  return count;
}

Count Selection::count_judged(std::uint64_t from, std::uint64_t to,
                              const Sieve& sieve) const noexcept {
  if (sieve.all()) {
    return {log_.frame_at(to).sequence - log_.frame_at(from).sequence, to - from};
  }
  Count count;
  for (const auto& entry : per_segment_) {
    const auto begin = std::max(from, entry.from);
    const auto end = std::min(to, entry.to);
    if (begin >= end) continue;
    count += begin == entry.from && end == entry.to ? entry.passed : walk(begin, end, sieve);
  }
  return count;
}

std::uint64_t Selection::skip(std::uint64_t from, std::uint64_t to) const noexcept {
  while (from < to) {
    const auto stretch = stretch_at(from);
    if (stretch.sieve->all()) return from;
    const auto end = std::min(to, stretch.to);
    auto bytes = log_.segment_at(from).bytes_from(from);
    while (from < end && !bytes.empty()) {
      const auto size = proto::message_size(bytes);
      if (stretch.sieve->passes(bytes.first(size))) return from;
      bytes = bytes.subspan(size);
      from += size;
    }
  }
  return to;
}

std::vector<FrameRange> Selection::pieces(std::uint64_t from, std::uint64_t to) const {
  std::vector<FrameRange> pieces;
  while (from < to) {
    const auto stretch = stretch_at(from);
    auto end = std::min(to, stretch.to);
    if (!stretch.sieve->all()) end = std::min(end, log_.segment_at(from).end());
    FrameRange piece{.from = log_.frame_at(from),
                     .to = log_.frame_at(end),
                     .sieve = make_sieve(stretch.sieve->filter())};
    if (piece.sieve) piece.chosen = count(from, end);
    pieces.push_back(std::move(piece));
    from = end;
  }
  return pieces;
}

std::shared_ptr<const Sieve> Selection::present() const { return make_sieve(present_.filter()); }

std::shared_ptr<const Sieve> make_sieve(const std::optional<proto::Filter>& filter) {
  return filter ? std::make_shared<const Sieve>(filter) : nullptr;
}

}  // namespace lariat::publish
