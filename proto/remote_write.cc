#include "proto/remote_write.h"

#include <algorithm>
#include <array>
#include <bit>
#include <protozero/types.hpp>
#include <protozero/varint.hpp>
#include <utility>

#include "proto/put_text.h"
#include "proto/utf8.h"

namespace lariat::proto {
namespace {

using protozero::pbf_wire_type;
using FieldNumber = protozero::pbf_tag_type;

// Numbers of fields; see the protocol's messages of these names.
namespace write_request {
constexpr FieldNumber kTimeseries = 1;
constexpr FieldNumber kMetadata = 3;
}  // namespace write_request
namespace time_series {
constexpr FieldNumber kLabels = 1;
constexpr FieldNumber kSamples = 2;
}  // namespace time_series
namespace label {
constexpr FieldNumber kName = 1;
constexpr FieldNumber kValue = 2;
}  // namespace label
namespace sample {
constexpr FieldNumber kValue = 1;
constexpr FieldNumber kTimestamp = 2;
}  // namespace sample
namespace metadata {
constexpr FieldNumber kType = 1;
constexpr FieldNumber kFamily = 2;
}  // namespace metadata

constexpr std::string_view kNameLabel = "__name__";
constexpr std::string_view kInstance = "instance";
constexpr std::string_view kJob = "job";
constexpr std::string_view kOurJob = "lariat";
constexpr std::string_view kHost = "host";
constexpr std::string_view kFactLabel = "value";
constexpr std::size_t kSuffixRoom = 16;
constexpr std::uint64_t kStaleBits = 0x7ff0000000000002;
constexpr std::size_t kAdded = 4;  // `__name__`, `instance`, `job`, and the text of a FACT.

constexpr std::uint64_t type_number(PointType type) noexcept {
  switch (type) {
    case PointType::kCounter:
      return 1;
    case PointType::kGauge:
      return 2;
    case PointType::kInfo:
      return 6;
  }
  return 0;
}

/// A metric's name: legal, with what belongs behind it.
struct FamilyName {
  std::array<char, kMaxNameLength + 1 + kSuffixRoom> room;
  std::string_view text;

  FamilyName(std::string_view name, std::string_view suffix) noexcept {
    const auto legal = prometheus_name(metric_of(name), std::span(room).first(kMaxNameLength + 1));
    if (legal.data() != room.data()) std::ranges::copy(legal, room.begin());
    std::ranges::copy(suffix, room.begin() + static_cast<std::ptrdiff_t>(legal.size()));
    text = {room.data(), legal.size() + suffix.size()};
  }
};

/// The labels of one series, sorted.
class Labels {
 public:
  /// Borrows all that it is made of.
  Labels(const Point& point, std::string_view name, std::string_view family,
         std::string_view hostname) noexcept {
    const bool fact = point.kind == Payload::kFact;
    const auto own = std::span(labels_).first<kMaxNameEntries>();
    count_ =
        mend_labels(own.first(prometheus_labels(name, own, room_).size()), fact ? kFactLabel : "");
    const Label* host = find(kHost);
    const std::string_view instance =
        host != nullptr && !host->value.empty() ? host->value : hostname;
    if (find(kInstance) == nullptr) labels_[count_++] = {kInstance, instance};
    if (find(kJob) == nullptr) labels_[count_++] = {kJob, kOurJob};
    if (fact) labels_[count_++] = {kFactLabel, point.text};
    labels_[count_++] = {kNameLabel, family};
    leave_out_empty();
    sort();
  }

  [[nodiscard]] std::span<const Label> all() const noexcept {
    return std::span(labels_).first(count_);
  }

 private:
  [[nodiscard]] const Label* find(std::string_view name) const noexcept {
    const auto found = std::ranges::find(all(), name, &Label::name);
    return found == all().end() ? nullptr : &*found;
  }
  void leave_out_empty() noexcept {
    const auto taken = std::span(labels_).first(count_);
    const auto end = std::remove_if(taken.begin(), taken.end(),
                                    [](const Label& label) { return label.value.empty(); });
    count_ = static_cast<std::size_t>(end - taken.begin());
  }
  // By insertion: most are in order already.
  void sort() noexcept {
    for (std::size_t next = 1; next < count_; ++next) {
      const Label moved = labels_[next];
      std::size_t at = next;
      for (; at > 0 && moved.name < labels_[at - 1].name; --at) labels_[at] = labels_[at - 1];
      labels_[at] = moved;
    }
  }

  std::array<char, kLabelStorage> room_;
  std::array<Label, kMaxNameEntries + kAdded> labels_;
  std::size_t count_ = 0;
};

// Octets of a field with its tag and length.
std::size_t field_size(std::size_t body) noexcept {
  return 1 + static_cast<std::size_t>(protozero::length_of_varint(body)) + body;
}

std::size_t label_size(const Label& label) noexcept {
  return field_size(label.name.size()) + field_size(label.value.size());
}

// As the protocol has it, numbers that are 0 are left out.
std::size_t sample_size(double value, std::int64_t time) noexcept {
  const bool zero = std::bit_cast<std::uint64_t>(value) == 0;
  const auto varint = protozero::length_of_varint(static_cast<std::uint64_t>(time));
  return (zero ? 0 : 1 + sizeof value) + (time == 0 ? 0 : 1 + static_cast<std::size_t>(varint));
}

char* put_varint(std::uint64_t value, char* out) noexcept {
  return out + protozero::add_varint_to_buffer(out, value);
}

char* put_key(FieldNumber field, pbf_wire_type type, char* out) noexcept {
  *out = static_cast<char>(field << 3U | static_cast<unsigned>(type));  // All are below 16.
  return out + 1;
}

// What stands before a body of `size` octets.
char* put_head(FieldNumber field, std::size_t size, char* out) noexcept {
  return put_varint(size, put_key(field, pbf_wire_type::length_delimited, out));
}

char* put_string(FieldNumber field, std::string_view text, char* out) noexcept {
  out = put_head(field, text.size(), out);
  return put_text(text, out);
}

char* put_label(const Label& one, char* out) noexcept {
  out = put_head(time_series::kLabels, label_size(one), out);
  out = put_string(label::kName, one.name, out);
  out = put_string(label::kValue, one.value, out);
  clean_utf8({out - one.value.size(), one.value.size()});
  return out;
}

char* put_sample(double value, std::int64_t time, char* out) noexcept {
  out = put_head(time_series::kSamples, sample_size(value, time), out);
  auto bits = std::bit_cast<std::uint64_t>(value);
  if (bits != 0) {
    out = put_key(sample::kValue, pbf_wire_type::fixed64, out);
    // Little-endian.
    for (std::size_t octet = 0; octet < sizeof bits; ++octet) {
      *out++ = static_cast<char>(bits);
      bits >>= 8U;
    }
  }
  if (time == 0) return out;
  out = put_key(sample::kTimestamp, pbf_wire_type::varint, out);
  return put_varint(static_cast<std::uint64_t>(time), out);
}

}  // namespace

RemoteWriteEncoder::RemoteWriteEncoder(RemoteWriteOptions options) : options_(std::move(options)) {}

std::size_t RemoteWriteEncoder::room() const noexcept {
  constexpr std::size_t kLabel = 2 * 10 + 3;  // Of what a label has beside its octets.
  return kLabelStorage + 2 * kMaxNameLength + kMaxFieldLength + options_.hostname.size() + 256 +
         (kMaxNameEntries + kAdded) * kLabel;
}

RemoteWriteEncoder::Series RemoteWriteEncoder::write(const Point& point,
                                                     std::span<char> out) const noexcept {
  return write_sample(point, point.value, out);
}

RemoteWriteEncoder::Series RemoteWriteEncoder::write_stale(const Point& point,
                                                           std::span<char> out) const noexcept {
  return write_sample(point, std::bit_cast<double>(kStaleBits), out);
}

std::size_t RemoteWriteEncoder::write_metadata(const Point& point,
                                               std::span<char> out) const noexcept {
  const FamilyName family(point.name, point.suffix());
  char* end = put_head(write_request::kMetadata, 2 + field_size(family.text.size()), out.data());
  end = put_key(metadata::kType, pbf_wire_type::varint, end);
  end = put_varint(type_number(point.type()), end);
  end = put_string(metadata::kFamily, family.text, end);
  return static_cast<std::size_t>(end - out.data());
}

RemoteWriteEncoder::Series RemoteWriteEncoder::write_sample(const Point& point, double value,
                                                            std::span<char> out) const noexcept {
  std::array<char, kMaxNameLength> name_room;
  std::string_view name = point.name;
  if (!options_.labels.empty()) {
    const NameResult labelled = add_tags(name, options_.labels, name_room);
    if (!labelled) return {};
    name = labelled.name;
  }
  const FamilyName family(name, point.suffix());
  const Labels labels(point, name, family.text, options_.hostname);
  const std::int64_t time = point.seconds * 1000;
  std::size_t size = 0;
  for (const Label& one : labels.all()) size += field_size(label_size(one));
  const std::size_t labels_size = size;
  size += field_size(sample_size(value, time));

  char* const begin = put_head(write_request::kTimeseries, size, out.data());
  char* end = begin;
  for (const Label& one : labels.all()) end = put_label(one, end);
  end = put_sample(value, time, end);
  return {static_cast<std::size_t>(end - out.data()), {begin, labels_size}};
}

}  // namespace lariat::proto
