#include "tests/support/allocations.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <vector>

#include "proto/bolo_pdu.h"
#include "proto/decode.h"
#include "proto/default_tags.h"
#include "proto/encode.h"
#include "proto/filter.h"
#include "proto/graphite.h"
#include "proto/influx.h"
#include "proto/line_encoder.h"
#include "proto/line_splitter.h"
#include "proto/point.h"
#include "proto/remote_write.h"

namespace lariat::proto {
namespace {

constexpr int kMessages = 10'000;

TEST(Allocations, AreCounted) {
  const auto before = test::allocations();
  const auto one = std::make_unique<int>(1);
  EXPECT_EQ(test::allocations(), before + 1) << *one;
}

TEST(Allocations, EncodingMakesNone) {
  std::array<std::byte, kEncodeBufferSize> out;
  const std::array<double, 3> values{1, 2, 3};
  std::size_t size = 0;
  const auto before = test::allocations();
  for (int i = 0; i < kMessages; ++i) {
    const auto time = static_cast<std::uint64_t>(i);
    size += encode_sample(out, "cpu mode=user,core=0", time, values).size;
    size += encode_state(out, "disk m=/", time, {Status::kOk, 60'000, "fine"}).size;
  }
  EXPECT_EQ(test::allocations(), before);
  EXPECT_GT(size, 0U);
}

TEST(Allocations, DecodingWholeMessagesMakesNone) {
  std::vector<std::byte> stream;
  std::array<std::byte, 128> out;
  const double value = 1.5;
  for (std::uint64_t i = 0; i < kMessages; ++i) {
    const Encoded written = encode_sample(out, "cpu core=0,host=web01", i, {&value, 1});
    stream.insert(stream.end(), out.begin(),
                  out.begin() + static_cast<std::ptrdiff_t>(written.size));
  }
  Decoder decoder;
  int messages = 0;
  const auto before = test::allocations();
  decoder.feed(stream);
  while (const auto event = decoder.next()) messages += event->reason == Reason::kNone ? 1 : 0;
  EXPECT_EQ(test::allocations(), before);
  EXPECT_EQ(messages, kMessages);
}

TEST(Allocations, DecodingMessagesThatAreCutMakesFew) {
  std::array<std::byte, kHeartbeatSize> heartbeat;
  encode_heartbeat(heartbeat, 1, 2);
  Decoder decoder;
  int messages = 0;
  const auto before = test::allocations();
  for (int i = 0; i < kMessages; ++i) {
    decoder.feed(std::span(heartbeat).first(7));
    while (decoder.next()) ++messages;
    decoder.feed(std::span(heartbeat).subspan(7));
    while (decoder.next()) ++messages;
  }
  EXPECT_LE(test::allocations() - before, 3U) << "the first fill the carry, which is used again";
  EXPECT_EQ(messages, kMessages);
}

TEST(Allocations, NamesAndFiltersMakeNoneOnceTheyAreParsed) {
  DefaultTags tags;
  ASSERT_EQ(tags.set("host", "web01"), NameError::kNone);
  const std::vector<std::string> patterns{"node_cpu_* *", "load host=*,*"};
  const auto parsed = Filter::parse(patterns);
  const Filter& filter = std::get<Filter>(parsed);
  std::array<char, kMaxNameLength> room;
  int passed = 0;
  const auto before = test::allocations();
  for (int i = 0; i < kMessages; ++i) {
    passed += filter.matches(add_tags("node_cpu_seconds mode=user,cpu=0", tags, room).name) ? 1 : 0;
    passed += filter.matches(add_tags("m=load,x=1", tags, room).name) ? 1 : 0;
  }
  EXPECT_EQ(test::allocations(), before);
  EXPECT_EQ(passed, 2 * kMessages);
}

TEST(Allocations, OutputsMakeNone) {
  std::array<std::byte, kEncodeBufferSize> message;
  const Encoded written = encode_tally(message, "hits core=0,host=web01,k\\=x=a b", 7, 3);
  const MessageView view(std::span<const std::byte>(message.data(), written.size));
  const Submit submit(view);
  GraphiteEncoder graphite({.prefix = "p"}, {});
  GraphiteEncoder tagged({.tags = true}, {});
  InfluxEncoder influx({}, {});
  const RemoteWriteEncoder remote_write({.hostname = "web01"});
  const BoloEncoder bolo({});
  std::vector<char> out(std::max({graphite.room(), tagged.room(), influx.room(),
                                  remote_write.room(), BoloEncoder::room(submit)}));
  Totals totals;
  ASSERT_TRUE(totals.add(submit.name(), Payload::kTally, 0)) << "a new series needs memory once";
  std::size_t octets = 0;
  const auto before = test::allocations();
  for (int i = 0; i < kMessages; ++i) {
    const auto point = point_of(submit, totals, false, 0);
    octets += graphite.write(*point, out) + tagged.write(*point, out) + influx.write(*point, out) +
              remote_write.write(*point, out).size + bolo.write(submit, out);
  }
  EXPECT_EQ(test::allocations(), before);
  EXPECT_GT(octets, std::size_t{5} * kMessages);
}

TEST(Allocations, LinesMakeNone) {
  const DefaultTags tags = [] {
    DefaultTags made;
    EXPECT_EQ(made.set("host", "web01"), NameError::kNone);
    return made;
  }();
  const auto encoder = std::make_unique<LineEncoder>(tags, 0);
  LineSplitter splitter;
  constexpr std::string_view kText =
      "SAMPLE 1700000000 web:load 0.25 1e300 123456789012345678901234567890.5\n"
      "event 1700000000 login user=root logged in\nKEY a=1 b=2\n";
  std::size_t messages = 0;
  const auto before = test::allocations();
  for (int i = 0; i < kMessages; ++i) {
    splitter.feed(kText);
    while (const auto line = splitter.next()) {
      const ParsedLine parsed = parse_line(line->text);
      (void)encoder->encode(parsed.record, [&messages](auto) { ++messages; });
    }
  }
  EXPECT_EQ(test::allocations(), before);
  EXPECT_EQ(messages, std::size_t{4} * kMessages);
}

}  // namespace
}  // namespace lariat::proto
