#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "proto/qname.h"

namespace lariat::proto {

/// A metric's name as Prometheus takes it: letters, digits, `_` and `:`, any other octet is `_`. A
/// leading digit gets a `_` before it. Itself when it is legal, else in `out`, which needs one
/// octet more than the metric has; one that is too small gets a part.
[[nodiscard]] std::string_view prometheus_name(std::string_view metric,
                                               std::span<char> out) noexcept;
/// The same of a label's name, which may not have a `:`.
[[nodiscard]] std::string_view prometheus_label(std::string_view key, std::span<char> out) noexcept;

struct Label {
  std::string_view name;
  std::string_view value;  ///< Plain octets; empty for a tag without a value.
};

/// Room for the names and values of any name's labels, and for their number.
inline constexpr std::size_t kLabelStorage = kMaxNameLength + kMaxNameEntries;

/// The tags of a canonical name as Prometheus takes them, in the name's order; of two with the same
/// legal name the first stays. They lie in `labels` and borrow from the name and from `storage`.
[[nodiscard]] std::span<const Label> prometheus_labels(
    std::string_view canonical_name, std::span<Label, kMaxNameEntries> labels,
    std::span<char, kLabelStorage> storage) noexcept;

/// Leaves out what is not ours to set: a label called `taken`, unless that is empty. One beginning
/// with `__`, which belongs to Prometheus, loses octets there until it begins with one; of two then
/// alike the first stays. Returns how many stay, at the front.
[[nodiscard]] std::size_t mend_labels(std::span<Label> labels, std::string_view taken) noexcept;

}  // namespace lariat::proto
