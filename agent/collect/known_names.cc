#include "agent/collect/known_names.h"

namespace lariat::collect {

KnownNames::Known KnownNames::Entry::known() const noexcept {
  const std::string_view all = text;
  const bool changed = all.size() > printed_size;
  return {changed ? all.substr(printed_size) : all, changed};
}

std::optional<KnownNames::Known> KnownNames::find(std::string_view printed) noexcept {
  if (next_ >= entries_.size() || !entries_[next_].is(printed)) {
    // Who closes no answer begins again without a word.
    if (entries_.empty() || !entries_.front().is(printed)) return std::nullopt;
    next_ = 0;
  }
  return entries_[next_++].known();
}

void KnownNames::learn(std::string_view printed, std::string_view full) {
  if (next_ >= kMost) return;
  if (next_ == entries_.size()) entries_.emplace_back();
  Entry& entry = entries_[next_++];
  entry.text = printed;
  if (full != printed) entry.text += full;
  entry.printed_size = printed.size();
}

void KnownNames::forget() noexcept {
  entries_.clear();
  next_ = 0;
}

}  // namespace lariat::collect
