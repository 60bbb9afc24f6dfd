#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "proto/point.h"

namespace lariat::publish {

/// The series that one endpoint has sent and not ended: their labels as they are encoded, and when
/// they came, so that it can say when one has ended.
///
/// One that has not come for three of its own intervals has ended; of TALLY and EVENT, which come
/// as they like, and of those seen once, it takes five minutes at least.
/// Memory: at most `kOctets`, and 128 octets a series besides; what has no room is not known here.
/// Times are whole seconds of the append. Threads: one.
class HttpSeries {
 public:
  static constexpr std::size_t kOctets = std::size_t{8} << 20U;

  struct Key {
    std::uint64_t low = 0;
    std::uint64_t high = 0;
    friend bool operator==(const Key&, const Key&) = default;
  };
  struct Entry {
    Key key;
    std::string labels;
    std::uint64_t hash = 0;    ///< Of the labels.
    std::int64_t seconds = 0;  ///< Of its newest sample, as it is told.
    std::int64_t seen = 0;
    std::int64_t gap = 0;  ///< The larger of its last two intervals; 0: not known.
    std::int64_t last_gap = 0;
    std::uint32_t family = 0;
    bool steady = false;
  };

  /// A 128-bit match is taken for the same series.
  [[nodiscard]] static Key key_of(const proto::Point& point) noexcept;

  /// Null: it is not known. Valid until the next call of any other method.
  [[nodiscard]] Entry* find(const Key& key) noexcept;
  /// One that is not known. Null: there is no room.
  [[nodiscard]] Entry* add(const Key& key, std::string_view labels, proto::Payload kind);
  /// It came.
  void see(Entry& entry, std::int64_t seconds, std::int64_t seen) noexcept;

  /// One that has ended by `now`, or with `all` any; it is forgotten. It looks if one may have
  /// ended, or when it has not for a while: to be asked until there is none.
  [[nodiscard]] std::optional<Entry> take_ended(std::int64_t now, bool all);
  /// No series ends earlier. Exact after a `take_ended` that has looked and found none.
  [[nodiscard]] std::optional<std::int64_t> next_end() const noexcept { return next_end_; }

  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }

 private:
  struct Hash {
    std::size_t operator()(const Key& key) const noexcept {
      return static_cast<std::size_t>(key.low);
    }
  };
  [[nodiscard]] static std::int64_t end_of(const Entry& entry) noexcept;
  [[nodiscard]] bool may_have_ended(std::int64_t now) const noexcept;
  Entry take(std::size_t place);

  std::vector<Entry> entries_;
  std::unordered_map<Key, std::uint32_t, Hash> places_;
  std::size_t octets_ = 0;
  std::size_t next_ = 0;       // Behind the one that was found last: they come in the same order.
  std::size_t looked_at_ = 0;  // By `take_ended`, since it began to look.
  std::int64_t looked_ = 0;    // When it did last.
  std::optional<std::int64_t> soonest_;
  std::optional<std::int64_t> next_end_;
};

}  // namespace lariat::publish
