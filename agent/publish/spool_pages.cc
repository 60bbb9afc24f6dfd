#include "agent/publish/spool_pages.h"

#include <algorithm>
#include <utility>

namespace lariat::publish {
namespace {

constexpr std::size_t kBudget = std::size_t{7} << 20U;
constexpr std::size_t kLeastPages = 2;

}  // namespace

SpoolPages::Found SpoolPages::at(std::uint64_t position) {
  const auto held = std::find_if(pages_.begin(), pages_.end(), [&](const auto& page) {
    return position >= page->position() && position < page->end();
  });
  if (held != pages_.end()) {
    std::rotate(held, held + 1, pages_.end());
    return {.segment = pages_.back().get()};
  }
  if (!spool_.find(position).stored) return {};
  auto page = slab_for(static_cast<std::size_t>(spool_.slab_size(position)));
  const auto read = spool_.read(position, page->slab());
  if (read.state != SpoolPage::State::kRead || read.marks.empty()) {
    return {.later = read.state == SpoolPage::State::kLater};
  }
  page->hold(read);
  pages_.push_back(std::move(page));
  return {.segment = pages_.back().get()};
}

// Another's if there are enough: that which nobody asked for the longest.
std::unique_ptr<Segment> SpoolPages::slab_for(std::size_t bytes) {
  std::unique_ptr<Segment> slab;
  while (pages_.size() >= kLeastPages && memory_bytes() + bytes > kBudget) {
    slab = std::move(pages_.front());
    pages_.erase(pages_.begin());
  }
  if (slab && slab->capacity() == bytes) return slab;
  slab.reset();
  return std::make_unique<Segment>(bytes);
}

std::size_t SpoolPages::memory_bytes() const noexcept {
  std::size_t bytes = 0;
  for (const auto& page : pages_) bytes += page->memory_bytes();
  return bytes;
}

}  // namespace lariat::publish
