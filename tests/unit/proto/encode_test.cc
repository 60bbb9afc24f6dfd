#include "proto/encode.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "tests/support/vectors.h"

namespace lariat::proto {
namespace {

using nlohmann::json;
using test::from_hex;
using test::read_vectors;
using test::to_hex;

/// The fields of a message, by number, as an encoder's arguments.
class Arguments {
 public:
  explicit Arguments(const MessageView& of) : message(of) {
    for (const Field& field : of.fields()) fields.push_back(field);
  }

  [[nodiscard]] std::string_view text(std::size_t at) const { return fields.at(at).text(); }
  [[nodiscard]] std::uint64_t number(std::size_t at) const { return fields.at(at).number(); }
  [[nodiscard]] std::uint32_t small(std::size_t at) const {
    return static_cast<std::uint32_t>(number(at));
  }
  [[nodiscard]] std::vector<double> values(std::size_t from) const {
    std::vector<double> values;
    for (; from < fields.size(); ++from) values.push_back(fields[from].real());
    return values;
  }
  [[nodiscard]] Status status(unsigned shift = 0) const {
    return static_cast<Status>((message.flags() >> shift) & 3U);
  }

  MessageView message;
  std::vector<Field> fields;
};

Encoded encode_submit_again(const Arguments& in, std::span<std::byte> out) {
  const bool more = in.fields.size() > 2;
  switch (static_cast<Payload>(in.message.payload())) {
    case Payload::kSample:
      return encode_sample(out, in.text(0), in.number(1), in.values(2));
    case Payload::kTally:
      return encode_tally(out, in.text(0), in.number(1),
                          more ? std::optional(in.number(2)) : std::nullopt);
    case Payload::kDelta:
      return encode_delta(out, in.text(0), in.number(1), in.values(2).front());
    case Payload::kState: {
      StateReport report{in.status(), in.small(2), {}};
      if (in.fields.size() > 3) report.summary = in.text(3);
      return encode_state(out, in.text(0), in.number(1), report);
    }
    case Payload::kEvent:
      return encode_event(out, in.text(0), in.number(1), in.text(2));
    case Payload::kFact:
      return encode_fact(out, in.text(0), in.text(1));
  }
  return {};
}

Encoded encode_broadcast_again(const Arguments& in, std::span<std::byte> out) {
  const auto window = [&in] { return Window{in.number(1), in.small(2), in.message.flags()}; };
  switch (static_cast<Payload>(in.message.payload())) {
    case Payload::kSample:
      return encode_broadcast_sample(out, in.text(0), window(), in.values(3));
    case Payload::kTally:
      return encode_broadcast_tally(out, in.text(0), window(), in.number(3));
    case Payload::kDelta:
      return encode_broadcast_delta(out, in.text(0), window(), in.values(3).front());
    case Payload::kState: {
      const std::size_t last = in.fields.size() - 1;
      StateBroadcast state{{in.status(), in.number(last - 1), in.text(last)},
                           {},
                           in.small(1),
                           (in.message.flags() & kFreshFlag) != 0};
      if (last > 3) state.previous = StateAt{in.status(2), in.number(2), in.text(3)};
      return encode_broadcast_state(out, in.text(0), state);
    }
    case Payload::kEvent:
      return encode_broadcast_event(out, in.text(0), in.number(1), in.text(2));
    case Payload::kFact:
      return encode_broadcast_fact(out, in.text(0), in.text(1));
  }
  return {};
}

Encoded encode_again(const Arguments& in, std::span<std::byte> out) {
  const std::uint16_t payload = in.message.payload();
  switch (in.message.opcode()) {
    case Opcode::kHeartbeat:
      encode_heartbeat(out.first<kHeartbeatSize>(), in.number(0), in.number(1));
      return {kHeartbeatSize};
    case Opcode::kSubmit:
      return encode_submit_again(in, out);
    case Opcode::kBroadcast:
      return encode_broadcast_again(in, out);
    case Opcode::kForget:
      return encode_forget(out, payload, in.text(0));
    case Opcode::kReplay:
      return encode_replay(out, payload);
    case Opcode::kSubscribe:
      return in.message.flags() == kUnsubscribeFlag ? encode_unsubscribe(out, payload, in.text(0))
                                                    : encode_subscribe(out, payload, in.text(0));
  }
  return {};
}

// Those that our encoder cannot or must not write, and why.
const std::map<std::string, std::string> kNotOurs{
    {"heartbeat with every flag bit set", "flags are 0"},
    {"submit sample, name without NUL", "a NUL is sent"},
    {"submit sample, infinities and a NaN (accepted on the wire)", "numbers are finite"},
    {"submit event, zero-length text", "a NUL is sent"},
    {"submit fact, value without NUL, name with NUL", "a NUL is sent"},
    {"older name without a metric", "names have a metric"},
};

TEST(EncodeVectors, ComeOutOctetByOctetWhereTheEncoderMakesThem) {
  for (const json& vector : read_vectors("tsdp-valid.json")) {
    const auto name = vector.at("name").get<std::string>();
    const auto bytes = from_hex(vector.at("hex").get<std::string>());
    std::array<std::byte, kEncodeBufferSize> out;
    const Arguments in{MessageView(bytes)};
    const Encoded written = encode_again(in, out);
    const bool same = written && to_hex(std::span(out).first(written.size)) == to_hex(bytes);
    EXPECT_EQ(same, !kNotOurs.contains(name)) << name << ": " << to_string(written.error);
  }
}

/// A buffer, and what was last written to it.
class EncodeTest : public testing::Test {
 protected:
  [[nodiscard]] std::string text() const { return test::as_text(std::span(out_).first(size_)); }
  bool keep(const Encoded& written) {
    size_ = written.size;
    return static_cast<bool>(written);
  }
  [[nodiscard]] MessageView message() const { return MessageView(std::span(out_).first(size_)); }

  std::array<std::byte, kEncodeBufferSize> out_;
  std::size_t size_ = 0;
};

TEST_F(EncodeTest, PutsNamesInCanonicalForm) {
  ASSERT_TRUE(keep(encode_fact(out_, " os  host = a,b ", "linux")));
  EXPECT_EQ(check(message()), Reason::kNone);
  EXPECT_EQ(submit_name(message().bytes()), "os b,host=a");
  ASSERT_TRUE(keep(encode_subscribe(out_, kAllPayloads, "cpu *,b,a")));
  EXPECT_EQ(message().fields().begin()->text(), "cpu a,b,*");
}

TEST_F(EncodeTest, RefusesWhatIsNoName) {
  EXPECT_EQ(encode_fact(out_, "os", "linux").error, EncodeError::kBadName);
  EXPECT_EQ(encode_fact(out_, "os", "linux").name_error, NameError::kNoTags);
  EXPECT_EQ(encode_fact(out_, "os *", "linux").error, EncodeError::kWildcard);
  EXPECT_EQ(encode_broadcast_fact(out_, "os a=*", "linux").error, EncodeError::kWildcard);
  EXPECT_EQ(encode_forget(out_, 1, "os").error, EncodeError::kBadName);
}

TEST_F(EncodeTest, TakesNamesUpTo4094Octets) {
  const std::string longest = "m k=" + std::string(4090, 'v');
  ASSERT_TRUE(keep(encode_fact(out_, longest, "")));
  EXPECT_EQ(check(message()), Reason::kNone);
  EXPECT_EQ(submit_name(message().bytes()), longest);
  EXPECT_EQ(encode_fact(out_, longest + 'v', "").error, EncodeError::kTooLong);
  EXPECT_EQ(encode_fact(out_, longest + "vv", "").error, EncodeError::kTooLong);
}

TEST_F(EncodeTest, CutsATextBetweenCharacters) {
  ASSERT_TRUE(keep(encode_fact(out_, "m a", std::string(5000, 'x'))));
  EXPECT_EQ(Submit(message()).text(), std::string(4094, 'x'));
  const std::string euro = "\xe2\x82\xac";
  for (std::size_t before : {4091U, 4092U, 4093U, 4094U}) {
    const std::string text = std::string(before, 'x') + euro + "y";
    ASSERT_TRUE(keep(encode_fact(out_, "m a", text)));
    EXPECT_EQ(Submit(message()).text(),
              before == 4091 ? text.substr(0, 4094) : std::string(before, 'x'));
  }
  EXPECT_EQ(cut_text(std::string(5000, '\x80')).size(), 4094U) << "not UTF-8 at all";
}

TEST_F(EncodeTest, RefusesNumbersThatAreNotFinite) {
  EXPECT_EQ(encode_delta(out_, "m a", 1, NAN).error, EncodeError::kBadNumber);
  const std::array<double, 2> values{1.0, INFINITY};
  EXPECT_EQ(encode_sample(out_, "m a", 1, values).error, EncodeError::kBadNumber);
  EXPECT_EQ(encode_sample(out_, "m a", 1, {}).error, EncodeError::kNoValues);
}

TEST_F(EncodeTest, SplitsASampleAtThousandValues) {
  const std::vector<double> values(2001, 0.5);
  EXPECT_EQ(encode_sample(out_, "m a", 1, values).error, EncodeError::kTooManyValues);
  std::vector<std::size_t> sizes;
  std::span<const double> rest(values);
  for (auto part = take_values(rest); !part.empty(); part = take_values(rest)) {
    ASSERT_TRUE(keep(encode_sample(out_, "m a", 1, part)));
    sizes.push_back(Submit(message()).value_count());
  }
  EXPECT_THAT(sizes, testing::ElementsAre(1000, 1000, 1));
}

TEST_F(EncodeTest, RefusesMasksThatTheOpcodeDoesNotTake) {
  EXPECT_EQ(encode_forget(out_, 0x10, "m *").error, EncodeError::kBadPayload);
  EXPECT_EQ(encode_forget(out_, 0, "m *").error, EncodeError::kBadPayload);
  EXPECT_EQ(encode_replay(out_, 0).error, EncodeError::kBadPayload);
  EXPECT_EQ(encode_replay(out_, 0x40).error, EncodeError::kBadPayload);
  EXPECT_EQ(encode_subscribe(out_, 0x140, "m *").error, EncodeError::kBadPayload);
}

TEST_F(EncodeTest, WritesNothingBehindABufferThatIsTooSmall) {
  const StateReport report{Status::kOk, 1000, "fine"};
  const Encoded whole = encode_state(out_, "disk m=/", 1, report);
  ASSERT_TRUE(whole);
  for (std::size_t room = 0; room < whole.size; ++room) {
    std::vector<std::byte> exact(room);  // On the heap, where a sanitizer watches its end.
    EXPECT_EQ(encode_state(exact, "disk m=/", 1, report).error, EncodeError::kTooSmall) << room;
  }
  std::vector<std::byte> exact(whole.size);
  EXPECT_TRUE(encode_state(exact, "disk m=/", 1, report));
}

TEST_F(EncodeTest, LargestMessagesFitTheirBuffer) {
  const std::string name = "m k=" + std::string(4090, 'v');
  const std::string text(4094, 't');
  const std::vector<double> values(kMaxSampleValues, 0.5);
  EXPECT_TRUE(encode_broadcast_sample(out_, name, {}, values));
  EXPECT_TRUE(encode_broadcast_state(out_, name, {{{}, 1, text}, StateAt{{}, 0, text}, 1, true}));
}

TEST_F(EncodeTest, RenamesAMessageAndChangesNothingElse) {
  const std::array<double, 2> values{1, 2};
  ASSERT_TRUE(keep(encode_sample(out_, "cpu host=a", 17, values)));
  std::array<std::byte, kEncodeBufferSize> renamed;
  const Encoded written = encode_renamed(renamed, message(), "cpu dc=x,host=a");
  ASSERT_TRUE(written);
  const std::string got = test::as_text(std::span(renamed).first(written.size));
  ASSERT_TRUE(keep(encode_sample(out_, "cpu dc=x,host=a", 17, values)));
  EXPECT_EQ(got, text());
}

TEST_F(EncodeTest, RenamesWithANameThatIsCanonicalToTheSame) {
  const std::array<double, 2> values{1, 2};
  ASSERT_TRUE(keep(encode_sample(out_, "cpu host=a", 17, values)));
  std::array<std::byte, kEncodeBufferSize> renamed;
  const Encoded written =
      encode_renamed(renamed, message(), PipeName{.metric = "cpu", .tags = "dc=x,host=a"});
  ASSERT_TRUE(written);
  const std::string got = test::as_text(std::span(renamed).first(written.size));
  ASSERT_TRUE(keep(encode_sample(out_, "cpu dc=x,host=a", 17, values)));
  EXPECT_EQ(got, text());
}

TEST_F(EncodeTest, MakesTheWorkedExampleOfTheProtocolPage) {
  std::array<std::byte, kHeartbeatSize> heartbeat;
  encode_heartbeat(heartbeat, 1700000000, 0);
  EXPECT_EQ(to_hex(heartbeat), "100000006008000000006553f10080080000000000000000");
  ASSERT_TRUE(keep(
      encode_state(out_, "disk m=/,host=a", 1700000000, {Status::kWarning, 60'000, "91% full"})));
  EXPECT_EQ(to_hex(message().bytes()),
            "11010008"
            "20106469736b20686f73743d612c6d3d2f00"
            "6008000000006553f100"
            "00040000ea60"
            "a0093931252066756c6c00");
}

/// The name of a message that was written, or what was wrong.
std::string name_or_error(std::span<const std::byte> out, const Encoded& encoded) {
  if (!encoded) return std::string(to_string(encoded.error));
  EXPECT_EQ(check(MessageView(out.first(encoded.size))), Reason::kNone);
  return std::string(submit_name(out));
}

TEST(PipeNames, AreWrittenAsTheyAreByEachKind) {
  std::array<std::byte, kEncodeBufferSize> out;
  const std::array<double, 2> values{1.5, 2};
  const PipeName bare{"node_load1", {}};
  const PipeName tagged{"cpu", "b=2,a=1"};
  EXPECT_EQ(name_or_error(out, encode_sample(out, bare, 5, values)), "node_load1");
  EXPECT_EQ(name_or_error(out, encode_tally(out, bare, 5, 3)), "node_load1");
  EXPECT_EQ(name_or_error(out, encode_delta(out, bare, 5, 3)), "node_load1");
  EXPECT_EQ(name_or_error(out, encode_state(out, bare, 5, {Status::kOk, 0, "x"})), "node_load1");
  EXPECT_EQ(name_or_error(out, encode_event(out, bare, 5, "x")), "node_load1");
  EXPECT_EQ(name_or_error(out, encode_fact(out, bare, "x")), "node_load1");
  EXPECT_EQ(name_or_error(out, encode_sample(out, tagged, 5, values)), "cpu b=2,a=1");
}

TEST(PipeNames, MakeTheMessageThatTheSameCanonicalNameMakes) {
  std::array<std::byte, kEncodeBufferSize> out;
  std::array<std::byte, kEncodeBufferSize> same;
  const Encoded pipe = encode_delta(out, PipeName{"cpu", "a=1"}, 5, 3);
  const Encoded canonical = encode_delta(same, "cpu a=1", 5, 3);
  ASSERT_TRUE(pipe && canonical);
  EXPECT_TRUE(
      std::ranges::equal(std::span(out).first(pipe.size), std::span(same).first(canonical.size)));
}

TEST(PipeNames, ThatNoMessageCanHoldAreRefused) {
  std::array<std::byte, kEncodeBufferSize> out;
  const auto error = [&](std::string_view metric, std::string_view tags) {
    return encode_fact(out, PipeName{metric, tags}, "x").error;
  };
  EXPECT_EQ(error("", "a=1"), EncodeError::kBadName);
  EXPECT_EQ(error(std::string_view("a\0b", 3), ""), EncodeError::kBadName);
  EXPECT_EQ(error("a", std::string_view("t=\0", 3)), EncodeError::kBadName);
  EXPECT_EQ(error(std::string(kMaxTextLength, 'x'), ""), EncodeError::kNone);
  EXPECT_EQ(error(std::string(kMaxTextLength, 'x'), "t"), EncodeError::kTooLong);
  EXPECT_EQ(error(std::string(2000, 'x'), std::string(kMaxTextLength - 2001, 'y')),
            EncodeError::kNone);
  EXPECT_EQ(encode_fact(std::span(out).first(10), PipeName{"metric", ""}, "x").error,
            EncodeError::kTooSmall);
}

}  // namespace
}  // namespace lariat::proto
