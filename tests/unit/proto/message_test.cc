#include "proto/message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/vectors.h"

namespace lariat::proto {
namespace {

using nlohmann::json;
using test::as_text;
using test::from_hex;
using test::read_vectors;
using test::to_hex;

std::string type_name(FieldType type) {
  switch (type) {
    case FieldType::kUint:
      return "UINT";
    case FieldType::kFloat:
      return "FLOAT";
    case FieldType::kString:
      return "STRING";
    case FieldType::kTime:
      return "TSTAMP";
    case FieldType::kNil:
      return "NIL";
  }
  return "?";
}

void expect_field(const Field& field, const json& wanted) {
  EXPECT_EQ(type_name(field.type), wanted.at("type"));
  EXPECT_EQ(field.length, wanted.at("length").get<unsigned>());
  EXPECT_EQ(field.body.size(), field.length);
  switch (field.type) {
    case FieldType::kUint:
    case FieldType::kTime:
      EXPECT_EQ(field.number(), wanted.at("value").get<std::uint64_t>());
      break;
    case FieldType::kFloat:
      EXPECT_EQ(to_hex(field.body), wanted.at("bits"));
      if (wanted.at("value").is_number()) {
        EXPECT_EQ(field.real(), wanted.at("value").get<double>());
      }
      if (wanted.at("value") == "NaN") {
        EXPECT_TRUE(std::isnan(field.real()));
      }
      if (wanted.at("value") == "-Infinity") {
        EXPECT_EQ(field.real(), -INFINITY);
      }
      break;
    case FieldType::kString:
      EXPECT_EQ(to_hex(field.body), wanted.at("raw"));
      if (wanted.at("value").is_string()) {
        EXPECT_EQ(field.text(), wanted.at("value"));
      }
      break;
    case FieldType::kNil:
      break;
  }
}

TEST(MessageVectors, ValidOnesPassAndReadAsTheyShould) {
  for (const json& vector : read_vectors("tsdp-valid.json")) {
    SCOPED_TRACE(vector.at("name"));
    const auto bytes = from_hex(vector.at("hex").get<std::string>());
    const MessageView message(bytes);
    const json& decoded = vector.at("decoded");
    EXPECT_EQ(check(message), Reason::kNone);
    EXPECT_EQ(message_size(bytes), bytes.size());
    EXPECT_EQ(message.version(), decoded.at("version").get<unsigned>());
    EXPECT_EQ(static_cast<unsigned>(message.opcode()), decoded.at("opcode").get<unsigned>());
    EXPECT_EQ(message.flags(), decoded.at("flags").get<unsigned>());
    EXPECT_EQ(message.payload(), decoded.at("payload").get<unsigned>());
    std::size_t count = 0;
    for (const Field& field : message.fields()) {
      ASSERT_LT(count, decoded.at("frames").size());
      expect_field(field, decoded.at("frames").at(count++));
      EXPECT_EQ(field.final, count == decoded.at("frames").size());
    }
    EXPECT_EQ(count, decoded.at("frames").size());
  }
}

TEST(MessageVectors, InvalidOnesAreRefusedForTheirReason) {
  for (const json& vector : read_vectors("tsdp-invalid.json")) {
    SCOPED_TRACE(vector.at("name"));
    const auto bytes = from_hex(vector.at("hex").get<std::string>());
    EXPECT_EQ(to_string(check(MessageView(bytes))), vector.at("code"));
  }
}

TEST(MessageVectors, QuirksAreInvalidHere) {
  for (const json& vector : read_vectors("tsdp-quirks.json")) {
    SCOPED_TRACE(vector.at("name"));
    ASSERT_EQ(vector.at("recommended"), "invalid");
    const auto bytes = from_hex(vector.at("hex").get<std::string>());
    EXPECT_NE(check(MessageView(bytes)), Reason::kNone);
  }
}

TEST(Message, IsIncompleteUntilItsLastOctet) {
  for (const json& vector : read_vectors("tsdp-valid.json")) {
    const auto bytes = from_hex(vector.at("hex").get<std::string>());
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      const auto part = std::span(bytes).first(size);
      ASSERT_EQ(check(MessageView(part)), size < 4 ? Reason::kShort : Reason::kIncomplete);
      ASSERT_EQ(message_size(part), 0U);
    }
  }
}

TEST(Message, IsJudgedByPayloadBeforeArityBeforeFrames) {
  EXPECT_EQ(check(MessageView(from_hex("11000003f000"))), Reason::kPayload);
  EXPECT_EQ(check(MessageView(from_hex("11000001f000"))), Reason::kArity);
  EXPECT_EQ(check(MessageView(from_hex("110000207000f000"))), Reason::kFrame);
}

TEST(Message, WithOctetsBehindItsEndIsNotOneMessage) {
  const auto replay = from_hex("1400003f00");
  EXPECT_EQ(check(MessageView(replay)), Reason::kFrame);
  EXPECT_EQ(message_size(replay), 4U);
}

TEST(Message, WalkEndsBeforeAFieldThatIsNotWhollyThere) {
  const auto bytes = from_hex(
      "1100000120026100"
      "6008000000");
  std::size_t count = 0;
  for ([[maybe_unused]] const Field& field : MessageView(bytes).fields()) ++count;
  EXPECT_EQ(count, 1U);
}

TEST(Message, SampleWithThousandsOfValuesIsValidAndOneWrongFieldIsNot) {
  auto bytes = from_hex(
      "1100000120026100"
      "6008000000006553f100");
  for (int i = 0; i < 3000; ++i) {
    const auto value = from_hex("10083ff8000000000000");
    bytes.insert(bytes.end(), value.begin(), value.end());
  }
  const std::size_t last = bytes.size() - 10;
  bytes[last] |= std::byte{0x80};
  EXPECT_EQ(check(MessageView(bytes)), Reason::kNone);
  bytes[last] = std::byte{0x80};
  EXPECT_EQ(check(MessageView(bytes)), Reason::kFrame);
}

TEST(Submit, ReadsWhatEachKindHas) {
  const auto sample = from_hex(
      "11000001"
      "200863707520613d6200"
      "600800000000000000ff"
      "10083ff8000000000000"
      "9008c002000000000000");
  const Submit values{MessageView(sample)};
  EXPECT_EQ(values.kind(), Payload::kSample);
  EXPECT_EQ(values.name(), "cpu a=b");
  EXPECT_EQ(values.time(), 255U);
  ASSERT_EQ(values.value_count(), 2U);
  EXPECT_EQ(values.value(0), 1.5);
  EXPECT_EQ(values.value(1), -2.25);
  EXPECT_TRUE(values.finite());

  const auto state = from_hex(
      "11020008"
      "20016e"
      "600800000000000000ff"
      "00040000ea60"
      "a0036f6b00");
  const Submit with_summary{MessageView(state)};
  EXPECT_EQ(with_summary.status(), Status::kCritical);
  EXPECT_EQ(with_summary.name(), "n") << "a name needs no NUL";
  EXPECT_EQ(with_summary.interval_milliseconds(), 60000U);
  EXPECT_EQ(with_summary.summary(), "ok");

  const auto bare = from_hex(
      "11000008"
      "20016e"
      "600800000000000000ff"
      "80040000ea60");
  EXPECT_EQ(Submit{MessageView(bare)}.summary(), std::nullopt);

  const auto fact = from_hex(
      "11000020"
      "20026e00"
      "a003610000");
  EXPECT_EQ(Submit{MessageView(fact)}.text(), std::string_view("a\0", 2)) << "one NUL goes";
  EXPECT_EQ(Submit{MessageView(fact)}.time(), 0U);
}

TEST(Submit, TellsATallyOfOneFromOneWithoutIncrement) {
  const auto with = from_hex(
      "11000002"
      "20026e00"
      "6008000000000000000a"
      "80080000000000000001");
  const auto without = from_hex(
      "11000002"
      "20026e00"
      "e008000000000000000a");
  EXPECT_EQ(Submit{MessageView(with)}.increment(), 1U);
  EXPECT_EQ(Submit{MessageView(without)}.increment(), std::nullopt);
}

// The most frequent message is told at a glance: whichever octet of it is another, it is judged as
// any message is.
TEST(Check, OfASampleWithAnyOctetChanged) {
  constexpr std::size_t kName = 6;
  constexpr std::size_t kNameEnd = kName + 4;
  constexpr std::size_t kTime = kNameEnd + 2;
  constexpr std::size_t kValue = kTime + 8 + 2;
  const auto good = from_hex(
      "11000001"
      "2004616d6500"
      "60080000000065000000"
      "90083ff8000000000000");
  ASSERT_EQ(good.size(), kValue + 8);
  const auto in_a_body = [](std::size_t at) {
    return (at >= kName && at < kNameEnd) || (at >= kTime && at < kTime + 8) || at >= kValue;
  };
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (unsigned octet = 0; octet < 256; ++octet) {
      auto changed = good;
      changed[at] = std::byte(octet);
      const bool flags = at == 1;
      const bool delta = at == 3 && octet == 4;
      const bool valid = changed == good || in_a_body(at) || flags || delta;
      EXPECT_EQ(check(MessageView(changed)) == Reason::kNone, valid) << at << ": " << octet;
    }
  }
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_NE(check(MessageView(std::span(good).first(size))), Reason::kNone) << size;
  }
  auto longer = good;
  longer.push_back(std::byte{0});
  EXPECT_EQ(check(MessageView(longer)), Reason::kFrame);
}

TEST(Submit, WithNaNOrInfinityIsNotFinite) {
  for (const auto* bits : {"7ff8000000000000", "7ff0000000000000", "fff0000000000000"}) {
    const auto delta = from_hex(
        "11000004"
        "20026e00"
        "6008000000000000000a"
        "9008" +
        std::string(bits));
    EXPECT_FALSE(Submit{MessageView(delta)}.finite()) << bits;
  }
}

}  // namespace
}  // namespace lariat::proto
