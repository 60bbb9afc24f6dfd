#include "proto/decode.h"

#include <algorithm>
#include <cassert>

namespace lariat::proto {
namespace {

// A carry that grew larger than this for one message is given back after it.
constexpr std::size_t kKeptCapacity = std::size_t{64} << 10U;

constexpr unsigned kVersion = 1;

}  // namespace

void Decoder::feed(std::span<const std::byte> piece) noexcept {
  assert(piece_.empty() && "the last piece has been used up");
  piece_ = piece;
}

std::optional<Decoder::Event> Decoder::next() noexcept {
  if (carry_done_) drop_carry();
  if (invalid_in_a_row_ > limits_.invalid_in_a_row && !ended_) {
    return fatal(Reason::kTooManyInvalid);
  }
  if (ended_ || piece_.empty()) {
    piece_ = {};
    return std::nullopt;
  }

  const bool resumed = !carry_.empty();
  const Step step = resumed ? resume() : scan(piece_);
  if (step == Step::kFatal) return fatal(fatal_);
  if (step == Step::kWhole) {
    if (resumed) {
      carry_done_ = true;
      return judge(carry_);
    }
    const auto bytes = piece_.first(scanned_);
    piece_ = piece_.subspan(scanned_);
    return judge(bytes);
  }
  if (!resumed) carry_.assign(piece_.begin(), piece_.end());
  piece_ = {};
  return std::nullopt;
}

Decoder::End Decoder::end() const noexcept {
  if (ended_) return End::kFatal;
  return mid_message() ? End::kTruncated : End::kClean;
}

// Goes on behind `scanned_` in `bytes`, which hold the message from its first octet. `scanned_` may
// lie behind their end: in the middle of a field.
Decoder::Step Decoder::scan(std::span<const std::byte> bytes) noexcept {
  if (scanned_ == 0) {
    const MessageView message(bytes);
    fatal_ = message.version() != kVersion           ? Reason::kVersion
             : message.opcode() > Opcode::kSubscribe ? Reason::kOpcode
                                                     : Reason::kNone;
    if (fatal_ != Reason::kNone) return Step::kFatal;
    scanned_ = kHeaderSize;
    final_seen_ = message.opcode() == Opcode::kReplay;
  }
  while (!final_seen_) {
    if (bytes.size() < scanned_ + kFieldHeaderSize) return Step::kMore;
    const unsigned head = load_big<std::uint16_t>(bytes.data() + scanned_);
    scanned_ += kFieldHeaderSize + (head & 0x0fffU);
    if (++fields_ > limits_.fields || scanned_ > limits_.bytes) {
      fatal_ = Reason::kLimit;
      return Step::kFatal;
    }
    final_seen_ = (head & 0x8000U) != 0;
  }
  return bytes.size() < scanned_ ? Step::kMore : Step::kWhole;
}

// How long the message must be before `scan` can learn more.
std::size_t Decoder::wanted() const noexcept {
  return final_seen_ ? scanned_ : scanned_ + kFieldHeaderSize;
}

// Copies no more than what belongs to the message that was cut.
Decoder::Step Decoder::resume() noexcept {
  for (;;) {
    const std::size_t missing = wanted() - carry_.size();
    const auto bytes = piece_.first(std::min(missing, piece_.size()));
    carry_.insert(carry_.end(), bytes.begin(), bytes.end());
    piece_ = piece_.subspan(bytes.size());
    if (bytes.size() < missing) return Step::kMore;
    const Step step = scan(carry_);
    if (step != Step::kMore) return step;
  }
}

Decoder::Event Decoder::judge(std::span<const std::byte> bytes) noexcept {
  offset_ += bytes.size();
  scanned_ = 0;
  fields_ = 0;
  final_seen_ = false;
  const MessageView message(bytes);
  const Reason reason = check(message);
  if (reason == Reason::kNone) {
    invalid_in_a_row_ = 0;
    return {Outcome::kMessage, reason, message};
  }
  ++invalid_in_a_row_;
  return {Outcome::kInvalid, reason, message};
}

Decoder::Event Decoder::fatal(Reason reason) noexcept {
  ended_ = true;
  piece_ = {};
  carry_ = {};
  return {Outcome::kFatal, reason, {}};
}

void Decoder::drop_carry() noexcept {
  carry_done_ = false;
  carry_.clear();
  if (carry_.capacity() > kKeptCapacity) std::vector<std::byte>().swap(carry_);
}

}  // namespace lariat::proto
