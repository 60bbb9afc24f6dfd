// A loop that another one drives: what that one is told, and what it gets done.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "agent/base/unique_fd.h"
#include "agent/loop/io_watcher.h"
#include "agent/loop/loop.h"
#include "agent/loop/prepare_hook.h"
#include "agent/loop/timer.h"

namespace lariat::loop {
namespace {

using std::chrono::milliseconds;

/// A loop that does as it is told, and keeps what it was told.
class HostTest : public testing::Test {
 protected:
  struct Told {
    int fd;
    Ready wanted;
    friend bool operator==(const Told&, const Told&) = default;
  };

  void SetUp() override {
    std::array<int, 2> ends{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()), 0);
    near_.reset(ends[0]);
    far_.reset(ends[1]);
  }
  // One wait, and a turn for all that came of it; false if it waits for nothing.
  bool wait_once(milliseconds longest = milliseconds(5'000)) {
    std::vector<pollfd> polled;
    for (const auto& [fd, wanted] : watched_) {
      polled.push_back({.fd = fd,
                        .events = static_cast<short>((wanted.read ? POLLIN : 0) |
                                                     (wanted.write ? POLLOUT : 0))});
    }
    if (polled.empty() && !time_out_) return false;
    const auto wait = time_out_ ? std::min(*time_out_, longest) : longest;
    const int ready = ::poll(polled.data(), polled.size(), static_cast<int>(wait.count()));
    if (ready == 0) {
      if (time_out_) turn_for_time();
      return time_out_.has_value();
    }
    for (const auto& at : polled) {
      if (at.revents == 0) continue;
      loop_.turn(at.fd, {.read = (at.revents & (POLLIN | POLLHUP)) != 0,
                         .write = (at.revents & POLLOUT) != 0});
    }
    return true;
  }
  void turn_for_time() {
    time_out_.reset();
    loop_.turn(-1, {});
  }

  std::map<int, Ready> watched_;
  std::vector<Told> told_;
  std::optional<milliseconds> time_out_;
  std::vector<std::optional<milliseconds>> times_told_;
  Loop loop_{Host{.watch =
                      [this](int fd, Ready wanted) {
                        told_.push_back({fd, wanted});
                        watched_.erase(fd);
                        if (wanted.any()) watched_[fd] = wanted;
                      },
                  .time_out =
                      [this](std::optional<milliseconds> after) {
                        time_out_ = after;
                        times_told_.push_back(after);
                      }}};
  base::UniqueFd near_;
  base::UniqueFd far_;
};

TEST_F(HostTest, IsToldOfADescriptorAtTheEndOfATurnAndOfChangesOnly) {
  IoWatcher readable(loop_, CallbackKind::kRead, [] {});
  IoWatcher writable(loop_, CallbackKind::kWrite, [] {});
  readable.watch(near_.get());
  writable.watch(near_.get());
  readable.start();
  writable.start();
  writable.stop();
  EXPECT_TRUE(told_.empty()) << "not yet";
  loop_.tell_host();
  EXPECT_EQ(told_, (std::vector<Told>{{near_.get(), {.read = true}}}));
  loop_.tell_host();
  EXPECT_EQ(told_.size(), 1U) << "nothing has changed";
  writable.start();
  loop_.tell_host();
  EXPECT_EQ(told_.back(), (Told{near_.get(), {.read = true, .write = true}}));
}

TEST_F(HostTest, IsToldThatADescriptorGoesBeforeItIsClosed) {
  IoWatcher readable(loop_, CallbackKind::kRead, [] {});
  {
    IoWatcher writable(loop_, CallbackKind::kWrite, [] {});
    for (auto* watcher : {&readable, &writable}) {
      watcher->watch(near_.get());
      watcher->start();
    }
    loop_.tell_host();
    readable.watch(-1);
    EXPECT_EQ(told_.size(), 1U) << "the other one still watches it";
  }
  EXPECT_EQ(told_.back(), (Told{near_.get(), {}}));
  loop_.tell_host();
  EXPECT_EQ(told_.size(), 2U);
}

TEST_F(HostTest, RunsWhatIsReadyUntilItIsStopped) {
  int fired = 0;
  IoWatcher readable(loop_, CallbackKind::kRead, [&] {
    if (++fired == 3) readable.stop();
  });
  readable.watch(near_.get());
  readable.start();
  loop_.tell_host();
  ASSERT_EQ(::write(far_.get(), "x", 1), 1);
  while (wait_once()) continue;
  EXPECT_EQ(fired, 3);
  EXPECT_TRUE(watched_.empty());
  EXPECT_EQ(loop_.stats().wakeups, 3U);
  EXPECT_EQ(loop_.stats().wakeups_idle, 0U);
}

TEST_F(HostTest, AnEventOfADescriptorThatWasClosedMeanwhileIsNotTheNextOnes) {
  int written = 0;
  IoWatcher readable(loop_, CallbackKind::kRead, [] {});
  std::optional<IoWatcher> next;
  IoWatcher first(loop_, CallbackKind::kRead, [&] {
    // The number goes to another descriptor, which is watched for writing.
    const int number = near_.get();
    first.watch(-1);
    const int other = ::fcntl(far_.get(), F_DUPFD_CLOEXEC, 0);
    near_.reset();
    ASSERT_EQ(::dup2(other, number), number);
    ::close(other);
    near_.reset(number);
    next.emplace(loop_, CallbackKind::kWrite, [&] { ++written; });
    next->watch(number);
    next->start();
  });
  first.watch(near_.get());
  first.start();
  loop_.tell_host();
  loop_.turn(near_.get(), {.read = true, .write = true});
  EXPECT_EQ(written, 0);
  loop_.turn(near_.get(), {.read = true, .write = true});
  EXPECT_EQ(written, 1);
}

TEST_F(HostTest, AnEventThatNobodyWantsDoesNoHarm) {
  loop_.turn(near_.get(), {.read = true, .write = true});
  loop_.turn(12345, {.read = true});
  EXPECT_EQ(loop_.stats().wakeups_idle, 2U) << "and is counted";
}

TEST_F(HostTest, TimersComeInTheirOrderAndNeverEarly) {
  std::vector<int> order;
  const auto begin = base::monotonic_now();
  Timer late(loop_, [&] { order.push_back(2); });
  Timer soon(loop_, [&] { order.push_back(1); });
  Timer never(loop_, [&] { order.push_back(3); });
  never.start(milliseconds(1));
  late.start(milliseconds(20));
  soon.start(milliseconds(5));
  never.stop();
  loop_.tell_host();
  ASSERT_TRUE(time_out_);
  EXPECT_LE(*time_out_, milliseconds(5));
  while (wait_once()) continue;
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
  EXPECT_GE(base::monotonic_now() - begin, milliseconds(20));
  EXPECT_FALSE(time_out_) << "nothing is left to wait for";
}

TEST_F(HostTest, ATimerThatStartsItselfAtOnceGetsATurnOfItsOwn) {
  int fired = 0;
  std::optional<Timer> again;
  again.emplace(loop_, [&] {
    ++fired;
    again->start(milliseconds(0));
  });
  again->start(milliseconds(0));
  loop_.tell_host();
  turn_for_time();
  EXPECT_EQ(fired, 1);
  ASSERT_TRUE(time_out_);
  EXPECT_EQ(*time_out_, milliseconds(0));
  turn_for_time();
  EXPECT_EQ(fired, 2);
}

TEST_F(HostTest, ATimeOutThatCameEarlyIsToldAgain) {
  Timer timer(loop_, [] {});
  timer.start(std::chrono::seconds(10));
  loop_.tell_host();
  loop_.tell_host();
  ASSERT_EQ(times_told_.size(), 1U);
  turn_for_time();
  ASSERT_EQ(times_told_.size(), 2U) << "the host's timer has run out, ours has not";
  EXPECT_GT(times_told_.back(), milliseconds(9'000));
  timer.stop();
  loop_.tell_host();
  EXPECT_EQ(times_told_.back(), std::nullopt);
}

TEST_F(HostTest, HooksRunOnceATurnAndATurnCanBeAskedFor) {
  std::vector<int> order;
  const PrepareHook first(loop_, [&] { order.push_back(1); });
  {
    const PrepareHook second(loop_, [&] { order.push_back(2); });
    loop_.want_turn();
    loop_.want_turn();
    EXPECT_EQ(times_told_, (std::vector<std::optional<milliseconds>>{milliseconds(0)}));
    turn_for_time();
    EXPECT_EQ(order, (std::vector<int>{2, 1}));
  }
  loop_.turn(-1, {});
  EXPECT_EQ(order, (std::vector<int>{2, 1, 1}));
  EXPECT_EQ(loop_.stats().wakeups_idle, 1U) << "the turn that nobody asked for";
}

TEST_F(HostTest, ATurnThatWasAskedForLeavesTheTimersTheirTime) {
  bool fired = false;
  Timer timer(loop_, [&] { fired = true; });
  timer.start(milliseconds(10));
  loop_.tell_host();
  loop_.want_turn();
  ASSERT_EQ(time_out_, milliseconds(0));
  turn_for_time();
  EXPECT_FALSE(fired);
  ASSERT_TRUE(time_out_) << "told again";
  while (wait_once()) continue;
  EXPECT_TRUE(fired);
}

}  // namespace
}  // namespace lariat::loop
