#include "proto/remote_write.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <limits>
#include <optional>
#include <protozero/pbf_reader.hpp>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proto/name_parts.h"

namespace lariat::proto {
namespace {

using namespace std::string_literals;
using testing::ElementsAre;
using testing::Pair;

using LabelList = std::vector<std::pair<std::string, std::string>>;

/// A WriteRequest of one series, read back.
struct Read {
  LabelList labels;
  double value = 0;
  std::int64_t milliseconds = 0;
};

std::pair<std::string, std::string> read_label(protozero::pbf_reader reader) {
  std::pair<std::string, std::string> label;
  while (reader.next()) {
    std::string& part = reader.tag() == 1 ? label.first : label.second;
    part = reader.get_string();
  }
  return label;
}

void read_series(protozero::pbf_reader reader, Read& read) {
  while (reader.next()) {
    if (reader.tag() == 1) {
      read.labels.push_back(read_label(reader.get_message()));
      continue;
    }
    ASSERT_EQ(reader.tag(), 2U);
    auto sample = reader.get_message();
    while (sample.next()) {
      if (sample.tag() == 1) {
        read.value = sample.get_double();
      } else {
        read.milliseconds = sample.get_int64();
      }
    }
  }
}

Read read(std::string_view request) {
  Read read;
  protozero::pbf_reader reader(request.data(), request.size());
  EXPECT_TRUE(reader.next(1));
  read_series(reader.get_message(), read);
  EXPECT_FALSE(reader.next());
  return read;
}

std::string written(const Point& point, const RemoteWriteOptions& options = {.hostname = "me"}) {
  const RemoteWriteEncoder encoder(options);
  std::string out(encoder.room(), '\0');
  const auto series = encoder.write(point, out);
  out.resize(series.size);
  EXPECT_NE(out.find(series.labels), std::string::npos);
  return out;
}

LabelList labels(std::string_view name, Payload kind = Payload::kSample,
                 const RemoteWriteOptions& options = {.hostname = "me"}) {
  return read(written({.name = name, .kind = kind, .value = 1, .text = "text"}, options)).labels;
}

TEST(RemoteWrite, IsTheBytesOfTheProtocol) {
  EXPECT_EQ(written({.name = "up host=a", .value = 1.5, .seconds = 1'700'000'000}),
            "\x0a\x4b"
            "\x0a\x0e\x0a\x08__name__\x12\x02up"
            "\x0a\x09\x0a\x04host\x12\x01"s
            "a"
            "\x0a\x0d\x0a\x08instance\x12\x01"
            "a"
            "\x0a\x0d\x0a\x03job\x12\x06lariat"
            "\x12\x10\x09\0\0\0\0\0\0\xf8\x3f\x10\x80\xd0\x95\xff\xbc\x31"s);
}

TEST(RemoteWrite, NumbersAndTimesComeBack) {
  for (const double value : {0.0, -0.0, 1e300, -5.5, 9'007'199'254'740'993.0}) {
    for (const std::int64_t seconds :
         {std::int64_t{0}, std::int64_t{-1}, std::int64_t{1'700'000'000},
          std::numeric_limits<std::int64_t>::max() / 1000}) {
      const auto back = read(written({.name = "m a", .value = value, .seconds = seconds}));
      EXPECT_EQ(std::bit_cast<std::uint64_t>(back.value), std::bit_cast<std::uint64_t>(value));
      EXPECT_EQ(back.milliseconds, seconds * 1000);
    }
  }
}

TEST(RemoteWrite, JobAndInstanceAreAddedUnlessTheyAreThere) {
  EXPECT_THAT(labels("m host=h"), ElementsAre(Pair("__name__", "m"), Pair("host", "h"),
                                              Pair("instance", "h"), Pair("job", "lariat")));
  EXPECT_THAT(labels("m host"),
              ElementsAre(Pair("__name__", "m"), Pair("instance", "me"), Pair("job", "lariat")));
  EXPECT_THAT(labels("m instance=i,job=j"),
              ElementsAre(Pair("__name__", "m"), Pair("instance", "i"), Pair("job", "j")));
  EXPECT_THAT(labels("m instance,job"), ElementsAre(Pair("__name__", "m")))
      << "without a value they are not wanted";
  EXPECT_THAT(labels("m a=1", Payload::kSample, {}),
              ElementsAre(Pair("__name__", "m"), Pair("a", "1"), Pair("job", "lariat")));
}

TEST(RemoteWrite, LabelsAreAddedWhereTheNameLacksThem) {
  RemoteWriteOptions options{.hostname = "me"};
  ASSERT_EQ(options.labels.set("env", "prod"), NameError::kNone);
  ASSERT_EQ(options.labels.set("job", "agents"), NameError::kNone);
  EXPECT_THAT(labels("m env=own", Payload::kSample, options),
              ElementsAre(Pair("__name__", "m"), Pair("env", "own"), Pair("instance", "me"),
                          Pair("job", "agents")));
  const std::string longest = "m " + std::string(kMaxNameLength - 2, 'k');
  EXPECT_EQ(written({.name = longest, .value = 1}, options), "");
}

TEST(RemoteWrite, LabelsAreSortedByOctetsAndUnique) {
  EXPECT_THAT(
      labels("m-7.x 1=digit,A=b,a-b=1,a_b=2,z=3"),
      ElementsAre(Pair("A", "b"), Pair("_1", "digit"), Pair("__name__", "m_7_x"), Pair("a_b", "1"),
                  Pair("instance", "me"), Pair("job", "lariat"), Pair("z", "3")));
  EXPECT_THAT(labels("7m __name__=x,___a=1,_a=2,instance=i,job=j"),
              ElementsAre(Pair("__name__", "_7m"), Pair("_a", "1"), Pair("_name__", "x"),
                          Pair("instance", "i"), Pair("job", "j")));
}

TEST(RemoteWrite, KindsHaveTheirSuffixes) {
  EXPECT_THAT(labels("m instance,job,value=own", Payload::kEvent),
              ElementsAre(Pair("__name__", "m_events_total"), Pair("value", "own")));
  EXPECT_THAT(labels("m instance,job,value=own", Payload::kFact),
              ElementsAre(Pair("__name__", "m_info"), Pair("value", "text")));
  EXPECT_THAT(labels("m instance,job,value=own", Payload::kTally),
              ElementsAre(Pair("__name__", "m"), Pair("value", "own")));
}

TEST(RemoteWrite, ValuesAreUtf8) {
  EXPECT_THAT(labels("gr\xc3\xb6 a=\\\xe2\\\x82\\\xac\\\xff\\\xe2,instance,job"),
              ElementsAre(Pair("__name__", "gr__"), Pair("a", "\xe2\x82\xac__")));
  const auto fact = read(written({.name = "f instance,job",
                                  .kind = Payload::kFact,
                                  .value = 1,
                                  .text = "a\0b\nc\xed\xa0\x80"s}));
  EXPECT_EQ(fact.labels.back().second, "a_b\nc___");
}

TEST(RemoteWrite, TheMarkOfAnEndHasItsBits) {
  const RemoteWriteEncoder encoder({.hostname = "me"});
  std::string out(encoder.room(), '\0');
  std::string live(encoder.room(), '\0');
  const Point point{.name = "m host=a", .value = 3, .seconds = 7};
  const auto ended = encoder.write_stale(point, out);
  const auto back = read(std::string_view(out).substr(0, ended.size));
  EXPECT_EQ(std::bit_cast<std::uint64_t>(back.value), 0x7ff0'0000'0000'0002U);
  EXPECT_EQ(back.milliseconds, 7000);
  EXPECT_EQ(encoder.write(point, live).labels, ended.labels) << "of the same series";
}

TEST(RemoteWrite, SeriesAreToldByTheirLabels) {
  const RemoteWriteEncoder encoder({.hostname = "me"});
  const auto key = [&](const Point& point) {
    std::string out(encoder.room(), '\0');
    return std::string(encoder.write(point, out).labels);
  };
  EXPECT_EQ(key({.name = "m a=1", .value = 1, .seconds = 1}),
            key({.name = "m a=1", .value = 2, .seconds = 2}));
  EXPECT_NE(key({.name = "m a=1", .value = 1}), key({.name = "m a=2", .value = 1}));
  EXPECT_EQ(key({.name = "m.x a=1"}), key({.name = "m-x a=1"})) << "alike once they are legal";
}

TEST(RemoteWrite, MetadataSaysTheType) {
  const RemoteWriteEncoder encoder({});
  std::string out(encoder.room(), '\0');
  const auto metadata = [&](Payload kind) {
    return out.substr(0, encoder.write_metadata({.name = "m.x a=1", .kind = kind}, out));
  };
  EXPECT_EQ(metadata(Payload::kSample), "\x1a\x07\x08\x02\x12\x03m_x");
  EXPECT_EQ(metadata(Payload::kState), "\x1a\x07\x08\x02\x12\x03m_x");
  EXPECT_EQ(metadata(Payload::kDelta), "\x1a\x07\x08\x01\x12\x03m_x");
  EXPECT_EQ(metadata(Payload::kTally), "\x1a\x07\x08\x01\x12\x03m_x");
  EXPECT_EQ(metadata(Payload::kEvent), "\x1a\x14\x08\x01\x12\x10m_x_events_total");
  EXPECT_EQ(metadata(Payload::kFact), "\x1a\x0c\x08\x06\x12\x08m_x_info");
}

TEST(RemoteWrite, WhateverTheNameItsLabelsAreLegal) {
  std::mt19937 random(3);
  const std::string_view octets = "aAzZ09_-.:, =*\xc3\xb6\x01";
  const auto text = [&](std::size_t size) {
    std::string spelled;
    for (std::size_t i = 0; i < size; ++i) {
      const char octet = octets[random() % octets.size()];
      if (octet_class(octet) != OctetClass::kPlain) spelled += '\\';
      spelled += octet;
    }
    return spelled;
  };
  std::array<char, kMaxNameLength> room;
  int good = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string name = "m ";
    for (int j = 0; j < 8; ++j) {
      name += (j == 0 ? "" : ",") + text(1 + random() % 3) + '=' + text(random() % 3);
    }
    const auto clean = canonical(name, room);
    if (!clean) continue;
    ++good;
    const auto found = labels(clean.name);
    EXPECT_TRUE(std::is_sorted(found.begin(), found.end())) << name;
    for (std::size_t j = 0; j < found.size(); ++j) {
      EXPECT_FALSE(found[j].first.empty() || found[j].second.empty()) << name;
      EXPECT_EQ(found[j].first.find_first_not_of("abcdefghijklmnopqrstuvwxyzAZ09_"),
                std::string::npos)
          << name;
      if (j > 0) {
        EXPECT_NE(found[j].first, found[j - 1].first) << name;
      }
    }
  }
  EXPECT_GT(good, 1000) << "names were tried";
}

TEST(RemoteWrite, TheLongestHaveRoom) {
  std::string many(3000, 'm');
  many += ' ';
  for (int i = 10; i < 74; ++i) many += (i == 10 ? "" : ",") + std::to_string(i) + "=12345";
  EXPECT_EQ(labels(many).size(), 64U + 3);
  const std::string text(kMaxTextLength, 't');
  const std::string name = "m k=" + std::string(kMaxNameLength - 4, 'v');
  const auto fact = read(written({.name = name, .kind = Payload::kFact, .value = 1, .text = text},
                                 {.hostname = std::string(253, 'h')}));
  EXPECT_EQ(fact.labels.back().second, text);
  const std::string host = "m host=" + std::string(kMaxNameLength - 7, 'v');
  EXPECT_EQ(labels(host).size(), 4U) << "the host stands there twice";
}

}  // namespace
}  // namespace lariat::proto
