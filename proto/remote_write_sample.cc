#include "proto/remote_write_sample.h"

#include <cassert>
#include <cstring>
#include <protozero/pbf_reader.hpp>

namespace lariat::proto {
namespace {

// Tags: number of the field and type of what follows.
constexpr char kTimeseries = 1 << 3 | 2;
constexpr char kSamples = 2 << 3 | 2;
constexpr char kValue = 1 << 3 | 1;
constexpr char kTimestamp = 2 << 3 | 0;

constexpr std::size_t varint_size(std::uint64_t number) noexcept {
  return (static_cast<std::size_t>(std::bit_width(number | 1U)) + 6) / 7;
}

char* put_varint(std::uint64_t number, char* out) noexcept {
  for (; number >= 0x80; number >>= 7U) *out++ = static_cast<char>((number & 0x7fU) | 0x80U);
  *out++ = static_cast<char>(number);
  return out;
}

// Low octet first, whatever the machine does.
char* put_fixed(std::uint64_t number, char* out) noexcept {
  for (unsigned shift = 0; shift < 64; shift += 8) *out++ = static_cast<char>(number >> shift);
  return out;
}

struct LabelText {
  std::string name;
  std::string value;
};

LabelText read_label(protozero::pbf_reader label) {
  LabelText text;
  while (label.next()) {
    if (label.tag() == 1) {
      text.name = label.get_string();
    } else if (label.tag() == 2) {
      text.value = label.get_string();
    } else {
      label.skip();
    }
  }
  return text;
}

}  // namespace

std::size_t write_labelled(std::string_view labels, std::uint64_t bits, std::int64_t milliseconds,
                           std::span<char> out) noexcept {
  assert(out.size() >= labels.size() + kLabelledRoom);
  const auto time = static_cast<std::uint64_t>(milliseconds);
  // Numbers that are 0 are left out.
  const auto sample = (bits == 0 ? 0 : 1 + sizeof bits) + (time == 0 ? 0 : 1 + varint_size(time));
  const auto series = labels.size() + 1 + varint_size(sample) + sample;
  char* at = out.data();
  *at++ = kTimeseries;
  at = put_varint(series, at);
  std::memcpy(at, labels.data(), labels.size());
  at += labels.size();
  *at++ = kSamples;
  at = put_varint(sample, at);
  if (bits != 0) {
    *at++ = kValue;
    at = put_fixed(bits, at);
  }
  if (time != 0) {
    *at++ = kTimestamp;
    at = put_varint(time, at);
  }
  return static_cast<std::size_t>(at - out.data());
}

std::string series_text(std::string_view part) {
  protozero::pbf_reader request(part.data(), part.size());
  if (!request.next(1)) return {};
  auto series = request.get_message();
  std::string metric;
  std::string tags;
  while (series.next(1)) {
    const auto label = read_label(series.get_message());
    if (label.name == "__name__") {
      metric = label.value;
      continue;
    }
    if (!tags.empty()) tags += ',';
    tags += label.name;
    tags += "=\"";
    tags += label.value;
    tags += '"';
  }
  return tags.empty() ? metric : metric + "{" + tags + "}";
}

}  // namespace lariat::proto
