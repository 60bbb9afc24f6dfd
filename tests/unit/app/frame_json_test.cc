#include "agent/app/frame_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "proto/bytes.h"
#include "proto/message.h"
#include "tests/support/vectors.h"

namespace lariat::app {
namespace {

using proto::FieldType;
using proto::Opcode;
using testing::HasSubstr;

/// The message of a line in hexadecimal, or the sentence why there is none.
std::string read(std::string_view line) {
  std::vector<std::byte> room(kJsonMessageSize);
  const auto size = from_json(line, room);
  return size ? test::to_hex(std::span(room).first(*size)) : size.error().text;
}

std::string written(std::string_view hex) {
  return to_json(proto::MessageView(test::from_hex(hex)));
}

/// Writes random valid messages, octet by octet.
class RandomMessages {
 public:
  explicit RandomMessages(unsigned seed) : random_(seed) {}

  std::vector<std::byte> submit() { return make(Opcode::kSubmit, 1U << below(6)); }
  std::vector<std::byte> any() {
    const auto opcode = static_cast<Opcode>(below(6));
    switch (opcode) {
      case Opcode::kHeartbeat:
        return make(opcode, 0);
      case Opcode::kSubmit:
      case Opcode::kBroadcast:
        return make(opcode, 1U << below(6));
      case Opcode::kForget:
        return make(opcode, 1 + below(15));
      case Opcode::kReplay:
      case Opcode::kSubscribe:
        return make(opcode, 1 + below(63));
    }
    return {};
  }

 private:
  std::vector<std::byte> make(Opcode opcode, unsigned payload) {
    const unsigned flags = below(3) == 0 ? below(256) : 0;
    message_ = {static_cast<std::byte>(0x10U | static_cast<unsigned>(opcode)),
                static_cast<std::byte>(flags), std::byte{0}, static_cast<std::byte>(payload)};
    last_ = 0;
    if (opcode == Opcode::kHeartbeat) {
      number(FieldType::kTime, 8);
      number(FieldType::kUint, 8);
    } else if (opcode != Opcode::kReplay) {
      text();
      if (opcode == Opcode::kSubmit) submit_fields(static_cast<proto::Payload>(payload));
      if (opcode == Opcode::kBroadcast) {
        broadcast_fields(static_cast<proto::Payload>(payload), (flags & 0x40U) != 0);
      }
    }
    if (last_ != 0) message_[last_] |= std::byte{0x80};
    return message_;
  }

  void submit_fields(proto::Payload kind) {
    if (kind != proto::Payload::kFact) number(FieldType::kTime, 8);
    switch (kind) {
      case proto::Payload::kSample:
        for (unsigned left = 1 + below(4); left != 0; --left) number(FieldType::kFloat, 8);
        return;
      case proto::Payload::kTally:
        if (below(2) != 0) number(FieldType::kUint, 8);
        return;
      case proto::Payload::kDelta:
        return number(FieldType::kFloat, 8);
      case proto::Payload::kState:
        number(FieldType::kUint, 4);
        if (below(2) != 0) text();
        return;
      case proto::Payload::kEvent:
      case proto::Payload::kFact:
        return text();
    }
  }

  void broadcast_fields(proto::Payload kind, bool transition) {
    if (kind == proto::Payload::kEvent || kind == proto::Payload::kFact) return submit_fields(kind);
    if (kind == proto::Payload::kState) {
      number(FieldType::kUint, 4);
      for (int states = transition ? 2 : 1; states != 0; --states) {
        number(FieldType::kTime, 8);
        text();
      }
      return;
    }
    number(FieldType::kTime, 8);
    number(FieldType::kUint, 4);
    if (kind == proto::Payload::kTally) return number(FieldType::kUint, 8);
    number(FieldType::kFloat, 8);
    if (kind == proto::Payload::kSample && below(2) != 0) number(FieldType::kFloat, 8);
  }

  void head(FieldType type, std::size_t length) {
    last_ = message_.size();
    message_.push_back(
        static_cast<std::byte>((static_cast<unsigned>(type) << 4U) | (length >> 8U)));
    message_.push_back(static_cast<std::byte>(length & 0xffU));
  }
  // Often one at an edge: no number, all bits, whole ones, NaNs, subnormals.
  void number(FieldType type, std::size_t length) {
    constexpr std::array<std::uint64_t, 10> kEdges{0,
                                                   1,
                                                   ~std::uint64_t{0},
                                                   0x8000000000000000,
                                                   0x7ff0000000000000,
                                                   0x7ff8000000000000,
                                                   0xfff8000000000001,
                                                   0x3ff8000000000000,
                                                   0x433fffffffffffff,
                                                   1700000000};
    const std::uint64_t value = below(2) != 0 ? kEdges[below(kEdges.size())] : random_();
    head(type, length);
    for (std::size_t i = length; i != 0; --i) {
      message_.push_back(static_cast<std::byte>(value >> (8 * (i - 1))));
    }
  }
  void text() {
    constexpr std::array<std::string_view, 8> kPieces{"cpu host=a",
                                                      "\"\\/",
                                                      "\n\t\r\b",
                                                      "\xc3\xbc\xe2\x98\x83\xf0\x9f\x92\xa9",
                                                      "\xff",
                                                      "\xed\xa0\x80",
                                                      "\xc2\x9b\x7f\xe2\x80\xae",
                                                      "*,="};
    std::string body;
    for (unsigned pieces = below(4); pieces != 0; --pieces) body += kPieces[below(kPieces.size())];
    if (below(8) == 0) body += std::string(1 + below(2), '\0') + "x";
    if (below(50) == 0) body = std::string(proto::kMaxFieldLength - below(2), 'x');
    if (body.size() < proto::kMaxFieldLength && below(4) != 0) body += '\0';
    head(FieldType::kString, body.size());
    for (const char octet : body) message_.push_back(static_cast<std::byte>(octet));
  }
  unsigned below(std::size_t end) { return static_cast<unsigned>(random_() % end); }

  std::mt19937_64 random_;
  std::vector<std::byte> message_;
  std::size_t last_ = 0;
};

TEST(FrameJson, GivesBackEachVectorOctetForOctet) {
  for (const auto& vector : test::read_vectors("tsdp-valid.json")) {
    const auto hex = vector["hex"].get<std::string>();
    EXPECT_EQ(read(written(hex)), hex) << vector["name"] << '\n' << written(hex);
  }
}

TEST(FrameJson, GivesBackAnyValidMessageOctetForOctet) {
  RandomMessages messages(1);
  for (int i = 0; i < 20'000; ++i) {
    const auto message = i % 2 == 0 ? messages.submit() : messages.any();
    ASSERT_EQ(proto::check(proto::MessageView(message)), proto::Reason::kNone);
    const std::string line = to_json(proto::MessageView(message));
    ASSERT_EQ(read(line), test::to_hex(message)) << line;
    ASSERT_EQ(line.find('\n'), line.npos);
    ASSERT_TRUE(nlohmann::json::accept(line)) << line;
  }
}

TEST(FrameJson, IsForPeople) {
  EXPECT_EQ(written("11000001200b63707520686f73743d61006008000000006553f10090083ff8000000000000"),
            R"({"kind":"sample","name":"cpu host=a","time":1700000000,"values":[1.5]})");
  EXPECT_EQ(written("1000000060080000000"
                    "06553f1008008000000000000002a"),
            R"({"opcode":"heartbeat","time":1700000000,"count":42})");
  EXPECT_EQ(written("110200082009646973"
                    "6b206d3d2f006008000000006553f10000040000ea60a0093939252066756c6c00"),
            R"({"kind":"state","status":"CRITICAL","name":"disk m=/","time":1700000000,)"
            R"("interval_ms":60000,"summary":"99% full"})");
  EXPECT_EQ(written("14000009"), R"({"opcode":"replay","kinds":["sample","state"]})");
}

TEST(FrameJson, SpellsWhatJsonHasNoNumberFor) {
  const std::string head = R"({"kind":"delta","name":"a b","time":1,"value":)";
  for (const auto& [text, bits] : std::vector<std::pair<std::string, std::string>>{
           {"-0.0", "8000000000000000"},
           {"\"NaN\"", "7ff8000000000000"},
           {"\"-Infinity\"", "fff0000000000000"},
           {"{\"bits\":\"fff8000000000001\"}", "fff8000000000001"},
           {"5e-324", "0000000000000001"}}) {
    const std::string line = head + text + '}';
    const std::string hex =
        "110000042004612062006008000000000000000190"
        "08" +
        bits;
    EXPECT_EQ(read(line), hex);
    EXPECT_EQ(written(hex), line);
  }
  EXPECT_EQ(read(head + "-0}"), read(head + "-0.0}"));
  EXPECT_EQ(read(head + "2}"), read(head + "2.0}"));
}

TEST(FrameJson, ReadsKeysInAnyOrder) {
  EXPECT_EQ(read(R"( {"values" : [1.5], "time":1700000000,"name":"cpu host=a","kind":"sample"} )"),
            "11000001200b63707520686f73743d61006008000000006553f10090083ff8000000000000");
}

TEST(FrameJson, SaysWhatIsWrongAndWhatToWrite) {
  const std::vector<std::pair<std::string_view, std::string_view>> wrong{
      {"", "this is not JSON from octet 1 on"},
      {"{", "this is not JSON from octet 2 on"},
      {"[]", "a line is one object"},
      {"{}", R"("kind" is missing: write sample, tally)"},
      {R"({"kind":"sampel"})", R"("kind" is "sampel": write sample, tally)"},
      {R"({"kind":"fact","name":"a b"})", R"("text" is missing: write a text)"},
      {R"({"kind":"fact","name":"a b","text":"x","text":"y"})", R"("text" is there twice)"},
      {R"({"kind":"fact","name":"a b","txet":"x"})",
       R"("txet" is no key of this message, which may have opcode flags kind name text)"},
      {R"({"kind":"tally","name":"a b","time":1.5})", R"("time" is 1.5: write seconds)"},
      {R"({"kind":"tally","name":"a b","time":-1})", R"("time" is -1: write seconds)"},
      {R"({"kind":"tally","name":"a b","time":18446744073709551616})", "write seconds"},
      {R"({"kind":"sample","name":"a b","time":1,"values":[]})", "one or more numbers"},
      {R"({"kind":"sample","name":"a b","time":1,"values":["x"]})", "one or more numbers"},
      {R"({"kind":"sample","name":"a b","time":1,"values":[1e999]})", "larger than any double"},
      {R"({"kind":"fact","name":"a b","text":{"hex":"f"}})", "write a text"},
      {R"({"kind":"fact","name":"a b","text":{"hex":"ff","text":"x"}})", "write a text"},
      {R"({"kind":"state","name":"a b","time":1})", R"("status" is missing: write "OK")"},
      {R"({"kind":"state","status":"OK","name":"a b","time":1,"flags":2})", "without 3"},
      {R"({"kind":"fact","name":"a b","text":"","flags":256})", "from 0 to 255"},
      {R"({"kind":"fact","name":"a","text":"\ud800"})", "this is not JSON"},
      {"{\"kind\":\"fact\",\"name\":\"a\",\"text\":\"\xff\"}", "this is not JSON"},
      {R"({"opcode":"forget","kinds":["fact"],"pattern":"a b"})", R"(write some of ["sample")"},
      {R"({"opcode":"replay","kinds":[]})", R"("kinds" is []: write)"},
      {R"({"opcode":"replay","kinds":["fact"]} x)", "this is not JSON"},
      {R"({"opcode":"broadcast","kind":"state","status":"OK","name":"a b","time":1,)"
       R"("summary":"","flags":64})",
       "no key of their own"},
      {R"({"kind":"state","status":"OK","name":"a b","time":1,"interval_ms":4294967296})",
       "milliseconds"},
  };
  for (const auto& [line, sentence] : wrong) EXPECT_THAT(read(line), HasSubstr(sentence)) << line;
}

TEST(FrameJson, RefusesWhatIsTooDeepOrTooLong) {
  EXPECT_THAT(read(std::string(1'000'000, '[')), HasSubstr("deeper"));
  EXPECT_THAT(read(R"({"a":)" + std::string(100, '{')), HasSubstr("JSON"));
  EXPECT_THAT(read(std::string(kMaxJsonLine + 1, ' ')), HasSubstr("longer than 1 MiB"));

  std::string values = "1";
  for (int i = 1; i < 5000; ++i) values += ",1";
  EXPECT_THAT(read(R"({"kind":"sample","name":"a b","time":1,"values":[)" + values + "]}"),
              HasSubstr("4096"));
  const std::string text(proto::kMaxTextLength + 1, 'x');
  EXPECT_THAT(read(R"({"kind":"fact","name":"a b","text":")" + text + "\"}"),
              HasSubstr("at most 4094 octets"));

  std::string keys = "{";
  for (int i = 0; i < 100; ++i) keys += "\"k" + std::to_string(i) + "\":0,";
  EXPECT_THAT(read(keys), HasSubstr("more keys"));
}

TEST(FrameJson, TellsWhenTheMessageHasNoRoom) {
  std::array<std::byte, 20> room;
  const auto size = from_json(R"({"kind":"fact","name":"a b","text":"much too long"})", room);
  ASSERT_FALSE(size);
  EXPECT_THAT(size.error().text, HasSubstr("too long"));
}

// Whatever a line holds, it gives a valid message or a sentence.
TEST(FrameJson, TakesBrokenLines) {
  RandomMessages messages(2);
  std::mt19937 random(3);
  std::vector<std::byte> room(kJsonMessageSize);
  for (int i = 0; i < 20'000; ++i) {
    const auto message = messages.any();
    std::string line = to_json(proto::MessageView(message));
    for (int changes = 0; changes < 3; ++changes) {
      constexpr std::string_view kOctets = "{}[]\":,0-.eE\\u\x80 n";
      const char octet = kOctets[random() % kOctets.size()];
      const std::size_t at = random() % line.size();
      if (random() % 2 == 0) {
        line[at] = octet;
      } else {
        line.erase(at, random() % 4);
        if (line.empty()) line = "{";
      }
    }
    const auto size = from_json(line, room);
    if (size) {
      ASSERT_EQ(proto::check(proto::MessageView(std::span(room).first(*size))),
                proto::Reason::kNone)
          << line;
    } else {
      ASSERT_FALSE(size.error().text.empty()) << line;
    }
  }
}

}  // namespace
}  // namespace lariat::app
