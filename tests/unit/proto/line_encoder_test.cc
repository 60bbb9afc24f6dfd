#include "proto/line_encoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "proto/print.h"

namespace lariat::proto {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// An encoder with the default tag `host=h`, asked every ten seconds.
class LineEncoderTest : public testing::Test {
 protected:
  LineEncoderTest() {
    EXPECT_EQ(tags_.set("host", "h"), NameError::kNone);
    encoder_ = std::make_unique<LineEncoder>(tags_, 10'000);
  }

  /// The messages of a line, printed.
  std::vector<std::string> messages(std::string_view line) {
    std::vector<std::string> printed;
    reason_ = parse_line(line).reason;
    if (reason_ != Reason::kNone) return printed;
    reason_ = encoder_->encode(parse_line(line).record, [&](std::span<const std::byte> bytes) {
      const MessageView message(bytes);
      EXPECT_EQ(check(message), Reason::kNone);
      if (message.payload() == mask(Payload::kState)) {
        EXPECT_EQ(Submit(message).interval_milliseconds(), 10'000U);
      }
      print_line(message, printed.emplace_back());
    });
    return printed;
  }
  Reason reason(std::string_view line) {
    EXPECT_THAT(messages(line), IsEmpty());
    return reason_;
  }

  DefaultTags tags_;
  std::unique_ptr<LineEncoder> encoder_;
  Reason reason_ = Reason::kNone;
};

TEST_F(LineEncoderTest, MakesAMessageOfEachForm) {
  EXPECT_THAT(messages("SAMPLE 1 web:load 0.5 1"), ElementsAre("sample 1 web:load host=h 0.5 1"));
  EXPECT_THAT(messages("COUNTER 1 hits"), ElementsAre("tally 1 hits host=h"));
  EXPECT_THAT(messages("tally 1 hits a=1 7"), ElementsAre("tally 1 hits a=1,host=h 7"));
  EXPECT_THAT(messages("RATE 1 rx 4096"), ElementsAre("delta 1 rx host=h 4096"));
  EXPECT_THAT(messages("STATE 1 disk WARN 90%"), ElementsAre("state 1 disk host=h WARNING 90%"));
  EXPECT_THAT(messages("STATE 1 disk 0"), ElementsAre("state 1 disk host=h OK"));
  EXPECT_THAT(messages("EVENT 1 boot"), ElementsAre("event 1 boot host=h"));
  EXPECT_THAT(messages("fact name=hostname web01"), ElementsAre("fact hostname host=h web01"));
  EXPECT_THAT(messages("fact os=linux"), ElementsAre("fact os host=h linux"));
}

TEST_F(LineEncoderTest, MakesNothingOfWhatIsNoObservation) {
  EXPECT_THAT(messages("# comment"), IsEmpty());
  EXPECT_THAT(messages("done"), IsEmpty());
  EXPECT_EQ(reason_, Reason::kNone);
}

TEST_F(LineEncoderTest, MakesAMessageOfEachPairOrOfNone) {
  EXPECT_THAT(messages("KEY a=1 b c=x=y d="), ElementsAre("fact a host=h 1", "fact b host=h 1",
                                                          "fact c host=h x=y", "fact d host=h"));
  EXPECT_EQ(reason("KEY a=1 =2 c=3"), Reason::kBadName) << "one bad pair rejects the line";
}

TEST_F(LineEncoderTest, SplitsASampleOfManyValuesInOrder) {
  std::string line = "SAMPLE 1 n";
  for (int i = 0; i < 2500; ++i) line += ' ' + std::to_string(i);
  const auto printed = messages(line);
  ASSERT_EQ(printed.size(), 3U);
  EXPECT_TRUE(printed[0].starts_with("sample 1 n host=h 0 1 2 "));
  EXPECT_TRUE(printed[0].ends_with(" 998 999"));
  EXPECT_TRUE(printed[1].starts_with("sample 1 n host=h 1000 "));
  EXPECT_TRUE(printed[2].ends_with(" 2499"));
}

TEST_F(LineEncoderTest, PutsTheTagsOfANameInOrder) {
  EXPECT_THAT(messages("sample 1 cpu \t mode=user,core=0 1"),
              ElementsAre("sample 1 cpu core=0,host=h,mode=user 1"));
  EXPECT_THAT(messages("sample 1 t=x,mode=dev 1"), ElementsAre("sample 1 - host=h,mode=dev,t=x 1"));
}

TEST_F(LineEncoderTest, ReplacesOctetsThatTagsDoNotTake) {
  EXPECT_THAT(messages("sample 1 cpu a=\xc3\xa9,b=1 1"),
              ElementsAre("sample 1 cpu a=__,b=1,host=h 1"));
  EXPECT_THAT(messages("sample 1 m=cpu,a=\xc3\xa9 1"), ElementsAre("sample 1 cpu a=__,host=h 1"));
  EXPECT_THAT(messages("sample 1 caf\xc3\xa9 1"), ElementsAre("sample 1 caf\xc3\xa9 host=h 1"))
      << "a metric takes them";
}

TEST_F(LineEncoderTest, RejectsNamesThatAreNone) {
  EXPECT_EQ(reason("sample 1 cpu a=*,b=1 1"), Reason::kBadName);
  EXPECT_EQ(reason("sample 1 cpu a=1,,b=2 1"), Reason::kBadName);
  EXPECT_EQ(reason("SAMPLE 1 " + std::string(5000, 'n') + " 1"), Reason::kBadName);
  EXPECT_EQ(reason("sample 1 m k=" + std::string(5000, 'v') + " 1"), Reason::kBadName);
  EXPECT_EQ(reason("SAMPLE 1 " + std::string(4088, 'n') + " 1"), Reason::kBadName)
      << "good as a name of 4095 octets, but not with its NUL in a message";
}

TEST_F(LineEncoderTest, CutsATextThatIsTooLong) {
  const auto printed = messages("EVENT 1 n " + std::string(5000, 't'));
  ASSERT_EQ(printed.size(), 1U);
  EXPECT_EQ(printed[0], "event 1 n host=h " + std::string(4094, 't'));
}

}  // namespace
}  // namespace lariat::proto
