#include "agent/publish/cursor.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <utility>

#include "agent/publish/reader_state.h"
#include "proto/message.h"

namespace lariat::publish {

Cursor::Cursor(const FrameLog& log, CursorLimits limits)
    : log_(log),
      limits_(std::move(limits)),
      selection_(log, limits_.filter),
      wire_(log, selection_) {
  judged_ = limits_.start == Start::kEnd ? FramePlace{log.end(), log.end_sequence()}
                                         : FramePlace{log.begin(), log.begin_sequence()};
  ranges_.push_back({judged_.position, judged_.position});
  judge();
}

void Cursor::judge() {
  const FramePlace end{log_.end(), log_.end_sequence()};
  if (end == judged_) return;
  accepted_ += selection_.judge(judged_, end).frames;
  judged_ = end;
  ranges_.back().to = end.position;
  settle_range();
}

// Leaves ranges that are used up, and with a filter the frames that do not pass.
void Cursor::settle_range() {
  for (;;) {
    auto& range = ranges_.front();
    // In mid-frame it stands in a frame that passes.
    if (!selection_.everything() && log_.frame_at(range.from).position == range.from) {
      range.from = selection_.skip(range.from, range.to);
    }
    if (range.from < range.to || ranges_.size() == 1) return;
    close_stretch(ranges_[1].from);
    ranges_.erase(ranges_.begin());
  }
}

// The next frame to go out will be at `next`, which does not follow the one before.
void Cursor::close_stretch(std::uint64_t next) {
  if (selection_.everything()) {
    messages_ += log_.frame_at(ranges_.front().from).sequence - stretch_;
    stretch_ = log_.frame_at(next).sequence;
  }
  jumped_ = true;
}

// Copies the unsent rest of a frame that is half on the wire, so that the log may drop it and
// control messages can follow it.
void Cursor::park_cut_frame() {
  auto& range = ranges_.front();
  if (range.from == range.to) return;
  const auto start = log_.frame_at(range.from).position;
  if (start == range.from) return;
  const auto frame = log_.frame(start);
  const auto rest = frame.subspan(static_cast<std::size_t>(range.from - start));
  const auto end = start + frame.size();
  wire_.add(wire_end(), rest.size(), {range.from, end}, false);
  head_.insert(head_.end(), rest.begin(), rest.end());
  if (!selection_.everything()) ++messages_;
  if (range.from < resend_until_) ++resent_;
  range.from = end;
  settle_range();
}

void Cursor::skip_to(std::uint64_t position, DropReason reason) {
  if (ranges_.front().from >= position) return;
  park_cut_frame();
  auto& dropped = dropped_[static_cast<std::size_t>(reason)];
  while (ranges_.front().from < position) {
    auto& range = ranges_.front();
    const auto to = std::min(range.to, position);
    dropped += selection_.count(range.from, to).frames;
    close_stretch(to);
    range.from = to;
    if (range.from < range.to || ranges_.size() == 1) break;
    close_stretch(ranges_[1].from);
    ranges_.erase(ranges_.begin());
  }
  settle_range();
  if (selection_.has_past()) forget_past();
}

void Cursor::evict_before(std::uint64_t position) {
  judge();
  // A cut frame in the segment that goes is copied first: then its bytes are on the wire's account.
  skip_to(position, DropReason::kEvicted);
  wire_.evict_before(position);
  if (selection_.has_past()) forget_past();
}

void Cursor::lose(FramePlace /*from*/, FramePlace to) { evict_before(to.position); }

void Cursor::enforce_limits(base::WallTime now) {
  judge();  // Both limits are measured from the log's end.
  if (limits_.max_bytes && lag() > *limits_.max_bytes) {
    skip_to(log_.frame_from(judged_.position - *limits_.max_bytes).position, DropReason::kFull);
  }
  if (!limits_.max_age) return;
  // The frames behind a mark were appended within a second of its time: none goes too early.
  const auto cutoff = now - *limits_.max_age - std::chrono::seconds(1);
  const auto& range = ranges_.front();
  if (range.from < range.to && log_.time_at(range.from) <= cutoff) {
    skip_to(std::min(log_.first_after(cutoff), judged_.position), DropReason::kExpired);
  }
}

void Cursor::change_limits(CursorLimits limits, base::WallTime now) {
  if (limits.filter != limits_.filter) change_filter(limits.filter);
  limits_ = std::move(limits);
  enforce_limits(now);
}

void Cursor::change_filter(const std::optional<proto::Filter>& filter) {
  judge();  // What is there keeps the verdict of the filter it came under.
  if (selection_.everything()) {
    messages_ += log_.frame_at(ranges_.front().from).sequence - stretch_;
    wire_.count_singly();
  }
  selection_.change(filter, judged_.position);
  forget_past();
}

// A filter of before goes with the last frame that it judged. Then, with none now, frames are
// counted by their sequences again.
void Cursor::forget_past() {
  selection_.forget_before(held_from());
  if (!selection_.everything()) return;
  stretch_ = log_.frame_at(ranges_.front().from).sequence;
  wire_.count_by_sequence();
}

void Cursor::begin_connection(base::WallTime /*now*/) {
  assert(wire_.empty());
  head_.clear();
  head_sent_ = 0;
  written_ = 0;
  messages_ = 0;
  jumped_ = true;
  settle_range();
  stretch_ = selection_.everything() ? log_.frame_at(ranges_.front().from).sequence : 0;
}

void Cursor::add_control(std::span<const std::byte> message) {
  park_cut_frame();
  head_.insert(head_.end(), message.begin(), message.end());
  ++messages_;
}

std::uint64_t Cursor::messages_before_control() const noexcept {
  const auto from = ranges_.front().from;
  if (selection_.everything()) return messages_ + (log_.frame_from(from).sequence - stretch_);
  return messages_ + (log_.frame_at(from).position == from ? 0 : 1);
}

std::size_t Cursor::gather(std::span<iovec> spans, std::size_t max_bytes,
                           std::span<std::byte> scratch) {
  std::size_t count = 0;
  if (head_sent_ < head_.size()) {
    spans[count++] = {const_cast<std::byte*>(head_.data()) + head_sent_, head_.size() - head_sent_};
  }
  auto range = ranges_.front();
  if (range.from >= range.to) return count;
  if (for_encoder_ && range.from < resend_until_) range.to = std::min(range.to, resend_until_);
  if (selection_.everything()) {
    return count + log_.read(range.from, range.to, spans.subspan(count), max_bytes);
  }
  spans[count] = gather_chosen(range, scratch);
  return count + 1;
}

// Frames that pass, copied together as far as there is room. One that is larger than the room goes
// out as it lies, alone.
iovec Cursor::gather_chosen(Range range, std::span<std::byte> scratch) const noexcept {
  std::size_t gathered = 0;
  for (auto position = log_.frame_at(range.from).position; position < range.to;) {
    const auto frame = log_.frame(position);
    const auto cut = position < range.from ? static_cast<std::size_t>(range.from - position) : 0;
    const bool passed = selection_.passes(position, frame);
    position += frame.size();
    if (!passed) continue;
    const auto bytes = frame.subspan(cut);
    if (bytes.size() > scratch.size() - gathered) {
      if (gathered == 0) return {const_cast<std::byte*>(bytes.data()), bytes.size()};
      break;
    }
    std::memcpy(scratch.data() + gathered, bytes.data(), bytes.size());
    gathered += bytes.size();
  }
  return {scratch.data(), gathered};
}

Gathered Cursor::gathered() const {
  const auto& range = ranges_.front();
  if (range.from == range.to) return {};
  const auto start = log_.frame_at(range.from).position;
  return {.resend = range.from < resend_until_, .oldest = log_.time_at(start)};
}

void Cursor::wrote(std::size_t bytes) {
  const auto from_head = std::min(bytes, head_.size() - head_sent_);
  head_sent_ += from_head;
  written_ += from_head;
  if (head_sent_ == head_.size()) {
    head_.clear();
    head_sent_ = 0;
  }
  const auto rest = bytes - from_head;
  if (rest == 0) return;
  selection_.everything() ? advance(rest) : advance_filtered(rest);
  settle_range();
}

void Cursor::advance(std::uint64_t log_bytes) {
  auto& range = ranges_.front();
  const auto from = range.from;
  const auto to = from + log_bytes;
  assert(to <= range.to);
  wire_.add(written_, log_bytes, {from, to}, jumped_);
  if (from < resend_until_) {
    resent_ += log_.frame_at(std::min(to, resend_until_)).sequence - log_.frame_at(from).sequence;
  }
  jumped_ = false;
  written_ += log_bytes;
  range.from = to;
}

void Cursor::advance_filtered(std::uint64_t wire_bytes) {
  auto& range = ranges_.front();
  auto position = log_.frame_at(range.from).position;
  auto cut = range.from - position;
  for (auto left = wire_bytes; left > 0;) {
    const auto frame = log_.frame(position);
    if (!selection_.passes(position, frame)) {
      position += frame.size();
      continue;
    }
    const auto size = frame.size() - cut;
    if (left < size) {
      cut += left;
      break;
    }
    left -= size;
    ++messages_;
    if (position < resend_until_) ++resent_;
    position += frame.size();
    cut = 0;
  }
  wire_.add(written_, wire_bytes, {range.from, position + cut}, jumped_);
  jumped_ = false;
  written_ += wire_bytes;
  range.from = position + cut;
}

void Cursor::acknowledge(std::uint64_t bytes) {
  wire_.acknowledge(std::min(bytes, written_));
  if (selection_.has_past()) forget_past();
}

void Cursor::end_connection() {
  dropped_[static_cast<std::size_t>(DropReason::kEvicted)] += wire_.evicted_in_flight();
  auto& first = ranges_.front();
  // The rest of a cut frame goes back with its beginning.
  if (first.from < first.to) {
    first.from = log_.frame_from(first.from).position;
  }
  auto back = wire_.take_unacknowledged();
  if (!back.empty()) resend_until_ = std::max(resend_until_, back.back().to);
  if (!back.empty() && (back.back().to == first.from || !jumped_)) {
    first.from = back.back().from;
    back.pop_back();
  }
  ranges_.insert(ranges_.begin(), back.begin(), back.end());
  head_.clear();
  head_sent_ = 0;
  jumped_ = true;
  settle_range();
}

Ledger Cursor::account(base::WallTime now) const noexcept {
  Ledger ledger{.accepted = accepted_,
                .delivered = wire_.delivered(),
                .resent = resent_,
                .dropped = dropped_,
                .queued = wire_.frames_in_flight(),
                .bytes_queued = wire_.bytes_in_flight(),
                .bytes_in_flight = wire_.bytes_in_flight()};
  for (const auto& range : ranges_) {
    if (range.from == range.to) continue;
    const auto from = log_.frame_from(range.from).position;
    const auto unsent = selection_.count(from, range.to);
    ledger.queued += unsent.frames;
    ledger.bytes_queued += unsent.bytes + (from - range.from);
  }
  if (ledger.queued != 0) {
    const auto& range = ranges_.front();
    const auto unsent = range.from < range.to ? log_.time_at(range.from) : now;
    ledger.oldest_age = std::max(now - wire_.oldest(unsent), std::chrono::milliseconds(0));
  }
  return ledger;
}

bool Cursor::settled() const noexcept {
  return judged_.position == log_.end() && ranges_.size() == 1 &&
         ranges_.front().from == ranges_.front().to && wire_.frames_in_flight() == 0;
}

std::uint64_t Cursor::held_from() const noexcept { return wire_.held_from(ranges_.front().from); }

std::uint64_t Cursor::lag() const noexcept { return log_.end() - ranges_.front().from; }

ReaderState Cursor::state() const {
  assert(wire_.empty());
  ReaderState state{.judged = judged_, .sieve = selection_.present(), .so_far = ledger({})};
  auto& lane = state.lanes.emplace_back();
  for (const auto& range : ranges_) {
    const auto resend_to = std::clamp(resend_until_, range.from, range.to);
    for (auto& piece : selection_.pieces(range.from, resend_to)) {
      piece.resend = true;
      lane.push_back(std::move(piece));
    }
    auto rest = selection_.pieces(resend_to, range.to);
    lane.insert(lane.end(), rest.begin(), rest.end());
  }
  return state;
}

}  // namespace lariat::publish
