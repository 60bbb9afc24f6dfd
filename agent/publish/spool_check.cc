#include "agent/publish/spool_check.h"

#include <xxhash.h>

#include <algorithm>
#include <cassert>

#include "proto/message.h"

namespace lariat::publish {
namespace {

constexpr unsigned kLengthMask = 0x0fff;
constexpr unsigned kFinalBit = 0x8000;

}  // namespace

bool vouches(const SpoolEntry& entry, std::span<const std::byte> octets) noexcept {
  return octets.size() >= entry.committed &&
         XXH3_64bits(octets.data(), entry.committed) == entry.hash;
}

// One octet of a header; `proto::message_size` says the same of a message that lies in one piece.
void FrameWalk::head(unsigned octet) noexcept {
  head_ = head_ << 8U | octet;
  ++head_octets_;
  if (head_octets_ < (in_fields_ ? proto::kFieldHeaderSize : proto::kHeaderSize)) return;
  if (in_fields_) {
    skip_ = head_ & kLengthMask;
    final_ = (head_ & kFinalBit) != 0;
  } else {
    in_fields_ = true;
    final_ = (head_ >> 24U & 0x0fU) == static_cast<unsigned>(proto::Opcode::kReplay);
  }
  head_ = 0;
  head_octets_ = 0;
}

void FrameWalk::feed(std::span<const std::byte> bytes) noexcept {
  while (!bytes.empty()) {
    if (skip_ > 0) {
      const auto part = std::min<std::uint64_t>(skip_, bytes.size());
      skip_ -= part;
      at_ += part;
      bytes = bytes.subspan(static_cast<std::size_t>(part));
    } else {
      head(std::to_integer<unsigned>(bytes.front()));
      ++at_;
      bytes = bytes.subspan(1);
    }
    if (skip_ > 0 || !final_) continue;
    whole_ = {at_, whole_.sequence + 1};
    final_ = false;
    in_fields_ = false;
  }
}

SpoolCheck::SpoolCheck(const SpoolIndex& index) noexcept : index_(index) {
  findings_.begin = index.header().base;
  findings_.end = index.end();
}

SpoolPlace SpoolCheck::last_end() const noexcept {
  return findings_.extents.empty() ? findings_.begin : findings_.extents.back().to;
}

void SpoolCheck::close_run() {
  if (running_ && walk_.whole().position > run_begin_.position) {
    findings_.extents.push_back({run_begin_, walk_.whole()});
  }
  running_ = false;
}

void SpoolCheck::block(std::span<const std::byte> octets) {
  assert(next_ < index_.blocks());
  const auto entries = index_.entries(next_++);
  const auto entry = std::find_if(entries.begin(), entries.end(),
                                  [&](const SpoolEntry& one) { return vouches(one, octets); });
  // A shorter entry that holds is an older one: what the longer one vouched for is lost.
  if (entry == entries.end() || entry != entries.begin()) findings_.damaged = true;
  if (entry == entries.end()) {
    close_run();
  } else {
    take(*entry, octets.first(entry->committed));
  }
}

void SpoolCheck::take(const SpoolEntry& entry, std::span<const std::byte> octets) {
  const auto begin = findings_.begin.position + std::uint64_t{entry.block} * kSpoolBlockSize;
  const bool has_frame = entry.frames > 0;
  if (running_) {
    // Up to the first frame that begins here; its number is known twice.
    const auto before = has_frame ? entry.first_frame : octets.size();
    walk_.feed(octets.first(before));
    const bool agrees = walk_.whole().sequence + (walk_.mid_frame() ? 1 : 0) == entry.sequence &&
                        (!has_frame || walk_.whole().position == begin + before);
    if (agrees) {
      walk_.feed(octets.subspan(before));
    } else {
      findings_.damaged = true;
      close_run();
    }
  }
  if (!running_) {
    if (!has_frame) return;
    run_begin_ = {begin + entry.first_frame, entry.sequence};
    const auto last = last_end();
    const bool first = entry.block == 0 && run_begin_ == findings_.begin;
    if (!first && (run_begin_.sequence < last.sequence || run_begin_.position <= last.position)) {
      findings_.damaged = true;
      return;
    }
    running_ = true;
    walk_ = FrameWalk(run_begin_);
    walk_.feed(octets.subspan(entry.first_frame));
  }
  // Frames that the entry does not know of would take numbers that others have.
  const auto known = entry.sequence + entry.frames;
  if (walk_.whole().sequence + (walk_.mid_frame() ? 1 : 0) != known) {
    findings_.damaged = true;
    running_ = false;
    return;
  }
  if (!entry.full() && next_ < index_.blocks()) {
    findings_.damaged = true;
    close_run();
  }
}

SpoolFindings SpoolCheck::finish() {
  assert(next_ == index_.blocks());
  const bool to_the_end = running_;
  close_run();
  auto& found = findings_;
  // A frame that is cut where the entries end was never finished: no reader was given it.
  const auto whole_end = walk_.whole();
  if (to_the_end && walk_.mid_frame() && found.end.sequence == whole_end.sequence + 1) {
    found.end = whole_end;
  }
  found.lost = found.end.sequence - std::min(found.end.sequence, found.begin.sequence);
  for (const auto& extent : found.extents) found.lost -= std::min(found.lost, extent.frames());
  const bool whole = found.extents.size() == 1 && found.extents[0].from == found.begin &&
                     found.extents[0].to == found.end;
  if (!whole && found.end != found.begin) found.damaged = true;
  return std::move(findings_);
}

}  // namespace lariat::publish
