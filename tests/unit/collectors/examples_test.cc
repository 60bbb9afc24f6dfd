#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <tuple>

#include "agent/collect/ingest.h"
#include "proto/print.h"
#include "tests/support/process.h"
#include "tests/support/temporary_directory.h"

namespace lariat {
namespace {

using test::Process;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;
using enum test::Process::Stream;

std::string example(std::string_view name) {
  return std::string(LARIAT_SOURCE) + "/collectors/examples/" + std::string(name);
}

struct Taken {
  std::vector<std::string> frames;
  int answers = 0;
  std::uint64_t refused = 0;
};

/// What the agent makes of a collector's output.
Taken ingest(std::string_view output) {
  proto::DefaultTags tags;
  EXPECT_EQ(tags.set("host", "h"), proto::NameError::kNone);
  Taken taken;
  collect::Ingest ingest(tags, {},
                         {.frame =
                              [&taken](std::span<const std::byte> frame) {
                                std::string& line = taken.frames.emplace_back();
                                proto::print_line(proto::MessageView(frame), line);
                                return true;
                              },
                          .refused = {},
                          .answered = [&taken] { ++taken.answers; }});
  EXPECT_TRUE(ingest.feed(std::as_bytes(std::span(output))));
  ingest.finish();
  taken.refused = ingest.refused_total();
  return taken;
}

std::size_t lines_of_code(const std::string& path) {
  const std::string text = test::read_file(path);
  return static_cast<std::size_t>(std::ranges::count(text, '\n'));
}

TEST(Examples, AreShort) {
  EXPECT_LT(lines_of_code(example("users.sh")), 10U);
  EXPECT_LT(lines_of_code(example("queue.py")), 10U);
  EXPECT_LT(lines_of_code(example("uptime.cc")), 30U);
}

TEST(Examples, TheShellsIsTaken) {
  Process program({example("users.sh")});
  program.close_input();
  EXPECT_EQ(program.wait(), 0) << program.text(kErr);
  const Taken taken = ingest(program.text(kOut));
  EXPECT_FALSE(taken.frames.empty());
  EXPECT_EQ(taken.refused, 0U);
  EXPECT_THAT(taken.frames,
              testing::Each(AllOf(StartsWith("sample "), HasSubstr(" user_processes "),
                                  HasSubstr("host=h,user="))));
}

TEST(Examples, PythonsAnswersTicks) {
  const test::TemporaryDirectory folder;
  test::write_file(folder.file("one"), "");
  test::write_file(folder.file("two"), "");
  const std::string path = folder.file("").substr(0, folder.file("").size() - 1);
  Process program({"python3", example("queue.py"), path});
  ASSERT_TRUE(program.write("tick 5\n"));
  ASSERT_TRUE(program.wait_for_text(kOut, "done\n")) << "it does not wait for the next tick";
  ASSERT_TRUE(program.write("tick 6\n"));
  program.close_input();
  EXPECT_EQ(program.wait(), 0) << program.text(kErr);
  const Taken taken = ingest(program.text(kOut));
  EXPECT_EQ(taken.answers, 2);
  EXPECT_EQ(taken.refused, 0U);
  EXPECT_THAT(taken.frames, ElementsAre("sample 5 queue_files folder=" + path + ",host=h 2",
                                        "sample 6 queue_files folder=" + path + ",host=h 2"));
}

TEST(Examples, TheOneInCxxAnswersTicks) {
  Process program({std::string(LARIAT_COLLECTORS) + "/examples/uptime"});
  ASSERT_TRUE(program.write("tick 5\ntick 6\n"));
  program.close_input();
  EXPECT_EQ(program.wait(), 0);
  const Taken taken = ingest(program.text(kOut));
  EXPECT_EQ(taken.answers, 2);
  EXPECT_EQ(taken.refused, 0U);
  EXPECT_THAT(taken.frames, ElementsAre(StartsWith("sample 5 uptime_seconds clock=awake,host=h "),
                                        StartsWith("sample 5 uptime_seconds clock=all,host=h "),
                                        StartsWith("sample 6 uptime_seconds clock=awake,host=h "),
                                        StartsWith("sample 6 uptime_seconds clock=all,host=h ")));
}

TEST(Examples, ThoseOfOneHeaderAnswerTicksOrOnce) {
  for (const char* name : {"load", "spool"}) {
    const std::string path = std::string(LARIAT_COLLECTORS) + "/examples/" + name;
    Process once({path, "/"});
    once.close_input();
    EXPECT_EQ(once.wait(), 0) << name << once.text(kErr);
    EXPECT_EQ(ingest(once.text(kOut)).frames.size(), 3U) << name;
    EXPECT_EQ(ingest(once.text(kOut)).answers, 0) << name;

    Process program({path, "/"});
    ASSERT_TRUE(program.write("tick 5\n"));
    ASSERT_TRUE(program.wait_for_text(kOut, "done\n")) << "it does not wait for the next tick";
    ASSERT_TRUE(program.write("no tick\ntick 6\n"));
    program.close_input();
    EXPECT_EQ(program.wait(), 0) << name;
    const Taken taken = ingest(program.text(kOut));
    EXPECT_EQ(taken.answers, 2) << name;
    EXPECT_EQ(taken.refused, 0U) << name;
    ASSERT_EQ(taken.frames.size(), 6U) << name;
    EXPECT_THAT(taken.frames.front(), HasSubstr(" 5 ")) << name;
    EXPECT_THAT(taken.frames.back(), HasSubstr(" 6 ")) << name;
  }
}

/// Of a locale with a comma before the decimals, whatever the machine has: made in `folder`.
std::vector<std::string> comma_environment(const test::TemporaryDirectory& folder) {
  std::ofstream(folder.file("source"))
      << "LC_NUMERIC\ndecimal_point \",\"\nthousands_sep \"\"\ngrouping -1\nEND LC_NUMERIC\n";
  Process made(
      {"localedef", "-c", "-i", folder.file("source"), "-f", "UTF-8", folder.file("comma.UTF-8")});
  made.wait();  // It misses the other categories, and says so.
  return {"LOCPATH=" + folder.path(), "LC_NUMERIC=comma.UTF-8"};
}

TEST(Examples, OfOneHeaderSayTheOddTheSameInEitherLanguage) {
  const test::TemporaryDirectory folder;
  const auto environment = comma_environment(folder);
  Process half({"/usr/bin/printf", "%.1f", "0,5"}, {.environment = environment});
  if (half.wait() != 0 || half.text(kOut) != "0,5") {
    GTEST_SKIP() << "no locale could be made: is Debian's package `locales` there?";
  }
  for (const char* language : {"c", "cpp"}) {
    Process program({LARIAT_ODD_WORDS, language}, {.environment = environment});
    ASSERT_TRUE(program.write("tick 5\n"));
    ASSERT_TRUE(program.wait_for_text(kOut, "done\n")) << language;
    program.close_input();
    EXPECT_EQ(program.wait(), 0);
    EXPECT_EQ(program.text(kErr), "4 of this answer left out: no finite number, or no name\n");
    const Taken taken = ingest(program.text(kOut));
    EXPECT_EQ(taken.refused, 0U) << program.text(kOut);
    EXPECT_EQ(taken.answers, 1);
    EXPECT_THAT(
        taken.frames,
        ElementsAre("sample 5 third host=h 0.3333333333333333", "sample 5 least host=h 5e-324",
                    "sample 5 most a=b,host=h -1.7976931348623157e+308",
                    "delta 5 grows host=h 9007199254740991",
                    "tally 5 more host=h 18446744073709551615",
                    R"(sample 5 a_b_c__ host=h,k_e=v_a\,l\=x_y 0.1)",
                    "state 5 how host=h WARNING a=b is so", "state 5 how a=b,host=h OK",
                    "state 5 how host=h UNKNOWN", "event 5 what host=h a=b sample 1 bad 1",
                    "event 5 what c=d,host=h a=b", "fact ker_nel host=h a=b c"))
        << language;
  }
}

TEST(Examples, OfOneHeaderTakeASignalOrAnEmptyPipeForNoEnd) {
  for (const char* language : {"c", "cpp"}) {
    for (const char* how : {"blocked", "unblocked"}) {
      Process program({LARIAT_ODD_WORDS, language, how});
      ASSERT_TRUE(program.wait_for_text(kErr, "...")) << "no signal came";
      ASSERT_TRUE(program.write("tick 5\n"));
      ASSERT_TRUE(program.wait_for_text(kOut, "done\n")) << language << ", " << how;
      program.close_input();
      EXPECT_EQ(program.wait(), 0) << language << ", " << how;
      EXPECT_EQ(ingest(program.text(kOut)).answers, 1) << language << ", " << how;
    }
  }
}

TEST(Examples, OfOneHeaderEndWhenNobodyReads) {
  for (const char* language : {"c", "cpp"}) {
    Process shell({"sh", "-c",
                   "trap '' PIPE; yes tick 5 | " + std::string(LARIAT_ODD_WORDS) + " " + language +
                       " 2>/dev/null | head -c 1 >/dev/null"});
    EXPECT_EQ(shell.wait(), 0) << language;
  }
}

TEST(Examples, StandInTheReadmeAsTheyAre) {
  const auto read = [](const std::string& path) {
    std::ifstream file(path);
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  const auto readme = read(std::string(LARIAT_SOURCE) + "/collectors/README.md");
  for (const auto& [name, language, most] :
       {std::tuple("users.sh", "sh", 6), std::tuple("queue.py", "python", 10),
        std::tuple("spool.cc", "cpp", 20)}) {
    const auto text = read(example(name));
    EXPECT_LE(std::count(text.begin(), text.end(), '\n'), most) << name << ": comments included";
    EXPECT_THAT(readme, HasSubstr(std::string("```") + language + "\n" + text + "```\n")) << name;
  }
}

TEST(ShippedCollectors, EveryMessageIsTaken) {
  const std::vector<std::vector<std::string>> commands = {
      {"linux"},
      {"hostinfo"},
      {"files", "--path", LARIAT_SOURCE "/collectors", "--glob", "*.h", "--path", "/none"},
      {"http", "--url", "http://127.0.0.1:1/a=b,c?d=*"},
      {"process", "--name", "process", "--several"},
      {"statsd", "--listen", "udp://127.0.0.1:0"},
      {"tcp", "--connect", "127.0.0.1:1", "--connect", "[::1]:1"}};
  for (std::vector<std::string> command : commands) {
    const std::string name = command.front();
    command.front() = std::string(LARIAT_COLLECTORS) + "/" + name;
    Process program(command);
    ASSERT_TRUE(program.write("tick 5\n"));
    program.close_input();
    EXPECT_EQ(program.wait(), 0);
    const Taken taken = ingest(program.text(kOut));
    EXPECT_EQ(taken.refused, 0U) << name;
    EXPECT_EQ(taken.answers, 1) << name;
    EXPECT_GT(taken.frames.size(), 5U) << name;
    EXPECT_THAT(taken.frames, testing::Each(HasSubstr("host=h"))) << name;
  }
}

}  // namespace
}  // namespace lariat
