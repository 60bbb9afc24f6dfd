#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "proto/default_tags.h"
#include "proto/message.h"

namespace lariat::proto {

/// Writes the messages of the classic Bolo protocol, as its own agent does: an empty frame, the
/// type, and fields that end with a NUL, each a frame of ZMTP.
///
/// | SUBMIT | becomes |
/// | --- | --- |
/// | SAMPLE | SAMPLE with all values |
/// | TALLY | COUNTER; of more than 2^31 - 1 several |
/// | DELTA | RATE, its decimals cut off; none if it is negative or over 2^64 - 1 |
/// | STATE | STATE with the status as a number, and without a text its word |
/// | EVENT | EVENT |
/// | FACT | SET.KEYS, the name being the key |
///
/// A name is its tags and `metric=METRIC`, sorted: `core=0,host=a,metric=cpu`. Commas in them, and
/// in keys `=`, are `_`; of alike keys the first stays, the metric before all.
class BoloEncoder {
 public:
  /// COUNTERs that one TALLY becomes, at most: a larger increment cannot be expressed.
  static constexpr std::size_t kMostPieces = 64;

  /// `labels` are added to every name that lacks their key.
  explicit BoloEncoder(DefaultTags labels);

  /// Octets that a valid SUBMIT needs at most. What has many values or a large increment needs
  /// many.
  [[nodiscard]] static std::size_t room(const Submit& submit) noexcept;
  /// Writes whole messages to the start of `out`, which has `room(submit)` octets, and returns
  /// their size; 0 for what cannot be expressed: see above, and times beyond 32 bits. Values are
  /// finite.
  [[nodiscard]] std::size_t write(const Submit& submit, std::span<char> out) const noexcept;

  /// The name alone. `out` has `kNameRoom` octets; 0 if the labels make it too long.
  static constexpr std::size_t kNameRoom = kMaxNameLength + kMaxNameEntries + 16;
  [[nodiscard]] std::size_t write_name(std::string_view canonical_name,
                                       std::span<char, kNameRoom> out) const noexcept;

 private:
  DefaultTags labels_;
};

}  // namespace lariat::proto
