#include "agent/publish/http_batch.h"

#include <fmt/format.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>

#include "proto/message.h"

namespace lariat::publish {
namespace {

constexpr std::size_t kSpans = 16;
// Gathered at once: frames of about one age.
constexpr std::size_t kGather = std::size_t{64} << 10U;

std::int64_t seconds_of(base::WallTime time) noexcept {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

// Marks of the log tell of many frames only when the first was appended; the rest lie between that
// and now, and the time of a sample is close to its own.
base::WallTime appended(std::int64_t seconds, const Gathered& about, base::WallTime now) noexcept {
  seconds = std::max(std::min(seconds, seconds_of(now)), seconds_of(about.oldest));
  return base::WallTime(std::chrono::seconds(seconds));
}

}  // namespace

void HttpBatch::clear() noexcept {
  octets_.clear();
  items_.clear();
  frames_ = unsupported_ = 0;
  first_unsupported_.clear();
  newest_ = {};
  in_place_ = true;
}

void HttpBatch::fill(LogReader& reader, HttpFormat& format, proto::Totals& totals,
                     std::span<std::byte> scratch, base::WallTime now) {
  std::array<iovec, kSpans> spans;
  Filling filling{format, totals, now};
  newest_ = now;
  base::WallTime latest{};
  std::size_t count = 0;
  while ((count = reader.gather(spans, kGather, scratch)) > 0) {
    const auto& about = filling.about = reader.gathered();
    if (full()) {
      // Of what comes after it; unless that is of another lane.
      if (about.oldest >= latest) newest_ = about.oldest;
      break;
    }
    latest = std::max(latest, about.oldest);
    std::size_t used = 0;
    for (const auto& span : std::span(spans).first(count)) {
      const std::span bytes(static_cast<const std::byte*>(span.iov_base), span.iov_len);
      const auto taken = take(bytes, filling);
      used += taken;
      if (taken < bytes.size()) break;
    }
    if (used == 0) break;
    reader.wrote(used);
  }
  order();
  leave_out_superseded();
}

// Whole frames; how many octets they have.
std::size_t HttpBatch::take(std::span<const std::byte> frames, const Filling& filling) {
  std::size_t at = 0;
  while (at < frames.size() && !full()) {
    const auto rest = frames.subspan(at);
    const auto size = proto::message_size(rest);
    if (size == 0 || size > rest.size()) break;
    take_frame(rest.first(size), filling);
    at += size;
  }
  return at;
}

void HttpBatch::take_frame(std::span<const std::byte> frame, const Filling& filling) {
  ++frames_;
  const auto& about = filling.about;
  const proto::MessageView message(frame);
  if (message.opcode() == proto::Opcode::kSubmit) {
    const proto::Submit submit(message);
    const auto point = submit.finite() ? proto::point_of(submit, filling.totals, about.resend,
                                                         seconds_of(about.oldest))
                                       : std::nullopt;
    HttpItem item;
    if (point && filling.format.append(*point, appended(point->seconds, about, filling.now),
                                       octets_, item)) {
      item.seconds = point->seconds;
      item.value = point->value;
      items_.push_back(item);
      return;
    }
    if (first_unsupported_.empty()) {
      first_unsupported_ = fmt::format("{} {}", to_string(submit.kind()), submit.name());
    }
  }
  ++unsupported_;
}

void HttpBatch::order() {
  const auto earlier = [](const HttpItem& a, const HttpItem& b) { return a.seconds < b.seconds; };
  if (std::is_sorted(items_.begin(), items_.end(), earlier)) return;
  std::stable_sort(items_.begin(), items_.end(), earlier);
  in_place_ = false;
}

// An open table, twice as large as there are items.
void HttpBatch::leave_out_superseded() {
  const auto room = std::bit_ceil(items_.size() * 2 + 1);
  seen_.assign(room, 0);
  bool found = false;
  for (std::uint32_t i = 0; i < items_.size(); ++i) {
    const auto& item = items_[i];
    constexpr std::uint64_t kSpread = 0x9e37'79b9'7f4a'7c15U;
    const auto hash = (item.series ^ static_cast<std::uint64_t>(item.seconds)) * kSpread;
    auto at = static_cast<std::size_t>(hash >> 32U) & (room - 1);
    for (; seen_[at] != 0; at = (at + 1) & (room - 1)) {
      auto& other = items_[seen_[at] - 1];
      if (other.series != item.series || other.seconds != item.seconds) continue;
      other.size = 0;
      found = true;
      break;
    }
    seen_[at] = i + 1;
  }
  if (!found) return;
  std::erase_if(items_, [](const HttpItem& item) { return item.size == 0; });
  in_place_ = false;
}

void HttpBatch::close(HttpFormat& format, bool all_end, base::WallTime now) {
  format.append_ended(now, all_end, limits_, octets_, items_);
  metadata_from_ = octets_.size();
  if (!items_.empty()) format.append_metadata(octets_);
}

void HttpBatch::too_large(std::size_t octets) noexcept {
  // One sample may be too large by itself, which says nothing about a hundred.
  constexpr std::uint64_t kLeast = std::uint64_t{16} << 10U;
  taken_ = 0;
  most_octets_ = std::min(most_octets_, std::max<std::uint64_t>(octets / 2, kLeast));
}

void HttpBatch::taken() noexcept {
  if (most_octets_ >= limits_.bytes || ++taken_ < kTakenBeforeMore) return;
  taken_ = 0;
  most_octets_ *= 2;
}

std::span<const char> HttpBatch::body(HttpPieces::Piece piece) {
  const bool all = piece.size() == items_.size();
  if (in_place_ && all) return octets_;
  part_.clear();
  for (const auto& item : std::span(items_).subspan(piece.from, piece.size())) {
    const auto octets = octets_of(item);
    part_.insert(part_.end(), octets.begin(), octets.end());
  }
  const auto metadata = std::span(octets_).subspan(metadata_from_);
  if (all) part_.insert(part_.end(), metadata.begin(), metadata.end());
  return part_;
}

}  // namespace lariat::publish
