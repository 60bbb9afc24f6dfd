#include "proto/bolo_pdu.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "proto/number_text.h"
#include "proto/plain_tags.h"
#include "proto/put_text.h"
#include "proto/zmtp.h"

namespace lariat::proto {
namespace {

constexpr std::uint64_t kMostTime = std::numeric_limits<std::uint32_t>::max();
constexpr std::uint64_t kMostIncrement = std::numeric_limits<std::int32_t>::max();
constexpr double kMostRate = 18446744073709551616.0;  // 2^64: too large by one.
constexpr std::string_view kMetricKey = "metric";

// All octets but those that part a name; it knows no escapes.
constexpr OctetRules rules_without(std::string_view bad) noexcept {
  OctetRules rules{{}, false};
  for (std::size_t octet = 0; octet < rules.map.size(); ++octet) {
    const char own = static_cast<char>(octet);
    rules.map[octet] = bad.find(own) == bad.npos ? own : '_';
  }
  return rules;
}
constexpr OctetRules kKey = rules_without(",=");
constexpr OctetRules kValue = rules_without(",");

char* put_frame(std::string_view body, char* out) noexcept {
  return put_text(body, write_zmtp_head(body.size(), true, out));
}

// The empty frame without which an aggregator aborts, and the type.
char* put_type(std::string_view type, char* out) noexcept {
  return put_frame(type, put_frame({}, out));
}

enum class Follow : bool { kNone, kMore };

// A NUL inside would end the text for the aggregator.
char* put_field(std::string_view text, Follow follow, char* out) noexcept {
  out = write_zmtp_head(text.size() + 1, follow == Follow::kMore, out);
  char* const end = std::replace_copy(text.begin(), text.end(), out, '\0', '_');
  *end = '\0';
  return end + 1;
}

template <typename Number>
char* put_number(Number number, Follow follow, char* out) noexcept {
  std::array<char, kNumberRoom> room;
  const char* const end = write_number(number, room.data());
  return put_field({room.data(), static_cast<std::size_t>(end - room.data())}, follow, out);
}

char* put_head(std::string_view type, const Submit& submit, std::string_view name,
               char* out) noexcept {
  out = put_number(submit.time(), Follow::kMore, put_type(type, out));
  return put_field(name, Follow::kMore, out);
}

char* put_sample(const Submit& submit, std::string_view name, char* out) noexcept {
  out = put_head("SAMPLE", submit, name, out);
  const std::size_t count = submit.value_count();
  for (std::size_t i = 0; i < count; ++i) {
    out = put_number(submit.value(i), i + 1 < count ? Follow::kMore : Follow::kNone, out);
  }
  return out;
}

// How many COUNTERs it takes.
std::uint64_t pieces_of(const Submit& submit) noexcept {
  const std::uint64_t increment = submit.increment().value_or(1);
  return increment == 0 ? 1 : (increment - 1) / kMostIncrement + 1;
}

char* put_counters(const Submit& submit, std::string_view name, char* out) noexcept {
  std::uint64_t rest = submit.increment().value_or(1);
  do {
    const std::uint64_t piece = std::min(rest, kMostIncrement);
    rest -= piece;
    out = put_number(piece, Follow::kNone, put_head("COUNTER", submit, name, out));
  } while (rest > 0);
  return out;
}

char* put_state(const Submit& submit, std::string_view name, char* out) noexcept {
  out = put_head("STATE", submit, name, out);
  out = put_number(static_cast<std::uint64_t>(submit.status()), Follow::kMore, out);
  // An aggregator drops a state without a text.
  const std::string_view summary = submit.summary().value_or("");
  return put_field(summary.empty() ? to_string(submit.status()) : summary, Follow::kNone, out);
}

char* put_submit(const Submit& submit, std::string_view name, char* out) noexcept {
  switch (submit.kind()) {
    case Payload::kSample:
      return put_sample(submit, name, out);
    case Payload::kTally:
      return put_counters(submit, name, out);
    case Payload::kDelta:
      return put_number(static_cast<std::uint64_t>(submit.value(0)), Follow::kNone,
                        put_head("RATE", submit, name, out));
    case Payload::kState:
      return put_state(submit, name, out);
    case Payload::kEvent:
      return put_field(submit.text(), Follow::kNone, put_head("EVENT", submit, name, out));
    case Payload::kFact:
      return put_field(submit.text(), Follow::kNone,
                       put_field(name, Follow::kMore, put_type("SET.KEYS", out)));
  }
  return out;
}

bool expressible(const Submit& submit) noexcept {
  if (submit.time() > kMostTime) return false;
  if (submit.kind() == Payload::kTally) return pieces_of(submit) <= BoloEncoder::kMostPieces;
  if (submit.kind() != Payload::kDelta) return true;
  return submit.value(0) >= 0 && submit.value(0) < kMostRate;
}

}  // namespace

BoloEncoder::BoloEncoder(DefaultTags labels) : labels_(std::move(labels)) {}

std::size_t BoloEncoder::room(const Submit& submit) noexcept {
  constexpr std::size_t kType = 16;
  constexpr std::size_t kField = kZmtpHeadRoom + 1;
  constexpr std::size_t kHead = 2 * kField + kType + kField + kNumberRoom + kField + kNameRoom;
  switch (submit.kind()) {
    case Payload::kSample:
      return kHead + submit.value_count() * (kField + kNumberRoom);
    case Payload::kTally: {
      const auto pieces = std::min<std::uint64_t>(pieces_of(submit), kMostPieces);
      return static_cast<std::size_t>(pieces) * (kHead + kField + kNumberRoom);
    }
    case Payload::kDelta:
      return kHead + kField + kNumberRoom;
    case Payload::kState:
    case Payload::kEvent:
    case Payload::kFact:
      return kHead + 2 * kField + kNumberRoom + kMaxFieldLength;
  }
  return 0;
}

std::size_t BoloEncoder::write(const Submit& submit, std::span<char> out) const noexcept {
  assert(out.size() >= room(submit));
  if (!expressible(submit)) return 0;
  std::array<char, kNameRoom> name;
  const std::size_t size = write_name(submit.name(), name);
  if (size == 0) return 0;
  return static_cast<std::size_t>(put_submit(submit, {name.data(), size}, out.data()) - out.data());
}

std::size_t BoloEncoder::write_name(std::string_view canonical_name,
                                    std::span<char, kNameRoom> out) const noexcept {
  std::array<char, kMaxNameLength> labelled_room;
  if (!labels_.empty()) {
    const NameResult labelled = add_tags(canonical_name, labels_, labelled_room);
    if (!labelled) return 0;
    canonical_name = labelled.name;
  }
  TagRoom room;
  std::array<char, kMaxNameLength> metric_room;
  const std::string_view metric = metric_of(canonical_name);
  std::ranges::replace_copy(metric, metric_room.begin(), ',', '_');
  std::array<Label, kMaxNameEntries + 1> tags;
  std::size_t count = 0;
  tags[count++] = {kMetricKey, {metric_room.data(), metric.size()}};
  for (const Label& tag : plain_tags(canonical_name, kKey, kValue, room)) {
    if (tag.name != kMetricKey) tags[count++] = tag;
  }
  const auto all = std::span(tags).first(count);
  std::ranges::sort(all, {}, &Label::name);
  char* end = out.data();
  for (const auto& [key, value] : all) {
    if (end != out.data()) *end++ = ',';
    end = put_text(key, end);
    *end++ = '=';
    end = put_text(value, end);
  }
  return static_cast<std::size_t>(end - out.data());
}

}  // namespace lariat::proto
