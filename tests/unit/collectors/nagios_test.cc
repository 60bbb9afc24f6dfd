// The wrapper as a program.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <string>

#include "proto/decode.h"
#include "tests/support/process.h"

namespace lariat {
namespace {

using test::Process;
using testing::EndsWith;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::StartsWith;
using enum test::Process::Stream;

const std::string kWrapper = std::string(LARIAT_COLLECTORS) + "/nagios";

struct Ended {
  int status = -1;
  std::string out;
  std::string err;
};

Ended run(std::vector<std::string> words) {
  words.insert(words.begin(), kWrapper);
  Process process(std::move(words));
  const int status = process.wait().value_or(-1);
  return {status, process.text(kOut), process.text(kErr)};
}

Ended run_shell(std::string_view script, std::vector<std::string> options = {}) {
  options.insert(options.end(), {"--text", "--", "sh", "-c", std::string(script)});
  return run(std::move(options));
}

TEST(Nagios, SaysWhatAPluginFound) {
  const auto ended = run_shell("echo 'DISK WARNING - full | /=1KB;@2:3 t=5C'; exit 1",
                               {"--name", "disk mount=/,a=b"});
  EXPECT_EQ(ended.status, 0) << "it has done its own work";
  EXPECT_EQ(ended.err, "");
  EXPECT_THAT(ended.out, MatchesRegex("state [0-9]+ disk a=b,mount=/ WARNING DISK WARNING - full\n"
                                      "sample [0-9]+ disk_bytes a=b,label=/,mount=/ 1024\n"
                                      "sample [0-9]+ disk_warning_low_bytes "
                                      "a=b,label=/,mount=/,range=inside 2048\n"
                                      "sample [0-9]+ disk_warning_bytes "
                                      "a=b,label=/,mount=/,range=inside 3072\n"
                                      "sample [0-9]+ disk_value a=b,label=t,mount=/,unit=C 5\n"
                                      "done\n"));
}

TEST(Nagios, PrintsWholeMessagesWhereNobodyReadsText) {
  const auto ended = run({"--", "sh", "-c", "echo OK '|' a=1c"});
  proto::Decoder decoder;
  decoder.feed(std::as_bytes(std::span(ended.out)));
  std::vector<std::string> names;
  std::uint64_t heartbeats = 0;
  while (const auto event = decoder.next()) {
    ASSERT_EQ(event->outcome, proto::Decoder::Outcome::kMessage);
    if (event->message.opcode() == proto::Opcode::kHeartbeat) {
      ++heartbeats;
    } else {
      names.emplace_back(proto::Submit(event->message).name());
    }
  }
  EXPECT_THAT(names, testing::ElementsAre(StartsWith("sh"), StartsWith("sh_total label=a")));
  EXPECT_EQ(heartbeats, 1U);
}

TEST(Nagios, EndsAPluginAndItsGroupAtItsDeadline) {
  test::TemporaryDirectory directory;
  const auto file = directory.file("pid");
  const auto ended = run_shell("trap '' TERM; echo so far; sh -c 'trap \"\" TERM; echo $$ >" +
                                   file + "; sleep 1000' & wait; sleep 1000",
                               {"--timeout", "300ms"});
  EXPECT_EQ(ended.status, 0);
  EXPECT_THAT(ended.out, HasSubstr("CRITICAL so far (did not end within 300 ms and was ended)\n"));
  const auto child = static_cast<pid_t>(std::stoi(test::read_file(file)));
  EXPECT_TRUE(test::wait_until([child] {
    return ::kill(child, 0) != 0 ||
           test::read_file("/proc/" + std::to_string(child) + "/stat").find(") Z") !=
               std::string::npos;
  })) << "a child that ignores SIGTERM lives on";
}

TEST(Nagios, TakesThePluginAlongWhenItIsEndedItself) {
  test::TemporaryDirectory directory;
  const auto file = directory.file("pid");
  Process wrapper({kWrapper, "--", "sh", "-c", "echo $$ >" + file + "; exec sleep 1000"});
  ASSERT_TRUE(test::wait_until(
      [&file] { return std::filesystem::exists(file) && test::read_file(file).ends_with('\n'); }));
  const auto plugin = static_cast<pid_t>(std::stoi(test::read_file(file)));
  wrapper.signal(SIGTERM);
  (void)wrapper.wait();
  EXPECT_TRUE(test::wait_until([plugin] {
    return ::kill(plugin, 0) != 0 ||
           test::read_file("/proc/" + std::to_string(plugin) + "/stat").find(") Z") !=
               std::string::npos;
  }));
}

TEST(Nagios, WhatHoldsTheOutputOpenDoesNotHoldIt) {
  const auto ended = run_shell("setsid sleep 1000 & echo $!; echo OK");
  EXPECT_THAT(ended.out, HasSubstr(" OK "));
  ::kill(static_cast<pid_t>(std::stoi(ended.out.substr(ended.out.find("OK ") + 3))), SIGKILL);
}

TEST(Nagios, APluginThatIsMissingOrCrashesIsCritical) {
  EXPECT_THAT(run({"--text", "--", "/none/check_x", "-H", "x"}).out,
              MatchesRegex("state [0-9]+ check_x CRITICAL cannot run /none/check_x: "
                           "No such file or directory\ndone\n"));
  EXPECT_THAT(run_shell("echo half; kill -SEGV $$").out,
              HasSubstr("CRITICAL half (was ended by SIGSEGV)\n"));
  EXPECT_THAT(run_shell("exit 3").out, HasSubstr("UNKNOWN (no output)\n"));
}

TEST(Nagios, ComplainsOfWhatItLeavesOut) {
  const auto ended = run_shell("echo 'OK | a=1 b= c'");
  EXPECT_THAT(ended.out, HasSubstr("label=a 1\n"));
  EXPECT_EQ(ended.err,
            "nagios: left out (missing-field): b=\nnagios: left out (missing-field): c\n");
  EXPECT_THAT(run_shell("yes | head -c 100000").err, HasSubstr("more than is read"));
}

TEST(Nagios, OfALineThatIsTooLongOnlyTheTextIsTaken) {
  const auto ended = run_shell("printf 'OK | a=1 b=123'; yes 1 | head -c 200000 | tr -d '\\n'");
  EXPECT_THAT(ended.out, MatchesRegex("state [0-9]+ sh OK OK\ndone\n"));
  EXPECT_THAT(ended.err, HasSubstr("more than is read"));
}

TEST(Nagios, ALineWithANulIsLeftOut) {
  const auto ended = run_shell("printf 'OK\\n x\\000y | a=1\\n'");
  EXPECT_THAT(ended.out, MatchesRegex("state [0-9]+ sh OK OK\ndone\n"));
  EXPECT_EQ(ended.err, "nagios: left out (nul): a line with a NUL\n");
}

TEST(Nagios, WhatAPluginThatWasEndedHadHalfPrintedIsLeftOut) {
  const auto ended = run_shell("printf 'OK | a=1 b=12'; kill -KILL $$");
  EXPECT_THAT(ended.out, HasSubstr("label=a 1\n"));
  EXPECT_THAT(ended.out, testing::Not(HasSubstr("label=b")));
}

TEST(Nagios, AValueThatCannotBeSaidIsToldOf) {
  const auto ended = run_shell("echo 'OK | a=1e308TB b=1'");
  EXPECT_THAT(ended.out, HasSubstr("label=b 1\n"));
  EXPECT_EQ(ended.err, "nagios: left out (bad-number): a=1e308TB\n");
}

TEST(Nagios, TheStateSaysHowOftenItIsRun) {
  ::setenv("LARIAT_INTERVAL", "60", 1);
  const auto ended = run({"--", "sh", "-c", "echo OK"});
  ::unsetenv("LARIAT_INTERVAL");
  proto::Decoder decoder;
  decoder.feed(std::as_bytes(std::span(ended.out)));
  const auto event = decoder.next();
  ASSERT_TRUE(event);
  EXPECT_EQ(proto::Submit(event->message).interval_milliseconds(), 60000U);
}

TEST(Nagios, AWrongUseIsToldAndIsStatus2) {
  EXPECT_EQ(run({}).status, 2);
  EXPECT_THAT(run({"--"}).err, HasSubstr("which plugin?"));
  EXPECT_THAT(run({"--timeout", "5x", "--", "true"}).err, HasSubstr("write 45s, 500ms or 2m"));
  EXPECT_EQ(run({"--timeout", "0", "--", "true"}).status, 2);
  EXPECT_EQ(run({"--timeout", "9999999999m", "--", "true"}).status, 2);
  EXPECT_THAT(run({"--name", "x a=b=c", "--", "true"}).err, HasSubstr("is no name"));
  EXPECT_EQ(run({"--name", "", "--", "true"}).status, 2);
  for (const auto* name : {"x a=*", "a=b", "x* a=b", " a=b", "x a=b,a=c"}) {
    EXPECT_EQ(run({"--name", name, "--", "true"}).status, 2) << name;
  }
  EXPECT_THAT(run({"--more", "--", "true"}).err, HasSubstr("'--more' is not an option"));
  EXPECT_THAT(run({"--help"}).out, HasSubstr("--timeout TIME"));
}

}  // namespace
}  // namespace lariat
