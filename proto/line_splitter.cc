#include "proto/line_splitter.h"

#include <algorithm>
#include <cassert>

namespace lariat::proto {

void LineSplitter::feed(std::string_view piece) noexcept {
  assert(piece_.empty() && "the last piece has been used up");
  piece_ = piece;
}

std::optional<LineSplitter::Line> LineSplitter::next() noexcept {
  if (carry_done_) drop_carry();
  while (!piece_.empty()) {
    const std::size_t feed_at = piece_.find('\n');
    const bool whole = feed_at != piece_.npos;
    const std::string_view text = piece_.substr(0, feed_at);
    const std::size_t taken = text.size() + (whole ? 1 : 0);
    if (skipping_) {
      skipping_ = !whole;
      piece_.remove_prefix(taken);
      continue;
    }
    if (carry_.size() + text.size() >= limit_) {
      // The LF, if it is here, is left for the skipping.
      piece_.remove_prefix(text.size());
      return refuse(text);
    }
    piece_.remove_prefix(taken);
    if (whole && carry_.empty()) return line(text);
    carry_.append(text);
    if (!whole) break;
    carry_done_ = true;
    return line(carry_);
  }
  return std::nullopt;
}

std::optional<LineSplitter::Line> LineSplitter::finish() noexcept {
  assert(piece_.empty() && "the last piece has been used up");
  if (carry_done_) drop_carry();
  skipping_ = false;
  if (carry_.empty()) return std::nullopt;
  carry_done_ = true;
  return line(carry_);
}

LineSplitter::Line LineSplitter::line(std::string_view text) noexcept {
  if (text.ends_with('\r')) text.remove_suffix(1);
  return {text, false};
}

// Shows the begin of the line, which may lie in both.
LineSplitter::Line LineSplitter::refuse(std::string_view text) noexcept {
  skipping_ = true;
  const std::size_t shown = std::min(kExcerpt, limit_);
  if (carry_.empty()) return {text.substr(0, shown), true};
  if (carry_.size() < shown) carry_.append(text.substr(0, shown - carry_.size()));
  carry_done_ = true;
  return {std::string_view(carry_).substr(0, shown), true};
}

void LineSplitter::drop_carry() noexcept {
  carry_done_ = false;
  carry_.clear();
}

}  // namespace lariat::proto
