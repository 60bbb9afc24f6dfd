#include "agent/publish/spool_catalog.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace lariat::publish {

void SpoolCatalog::add(SpoolStored stored) {
  assert(files_.empty() || files_.back().range.to.position <= stored.range.from.position);
  files_.push_back(std::move(stored));
}

void SpoolCatalog::grow(const SpoolExtent& by, base::WallTime now) {
  assert(!files_.empty() && files_.back().range.to == by.from);
  auto& file = files_.back();
  if (file.range.bytes() == 0) file.first_time = now;
  file.last_time = std::max(file.last_time, now);
  file.range.to = by.to;
  if (!file.extents.empty() && file.extents.back().to == by.from) {
    file.extents.back().to = by.to;
  } else {
    file.extents.push_back(by);
  }
}

SpoolStored* SpoolCatalog::mutable_from(std::uint64_t base) noexcept {
  const auto file = std::find_if(files_.begin(), files_.end(), [&](const SpoolStored& one) {
    return one.range.from.position == base;
  });
  return file == files_.end() ? nullptr : &*file;
}

void SpoolCatalog::set_findings(std::uint64_t base, SpoolPlace end,
                                std::vector<SpoolExtent> extents) {
  if (auto* file = mutable_from(base)) {
    file->range.to = end;
    file->extents = std::move(extents);
    file->checked = true;
  }
}

void SpoolCatalog::set_file_bytes(std::uint64_t base, std::uint64_t bytes) {
  if (auto* file = mutable_from(base)) file->file_bytes = bytes;
}

void SpoolCatalog::remove(std::uint64_t base) {
  std::erase_if(files_, [&](const SpoolStored& one) { return one.range.from.position == base; });
}

std::uint64_t SpoolCatalog::bytes() const noexcept {
  std::uint64_t bytes = 0;
  for (const auto& file : files_) bytes += file.file_bytes;
  return bytes;
}

const SpoolStored* SpoolCatalog::file_from(std::uint64_t base) const noexcept {
  const auto* file = file_at(base);
  return file != nullptr && file->range.from.position == base ? file : nullptr;
}

const SpoolStored* SpoolCatalog::file_at(std::uint64_t position) const noexcept {
  const auto after = std::upper_bound(
      files_.begin(), files_.end(), position,
      [](std::uint64_t value, const SpoolStored& one) { return value < one.range.from.position; });
  if (after == files_.begin()) return nullptr;
  const auto& file = *(after - 1);
  return position < file.range.to.position ? &file : nullptr;
}

SpoolSpot SpoolCatalog::find(std::uint64_t position, SpoolPlace end) const {
  SpoolSpot gap{.extent = {{position, 0}, end}};
  // The first file that reaches behind the position: it holds it, or the gap ends in it or later.
  auto file = std::upper_bound(
      files_.begin(), files_.end(), position,
      [](std::uint64_t value, const SpoolStored& one) { return value < one.range.to.position; });
  gap.damaged =
      position < damaged_before_ || (file != files_.end() && position >= file->range.from.position);
  for (; file != files_.end(); ++file) {
    const auto extent =
        std::find_if(file->extents.begin(), file->extents.end(), [position](const auto& one) {
          return one.holds(position) || one.from.position > position;
        });
    if (extent == file->extents.end()) continue;
    if (extent->holds(position)) return {.stored = true, .extent = *extent};
    gap.extent.to = extent->from;
    return gap;
  }
  return gap;
}

const SpoolStored* SpoolCatalog::first_after(base::WallTime time) const noexcept {
  for (const auto& file : files_) {
    if (file.last_time > time && !file.extents.empty()) return &file;
  }
  return nullptr;
}

}  // namespace lariat::publish
