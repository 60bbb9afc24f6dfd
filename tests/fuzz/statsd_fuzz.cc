#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "collectors/statsd/line.h"
#include "collectors/statsd/store.h"
#include "proto/decode.h"
#include "proto/message.h"
#include "proto/qname.h"
#include "tests/fuzz/claim.h"

namespace lariat::statsd {
namespace {

using test::claim;

bool is_inside(std::string_view part, std::string_view whole) {
  return part.empty() ||
         (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

void parse(std::string_view text) {
  Line line;
  if (parse_line(text, line) != Refusal::kNone) return;
  claim(!line.name.empty() && is_inside(line.name, text), "a line has a name of its text");
  claim(!line.values.empty() && is_inside(line.values, text), "and values");
  claim(is_inside(line.tags, text), "and tags");
  claim(line.rate >= kLeastRate && line.rate <= 1, "a rate is in its bounds");
  for (std::string_view value; take_value(line.values, value);) {
    double number = 0;
    claim(!parse_number(value, number) || std::isfinite(number), "a number is finite");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  parse(text.substr(0, text.find('\n')));
  constexpr std::size_t kMostSeries = 16;
  Store store({.most_series = kMostSeries, .expire = 10}, 1);
  sdk::Answer answer;
  for (std::uint64_t time = 100; time < 140; time += 20) {
    store.take(text);
    answer.begin(time);
    store.put(answer);
    answer.end();
    std::uint64_t messages = 0;
    proto::Decoder decoder;
    decoder.feed(answer.bytes());
    while (const auto event = decoder.next()) {
      claim(event->outcome == proto::Decoder::Outcome::kMessage, "an answer is of messages");
      ++messages;
      if (event->message.opcode() != proto::Opcode::kSubmit) continue;
      const std::string_view name = proto::Submit(event->message).name();
      claim(name.find(' ') == name.npos || proto::is_canonical(name), "its names are canonical");
    }
    claim(messages == answer.count() + 1, "as many as it says, and the HEARTBEAT");
  }
  claim(store.series() <= kMostSeries, "there are no more series than may be");
  std::uint64_t refused = 0;
  for (int i = 1; i < kRefusals; ++i) refused += store.refused(static_cast<Refusal>(i));
  claim(refused <= store.lines(), "no more lines are refused than came");
  return 0;
}

}  // namespace lariat::statsd
