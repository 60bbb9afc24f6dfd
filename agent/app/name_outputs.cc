#include "agent/app/name_outputs.h"

#include <algorithm>
#include <array>
#include <utility>

#include "agent/app/json_text.h"
#include "proto/legal_name.h"
#include "proto/qname.h"

namespace lariat::app {
namespace {

/// A tag as plain octets.
struct PlainTag {
  std::string key;
  std::string value;  ///< Empty: none.
};

bool is_printable(char octet) noexcept { return octet >= 0x20 && octet < 0x7f; }
bool is_word(char octet) noexcept {
  return (octet >= '0' && octet <= '9') || (octet >= 'A' && octet <= 'Z') ||
         (octet >= 'a' && octet <= 'z') || octet == '-' || octet == '_' || octet == ':';
}

std::string plain(std::string_view spelled) {
  std::string room(spelled.size(), '\0');
  return std::string(proto::unescape(spelled, room));
}

std::vector<PlainTag> plain_tags(std::string_view name) {
  std::vector<PlainTag> tags;
  proto::TagWalk walk(proto::tags_of(name));
  for (proto::Tag tag; walk.next(tag);) tags.push_back({plain(tag.key), plain(tag.value)});
  return tags;
}

template <typename Allowed>
std::string replaced(std::string text, Allowed allowed) {
  std::replace_if(
      text.begin(), text.end(), [&](char octet) { return !allowed(octet); }, '_');
  return text;
}

void keep_first_of_each_key(std::vector<PlainTag>& tags) {
  std::vector<PlainTag> kept;
  for (PlainTag& tag : tags) {
    const auto same = [&](const PlainTag& other) { return other.key == tag.key; };
    if (std::none_of(kept.begin(), kept.end(), same)) kept.push_back(std::move(tag));
  }
  tags = std::move(kept);
}

std::string prometheus(std::string_view name) {
  const std::string metric(proto::metric_of(name));
  std::string room(metric.size() + 1, '\0');
  std::string out(proto::prometheus_name(metric, room));
  std::array<proto::Label, proto::kMaxNameEntries> labels;
  std::array<char, proto::kLabelStorage> storage;
  char before = '{';
  for (const auto& label : proto::prometheus_labels(name, labels, storage)) {
    out += before;
    before = ',';
    out.append(label.name).append("=\"");
    for (const char octet : label.value) {
      if (octet == '"' || octet == '\\') out += '\\';
      out += octet == '\n' ? std::string("\\n") : std::string(1, octet);
    }
    out += '"';
  }
  return out + '}';
}

// A level of a path: its dots would make more of it.
std::string graphite_level(std::string text) {
  text = replaced(std::move(text), is_word);
  return text.empty() ? "_" : text;
}

// Dots of a metric are levels; none at the ends, and one where there were several.
std::string graphite_metric(std::string_view metric) {
  std::string out;
  for (const char octet : metric) {
    if (octet == '.' && (out.empty() || out.back() == '.')) continue;
    out += octet == '.' || is_word(octet) ? octet : '_';
  }
  while (out.ends_with('.')) out.pop_back();
  return out.empty() ? "_" : out;
}

std::string graphite(std::string_view name) {
  std::string out;
  std::string behind;
  for (PlainTag& tag : plain_tags(name)) {
    if (tag.key == "host" && out.empty()) {
      out = graphite_level(std::move(tag.value)) + '.';
    } else {
      behind += '.' + graphite_level(std::move(tag.value));
    }
  }
  return out + graphite_metric(proto::metric_of(name)) + behind;
}

std::string graphite_tagged(std::string_view name) {
  constexpr std::string_view kNotInKey = ";!^= ";
  constexpr std::string_view kNotInValue = "; ";
  const auto outside = [](std::string_view bad) {
    return [bad](char octet) { return is_printable(octet) && bad.find(octet) == bad.npos; };
  };
  auto tags = plain_tags(name);
  for (PlainTag& tag : tags) {
    tag.key = replaced(std::move(tag.key), outside(kNotInKey));
    tag.value = replaced(std::move(tag.value), outside(kNotInValue));
    if (tag.value.empty()) tag.value = "_";
    if (tag.value.front() == '~') tag.value.front() = '_';
  }
  keep_first_of_each_key(tags);
  std::string out = graphite_metric(proto::metric_of(name));
  for (const PlainTag& tag : tags) {
    if (tag.key != "name") out += ';' + tag.key + '=' + tag.value;  // There it is the path itself.
  }
  return out;
}

// Escapes `special`. A backslash is itself, except at the end, where it would escape what follows.
std::string influx_text(std::string text, std::string_view special) {
  const bool utf8 = is_utf8(text);
  text = replaced(std::move(text), [utf8](char octet) {
    return is_printable(octet) || (utf8 && static_cast<unsigned char>(octet) >= 0x80);
  });
  if (text.ends_with('\\')) text.back() = '_';
  std::string out;
  for (const char octet : text) {
    if (special.find(octet) != special.npos) out += '\\';
    out += octet;
  }
  return out;
}

std::string influx(std::string_view name) {
  auto tags = plain_tags(name);
  for (PlainTag& tag : tags) {
    tag.key = influx_text(std::move(tag.key), ",= ");
    tag.value = influx_text(std::move(tag.value), ",= ");
  }
  keep_first_of_each_key(tags);
  std::string out = influx_text(std::string(proto::metric_of(name)), ", ");
  for (const PlainTag& tag : tags) {
    if (!tag.value.empty()) out += ',' + tag.key + '=' + tag.value;
  }
  return out;
}

// Tags only, the metric being one of them. It has no escapes, and a value goes to the next comma.
std::string bolo(std::string_view name) {
  std::vector<PlainTag> tags{{"metric", std::string(proto::metric_of(name))}};
  for (PlainTag& tag : plain_tags(name)) tags.push_back(std::move(tag));
  for (PlainTag& tag : tags) {
    tag.key = replaced(std::move(tag.key), [](char octet) { return octet != ',' && octet != '='; });
    tag.value = replaced(std::move(tag.value), [](char octet) { return octet != ','; });
  }
  keep_first_of_each_key(tags);
  std::stable_sort(tags.begin(), tags.end(),
                   [](const PlainTag& a, const PlainTag& b) { return a.key < b.key; });
  std::string out;
  for (const PlainTag& tag : tags) out += (out.empty() ? "" : ",") + tag.key + '=' + tag.value;
  return out;
}

}  // namespace

std::vector<NameOutput> name_outputs(std::string_view canonical_name) {
  return {
      {"tsdp", std::string(canonical_name)},  {"prometheus", prometheus(canonical_name)},
      {"graphite", graphite(canonical_name)}, {"graphite, tagged", graphite_tagged(canonical_name)},
      {"influx", influx(canonical_name)},     {"bolo", bolo(canonical_name)}};
}

std::size_t fault_position(std::string_view bad_name) {
  std::array<char, proto::kMaxNameLength> room;
  const proto::NameError error = proto::canonical(bad_name, room).error;
  if (error == proto::NameError::kNoTags || error == proto::NameError::kNoMetric) {
    return bad_name.size() + 1;
  }
  if (error == proto::NameError::kTooLong) return proto::kMaxNameLength + 1;
  std::size_t good = bad_name.size();
  while (good > 0 && proto::canonical(bad_name.substr(0, good), room).error == error) --good;
  return good + 1;
}

}  // namespace lariat::app
