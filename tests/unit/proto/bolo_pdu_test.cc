#include "proto/bolo_pdu.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "proto/encode.h"

namespace lariat::proto {
namespace {

using namespace std::string_literals;
using testing::ElementsAre;

constexpr std::uint64_t kTime = 1'700'000'000;
constexpr std::uint64_t kPiece = std::numeric_limits<std::int32_t>::max();

using Frames = std::vector<std::string>;

// Cuts messages of frames, and expects that there is nothing else.
std::vector<Frames> cut(std::string_view bytes) {
  std::vector<Frames> messages;
  bool more = false;
  while (bytes.size() >= 2) {
    if (!more) messages.emplace_back();
    const auto flags = static_cast<unsigned char>(bytes[0]);
    EXPECT_EQ(flags & ~3U, 0U);
    std::size_t size = static_cast<unsigned char>(bytes[1]);
    std::size_t head = 2;
    if ((flags & 2U) != 0) {
      head = 9;
      size = 0;
      for (const char octet : bytes.substr(1, 8))
        size = size << 8U | static_cast<unsigned char>(octet);
      EXPECT_GT(size, 255U);
    }
    messages.back().emplace_back(bytes.substr(head, size));
    more = (flags & 1U) != 0;
    bytes.remove_prefix(head + size);
  }
  EXPECT_FALSE(more) << "the last message is whole";
  EXPECT_TRUE(bytes.empty());
  return messages;
}

template <typename Encode>
std::vector<Frames> pdus(Encode encode, const DefaultTags& labels = {}) {
  std::array<std::byte, kEncodeBufferSize> room;
  const Encoded written = encode(std::span(room));
  EXPECT_TRUE(written);
  const MessageView message(std::span<const std::byte>(room.data(), written.size));
  const Submit submit(message);
  std::vector<char> out(BoloEncoder::room(submit));
  return cut({out.data(), BoloEncoder(labels).write(submit, out)});
}

std::vector<Frames> tally(std::optional<std::uint64_t> increment, std::uint64_t time = kTime) {
  return pdus([&](auto out) { return encode_tally(out, "hits host=a", time, increment); });
}

std::vector<Frames> delta(double reading) {
  return pdus([&](auto out) { return encode_delta(out, "rx if=e0", kTime, reading); });
}

std::vector<Frames> state(Status status, std::optional<std::string_view> summary) {
  return pdus([&](auto out) {
    return encode_state(out, "d m=/", kTime, {status, 60'000, summary});
  });
}

std::string name(std::string_view name) {
  const std::array<double, 1> values = {1};
  const auto all = pdus([&](auto out) { return encode_sample(out, name, kTime, values); });
  EXPECT_EQ(all.size(), 1U);
  EXPECT_TRUE(all.front().at(3).ends_with('\0'));
  return all.front().at(3).substr(0, all.front().at(3).size() - 1);
}

TEST(BoloPdu, ASampleHasAllItsValues) {
  const std::array<double, 3> values{1.5, 2, -1e300};
  EXPECT_THAT(pdus([&](auto out) { return encode_sample(out, "load host=web01", kTime, values); }),
              ElementsAre(ElementsAre(""s, "SAMPLE"s, "1700000000\0"s, "host=web01,metric=load\0"s,
                                      "1.5\0"s, "2\0"s, "-1e+300\0"s)));
}

TEST(BoloPdu, ATallyIsACounterOf32Bits) {
  const auto counter = [](const std::string& increment) {
    return Frames{"", "COUNTER", "1700000000\0"s, "host=a,metric=hits\0"s, increment + '\0'};
  };
  EXPECT_THAT(tally(std::nullopt), ElementsAre(counter("1")));
  EXPECT_THAT(tally(0), ElementsAre(counter("0")));
  EXPECT_THAT(tally(kPiece), ElementsAre(counter("2147483647")));
  EXPECT_THAT(tally(2 * kPiece + 1),
              ElementsAre(counter("2147483647"), counter("2147483647"), counter("1")));
  EXPECT_EQ(tally(BoloEncoder::kMostPieces * kPiece).size(), BoloEncoder::kMostPieces);
  EXPECT_TRUE(tally(BoloEncoder::kMostPieces * kPiece + 1).empty());
  EXPECT_TRUE(tally(std::numeric_limits<std::uint64_t>::max()).empty());
}

TEST(BoloPdu, ADeltaIsAWholeRate) {
  const auto rate = [](const std::string& value) {
    return Frames{"", "RATE", "1700000000\0"s, "if=e0,metric=rx\0"s, value + '\0'};
  };
  EXPECT_THAT(delta(4096), ElementsAre(rate("4096")));
  EXPECT_THAT(delta(0.99), ElementsAre(rate("0")));
  EXPECT_THAT(delta(-0.0), ElementsAre(rate("0")));
  EXPECT_THAT(delta(18446744073709549568.0), ElementsAre(rate("18446744073709549568")));
  EXPECT_TRUE(delta(18446744073709551616.0).empty());
  EXPECT_TRUE(delta(-0.5).empty());
}

TEST(BoloPdu, AStateHasANumberAndAlwaysAText) {
  EXPECT_THAT(state(Status::kCritical, "99% full"),
              ElementsAre(ElementsAre(""s, "STATE"s, "1700000000\0"s, "m=/,metric=d\0"s, "2\0"s,
                                      "99% full\0"s)));
  EXPECT_EQ(state(Status::kUnknown, std::nullopt).front().back(), "UNKNOWN\0"s);
  EXPECT_EQ(state(Status::kOk, "").front().back(), "OK\0"s);
}

TEST(BoloPdu, AnEventMayHaveNoText) {
  const auto event = [](std::string_view text) {
    return pdus([&](auto out) { return encode_event(out, "e a=1", kTime, text); });
  };
  EXPECT_THAT(event(""),
              ElementsAre(ElementsAre(""s, "EVENT"s, "1700000000\0"s, "a=1,metric=e\0"s, "\0"s)));
  EXPECT_EQ(event("a\0b"s).front().back(), "a_b\0"s);
  EXPECT_EQ(event(std::string(4094, 'x')).front().back(), std::string(4094, 'x') + '\0');
}

TEST(BoloPdu, AFactSetsAKey) {
  EXPECT_THAT(pdus([](auto out) { return encode_fact(out, "os host=a", "linux"); }),
              ElementsAre(ElementsAre(""s, "SET.KEYS"s, "host=a,metric=os\0"s, "linux\0"s)));
}

TEST(BoloPdu, TimesBeyond32BitsAreRefused) {
  EXPECT_EQ(tally(1, 0xffff'ffff).front().at(2), "4294967295\0"s);
  EXPECT_TRUE(tally(1, 0x1'0000'0000).empty());
}

TEST(BoloPdu, ANameIsItsTagsAndTheMetricSorted) {
  EXPECT_EQ(name("cpu a=1\\,2,z=3"), "a=1_2,metric=cpu,z=3");
  EXPECT_EQ(name("cpu metric=x,up"), "metric=cpu,up=");
  EXPECT_EQ(name("c,p=u k\\=1=a\\=b"), "k_1=a=b,metric=c_p=u");
  EXPECT_EQ(name("cpu k\\,=1,k_=2"), "k_=1,metric=cpu") << "of alike keys the first stays";
}

TEST(BoloPdu, LabelsAreAddedWhereTheNameLacksThem) {
  DefaultTags labels;
  ASSERT_EQ(labels.set("dc", "x"), NameError::kNone);
  ASSERT_EQ(labels.set("os", "y"), NameError::kNone);
  const auto fact = [&](std::string_view name) {
    return pdus([&](auto out) { return encode_fact(out, name, "z"); }, labels);
  };
  EXPECT_EQ(fact("m os=linux").front().at(2), "dc=x,metric=m,os=linux\0"s);
  EXPECT_TRUE(fact("m " + std::string(4000, 'k') + '=' + std::string(90, 'v')).empty());
}

TEST(BoloPdu, TheLongestHasRoom) {
  const std::string longest = std::string(4090, ',') + " a=1";
  EXPECT_EQ(name(longest), "a=1,metric=" + std::string(4090, '_'));
  const std::vector<double> values(1000, -1.2345678901234567e-300);
  const auto sample = pdus([&](auto out) { return encode_sample(out, "m a", kTime, values); });
  EXPECT_EQ(sample.front().size(), 4U + 1000);
}

}  // namespace
}  // namespace lariat::proto
