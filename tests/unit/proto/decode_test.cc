#include "proto/decode.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "proto/encode.h"
#include "tests/support/vectors.h"

namespace lariat::proto {
namespace {

using nlohmann::json;
using test::from_hex;
using test::read_vectors;
using test::to_hex;

constexpr const char* kHeartbeat = "100000006008000000006553f10080080000000000000000";

/// What came of a stream: a line an event, and how it ended.
struct Heard {
  std::vector<std::string> events;
  Decoder::End end = Decoder::End::kClean;
  std::uint64_t offset = 0;
  friend bool operator==(const Heard&, const Heard&) = default;
};

std::string spell(const Decoder::Event& event) {
  std::string text;
  if (event.outcome == Decoder::Outcome::kFatal) text = "fatal ";
  text += to_string(event.reason);
  return text + ' ' + to_hex(event.message.bytes());
}

void hear(Decoder& decoder, std::span<const std::byte> piece, Heard& heard) {
  // A copy that ends where the piece does, so that a sanitizer sees what is read behind it.
  const std::vector<std::byte> copy(piece.begin(), piece.end());
  decoder.feed(copy);
  while (const auto event = decoder.next()) heard.events.push_back(spell(*event));
}

// `cuts` are ascending offsets.
Heard decode(std::span<const std::byte> bytes, std::span<const std::size_t> cuts,
             const Decoder::Limits& limits = {}) {
  Decoder decoder(limits);
  Heard heard;
  std::size_t begin = 0;
  for (const std::size_t cut : cuts) {
    hear(decoder, bytes.subspan(begin, cut - begin), heard);
    begin = cut;
  }
  hear(decoder, bytes.subspan(begin), heard);
  heard.end = decoder.end();
  heard.offset = decoder.offset();
  return heard;
}

Heard decode(std::span<const std::byte> bytes, const Decoder::Limits& limits = {}) {
  return decode(bytes, {}, limits);
}

Heard decode_octet_by_octet(std::span<const std::byte> bytes, const Decoder::Limits& limits = {}) {
  std::vector<std::size_t> cuts(bytes.size());
  for (std::size_t i = 0; i < cuts.size(); ++i) cuts[i] = i;
  return decode(bytes, cuts, limits);
}

Heard wanted_of(const json& vector) {
  Heard wanted;
  for (const json& message : vector.at("messages")) {
    const std::string reason =
        message.at("valid").get<bool>() ? "none" : message.at("code").get<std::string>();
    wanted.events.push_back(reason + ' ' + message.at("hex").get<std::string>());
  }
  wanted.offset = vector.at("end_offset").get<std::uint64_t>();
  if (vector.at("end") == "truncated") wanted.end = Decoder::End::kTruncated;
  if (vector.at("end") == "fatal") {
    wanted.end = Decoder::End::kFatal;
    wanted.events.push_back("fatal " + vector.at("fatal").get<std::string>() + ' ');
  }
  return wanted;
}

TEST(DecoderVectors, StreamsComeApartWholeOctetByOctetAndCutAnywhere) {
  for (const json& vector : read_vectors("tsdp-stream.json")) {
    SCOPED_TRACE(vector.at("name"));
    const auto bytes = from_hex(vector.at("hex").get<std::string>());
    const Heard wanted = wanted_of(vector);
    const Heard whole = decode(bytes);
    EXPECT_EQ(whole.events, wanted.events);
    EXPECT_EQ(whole.end, wanted.end);
    EXPECT_EQ(whole.offset, wanted.offset);
    EXPECT_EQ(decode_octet_by_octet(bytes), wanted);
    for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
      const std::vector<std::size_t> cuts{cut};
      EXPECT_EQ(decode(bytes, cuts), wanted) << "cut at " << cut;
    }
  }
}

TEST(DecoderVectors, ValidMessagesComeOutWhereverTheyAreCut) {
  std::vector<std::byte> stream;
  Heard wanted;
  for (const json& vector : read_vectors("tsdp-valid.json")) {
    const auto hex = vector.at("hex").get<std::string>();
    const auto bytes = from_hex(hex);
    stream.insert(stream.end(), bytes.begin(), bytes.end());
    wanted.events.push_back("none " + hex);
  }
  wanted.offset = stream.size();
  EXPECT_EQ(decode(stream), wanted);
  EXPECT_EQ(decode_octet_by_octet(stream), wanted);
}

TEST(DecoderVectors, InvalidMessagesEndInTheStateTheirReasonCallsFor) {
  for (const json& vector : read_vectors("tsdp-invalid.json")) {
    SCOPED_TRACE(vector.at("name"));
    const auto bytes = from_hex(vector.at("hex").get<std::string>());
    const auto code = vector.at("code").get<std::string>();
    const Heard heard = decode(bytes);
    if (code == "short" || code == "incomplete") {
      EXPECT_EQ(heard.end, Decoder::End::kTruncated);
      EXPECT_TRUE(heard.events.empty());
    } else if (code == "version" || code == "opcode") {
      EXPECT_EQ(heard.end, Decoder::End::kFatal);
    } else {
      ASSERT_FALSE(heard.events.empty());
      EXPECT_TRUE(heard.events.front().starts_with(code + ' ')) << heard.events.front();
    }
    EXPECT_EQ(decode_octet_by_octet(bytes), heard);
  }
}

TEST(Decoder, GivesTheSameEventsForRandomOctetsCutAtRandom) {
  std::mt19937 random(1);
  const auto below = [&random](std::size_t limit) { return std::size_t{random()} % limit; };
  const json valid = read_vectors("tsdp-valid.json");
  for (int round = 0; round < 300; ++round) {
    std::vector<std::byte> stream;
    for (std::size_t i = below(8); i < 8; ++i) {
      const auto bytes = from_hex(valid.at(below(valid.size())).at("hex").get<std::string>());
      stream.insert(stream.end(), bytes.begin(), bytes.end());
    }
    for (std::size_t i = below(4); i < 3; ++i) stream[below(stream.size())] = std::byte(below(256));
    const Decoder::Limits limits{5, 3000, 2};
    const Heard wanted = decode(stream, limits);
    EXPECT_EQ(decode_octet_by_octet(stream, limits), wanted);
    std::vector<std::size_t> cuts(below(10));
    for (std::size_t& cut : cuts) cut = below(stream.size() + 1);
    std::ranges::sort(cuts);
    EXPECT_EQ(decode(stream, cuts, limits), wanted);
  }
}

TEST(Decoder, HandsOutAWholeMessageWhereItLies) {
  const auto bytes = from_hex(kHeartbeat);
  Decoder decoder;
  decoder.feed(bytes);
  const auto event = decoder.next();
  ASSERT_TRUE(event);
  EXPECT_EQ(event->message.bytes().data(), bytes.data());
}

TEST(Decoder, TellsWhetherItIsInsideAMessage) {
  const auto bytes = from_hex(kHeartbeat);
  Decoder decoder;
  EXPECT_FALSE(decoder.mid_message());
  decoder.feed(std::span(bytes).first(1));
  EXPECT_FALSE(decoder.next());
  EXPECT_TRUE(decoder.mid_message());
  decoder.feed(std::span(bytes).subspan(1));
  EXPECT_TRUE(decoder.next());
  EXPECT_FALSE(decoder.mid_message());
  EXPECT_EQ(decoder.end(), Decoder::End::kClean);
}

TEST(Decoder, EndsAtTheFirstOctetOfAForeignProtocol) {
  EXPECT_THAT(decode(from_hex("ff00000000000000017f")).events,
              testing::ElementsAre("fatal version "));
  EXPECT_THAT(decode(from_hex("ff")).events, testing::ElementsAre("fatal version "));
}

TEST(Decoder, SaysNothingMoreAfterAFatalEvent) {
  Decoder decoder;
  Heard heard;
  hear(decoder, from_hex("20"), heard);
  hear(decoder, from_hex(kHeartbeat), heard);
  EXPECT_EQ(heard.events.size(), 1U);
  EXPECT_EQ(decoder.end(), Decoder::End::kFatal);
  EXPECT_FALSE(decoder.mid_message());
}

TEST(Decoder, TakesAsManyFieldsAsItsLimitAndNotOneMore) {
  const auto with_fields = [](std::size_t count) {
    std::string hex = "11000001";
    for (std::size_t i = 1; i < count; ++i) hex += "7000";
    return from_hex(hex + "f000");
  };
  const Decoder::Limits limits{.fields = 4};
  EXPECT_EQ(decode(with_fields(4), limits).end, Decoder::End::kClean);
  EXPECT_EQ(decode(with_fields(5), limits).events.back(), "fatal limit ");
  EXPECT_EQ(decode_octet_by_octet(with_fields(5), limits).events.back(), "fatal limit ");
}

TEST(Decoder, RefusesALongMessageBeforeItsOctetsAreThere) {
  const Decoder::Limits limits{.bytes = 24};
  EXPECT_EQ(decode(from_hex(kHeartbeat), limits).end, Decoder::End::kClean);
  EXPECT_EQ(decode(from_hex("1000000060088000"), limits).end, Decoder::End::kTruncated);
  EXPECT_EQ(decode(from_hex("110000012fff"), limits).events.back(), "fatal limit ");
}

TEST(Decoder, GivesUpAfterTooManyInvalidMessagesInARow) {
  const Decoder::Limits limits{.invalid_in_a_row = 2};
  const std::string bad = "14000000";
  const std::string good = "1400003f";
  EXPECT_EQ(decode(from_hex(bad + bad + good + bad + bad), limits).end, Decoder::End::kClean);
  const Heard heard = decode(from_hex(bad + bad + bad + good), limits);
  EXPECT_EQ(heard.events.back(), "fatal too-many-invalid ");
  EXPECT_EQ(heard.events.size(), 4U) << "the third is told of, and then the end";
}

// One octet at a time over a message of 1 MiB: were the start gone over again each time, this would
// be 2^39 steps.
TEST(Decoder, TakesALargeMessageOctetByOctetInLinearTime) {
  auto bytes = from_hex(
      "1100000120026100"
      "6008000000006553f100");
  const auto field = from_hex("2ff0");
  while (bytes.size() + 2 * (field.size() + 0xff0) < (std::size_t{1} << 20U)) {
    bytes.insert(bytes.end(), field.begin(), field.end());
    bytes.resize(bytes.size() + 0xff0);
  }
  const auto last = from_hex("f000");
  bytes.insert(bytes.end(), last.begin(), last.end());
  Decoder decoder;
  std::size_t events = 0;
  for (const std::byte& octet : bytes) {
    decoder.feed({&octet, 1});
    while (decoder.next()) ++events;
  }
  EXPECT_EQ(events, 1U);
  EXPECT_EQ(decoder.offset(), bytes.size());
}

}  // namespace
}  // namespace lariat::proto
