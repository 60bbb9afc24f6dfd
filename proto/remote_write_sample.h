#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace lariat::proto {

/// What a part of a WriteRequest has at most beside its labels.
inline constexpr std::size_t kLabelledRoom = 48;

/// The value that says that a series has ended. Never to be computed with: its bits are the mark.
inline constexpr std::uint64_t kStaleMark = 0x7ff0000000000002;

/// A part as `RemoteWriteEncoder` writes it, of labels that it has written before: what is asked
/// for again and again is made once. `bits` are those of the value. `out` has `kLabelledRoom`
/// octets more than the labels; returns how many it has got.
[[nodiscard]] std::size_t write_labelled(std::string_view labels, std::uint64_t bits,
                                         std::int64_t milliseconds, std::span<char> out) noexcept;

/// Of such a part, for a person: `metric{a="b"}`.
[[nodiscard]] std::string series_text(std::string_view part);

}  // namespace lariat::proto
