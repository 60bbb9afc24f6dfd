#include "proto/print.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <random>
#include <vector>

#include "proto/line_encoder.h"
#include "tests/support/vectors.h"

namespace lariat::proto {
namespace {

using nlohmann::json;
using test::from_hex;
using test::read_vectors;
using test::to_hex;

std::string printed(std::span<const std::byte> message) {
  std::string line;
  print_line(MessageView(message), line);
  return line;
}

std::string printed_fact(std::string_view name, std::string_view text) {
  std::array<std::byte, kEncodeBufferSize> out;
  const Encoded written = encode_fact(out, name, text);
  EXPECT_TRUE(written) << name;
  return printed(std::span(out).first(written.size));
}

/// The message that a line makes, with the interval of its message if that is a STATE.
std::string read_back(const std::string& line, const MessageView& message) {
  const Submit submit(message);
  const DefaultTags none;
  const std::uint32_t interval =
      submit.kind() == Payload::kState ? submit.interval_milliseconds() : 0;
  const auto encoder = std::make_unique<LineEncoder>(none, interval);
  std::string hex;
  const ParsedLine parsed = parse_line(line);
  EXPECT_TRUE(parsed) << line;
  EXPECT_EQ(encoder->encode(parsed.record, [&hex](auto bytes) { hex += to_hex(bytes); }),
            Reason::kNone)
      << line;
  return hex;
}

TEST(Print, SpellsMessagesAsCollectorsDo) {
  EXPECT_EQ(printed(from_hex(
                "11000001200b63707520686f73743d61006008000000006553f10090083ff8000000000000")),
            "sample 1700000000 cpu host=a 1.5");
  EXPECT_EQ(
      printed(from_hex("11020008200964697"
                       "36b206d3d2f006008000000006553f10000040000ea60a0093939252066756c6c00")),
      "state 1700000000 disk m=/ CRITICAL 99% full");
  EXPECT_EQ(printed_fact("os host=a", "linux"), "fact os host=a linux");
}

TEST(Print, SpellsOtherMessagesAsComments) {
  EXPECT_EQ(printed(from_hex("100000006008000000006553f1008008000000000000002a")),
            "# heartbeat 1700000000 42");
  EXPECT_EQ(printed(from_hex("1400003f")), "# replay sample,tally,delta,state,event,fact");
  EXPECT_EQ(printed(from_hex("15800001a006637075202a00")), "# subscribe sample 0x80 \"cpu *\"");
}

TEST(Print, GivesNoTerminalWhatCouldMoveIt) {
  EXPECT_EQ(printed_fact("m a", "\x1b[2J\n\x7f\x80"), "fact m a= \\x1b[2J\\x0a\\x7f\\x80");
  EXPECT_EQ(printed_fact("m a", "\xc2\x9b"), "fact m a= \\xc2\\x9b") << "a control character of C1";
  EXPECT_EQ(printed_fact("m a", "\xe2\x80\xae"), "fact m a= \\xe2\\x80\\xae") << "turns the text";
  EXPECT_EQ(printed_fact("m a", "\xc0\x8a\xed\xa0\x80\xf5"),
            "fact m a= \\xc0\\x8a\\xed\\xa0\\x80\\xf5");
  EXPECT_EQ(printed_fact("m a", "\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80\t."),
            "fact m a= \xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80\t.");
  EXPECT_EQ(printed_fact("m a=\\\n,b", "x"), "fact m a=\\\\x0a,b x");
}

TEST(Print, GivesTagsWithoutValuesAnEqualsSignForTheReader) {
  EXPECT_EQ(printed_fact("cpu idle,up", ""), "fact cpu idle=,up");
  EXPECT_EQ(printed_fact("cpu idle,up=1", ""), "fact cpu idle,up=1");
  EXPECT_EQ(printed_fact("cpu \\\n", ""), "fact cpu \\\\x0a=");
}

TEST(Print, SpellsTimesThatLookLikeMillisecondsAsMilliseconds) {
  for (const std::uint64_t time :
       {std::uint64_t{999'999'999'999}, std::uint64_t{1'000'000'000'000}, ~std::uint64_t{0}}) {
    std::array<std::byte, 64> out;
    const Encoded written = encode_delta(out, "m a=1", time, 1);
    const auto bytes = std::span(out).first(written.size);
    EXPECT_EQ(read_back(printed(bytes), MessageView(bytes)), to_hex(bytes)) << time;
  }
}

TEST(PrintVectors, AreReadBackAsTheSameMessage) {
  std::size_t tried = 0;
  for (const json& vector : read_vectors("tsdp-valid.json")) {
    const auto name = vector.at("name").get<std::string>();
    const auto hex = vector.at("hex").get<std::string>();
    const auto bytes = from_hex(hex);
    const MessageView message(bytes);
    const std::string line = printed(bytes);
    EXPECT_EQ(line.find('\n'), line.npos);
    // What a line cannot say: no NUL, an empty summary, a number that is not finite, an old name.
    if (message.opcode() != Opcode::kSubmit || name.find("NUL") != name.npos ||
        name.find("NaN") != name.npos || name.find("older") != name.npos ||
        name.find("empty summary") != name.npos || name.find("zero-length") != name.npos) {
      continue;
    }
    ++tried;
    EXPECT_EQ(read_back(line, message), hex) << name << ": " << line;
  }
  EXPECT_GT(tried, 15U);
}

TEST(Print, OfRandomValuesIsReadBackExactly) {
  std::mt19937_64 random(8);
  for (int i = 0; i < 20'000; ++i) {
    const double value = std::bit_cast<double>(random());
    std::array<std::byte, 128> out;
    const Encoded written = encode_sample(out, "m a=1,b", random() % 900'000'000'000, {&value, 1});
    if (!written) continue;  // Not finite.
    const auto bytes = std::span(out).first(written.size);
    ASSERT_EQ(read_back(printed(bytes), MessageView(bytes)), to_hex(bytes));
  }
}

}  // namespace
}  // namespace lariat::proto
