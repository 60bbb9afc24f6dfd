#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "proto/qname.h"

namespace lariat::proto {

/// The tags that every name gets which lacks their key; made once, of the configuration.
///
/// Invariant: sorted by key, each key once, spelled as in a canonical name.
class DefaultTags {
 public:
  struct Entry {
    std::string key;
    std::string value;  ///< Empty: no value.
    friend bool operator==(const Entry&, const Entry&) = default;
  };

  /// `key` and `value` are plain octets: what needs an escape gets one, blanks at the ends go. A
  /// key that is there already gets the new value. On an error nothing changes.
  [[nodiscard]] NameError set(std::string_view key, std::string_view value);

  [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }
  [[nodiscard]] std::span<const Entry> entries() const noexcept { return entries_; }

  friend bool operator==(const DefaultTags&, const DefaultTags&) = default;

 private:
  std::vector<Entry> entries_;
};

/// The canonical name with the tags that it lacks, of a name as collectors write it:
///
/// | `name` | becomes |
/// | --- | --- |
/// | metric, blank, tags | itself and the default tags |
/// | `key=value` pairs only | the metric is the value of `metric`, else `m`, else `name`, else `-`
/// | | anything else | it is the metric |
///
/// The name's own tags win. Never a pattern: `kWildcard`. The result is `name` itself if there is
/// nothing to do, else in `out`, which is best `kMaxNameLength` long.
NameResult add_tags(std::string_view name, const DefaultTags& tags, std::span<char> out) noexcept;

}  // namespace lariat::proto
