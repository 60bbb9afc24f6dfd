#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "proto/encode.h"
#include "tests/integration/receive_run.h"
#include "tests/support/process.h"
#include "tests/support/test_receiver.h"

namespace lariat::test {
namespace {

using Stream = Process::Stream;

/// Messages of every kind, with what is hard to spell in JSON.
class Messages {
 public:
  Messages() {
    constexpr std::uint64_t kTime = 1'700'000'000;
    constexpr double kTiny = std::numeric_limits<double>::denorm_min();
    constexpr double kHuge = std::numeric_limits<double>::max();
    const std::array<double, 8> values = {0.0,  -0.0,  0.1,    1.0 / 3.0,
                                          1e15, kTiny, -kHuge, 9007199254740993.0};
    const auto sample = [&](std::string_view name, std::span<const double> some) {
      add([&](auto out) { return proto::encode_sample(out, name, kTime, some); });
    };
    sample("cpu host=a", values);
    for (const double& value : values) sample("one host=a,dev=\\x41", {&value, 1});
    const std::vector<double> many(proto::kMaxSampleValues, 0.7);
    sample("many host=a", many);
    for (const auto count : {std::optional<std::uint64_t>(), std::optional<std::uint64_t>(0),
                             std::optional<std::uint64_t>(~std::uint64_t{0})}) {
      add([&](auto out) { return proto::encode_tally(out, "hits host=a", kTime, count); });
    }
    add([&](auto out) { return proto::encode_delta(out, "octets host=a", 0, 1e300); });
    add([&](auto out) { return proto::encode_sample(out, "late host=a", kMostTime, values); });
    for (const auto status : {proto::Status::kOk, proto::Status::kWarning, proto::Status::kCritical,
                              proto::Status::kUnknown}) {
      for (const auto summary :
           {std::optional<std::string_view>(), std::optional<std::string_view>(""),
            std::optional<std::string_view>("100 % \"full\"\\\t\n")}) {
        const proto::StateReport report{status, 60'000, summary};
        add([&](auto out) { return proto::encode_state(out, "disk host=a", kTime, report); });
      }
    }
    for (const auto text : texts()) {
      add([&](auto out) { return proto::encode_event(out, "boot host=a", kTime, text); });
      add([&](auto out) { return proto::encode_fact(out, "os host=a", text); });
    }
  }

  [[nodiscard]] const std::string& octets() const noexcept { return octets_; }
  [[nodiscard]] std::size_t count() const noexcept { return count_; }

 private:
  static constexpr std::uint64_t kMostTime = 253'402'300'799;  // The end of the year 9999.

  static std::vector<std::string_view> texts() {
    return {"",
            "plain",
            "\xc3\xa4\xe2\x82\xac\xf0\x9f\xa6\x8a",
            "no UTF-8: \xff\xc3\x28",
            "\x01\x1f\x7f",
            "\xe2\x80\xa8 line separator",
            "{\"json\": [1, 2]}"};
  }

  template <typename Encode>
  void add(Encode encode) {
    std::array<std::byte, proto::kEncodeBufferSize> buffer;
    const proto::Encoded encoded = encode(std::span<std::byte>(buffer));
    EXPECT_TRUE(encoded) << to_string(encoded.error);
    octets_.append(reinterpret_cast<const char*>(buffer.data()), encoded.size);
    ++count_;
  }

  std::string octets_;
  std::size_t count_ = 0;
};

std::vector<std::string> send(const std::vector<std::string>& arguments) {
  std::vector<std::string> words = {LARIAT_BINARY, "send"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  return words;
}

std::string all_text(Process& process) {
  return process.text(Stream::kOut) + process.text(Stream::kErr);
}

TEST(Send, ThroughReceiveJsonAndBackIsTheIdentity) {
  const Messages messages;
  const auto count = std::to_string(messages.count());
  TemporaryDirectory directory;
  write_file(directory.file("octets"), messages.octets());
  ReceiveRun json("tsdp://127.0.0.1:0", {"--json", "--count", count});
  ReceiveRun before("tsdp://127.0.0.1:0", {"--raw", directory.file("before"), "--count", count});
  Process there(send({json.url(), before.url(), "-"}), {.input_file = directory.file("octets")});
  ASSERT_EQ(json.process().wait(), 0) << all_text(there);
  ASSERT_EQ(before.process().wait(), 0);
  EXPECT_EQ(there.wait(), 0) << all_text(there);

  write_file(directory.file("json"), json.process().text(Stream::kOut));
  ReceiveRun after("tsdp://127.0.0.1:0", {"--raw", directory.file("after"), "--count", count});
  Process back(send({after.url(), "--json", "-"}), {.input_file = directory.file("json")});
  EXPECT_EQ(back.wait(), 0) << all_text(back);
  ASSERT_EQ(after.process().wait(), 0);

  EXPECT_EQ(read_raw(directory.file("before")).frames, messages.octets());
  EXPECT_EQ(read_raw(directory.file("after")).frames, messages.octets());
}

TEST(Send, ReceiveJsonPipedIntoSendJsonIsTheIdentity) {
  const Messages messages;
  const auto count = std::to_string(messages.count());
  TemporaryDirectory directory;
  write_file(directory.file("octets"), messages.octets());
  ReceiveRun after("tsdp://127.0.0.1:0", {"--raw", directory.file("after"), "--count", count});
  ReceiveRun json("tsdp://127.0.0.1:0", {"--json", "--count", count});
  Process onward(send({after.url(), "--json", "-"}));
  Process there(send({json.url(), "-"}), {.input_file = directory.file("octets")});
  while (const auto line = json.process().line(Stream::kOut)) {
    ASSERT_TRUE(onward.write(*line + "\n")) << all_text(onward);
  }
  onward.close_input();
  EXPECT_EQ(there.wait(), 0) << all_text(there);
  EXPECT_EQ(onward.wait(), 0) << all_text(onward);
  ASSERT_EQ(after.process().wait(), 0);
  EXPECT_EQ(read_raw(directory.file("after")).frames, messages.octets());
}

TEST(Send, OneMessageArrivesWithTheTagOfTheHost) {
  ReceiveRun receiver("tsdp://127.0.0.1:0", {"--count", "1"});
  Process sent(send({receiver.url(), "sample", "load", "0.5", "0.25"}));
  EXPECT_EQ(sent.wait(), 0) << all_text(sent);
  EXPECT_EQ(receiver.process().wait(), 0);
  const auto& line = receiver.process().text(Stream::kOut);
  EXPECT_NE(line.find("load host="), std::string::npos) << line;
  EXPECT_NE(line.find("0.25"), std::string::npos) << line;
}

TEST(Send, LinesFromStandardInputGoToAll) {
  TemporaryDirectory directory;
  TestReceiver a;
  TestReceiver b;
  std::string lines;
  constexpr int kLines = 20'000;
  for (int i = 0; i < kLines; ++i) {
    lines += "sample 1700000000 load host=a " + std::to_string(i) + "\n";
  }
  write_file(directory.file("lines"), lines);
  Process sent(send({a.url(), b.url(), "-"}), {.input_file = directory.file("lines")});
  EXPECT_EQ(sent.wait(), 0) << all_text(sent);
  for (const auto* receiver : {&a, &b}) {
    EXPECT_TRUE(wait_until([&] { return receiver->record().frames == kLines; }));
    EXPECT_EQ(receiver->runs().size(), 1U);
    EXPECT_EQ(receiver->record().bad, 0U);
  }
}

// What stands in the table of `url`: accepted, delivered, dropped, queued.
std::vector<std::uint64_t> row_of(const std::string& table, const std::string& url) {
  const auto at = table.find(url);
  if (at == std::string::npos) return {};
  std::istringstream row(table.substr(at + url.size(), table.find('\n', at) - at - url.size()));
  std::vector<std::uint64_t> numbers;
  for (std::uint64_t number = 0; row >> number;) numbers.push_back(number);
  return numbers;
}

TEST(Send, ToSeveralOfWhichOneIsDeadEndsWithATableAndStatus1) {
  TestReceiver a;
  TestReceiver b;
  RefusingPort dead;
  Process sent(
      send({a.url(), dead.url(), b.url(), "--timeout", "500ms", "sample", "x host=a", "7"}));
  EXPECT_EQ(sent.wait(), 1) << all_text(sent);
  const auto text = all_text(sent);
  EXPECT_EQ(row_of(sent.text(Stream::kOut), a.url()), (std::vector<std::uint64_t>{1, 1, 0, 0}))
      << text;
  EXPECT_EQ(row_of(sent.text(Stream::kOut), b.url()), (std::vector<std::uint64_t>{1, 1, 0, 0}))
      << text;
  EXPECT_EQ(row_of(sent.text(Stream::kOut), dead.url()), (std::vector<std::uint64_t>{1, 0, 0, 1}))
      << text;
  EXPECT_NE(text.find("refused"), std::string::npos) << "it says why";
  for (const auto* receiver : {&a, &b}) {
    EXPECT_TRUE(wait_until([&] { return receiver->record().frames == 1; }));
    EXPECT_EQ(receiver->record().last_number, 7U);
  }
}

TEST(Send, WrongUseIsStatus2) {
  for (const auto& arguments :
       std::vector<std::vector<std::string>>{{"sample", "x host=a", "1"},
                                             {"tsdp://127.0.0.1:1", "sample", "x host=a", "one"},
                                             {"tsdp://127.0.0.1:1", "gauge", "x host=a", "1"},
                                             {"tsdp://127.0.0.1:1"},
                                             {"tsdp://127.0.0.1:1", "--no-such-option", "-"}}) {
    Process sent(send(arguments));
    EXPECT_EQ(sent.wait(), 2) << all_text(sent);
    EXPECT_FALSE(sent.text(Stream::kErr).empty());
  }
}

}  // namespace
}  // namespace lariat::test
