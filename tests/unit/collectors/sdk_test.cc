#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <array>
#include <cmath>
#include <csignal>
#include <limits>
#include <thread>

#include "agent/base/unique_fd.h"
#include "collectors/sdk/answer.h"
#include "collectors/sdk/options.h"
#include "collectors/sdk/proc_file.h"
#include "collectors/sdk/source.h"
#include "collectors/sdk/ticks.h"
#include "proto/decode.h"
#include "tests/support/process.h"
#include "tests/unit/collectors/source_run.h"

namespace lariat::sdk {
namespace {

using test::Lines;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(TagsTest, AreSortedEscapedAndWithoutEmptyValues) {
  EXPECT_EQ((Tags{{"b", "1"}, {"a", "x,y=z*"}, {"none", ""}, {"blank", "  "}}.text()),
            "a=x\\,y\\=z\\*,b=1");
  EXPECT_EQ((Tags{{"path", "c:\\dir"}}.text()), "path=c:_dir");
  EXPECT_EQ(Tags{}.text(), "");
  EXPECT_EQ((Tags{{"u", "\xc3\xa4"}}.text()), "u=\\\xc3\\\xa4");
}

TEST(AnswerTest, IsMessagesAndAHeartbeatWithTheirNumber) {
  Answer answer;
  answer.begin(1'700'000'000);
  answer.sample("load", 0.5);
  answer.delta("bytes", 7, "device=a");
  answer.tally("seen", 3);
  answer.state("disk", proto::Status::kWarning, "nearly full", "mount=/");
  answer.event("login", "root");
  answer.fact("os", "Example");
  answer.end();

  proto::Decoder decoder;
  decoder.feed(answer.bytes());
  std::uint64_t submits = 0;
  std::uint64_t told = 0;
  while (const auto event = decoder.next()) {
    ASSERT_EQ(event->outcome, proto::Decoder::Outcome::kMessage);
    if (event->message.opcode() == proto::Opcode::kSubmit) {
      ++submits;
      continue;
    }
    ASSERT_EQ(event->message.opcode(), proto::Opcode::kHeartbeat);
    auto field = event->message.fields().begin();
    EXPECT_EQ(field->number(), 1'700'000'000U);
    told = (++field)->number();
  }
  EXPECT_EQ(decoder.end(), proto::Decoder::End::kClean);
  EXPECT_EQ(submits, 6U);
  EXPECT_EQ(told, 6U);

  std::string text;
  print(answer, text);
  EXPECT_EQ(text,
            "sample 1700000000 load 0.5\n"
            "delta 1700000000 bytes device=a 7\n"
            "tally 1700000000 seen 3\n"
            "state 1700000000 disk mount=/ WARNING nearly full\n"
            "event 1700000000 login root\n"
            "fact os Example\n"
            "done\n");
}

TEST(AnswerTest, LeavesOutAndCountsWhatCannotBeSaid) {
  Answer answer;
  answer.begin(1);
  answer.sample("a", std::nan(""));
  answer.delta("a", std::numeric_limits<double>::infinity());
  answer.sample("", 1);
  answer.sample(std::string(5000, 'x'), 1);
  answer.sample("a", 1, Tags{{"t", std::string(5000, '=')}}.text());
  answer.sample(std::string_view("a\0b", 3), 1);
  EXPECT_EQ(answer.count(), 0U);
  EXPECT_EQ(answer.refused(), 6U);
  answer.fact("long", std::string(10'000, 'x'));
  EXPECT_EQ(answer.count(), 1U) << "a text is cut";
}

TEST(AnswerTest, TakesBackWhatCameSinceAMark) {
  Answer answer;
  answer.begin(1);
  answer.sample("a", 1);
  const auto mark = answer.mark();
  answer.sample("b", 1);
  answer.roll_back(mark);
  EXPECT_THAT(test::lines_of(answer), ElementsAre("s a 1"));
  EXPECT_EQ(answer.count(), 1U);
}

TEST(OptionsTest, AreReadInBothSpellings) {
  std::string value;
  bool flag = false;
  const auto set = [&](std::string_view text) {
    value = text;
    return text == "bad" ? std::string("not good") : std::string();
  };
  const auto switch_on = [&](std::string_view) {
    flag = true;
    return std::string();
  };
  const std::array options = {Option{"--name", "NAME", "", set}, Option{"--on", "", "", switch_on}};
  const auto parse = [&](std::vector<const char*> words) { return parse_options(words, options); };
  EXPECT_EQ(parse({"--name", "a", "--on"}), "");
  EXPECT_EQ(value, "a");
  EXPECT_TRUE(flag);
  EXPECT_EQ(parse({"--name=b=c"}), "");
  EXPECT_EQ(value, "b=c");
  EXPECT_EQ(parse({"--name"}), "'--name' needs a value: --name NAME");
  EXPECT_EQ(parse({"--on=1"}), "'--on' takes no value");
  EXPECT_EQ(parse({"--what"}), "'--what' is not an option: see --help");
  EXPECT_EQ(parse({"word"}), "'word' is not an option: see --help");
  EXPECT_EQ(parse({"--name=bad"}), "not good");
}

/// Ticks from a pipe.
class TicksTest : public testing::Test {
 protected:
  TicksTest() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("pipe");
    read_.reset(ends[0]);
    write_.reset(ends[1]);
  }
  void write(std::string_view text) const {
    ASSERT_TRUE(write_all(write_.get(), std::as_bytes(std::span(text))));
  }
  std::vector<std::uint64_t> all() {
    write_.reset();
    Ticks ticks(read_.get());
    std::vector<std::uint64_t> times;
    while (const auto time = ticks.next()) times.push_back(*time);
    return times;
  }

  base::UniqueFd read_;
  base::UniqueFd write_;
};

TEST_F(TicksTest, AreReadInOrderAndGarbageIsSkipped) {
  write(
      "tick 5\nnonsense\ntick\ntick x\ntick 6\r\n tick 7\ntick 18446744073709551616\ntick 8\ntick "
      "9");
  EXPECT_THAT(all(), ElementsAre(5, 6, 8)) << "the last one has no end";
}

TEST_F(TicksTest, ALongLineIsSkippedToItsEnd) {
  write("tick 1\n" + std::string(20'000, 'x') + " tick 2\ntick 3\n");
  EXPECT_THAT(all(), ElementsAre(1, 3));
}

TEST_F(TicksTest, MayComeInPieces) {
  Ticks ticks(read_.get());
  std::thread slow([this] {
    for (const char c : std::string_view("tick 1700000000\n")) write({&c, 1});
  });
  EXPECT_EQ(ticks.next(), 1'700'000'000U);
  slow.join();
}

TEST_F(TicksTest, ANonBlockingPipeIsWaitedFor) {
  ASSERT_EQ(::fcntl(write_.get(), F_SETFL, O_NONBLOCK), 0);
  ASSERT_EQ(::fcntl(read_.get(), F_SETFL, O_NONBLOCK), 0);
  const std::string much(1'000'000, '\n');
  std::thread writer([&] {
    write(much);
    write("tick 4\n");
    write_.reset();
  });
  Ticks ticks(read_.get());
  EXPECT_EQ(ticks.next(), 4U);
  EXPECT_FALSE(ticks.next());
  writer.join();
}

TEST_F(TicksTest, WritingToNobodyFailsWithoutASignal) {
  ::signal(SIGPIPE, SIG_IGN);
  read_.reset();
  EXPECT_FALSE(write_all(write_.get(), std::as_bytes(std::span("x", 1))));
}

TEST(ProcFileTest, ReadsAnewAndOpensAgainWhatWasReplaced) {
  const test::TemporaryDirectory folder;
  ProcFile file(folder.file("f"));
  EXPECT_FALSE(file.read());
  EXPECT_THAT(file.error(), HasSubstr("No such file"));
  test::write_file(folder.file("f"), "one");
  EXPECT_EQ(file.read(), "one");
  test::write_file(folder.file("f"), std::string(100'000, 'x'));
  EXPECT_EQ(file.read()->size(), 100'000U);
  ProcFile whole(folder.file("f"), ProcFile::Shape::kWhole);
  EXPECT_EQ(whole.read()->size(), 100'000U);
}

TEST(ProcFileTest, MayHaveChangedUnlessTheKernelSaysThatItHasNot) {
  const test::TemporaryDirectory folder;
  ProcFile plain(folder.file("f"));
  EXPECT_TRUE(plain.may_have_changed()) << "never read";
  test::write_file(folder.file("f"), "one");
  EXPECT_TRUE(plain.read());
  EXPECT_TRUE(plain.may_have_changed());
  ProcFile numbers("/proc/meminfo");
  EXPECT_TRUE(numbers.read());
  EXPECT_TRUE(numbers.may_have_changed());
}

TEST(ProcFileTest, KnowsFromTheKernelWhetherMountsHaveChanged) {
  const test::TemporaryDirectory folder;
  bool allowed = false;
  // In mounts of its own, which nobody else changes.
  std::thread([&] {
    allowed = ::unshare(CLONE_NEWNS) == 0 &&
              ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
    if (!allowed) return;
    ProcFile mounts("/proc/thread-self/mountinfo");
    EXPECT_TRUE(mounts.may_have_changed()) << "never read";
    EXPECT_TRUE(mounts.read());
    EXPECT_FALSE(mounts.may_have_changed());
    allowed = ::mount("none", folder.file("").c_str(), "tmpfs", 0, nullptr) == 0;
    if (!allowed) return;
    EXPECT_TRUE(mounts.may_have_changed());
    EXPECT_TRUE(mounts.read());
    EXPECT_FALSE(mounts.may_have_changed()) << "told once";
    EXPECT_EQ(::umount(folder.file("").c_str()), 0);
    EXPECT_TRUE(mounts.may_have_changed());
  }).join();
  if (!allowed) GTEST_SKIP() << "may not mount";
}

class Scripted : public Source {
 public:
  std::string collect(Answer& answer) override {
    answer.sample("scripted", 1);
    return fault;
  }
  inline static std::string fault;  // NOLINT: the only way into what a plain function makes.
};

class Steady : public Source {
 public:
  std::string collect(Answer& answer) override {
    answer.sample("steady", 1);
    return {};
  }
};

TEST(SourceSetTest, ASourceThatFailsCostsItselfAloneAndIsToldOfOnce) {
  const std::array entries = {
      SourceEntry{"scripted", "",
                  [](Host&) -> std::unique_ptr<Source> { return std::make_unique<Scripted>(); }},
      SourceEntry{"steady", "",
                  [](Host&) -> std::unique_ptr<Source> { return std::make_unique<Steady>(); }}};
  Host host({});
  Lines told;
  SourceSet set(
      host, entries, [&told](std::string_view line) { told.emplace_back(line); },
      [](Answer& answer, const SourceOutcome& outcome) {
        answer.sample("success", outcome.success ? 1 : 0, outcome.tags);
        EXPECT_GE(outcome.seconds, 0);
      });
  Answer answer;
  const auto collect = [&] {
    answer.begin(1);
    set.collect(answer);
    return test::lines_of(answer);
  };
  const auto bad =
      ElementsAre("s success collector=scripted 0", "s steady 1", "s success collector=steady 1");
  const auto good = ElementsAre("s scripted 1", "s success collector=scripted 1", "s steady 1",
                                "s success collector=steady 1");
  Scripted::fault = "";
  EXPECT_THAT(collect(), good);
  EXPECT_THAT(told, IsEmpty());
  Scripted::fault = "broken 1";
  EXPECT_THAT(collect(), bad);
  Scripted::fault = "broken 2";
  EXPECT_THAT(collect(), bad);
  Scripted::fault = "";
  EXPECT_THAT(collect(), good);
  EXPECT_THAT(told, ElementsAre("scripted: broken 1", "scripted: is well again"));
}

}  // namespace
}  // namespace lariat::sdk
