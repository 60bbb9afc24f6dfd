#include "tests/support/process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "collectors/process/groups.h"
#include "collectors/process/table.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/collectors/source_run.h"

namespace lariat::processes {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using enum test::Process::Stream;

TEST(ProcessStat, IsReadWhateverTheNameHolds) {
  const auto stat = parse_stat(
      "42 (a) S 1 (b)) S 7 42 42 0 -1 4194560 1 2 3 4 250 50 0 0 20 0 3 0 1000 8192 2 "
      "18446744073709551615 "
      "1 1 0");
  ASSERT_TRUE(stat);
  EXPECT_EQ(stat->pid, 42);
  EXPECT_EQ(stat->name, "a) S 1 (b)");
  EXPECT_EQ(stat->parent, 7);
  EXPECT_EQ(stat->user_seconds, 250.0 / static_cast<double>(::sysconf(_SC_CLK_TCK)));
  EXPECT_EQ(stat->threads, 3U);
  EXPECT_EQ(stat->start_ticks, 1000U);
  EXPECT_EQ(stat->virtual_bytes, 8192U);
  for (const char* bad :
       {"", "42", "42 (a", "42 (a)", "(a) S 1", "x (a) S 1 1 1", "42 (a) S 7 1"}) {
    EXPECT_FALSE(parse_stat(bad)) << bad;
  }
}

/// A made-up /proc.
class ProcessGroupsTest : public testing::Test {
 protected:
  void SetUp() override { test::write_file(folder_.file("stat"), "cpu 1\nbtime 1000000\n"); }

  void put(int pid, int parent, const std::string& name, int user_ticks, int start = 500) {
    const std::string place = folder_.file(std::to_string(pid));
    std::filesystem::create_directories(place + "/fd");
    const std::string numbers = " S " + std::to_string(parent) + " 0 0 0 0 0 0 0 0 0 " +
                                std::to_string(user_ticks) + " 100 0 0 20 0 2 0 " +
                                std::to_string(start) + " 4096 1 0\n";
    test::write_file(place + "/stat", std::to_string(pid) + " (" + name + ")" + numbers);
    test::write_file(place + "/cmdline", "/usr/bin/" + name + std::string("\0--flag", 7));
    test::write_file(place + "/status", "Name: x\nVmHWM:\t 8 kB\nVmSwap: 1 kB\n");
    test::write_file(place + "/io",
                     "rchar: 10\nwchar: 20\nread_bytes: 30\nwrite_bytes: 40\n"
                     "cancelled_write_bytes: 15\n");
    for (const char* file : {"/fd/0", "/fd/1"}) test::write_file(place + file, "");
  }
  void end(int pid) { std::filesystem::remove_all(folder_.file(std::to_string(pid))); }

  static Group group(std::string name, const std::string& match = "") {
    Group made;
    made.name = std::move(name);
    EXPECT_TRUE(match.empty() || made.match.set(match).empty());
    return made;
  }
  test::Lines collect(Groups& groups) {
    EXPECT_EQ(table_.read(), "");
    answer_.begin(5);
    groups.put(table_, answer_);
    return test::lines_of(answer_);
  }
  Groups one(Group group) {
    std::vector<Group> groups;
    groups.push_back(std::move(group));
    return Groups(std::move(groups));
  }

  test::TemporaryDirectory folder_;
  Table table_{folder_.path()};
  sdk::Answer answer_;
  double ticks_ = static_cast<double>(::sysconf(_SC_CLK_TCK));
};

TEST_F(ProcessGroupsTest, TellsSumsOfAGroup) {
  put(10, 1, "web", 200);
  put(11, 10, "web", 100, 700);
  put(12, 1, "other", 100);
  Groups groups = one(group("web"));
  const auto lines = collect(groups);
  const auto value = [](double number) {
    return testing::EndsWith(" " + std::to_string(number).substr(0, 1));
  };
  EXPECT_THAT(lines, Contains(AllOf(StartsWith("s"),
                                    HasSubstr("process_group_state process=web OK runs"))));
  EXPECT_THAT(lines, AllOf(Contains("s process_group_count process=web 2"),
                           Contains("s process_group_threads process=web 4"),
                           Contains("s process_group_open_files process=web 4"),
                           Contains("s process_group_peak_resident_memory_bytes process=web 16384"),
                           Contains("s process_group_swap_bytes process=web 2048"),
                           Contains("s process_group_virtual_memory_bytes process=web 8192"),
                           Contains("s process_group_unreadable process=web 0"),
                           Contains("d process_group_read_bytes_total process=web 20"),
                           Contains("d process_group_written_bytes_total process=web 40"),
                           Contains("d process_group_storage_written_bytes_total process=web 50")));
  EXPECT_THAT(lines, Contains(AllOf(HasSubstr("cpu_seconds_total mode=user,process=web"),
                                    value(300 / ticks_))));
}

TEST_F(ProcessGroupsTest, WhatAProcessUsedStaysWhenItEnds) {
  put(10, 1, "web", 200);
  put(11, 10, "web", 100);
  Groups groups = one(group("web"));
  (void)collect(groups);
  end(11);
  put(10, 1, "web", 250);
  const auto user = [this](double ticks) {
    const double seconds = ticks / ticks_;
    std::string text = std::to_string(seconds);
    text.resize(text.find_last_not_of('0') + 1);
    if (text.ends_with('.')) text.pop_back();
    return "d process_group_cpu_seconds_total mode=user,process=web " + text;
  };
  EXPECT_THAT(collect(groups), Contains(user(350)));
  // Another process under its number begins at 0.
  put(10, 1, "web", 50, 900);
  EXPECT_THAT(collect(groups), Contains(user(400)));
  end(10);
  const auto lines = collect(groups);
  EXPECT_THAT(lines, Contains(user(400)));
  EXPECT_THAT(lines, Contains("s process_group_count process=web 0"));
  EXPECT_THAT(lines, Contains(HasSubstr("CRITICAL does not run")));
}

TEST_F(ProcessGroupsTest, SeveralParentsAreAWarningUnlessTheyMay) {
  put(10, 1, "web", 1);
  put(11, 1, "web", 1);
  Groups groups = one(group("web"));
  EXPECT_THAT(collect(groups), Contains(HasSubstr("WARNING runs 2 times")));
  Group may = group("web");
  may.several = true;
  Groups lenient = one(std::move(may));
  EXPECT_THAT(collect(lenient), Contains(HasSubstr("OK runs 2 times")));
}

TEST_F(ProcessGroupsTest, AreFoundByNameByPatternAndByDescent) {
  put(10, 1, "web", 1);
  put(11, 10, "helper", 1);
  put(12, 11, "helper", 1);
  put(13, 1, "a-very-long-nam", 1);
  test::write_file(folder_.file("13/cmdline"), std::string("/opt/a-very-long-name\0-x", 24));
  const auto count = [this](Group wanted) {
    EXPECT_EQ(table_.read(), "");
    return members_of(wanted, table_).size();
  };
  EXPECT_EQ(count(group("web")), 1U);
  EXPECT_EQ(count(group("any", "^/usr/bin/.* --flag$")), 3U);
  EXPECT_EQ(count(group("a-very-long-name")), 1U);
  EXPECT_EQ(count(group("a-very-long-name-more")), 0U);
  Group with_children = group("web");
  with_children.children = true;
  EXPECT_EQ(count(std::move(with_children)), 3U);
  Group of_nobody = group("web");
  of_nobody.user = 65'533;
  EXPECT_EQ(count(std::move(of_nobody)), 0U);
}

TEST(ProcessPattern, IsToldWhatIsWrong) {
  sdk::Pattern pattern;
  EXPECT_THAT(pattern.set("("), StartsWith("'(' is no regular expression: "));
  EXPECT_FALSE(pattern.is_set());
}

TEST(ProcessProgram, FindsItselfAndWhatIsNotThere) {
  test::Process program({std::string(LARIAT_COLLECTORS) + "/process", "--text", "--name", "process",
                         "--several", "--name", "none", "--match", "no such thing at all",
                         "--pss"});
  ASSERT_TRUE(program.write("tick 5\ntick 6\n"));
  program.close_input();
  EXPECT_EQ(program.wait(), 0);
  EXPECT_THAT(program.text(kOut), HasSubstr("state 5 process_group_state process=process OK runs"));
  EXPECT_THAT(program.text(kOut), HasSubstr("sample 6 process_group_count process=none 0\n"));
  EXPECT_THAT(program.text(kOut), HasSubstr("process_group_proportional_memory_bytes"));
}

TEST(ProcessProgram, WrongUseIsOneSentence) {
  for (const std::vector<std::string>& words : {std::vector<std::string>{},
                                                {"--match", "x"},
                                                {"--name", "x", "--match", "["},
                                                {"--name", "x", "--user", "no such user"}}) {
    std::vector<std::string> command = {std::string(LARIAT_COLLECTORS) + "/process"};
    command.insert(command.end(), words.begin(), words.end());
    test::Process program(command);
    EXPECT_EQ(program.wait(), 2);
    EXPECT_THAT(program.text(kErr), StartsWith("process: "));
  }
}

}  // namespace
}  // namespace lariat::processes
