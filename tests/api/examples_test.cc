#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include "proto/encode.h"
#include "tests/integration/bench_run.h"
#include "tests/support/process.h"
#include "tests/support/test_receiver.h"

namespace lariat::test {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

/// What an aggregator may say to who publishes to it.
std::string subscription() {
  std::array<std::byte, proto::kEncodeBufferSize> room;
  const auto encoded = proto::encode_subscribe(room, 0x3f, "* *");
  return {reinterpret_cast<const char*>(room.data()), encoded.size};
}

/// The examples, each with three receivers; the second of them has something to say.
class Example : public testing::Test {
 protected:
  std::vector<std::string> command(std::initializer_list<std::string> words) const {
    std::vector<std::string> all(words);
    for (const auto* receiver : receivers_) all.push_back(receiver->url());
    return all;
  }

  static std::uint64_t all_of(const ReceiverRecord& record) {
    return record.frames + record.others;
  }

  void expect_each_gets(std::uint64_t messages) const {
    for (const auto* receiver : receivers_) {
      const auto& record = receiver->record();
      EXPECT_TRUE(wait_until([&] { return all_of(record) >= messages; }));
      EXPECT_EQ(all_of(record), messages);
      EXPECT_EQ(record.bad, 0U);
    }
  }

  // What a program did before is done: then the kernel counts no time that it fell asleep again.
  static void expect_asleep(Process& program) {
    constexpr milliseconds kSettled{300};
    constexpr milliseconds kAsleep{1'000};
    ASSERT_FALSE(program.wait(kSettled)) << program.text(Process::Stream::kErr);
    const auto before = status_number(program.pid(), "voluntary_ctxt_switches");
    ASSERT_FALSE(program.wait(kAsleep)) << program.text(Process::Stream::kErr);
    const auto after = status_number(program.pid(), "voluntary_ctxt_switches");
    EXPECT_TRUE(kSanitized || after == before) << after - before << " times woken";
  }

  void expect_hears_the_second(Process& program) const {
    second_.say();
    EXPECT_EQ(program.line(Process::Stream::kOut),
              second_.url() + " says " + std::to_string(subscription().size()) + " octets");
  }

  void expect_end(Process& program, const std::string& last_line) const {
    EXPECT_EQ(program.wait(), 0) << program.text(Process::Stream::kErr);
    EXPECT_THAT(program.text(Process::Stream::kOut), HasSubstr(last_line));
    for (const auto* receiver : receivers_) {
      EXPECT_TRUE(wait_until([&] { return receiver->record().open == 0; }));
      EXPECT_EQ(receiver->record().connections, 1U);
      EXPECT_EQ(receiver->record().cut, 0U);
      EXPECT_EQ(receiver->record().errors, 0U);
    }
  }

  TestReceiver first_;
  TestReceiver second_{{.behaviour = {.saying = subscription()}}};
  TestReceiver third_;
  std::array<const TestReceiver*, 3> receivers_{&first_, &second_, &third_};
};

TEST_F(Example, EssayPublishesToThreeHearsAnyAndSleeps) {
  constexpr std::uint64_t kCount = 100'000;
  Process essay(command({LARIAT_EXAMPLE_ESSAY, std::to_string(kCount)}));
  expect_each_gets(kCount);
  expect_asleep(essay);
  expect_hears_the_second(essay);
  expect_asleep(essay);
  essay.signal(SIGINT);
  expect_end(essay, "published 100000, heard 1, woke ");
  for (const auto* receiver : receivers_) {
    EXPECT_EQ(receiver->numbers().ranges(), (std::vector<NumberRange>{{0, kCount - 1}}));
  }
}

TEST_F(Example, EssaySaysWhatIsWrongWithAUrl) {
  Process essay({LARIAT_EXAMPLE_ESSAY, "1", "smoke://signals"});
  EXPECT_EQ(essay.wait(), 2);
  EXPECT_THAT(essay.text(Process::Stream::kErr), HasSubstr("usage: essay COUNT URL..."));
}

TEST_F(Example, EpollPublishesLinesBesideItsOwnDescriptors) {
  Process epoll(command({LARIAT_EXAMPLE_EPOLL}));
  std::string lines;
  for (int i = 0; i < 1'000; ++i) lines += "line number " + std::to_string(i) + "\n";
  ASSERT_TRUE(epoll.write(lines));
  expect_each_gets(1'000);
  expect_asleep(epoll);
  expect_hears_the_second(epoll);
  ASSERT_TRUE(epoll.write("one more\n"));
  expect_each_gets(1'001);
  epoll.close_input();
  expect_end(epoll, "published 1001\n");
}

TEST_F(Example, EpollEndsOnInterruptWithAllDelivered) {
  Process epoll(command({LARIAT_EXAMPLE_EPOLL}));
  ASSERT_TRUE(epoll.write("one\ntwo\n"));
  expect_each_gets(2);
  epoll.signal(SIGINT);
  expect_end(epoll, "published 2\n");
}

// A peer that is away and comes: the library's descriptors come and go in the program's epoll.
TEST_F(Example, EpollFollowsDescriptorsThatComeAndGo) {
  Process epoll(command({LARIAT_EXAMPLE_EPOLL}));
  ASSERT_TRUE(epoll.write("one\n"));
  expect_each_gets(1);
  first_.close_connections();
  EXPECT_TRUE(wait_until([&] { return first_.record().connections == 2; }));
  ASSERT_TRUE(epoll.write("two\n"));
  expect_each_gets(2);
  expect_asleep(epoll);
  epoll.close_input();
  EXPECT_EQ(epoll.wait(), 0) << epoll.text(Process::Stream::kErr);
}

TEST_F(Example, LibevRunsInTheLoopOfTheProgram) {
  Process libev(command({LARIAT_EXAMPLE_LIBEV, "3600"}));
  expect_each_gets(1);
  for (std::uint64_t signals = 1; signals <= 3; ++signals) {
    libev.signal(SIGUSR1);
    expect_each_gets(1 + signals);
  }
  expect_asleep(libev);
  expect_hears_the_second(libev);
  libev.signal(SIGINT);
  expect_end(libev, "published 4\n");
  for (const auto* receiver : receivers_) EXPECT_EQ(receiver->record().others, 3U);
}

TEST_F(Example, PythonPublishesByCtypes) {
  if (kSanitized) GTEST_SKIP() << "a sanitized library wants a sanitized program";
  Process python(command({"python3", LARIAT_EXAMPLE_PYTHON}),
                 {.environment = {"LIBLARIAT=" LARIAT_SHARED_LIBRARY}});
  std::string lines;
  for (int i = 0; i < 500; ++i) lines += "number program=python " + std::to_string(i) + "\n";
  ASSERT_TRUE(python.write(lines));
  python.close_input();
  EXPECT_EQ(python.wait(), 0) << python.text(Process::Stream::kErr);
  expect_each_gets(500);
  for (const auto* receiver : receivers_) {
    EXPECT_EQ(receiver->numbers().ranges(), (std::vector<NumberRange>{{0, 499}}));
  }
}

TEST_F(Example, PythonSaysWhatIsWrongWithAName) {
  if (kSanitized) GTEST_SKIP() << "a sanitized library wants a sanitized program";
  Process python({"python3", LARIAT_EXAMPLE_PYTHON, first_.url()},
                 {.environment = {"LIBLARIAT=" LARIAT_SHARED_LIBRARY}});
  ASSERT_TRUE(python.write("no=metric=at,all 1\n"));
  python.close_input();
  EXPECT_EQ(python.wait(), 1);
  EXPECT_THAT(python.text(Process::Stream::kErr), HasSubstr("OSError: "));
}

}  // namespace
}  // namespace lariat::test
