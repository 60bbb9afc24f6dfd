#include "agent/expose/series_text.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>

#include "proto/legal_name.h"
#include "proto/point.h"
#include "proto/qname.h"

namespace lariat::expose {
namespace {

constexpr std::string_view kFactLabel = "value";

bool is_agents(const proto::Tag& tag, const proto::DefaultTags& agent_tags) noexcept {
  return std::ranges::any_of(agent_tags.entries(), [&tag](const auto& entry) {
    return entry.key == tag.key && entry.value == tag.value;
  });
}

/// The name without the agent's tags, in `out`: no longer than the name.
std::string_view own_part(std::string_view name, const proto::DefaultTags& agent_tags,
                          std::span<char> out) noexcept {
  std::size_t size = 0;
  const auto put = [&](std::string_view text) {
    const std::size_t count = std::min(text.size(), out.size() - size);
    std::copy_n(text.begin(), count, out.begin() + static_cast<std::ptrdiff_t>(size));
    size += count;
  };
  put(proto::metric_of(name));
  std::string_view before = " ";
  proto::TagWalk walk(proto::tags_of(name));
  for (proto::Tag tag; walk.next(tag);) {
    if (is_agents(tag, agent_tags)) continue;
    put(before);
    before = ",";
    put(tag.key);
    if (tag.value.empty()) continue;
    put("=");
    put(tag.value);
  }
  return {out.data(), size};
}

}  // namespace

void describe(std::string_view canonical_name, proto::Payload kind,
              const proto::DefaultTags& agent_tags, SeriesText& out) {
  std::array<char, proto::kMaxNameLength + 1> room;
  out.family = proto::prometheus_name(proto::metric_of(canonical_name), room);
  out.family += proto::point_suffix(kind);
  const bool counter = proto::point_type(kind) == proto::PointType::kCounter;
  out.type = counter ? proto::FamilyType::kCounter : proto::FamilyType::kGauge;
  out.labels.clear();

  const std::string_view own =
      agent_tags.empty() ? canonical_name : own_part(canonical_name, agent_tags, room);
  std::array<proto::Label, proto::kMaxNameEntries> labels;
  std::array<char, proto::kLabelStorage> storage;
  const std::size_t found = proto::prometheus_labels(own, labels, storage).size();
  const auto all = std::span(labels).first(found);
  const std::size_t kept =
      proto::mend_labels(all, kind == proto::Payload::kFact ? kFactLabel : std::string_view());
  proto::append_labels(all.first(kept), out.labels);
}

void append_fact(std::string_view labels, std::string_view text, std::string& out) {
  if (!labels.empty()) out += ',';
  out += kFactLabel;
  out += "=\"";
  proto::append_label_value(text, out);
  out += '"';
}

}  // namespace lariat::expose
