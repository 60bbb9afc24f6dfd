#include "agent/expose/series_table.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace lariat::expose {
namespace {

std::uint64_t hash_text(std::string_view text) noexcept {
  return std::hash<std::string_view>()(text);
}

// An odd multiplier, so that every bit of `extra` reaches all of the hash.
std::uint64_t with(std::uint64_t hash, std::uint64_t extra) noexcept {
  return (hash ^ extra) * 0x9e3779b97f4a7c15U;
}

std::unique_ptr<char[]> joined(std::string_view name, std::string_view labels,
                               std::string_view fact) {
  auto text = std::make_unique_for_overwrite<char[]>(name.size() + labels.size() + fact.size());
  char* end = std::copy(name.begin(), name.end(), text.get());
  end = std::copy(labels.begin(), labels.end(), end);
  std::copy(fact.begin(), fact.end(), end);
  return text;
}

}  // namespace

std::uint64_t SeriesTable::hash_of(std::string_view name, proto::Payload kind) noexcept {
  return with(hash_text(name), proto::mask(kind));
}

std::uint64_t SeriesTable::look_of(std::string_view family, std::string_view labels) noexcept {
  return with(hash_text(labels), hash_text(family));
}

Series* SeriesTable::find_next(std::string_view name, proto::Payload kind) noexcept {
  if (next_ >= slots_.size()) return nullptr;
  Series& series = slots_[next_];
  if (series.id == 0 || series.kind != kind || series.name() != name) return nullptr;
  if (++next_ < slots_.size()) __builtin_prefetch(slots_[next_].text.get());
  return &series;
}

Series* SeriesTable::find(std::string_view name, proto::Payload kind, std::uint64_t hash) noexcept {
  const std::uint32_t slot = by_name_.find(hash, [&](std::uint32_t candidate) {
    const Series& series = slots_[candidate];
    return series.kind == kind && series.name() == name;
  });
  if (slot == SlotIndex::kNone) return nullptr;
  next_ = std::size_t{slot} + 1;
  return &slots_[slot];
}

const Series* SeriesTable::find_alike(const SeriesText& text) const noexcept {
  const std::uint32_t slot =
      by_look_.find(look_of(text.family, text.labels), [&](std::uint32_t candidate) {
        const Series& series = slots_[candidate];
        return series.labels() == text.labels && series.family->name == text.family;
      });
  return slot == SlotIndex::kNone ? nullptr : &slots_[slot];
}

const Family* SeriesTable::find_other_type(const SeriesText& text) const noexcept {
  const auto found = families_.find(text.family);
  return found != families_.end() && found->second.type != text.type ? &found->second : nullptr;
}

Series& SeriesTable::add(std::string_view name, proto::Payload kind, std::uint64_t hash,
                         const SeriesText& text) {
  assert(!find_alike(text) && !find_other_type(text) && !find(name, kind, hash));
  std::uint32_t slot = 0;
  if (free_.empty()) {
    slot = static_cast<std::uint32_t>(slots_.size());
    slots_.emplace_back();
  } else {
    slot = free_.back();
    free_.pop_back();
  }
  Series& series = slots_[slot];
  series.id = next_id_++;
  series.text = joined(name, text.labels, {});
  series.name_size = static_cast<std::uint16_t>(name.size());
  series.labels_size = static_cast<std::uint16_t>(text.labels.size());
  series.kind = kind;

  const auto [entry, fresh] = families_.try_emplace(text.family);
  if (fresh) {
    entry->second.name = entry->first;
    entry->second.type = text.type;
    entry->second.id = series.id;
  }
  entry->second.slots.push_back(slot);
  series.family = &entry->second;
  by_name_.insert(hash, slot);
  by_look_.insert(look_of(text.family, text.labels), slot);
  ++size_;
  return series;
}

void SeriesTable::set_fact(Series& series, std::string_view fact) {
  if (series.fact() == fact) return;
  series.text = joined(series.name(), series.labels(), fact);
  series.fact_size = static_cast<std::uint16_t>(fact.size());
}

void SeriesTable::free_slot(std::uint32_t slot) noexcept {
  Series& series = slots_[slot];
  by_name_.erase(hash_of(series.name(), series.kind), slot);
  by_look_.erase(look_of(series.family->name, series.labels()), slot);
  series = {};
  free_.push_back(slot);
  --size_;
}

void SeriesTable::remove_if(const std::function<bool(const Series&)>& goes) {
  for (auto family = families_.begin(); family != families_.end();) {
    auto& slots = family->second.slots;
    std::erase_if(slots, [&](std::uint32_t slot) {
      if (!goes(slots_[slot])) return false;
      free_slot(slot);
      return true;
    });
    family = slots.empty() ? families_.erase(family) : std::next(family);
  }
}

void SeriesTable::relabel(const std::function<void(const Series&, SeriesText&)>& describe) {
  for (auto family = families_.begin(); family != families_.end();) {
    relabel(family->second, describe);
    family = family->second.slots.empty() ? families_.erase(family) : std::next(family);
  }
}

// First all old looks go, or one that is about to change would be in another's way.
void SeriesTable::relabel(Family& family,
                          const std::function<void(const Series&, SeriesText&)>& describe) {
  std::vector<std::pair<std::uint32_t, std::string>> changed;
  SeriesText text;
  std::erase_if(family.slots, [&](std::uint32_t slot) {
    const Series& series = slots_[slot];
    describe(series, text);
    assert(text.family == family.name);
    if (series.labels() == text.labels) return false;
    by_look_.erase(look_of(family.name, series.labels()), slot);
    changed.emplace_back(slot, text.labels);
    return true;
  });
  for (auto& [slot, labels] : changed) {
    Series& series = slots_[slot];
    text = {std::string(family.name), family.type, std::move(labels)};
    if (find_alike(text)) {
      by_name_.erase(hash_of(series.name(), series.kind), slot);
      series = {};
      free_.push_back(slot);
      --size_;
      continue;
    }
    std::string fact(series.fact());
    if (fact.starts_with(',')) fact.erase(0, 1);
    if (!fact.empty() && !text.labels.empty()) fact.insert(0, 1, ',');
    series.text = joined(series.name(), text.labels, fact);
    series.labels_size = static_cast<std::uint16_t>(text.labels.size());
    series.fact_size = static_cast<std::uint16_t>(fact.size());
    series.id = next_id_++;
    by_look_.insert(look_of(family.name, text.labels), slot);
    family.slots.push_back(slot);
  }
}

}  // namespace lariat::expose
