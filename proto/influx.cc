#include "proto/influx.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "proto/number_text.h"
#include "proto/plain_tags.h"
#include "proto/put_text.h"

namespace lariat::proto {
namespace {

constexpr std::string_view kFactKey = "value";
constexpr std::string_view kTimeKey = "time";
constexpr std::string_view kOtherTimeKey = "time_";
constexpr std::string_view kZeros = "000000000";
constexpr std::string_view kMeasurementStops = ", ";
constexpr std::string_view kTagStops = ",= ";
constexpr std::int64_t kMostNanoseconds = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kNanoseconds = 1'000'000'000;

constexpr OctetRules kText = OctetRules::of([](char) { return true; }, true);

// Octets that stand for themselves wherever they are.
constexpr std::array<bool, 256> make_plain() noexcept {
  std::array<bool, 256> plain{};
  for (std::size_t octet = 0x21; octet < 0x7f; ++octet) plain[octet] = true;
  for (const char special : {',', '=', '\\'}) plain[static_cast<unsigned char>(special)] = false;
  return plain;
}
constexpr std::array<bool, 256> kPlain = make_plain();
bool is_plain(char octet) noexcept { return kPlain[static_cast<unsigned char>(octet)]; }

// A backslash is itself, but where a reader would take it for an escape.
char* put_escaped(std::string_view text, std::string_view stops, char* out) noexcept {
  for (std::size_t at = 0; at < text.size(); ++at) {
    char octet = text[at];
    if (octet == '\\') {
      const char next = at + 1 < text.size() ? text[at + 1] : '\\';
      if (next == '\\' || kTagStops.find(next) != kTagStops.npos) octet = '_';
    }
    if (stops.find(octet) != stops.npos) *out++ = '\\';
    *out++ = octet;
  }
  return out;
}

// `text` as it stands, not one that a name spells.
std::string_view clean_text(std::string_view text, std::span<char> room) noexcept {
  // Its backslashes are octets, which would be taken for escapes.
  constexpr char kStandIn = '\x01';
  std::array<char, kMaxFieldLength> marked;
  text = text.substr(0, marked.size());
  std::replace_copy(text.begin(), text.end(), marked.begin(), '\\', kStandIn);
  static constexpr OctetRules kRules = [] {
    OctetRules rules = kText;
    rules.map[kStandIn] = '\\';
    return rules;
  }();
  char* const end = write_clean({marked.data(), text.size()}, kRules, room.data());
  return {room.data(), static_cast<std::size_t>(end - room.data())};
}

char* put_measurement(std::string_view metric, char* out) noexcept {
  if (metric.front() != '#' && std::ranges::all_of(metric, is_plain)) return put_text(metric, out);
  std::array<char, kMaxFieldLength> room;
  const std::string_view clean = clean_text(metric, room);
  if (room.front() == '#') room.front() = '_';
  return put_escaped(clean, kMeasurementStops, out);
}

// The tags as a name spells them, if that is how a line has them; else null.
char* put_as_spelled(std::string_view tags, char* out) noexcept {
  std::string_view last_key;
  std::size_t begin = 0;
  std::size_t equals = 0;
  const auto is_good = [&](std::size_t end) {
    if (equals <= begin || equals + 1 == end) return false;
    const std::string_view key = tags.substr(begin, equals - begin);
    const bool good = key != last_key && key != kTimeKey;
    last_key = key;
    begin = end + 1;
    return good;
  };
  for (std::size_t at = 0; at < tags.size(); ++at) {
    if (is_plain(tags[at])) continue;
    if (tags[at] == '=') {
      equals = at;
    } else if (tags[at] != ',' || !is_good(at)) {
      return nullptr;
    }
  }
  if (!is_good(tags.size())) return nullptr;
  *out++ = ',';
  return put_text(tags, out);
}

char* put_cleaned(const Point& point, std::string_view name, char* out) noexcept {
  TagRoom room;
  std::array<Label, kMaxNameEntries + 1> kept;
  std::array<char, kMaxFieldLength> text_room;
  std::size_t count = 0;
  const bool fact = point.kind == Payload::kFact;
  if (fact) kept[count++] = {kFactKey, clean_text(point.text, text_room)};
  for (Label tag : plain_tags(name, kText, kText, room)) {
    if (tag.name == kTimeKey) tag.name = kOtherTimeKey;
    const auto taken = std::span(kept).first(count);
    if (std::ranges::find(taken, tag.name, &Label::name) == taken.end()) kept[count++] = tag;
  }
  const auto all = std::span(kept).first(count);
  std::ranges::sort(all, {}, &Label::name);
  for (const auto& [key, value] : all) {
    if (value.empty()) continue;
    *out++ = ',';
    out = put_escaped(key, kTagStops, out);
    *out++ = '=';
    out = put_escaped(value, kTagStops, out);
  }
  return out;
}

std::string field_text(std::string_view field) {
  std::string text(2 * field.size() + 2, ' ');
  char* const end = put_escaped(field, kTagStops, text.data() + 1);
  *end = '=';
  text.resize(static_cast<std::size_t>(end - text.data()) + 1);
  return text;
}

}  // namespace

InfluxEncoder::InfluxEncoder(const InfluxOptions& options, DefaultTags labels)
    : field_(field_text(options.field)),
      nanoseconds_(options.precision == InfluxOptions::Precision::kNanoseconds),
      labels_(std::move(labels)) {}

std::size_t InfluxEncoder::room() const noexcept {
  constexpr std::size_t kSuffix = 16;
  return 2 * kMaxNameLength + 2 * kMaxFieldLength + kSuffix + kMaxNameEntries + field_.size() +
         2 * kNumberRoom + kZeros.size();
}

std::size_t InfluxEncoder::write(const Point& point, std::span<char> out) noexcept {
  if (nanoseconds_ && (point.seconds > kMostNanoseconds / kNanoseconds ||
                       point.seconds < -kMostNanoseconds / kNanoseconds)) {
    return 0;
  }
  const std::size_t series = write_series(point, out);
  if (series == 0) return 0;
  char* end = put_text(field_, out.data() + series);
  end = write_number(point.value, end);
  *end++ = ' ';
  end = time_.write(point.seconds, end);
  if (nanoseconds_) end = put_text(kZeros, end);
  *end++ = '\n';
  return static_cast<std::size_t>(end - out.data());
}

std::size_t InfluxEncoder::write_series(const Point& point, std::span<char> out) const noexcept {
  std::array<char, kMaxNameLength> room;
  std::string_view name = point.name;
  if (!labels_.empty()) {
    const NameResult labelled = add_tags(name, labels_, room);
    if (!labelled) return 0;
    name = labelled.name;
  }
  char* end = put_text(point.suffix(), put_measurement(metric_of(name), out.data()));
  if (point.kind != Payload::kFact) {
    if (char* spelled = put_as_spelled(tags_of(name), end)) {
      return static_cast<std::size_t>(spelled - out.data());
    }
  }
  end = put_cleaned(point, name, end);
  return static_cast<std::size_t>(end - out.data());
}

}  // namespace lariat::proto
