#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "agent/base/clock.h"
#include "agent/expose/series_text.h"
#include "agent/expose/slot_index.h"
#include "proto/exposition.h"
#include "proto/message.h"

namespace lariat::expose {

/// Series that share a name and a type on `/metrics`.
struct Family {
  std::string_view name;
  proto::FamilyType type = proto::FamilyType::kGauge;
  std::uint64_t id = 0;
  std::vector<std::uint32_t> slots;  ///< In the order of the series' ids.
};

/// One series and its newest value.
struct Series {
  std::uint64_t id = 0;  ///< Larger than that of every series added before; 0 is a free slot.
  Family* family = nullptr;
  /// The canonical name, the labels, and the text of a FACT as a further label.
  std::unique_ptr<char[]> text;
  std::uint16_t name_size = 0;
  std::uint16_t labels_size = 0;
  std::uint16_t fact_size = 0;
  proto::Payload kind = proto::Payload::kSample;
  std::uint32_t collector = 0;  ///< Which reported it last.
  std::uint32_t interval_milliseconds = 0;
  double real = 0;          ///< SAMPLE, DELTA.
  std::uint64_t count = 0;  ///< TALLY, EVENT: total. STATE: 0-3. FACT: 1.
  base::Monotonic seen;

  [[nodiscard]] std::string_view name() const noexcept { return {text.get(), name_size}; }
  /// That tell it from others of the family.
  [[nodiscard]] std::string_view labels() const noexcept {
    return {text.get() + name_size, labels_size};
  }
  [[nodiscard]] std::string_view fact() const noexcept {
    return {text.get() + name_size + labels_size, fact_size};
  }
  [[nodiscard]] std::string_view all_labels() const noexcept {
    return {text.get() + name_size, std::size_t{labels_size} + fact_size};
  }
};

/// Series by their name and kind, and by how they look on `/metrics`; in families, by name.
///
/// Invariants: no two series have the same name and kind, none two the same family and labels; a
/// family has at least one series. A series keeps its address until it is removed.
class SeriesTable {
 public:
  using Families = std::map<std::string, Family, std::less<>>;

  [[nodiscard]] static std::uint64_t hash_of(std::string_view name, proto::Payload kind) noexcept;
  /// The series that stands behind the one found last, if it is this one; else null. Collectors
  /// most often report in the order in which they did at first.
  [[nodiscard]] Series* find_next(std::string_view name, proto::Payload kind) noexcept;
  /// Null if there is none. `hash` is that of name and kind.
  [[nodiscard]] Series* find(std::string_view name, proto::Payload kind,
                             std::uint64_t hash) noexcept;
  [[nodiscard]] const Series* find_alike(const SeriesText& text) const noexcept;
  /// The family of that name, if it has another type.
  [[nodiscard]] const Family* find_other_type(const SeriesText& text) const noexcept;

  /// A series that is not in; neither is one that looks alike, nor a family of another type.
  Series& add(std::string_view name, proto::Payload kind, std::uint64_t hash,
              const SeriesText& text);
  void set_fact(Series& series, std::string_view fact);
  /// Removes all for which `goes` is true.
  void remove_if(const std::function<bool(const Series&)>& goes);
  /// Gives each series the labels that `describe` now says; its family stays. One whose labels are
  /// others counts as added now, and is removed if then another looks like it.
  void relabel(const std::function<void(const Series&, SeriesText&)>& describe);

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] const Families& families() const noexcept { return families_; }
  [[nodiscard]] const Series& at(std::uint32_t slot) const noexcept { return slots_[slot]; }
  [[nodiscard]] Series& at(std::uint32_t slot) noexcept { return slots_[slot]; }
  /// The id that comes next: those that there are have smaller ones.
  [[nodiscard]] std::uint64_t next_id() const noexcept { return next_id_; }

 private:
  [[nodiscard]] static std::uint64_t look_of(std::string_view family,
                                             std::string_view labels) noexcept;
  void free_slot(std::uint32_t slot) noexcept;
  void relabel(Family& family, const std::function<void(const Series&, SeriesText&)>& describe);

  std::deque<Series> slots_;
  std::size_t next_ = 0;  // The slot behind that of the last one found.
  std::vector<std::uint32_t> free_;
  SlotIndex by_name_;
  SlotIndex by_look_;
  Families families_;
  std::size_t size_ = 0;
  std::uint64_t next_id_ = 1;
};

}  // namespace lariat::expose
