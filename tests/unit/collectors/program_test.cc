#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <map>

#include "collectors/linux/all.h"
#include "proto/decode.h"
#include "tests/support/process.h"

namespace lariat {
namespace {

using test::Process;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;
using enum test::Process::Stream;

/// An answer as the agent sees it.
struct Answered {
  std::uint64_t time = 0;   ///< Of the HEARTBEAT.
  std::uint64_t count = 0;  ///< As the HEARTBEAT says.
  std::uint64_t messages = 0;
  bool stamped = true;  ///< Each message has the HEARTBEAT's time.
};

/// All whole answers in `octets`; throws for octets that are no messages.
std::vector<Answered> answers_in(std::string_view octets) {
  proto::Decoder decoder;
  decoder.feed(std::as_bytes(std::span(octets)));
  std::vector<Answered> answers;
  std::vector<std::uint64_t> times;
  while (const auto event = decoder.next()) {
    if (event->outcome != proto::Decoder::Outcome::kMessage) throw std::runtime_error("no message");
    if (event->message.opcode() == proto::Opcode::kSubmit) {
      const proto::Submit submit(event->message);
      if (submit.kind() != proto::Payload::kFact) times.push_back(submit.time());
      if (answers.empty() || answers.back().count != ~std::uint64_t{0}) {
        answers.push_back({.count = ~std::uint64_t{0}});
      }
      ++answers.back().messages;
      continue;
    }
    if (answers.empty() || answers.back().count != ~std::uint64_t{0}) answers.push_back({});
    auto field = event->message.fields().begin();
    Answered& answer = answers.back();
    answer.time = field->number();
    answer.count = (++field)->number();
    for (const std::uint64_t time : times) answer.stamped &= time == answer.time;
    times.clear();
  }
  return answers;
}

std::vector<std::string> lines_in(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0, end = 0; (end = text.find('\n', at)) != text.npos; at = end + 1) {
    lines.push_back(text.substr(at, end - at));
  }
  return lines;
}

std::string fixture(std::string_view name) {
  return std::string(LARIAT_FIXTURES) + "/linux/" + std::string(name);
}

class ShippedProgram : public testing::TestWithParam<const char*> {
 protected:
  [[nodiscard]] std::string path() const {
    return std::string(LARIAT_COLLECTORS) + "/" + GetParam();
  }
};

TEST_P(ShippedProgram, AnswersEachTickOnceWithItsTimeAndItsCount) {
  Process program({path()});
  for (const std::uint64_t time : {1'700'000'000U, 1'700'000'010U}) {
    const std::size_t before = answers_in(program.text(kOut)).size();
    ASSERT_TRUE(program.write("tick " + std::to_string(time) + "\n"));
    ASSERT_TRUE(test::wait_until([&] {
      // Takes in what has come.
      (void)program.wait_for_text(kOut, "never there", std::chrono::milliseconds(5));
      const auto answers = answers_in(program.text(kOut));
      return answers.size() == before + 1 && answers.back().time == time;
    }));
    const Answered answer = answers_in(program.text(kOut)).back();
    EXPECT_EQ(answer.count, answer.messages);
    EXPECT_GT(answer.messages, 5U);
    EXPECT_TRUE(answer.stamped);
  }
  program.close_input();
  EXPECT_EQ(program.wait(), 0);
  EXPECT_EQ(answers_in(program.text(kOut)).size(), 2U) << "nothing but answers";
}

TEST_P(ShippedProgram, ReadsTicksInPiecesAndSkipsGarbage) {
  Process program({path()});
  for (const char* piece : {"nonsense\nti", "ck 5", "\ntick five\n", "tick 6\nti"}) {
    ASSERT_TRUE(program.write(piece));
  }
  program.close_input();
  EXPECT_EQ(program.wait(), 0);
  const auto answers = answers_in(program.text(kOut));
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[0].time, 5U);
  EXPECT_EQ(answers[1].time, 6U);
}

TEST_P(ShippedProgram, AnswersTicksThatWaitedWhileItWasStoppedEachOnItsOwn) {
  Process program({path()});
  program.stop();
  ASSERT_TRUE(program.write("tick 5\ntick 6\n"));
  program.go_on();
  program.close_input();
  EXPECT_EQ(program.wait(), 0);
  const auto answers = answers_in(program.text(kOut));
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[0].messages, answers[0].count);
  EXPECT_EQ(answers[1].messages, answers[1].count);
  EXPECT_EQ(answers[1].time, 6U);
}

TEST_P(ShippedProgram, PrintsLinesForPeople) {
  Process program({path(), "--once", "--text"});
  program.close_input();
  EXPECT_EQ(program.wait(), 0);
  const auto lines = lines_in(program.text(kOut));
  ASSERT_GT(lines.size(), 5U);
  EXPECT_EQ(lines.back(), "done");
}

TEST_P(ShippedProgram, WrongUseIsOneSentenceAndTwo) {
  for (const std::vector<std::string>& words : {std::vector<std::string>{"--what"},
                                                {"--only"},
                                                {"--only", "nothing"},
                                                {"--no=nothing"},
                                                {"--procfs", "relative"},
                                                {"word"},
                                                {"--once=1"}}) {
    std::vector<std::string> command = {path()};
    command.insert(command.end(), words.begin(), words.end());
    Process program(command);
    EXPECT_EQ(program.wait(), 2) << words.front();
    EXPECT_THAT(lines_in(program.text(kErr)),
                ElementsAre(StartsWith(std::string(GetParam()) + ": ")));
    EXPECT_EQ(program.text(kOut), "");
  }
}

TEST_P(ShippedProgram, HelpNamesEachOption) {
  Process program({path(), "--help"});
  EXPECT_EQ(program.wait(), 0);
  for (const char* option : {"--only", "--no", "--with", "--list", "--procfs", "--sysfs",
                             "--rootfs", "--once", "--text"}) {
    EXPECT_THAT(program.text(kOut), HasSubstr(option));
  }
}

TEST_P(ShippedProgram, EndsWhenItsReaderHasGone) {
  // The shell's other command takes nothing and ends first.
  Process shell({"sh", "-c", "(sleep 0.01; yes 'tick 5') | " + path() + " | true"});
  EXPECT_TRUE(shell.wait());
}

INSTANTIATE_TEST_SUITE_P(All, ShippedProgram, testing::Values("linux", "hostinfo"),
                         [](const auto& tested) { return std::string(tested.param); });

std::vector<std::string> linux_lines(std::vector<std::string> options) {
  options.insert(options.begin(), {std::string(LARIAT_COLLECTORS) + "/linux", "--once", "--text"});
  Process program(options);
  EXPECT_EQ(program.wait(), 0);
  return lines_in(program.text(kOut));
}

TEST(LinuxProgram, OptionsChooseSources) {
  const auto only = linux_lines({"--only", "loadavg", "--only=uname"});
  EXPECT_THAT(only,
              AllOf(Contains(HasSubstr(" node_load1 ")), Contains(HasSubstr("node_uname_info")),
                    Not(Contains(HasSubstr("node_memory")))));
  EXPECT_THAT(only, Contains(HasSubstr("node_scrape_collector_success collector=loadavg 1")));
  EXPECT_THAT(only, Contains(HasSubstr("node_scrape_collector_duration_seconds collector=uname ")));
  const auto without = linux_lines({"--no", "cpu", "--no", "meminfo"});
  EXPECT_THAT(without,
              AllOf(Contains(HasSubstr(" node_load1 ")), Not(Contains(HasSubstr("node_cpu"))),
                    Not(Contains(HasSubstr("node_memory")))));

  Process help({std::string(LARIAT_COLLECTORS) + "/linux", "--help"});
  EXPECT_EQ(help.wait(), 0);
  EXPECT_THAT(help.text(kOut), HasSubstr("  --textfiles DIR "));
  const auto of_processes = HasSubstr("collector=processes ");
  EXPECT_THAT(without, Not(Contains(of_processes))) << "off by default";
  EXPECT_THAT(linux_lines({"--with", "processes"}),
              AllOf(Contains(of_processes), Contains(HasSubstr(" node_load1 "))));
  EXPECT_THAT(linux_lines({"--only", "processes"}),
              AllOf(Contains(of_processes), Not(Contains(HasSubstr(" node_load1 ")))));

  Process list({std::string(LARIAT_COLLECTORS) + "/linux", "--list"});
  EXPECT_EQ(list.wait(), 0);
  const auto listed = lines_in(list.text(kOut));
  const auto sources = host::all_sources();
  ASSERT_EQ(listed.size(), sources.size());
  EXPECT_TRUE(std::ranges::is_sorted(listed));
  for (std::size_t i = 0; i < listed.size(); ++i) {
    EXPECT_THAT(listed[i], StartsWith(std::string(sources[i].name) + ' '));
    EXPECT_EQ(listed[i].ends_with(" (off by default)"), !sources[i].by_default) << listed[i];
  }
}

TEST(LinuxProgram, ASourceOfGarbageCostsItselfAloneAndIsToldOfOnce) {
  Process program(
      {std::string(LARIAT_COLLECTORS) + "/linux", "--text", "--procfs", fixture("garbage/proc")});
  ASSERT_TRUE(program.write("tick 5\ntick 6\ntick 7\n"));
  program.close_input();
  EXPECT_EQ(program.wait(), 0);
  const auto lines = lines_in(program.text(kOut));
  const auto words = lines_in(program.text(kErr));
  for (const std::string bad :
       {"cpu", "diskstats", "filesystem", "loadavg", "meminfo", "netdev", "stat"}) {
    EXPECT_THAT(lines, Contains("sample 6 node_scrape_collector_success collector=" + bad + " 0"));
    EXPECT_THAT(words, Contains(StartsWith("linux: " + bad + ": ")).Times(1));
  }
  EXPECT_THAT(lines, Contains("sample 6 node_scrape_collector_success collector=uname 1"));
  EXPECT_THAT(lines, Contains(HasSubstr("node_uname_info")));
  EXPECT_THAT(lines, Not(Contains(HasSubstr("node_memory"))));
  for (const auto& word : words) EXPECT_THAT(words, Contains(word).Times(1));
}

TEST(LinuxProgram, NeedsOnlyTheCAndCxxLibraries) {
  Process ldd({"ldd", std::string(LARIAT_COLLECTORS) + "/linux"});
  if (ldd.wait() != 0) GTEST_SKIP() << "no ldd here";
#ifdef LARIAT_SANITIZED
  GTEST_SKIP() << "a sanitizer brings libraries of its own";
#else
  for (const auto& line : lines_in(ldd.text(kOut))) {
    EXPECT_THAT(
        line, testing::AnyOf(HasSubstr("linux-vdso"), HasSubstr("libstdc++"), HasSubstr("libgcc_s"),
                             HasSubstr("libc.so"), HasSubstr("libm.so"), HasSubstr("/ld-linux")));
  }
#endif
}

}  // namespace
}  // namespace lariat
