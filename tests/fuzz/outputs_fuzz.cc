#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <protozero/pbf_reader.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "proto/bolo_pdu.h"
#include "proto/default_tags.h"
#include "proto/encode.h"
#include "proto/graphite.h"
#include "proto/influx.h"
#include "proto/message.h"
#include "proto/point.h"
#include "proto/remote_write.h"
#include "proto/utf8.h"
#include "tests/fuzz/claim.h"

namespace lariat::proto {
namespace {

using test::claim;

bool is_control(char octet) {
  const auto value = static_cast<unsigned char>(octet);
  return value < 0x20 || value == 0x7f;
}

void check_text(std::string_view text) {
  while (!text.empty()) {
    const std::size_t size = utf8_size(text);
    claim(size > 0 && text.front() != '\0', "a text is UTF-8");
    text.remove_prefix(size);
  }
}

template <typename Encoder>
std::string line_of(Encoder& encoder, const Point& point) {
  std::string line(encoder.room(), '\0');
  line.resize(encoder.write(point, line));
  claim(line.empty() || (line.back() == '\n' && std::ranges::count_if(line, is_control) == 1),
        "a line ends with its only line end");
  if (!line.empty()) line.pop_back();
  return line;
}

void check_graphite(const Point& point, GraphiteEncoder encoder) {
  const std::string line = line_of(encoder, point);
  if (line.empty()) return;
  claim(std::ranges::count(line, ' ') == 2, "a line has three fields");
  const std::string_view path = std::string_view(line).substr(0, line.find(' '));
  const std::string_view levels = path.substr(0, path.find(';'));
  claim(!levels.empty() && levels.front() != '.' && levels.back() != '.', "levels are at the ends");
  claim(levels.find("..") == levels.npos, "no level is empty");
}

/// Takes a text up to one of `stops` that is not escaped off `rest`.
std::string take_escaped(std::string_view& rest, std::string_view stops) {
  std::string text;
  for (; !rest.empty() && stops.find(rest.front()) == stops.npos; rest.remove_prefix(1)) {
    if (rest.front() == '\\' && rest.size() > 1 && std::strchr(",= ", rest[1]) != nullptr) {
      rest.remove_prefix(1);
    }
    text += rest.front();
  }
  check_text(text);
  return text;
}

void check_influx(const Point& point, InfluxEncoder encoder) {
  const std::string line = line_of(encoder, point);
  if (line.empty()) return;
  std::string_view rest = line;
  claim(rest.front() != '#', "a line is no comment");
  claim(!take_escaped(rest, ", ").empty(), "a measurement has a name");
  std::string last;
  while (rest.starts_with(',')) {
    rest.remove_prefix(1);
    const std::string key = take_escaped(rest, "=, ");
    claim(rest.starts_with('='), "a tag has a value");
    rest.remove_prefix(1);
    claim(!take_escaped(rest, "=, ").empty(), "which is not empty");
    claim(key > last && key != "time", "tags are sorted and unique");
    last = key;
  }
  claim(rest.starts_with(" value="), "there is one field");
  claim(rest.substr(7).find_first_not_of("0123456789.e+- ") == rest.npos, "it is a number");
  claim(std::ranges::count(rest, ' ') == 2, "and a time follows");
}

void check_remote_write(const Point& point, const RemoteWriteEncoder& encoder) {
  std::string out(encoder.room(), '\0');
  out.resize(encoder.write(point, out).size);
  if (out.empty()) return;
  protozero::pbf_reader request(out);
  claim(request.next(1), "a series");
  protozero::pbf_reader series = request.get_message();
  claim(!request.next(), "and nothing else");
  std::string last;
  bool named = false;
  while (series.next(1)) {
    protozero::pbf_reader label = series.get_message();
    claim(label.next(1), "a label has a name");
    const std::string name = label.get_string();
    claim(label.next(2), "and a value");
    const std::string value = label.get_string();
    claim(name > last && !value.empty(), "labels are sorted, unique and not empty");
    claim(name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "0123456789_") == name.npos,
          "their names are legal");
    check_text(value);
    named |= name == "__name__";
    last = name;
  }
  claim(named, "a series has a name");
  std::string metadata(encoder.room(), '\0');
  claim(encoder.write_metadata(point, metadata) > 0, "each point has a type");
}

void check_bolo(const Submit& submit, const BoloEncoder& encoder) {
  std::string out(BoloEncoder::room(submit), '\0');
  out.resize(encoder.write(submit, out));
  std::string_view rest = out;
  while (!rest.empty()) {
    std::size_t frames = 0;
    for (bool more = true; more; ++frames) {
      claim(rest.size() >= 2, "a frame has a head");
      const auto flags = static_cast<unsigned char>(rest[0]);
      std::size_t head = 2;
      std::size_t size = static_cast<unsigned char>(rest[1]);
      if ((flags & 2U) != 0) {
        head = 9;
        size = load_big<std::uint64_t>(reinterpret_cast<const std::byte*>(rest.data()) + 1);
      }
      claim(head + size <= rest.size(), "a frame is whole");
      const std::string_view body = rest.substr(head, size);
      claim((frames == 0) == body.empty(), "the first frame is empty, and no other");
      claim(frames < 2 || body.find('\0') == body.size() - 1, "a field has one NUL, at its end");
      more = (flags & 1U) != 0;
      rest.remove_prefix(head + size);
    }
    claim(frames >= 4, "a message has a delimiter, a type and two fields at the least");
  }
}

Encoded encode(unsigned kind, std::string_view name, std::uint64_t number, std::string_view text,
               std::span<std::byte> out) {
  const double value = std::bit_cast<double>(number);
  const std::array<double, 2> values{1, std::isfinite(value) ? value : 0};
  const std::uint64_t time = number % 3 == 0 ? number : number % 5'000'000'000;
  switch (kind % 6) {
    case 0:
      return encode_sample(out, name, time, values);
    case 1:
      return encode_tally(out, name, time, number);
    case 2:
      return encode_delta(out, name, time, values[1]);
    case 3:
      return encode_state(out, name, time, {static_cast<Status>(number % 4), 0, text});
    case 4:
      return encode_event(out, name, time, text);
    default:
      return encode_fact(out, name, text);
  }
}

void check(unsigned options, const Submit& submit) {
  DefaultTags labels;
  if ((options & 1U) != 0) {
    (void)labels.set("dc", "e,st");
    (void)labels.set("job", "");
  }
  Totals totals(2);
  check_bolo(submit, BoloEncoder(labels));
  const auto point = point_of(submit, totals, (options & 2U) != 0, 1'700'000'000);
  if (!point) return;
  check_graphite(*point, GraphiteEncoder({.prefix = "p", .tags = (options & 4U) != 0}, labels));
  check_influx(*point, InfluxEncoder({}, labels));
  check_remote_write(*point, RemoteWriteEncoder({labels, "host"}));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kHead = 10;
  if (size < kHead) return 0;
  std::uint64_t number = 0;
  std::memcpy(&number, data + 2, sizeof number);
  const std::string_view rest(reinterpret_cast<const char*>(data) + kHead, size - kHead);
  const std::size_t end = rest.find('\n');
  const std::string_view text = end == rest.npos ? std::string_view() : rest.substr(end + 1);
  DefaultTags tags;
  (void)tags.set("host", "h");
  std::array<char, kMaxNameLength> room;
  const NameResult name = add_tags(rest.substr(0, end), tags, room);
  if (!name) return 0;
  std::array<std::byte, kEncodeBufferSize> message;
  const Encoded written = encode(data[1], name.name, number, text, message);
  if (!written) return 0;
  const MessageView view(std::span<const std::byte>(message.data(), written.size));
  check(data[0], Submit(view));
  return 0;
}

}  // namespace lariat::proto
