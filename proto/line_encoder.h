#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "proto/bolo_text.h"
#include "proto/default_tags.h"
#include "proto/encode.h"
#include "proto/function_ref.h"

namespace lariat::proto {

/// Turns records into SUBMIT messages: names made canonical and tagged, a pair each of a KEY line a
/// message, values over 1000 split. A record gives all of its messages or, refused, none.
///
/// Ownership: borrows `tags`, which must outlive it. About 22 KiB, so better a member than a local.
class LineEncoder {
 public:
  using Sink = FunctionRef<void(std::span<const std::byte> message)>;

  /// `interval_milliseconds`: for STATE, how often the collector is asked; 0 if unknown.
  LineEncoder(const DefaultTags& tags, std::uint32_t interval_milliseconds) noexcept
      : tags_(tags), interval_milliseconds_(interval_milliseconds) {}

  /// Hands each message to `sink`, in a buffer of its own that the next one overwrites. The reason
  /// is `kNone`, `kBadName` or, for an empty set of pairs, `kMissingField`.
  [[nodiscard]] Reason encode(const Record& record, Sink sink) noexcept;

 private:
  [[nodiscard]] Reason encode_pairs(std::string_view words, Sink sink) noexcept;
  [[nodiscard]] Reason encode_values(const Record& record, std::string_view name,
                                     Sink sink) noexcept;
  [[nodiscard]] NameResult full_name(std::string_view name, std::string_view tags) noexcept;

  const DefaultTags& tags_;
  std::uint32_t interval_milliseconds_;
  std::array<char, kMaxNameLength + 1> joined_;
  std::array<char, kMaxNameLength> name_;
  std::array<std::byte, kEncodeBufferSize> message_;
};

}  // namespace lariat::proto
