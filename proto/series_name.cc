#include "proto/series_name.h"

#include <algorithm>

#include "proto/name_parts.h"

namespace lariat::proto {
namespace {

char metric_octet(char octet) noexcept {
  const bool text = static_cast<unsigned char>(octet) >= 0x80;  // A name may have it.
  const bool good = text || octet == ',' || octet_class(octet) == OctetClass::kPlain;
  return good && octet != ' ' ? octet : '_';
}

// A key is there twice. Of tags that are no good nothing is said: that shows when they are encoded.
bool repeats(std::string_view tags) noexcept {
  NameParts parts;
  if (parts.parse_tags(tags, NameParts::Form::kEntries) != NameError::kNone) return false;
  parts.sort();
  const auto same = [](const NameEntry& a, const NameEntry& b) { return a.key == b.key; };
  return std::ranges::adjacent_find(parts.entries(), same) != parts.entries().end();
}

}  // namespace

void SeriesName::put_metric(std::string_view text) noexcept {
  for (const char octet : text) {
    if (metric_size_ == metric_.size()) return;
    metric_[metric_size_++] = metric_octet(octet);
  }
}

void SeriesName::put_part(std::string_view text) noexcept {
  if (metric_size_ != 0) put_metric("_");
  put_metric(text);
}

void SeriesName::put_tag(std::string_view key, std::string_view value) noexcept {
  if (key.empty() || value.empty()) return;
  judged_ = false;
  if (tags_size_ != 0) put(',');
  put_plain(key);
  put('=');
  put_plain(value);
}

void SeriesName::put_spelled_tags(std::string_view tags) noexcept {
  if (tags.empty()) return;
  judged_ = false;
  if (tags_size_ != 0) put(',');
  for (const char octet : tags) put(octet);
}

Reason SeriesName::name(Record& record) noexcept {
  if (metric_size_ == 0 || metric_size_ + tags_size_ > kMaxNameLength) return Reason::kBadName;
  record.name = metric();
  record.tags = {tags_.data(), tags_size_};
  if (!judged_) repeats_ = repeats(record.tags);
  judged_ = true;
  if (repeats_) return Reason::kBadName;
  return Reason::kNone;
}

void SeriesName::put(char octet) noexcept {
  if (tags_size_ < tags_.size()) tags_[tags_size_++] = octet;
}

void SeriesName::put_plain(std::string_view text) noexcept {
  for (char octet : text) {
    const OctetClass found = octet_class(octet);
    if (found == OctetClass::kNul || found == OctetClass::kBackslash) octet = '_';
    if (found == OctetClass::kStructure || found == OctetClass::kHidden) put('\\');
    put(octet);
  }
}

}  // namespace lariat::proto
