#include "agent/loop/io_watcher.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>

#include "agent/base/unique_fd.h"
#include "tests/support/loop_driver.h"

namespace lariat::loop {
namespace {

using std::chrono::milliseconds;

/// A pair of sockets: what is written to `far_` makes `near_` readable.
class IoWatcherTest : public testing::Test {
 protected:
  void SetUp() override {
    std::array<int, 2> ends{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()), 0);
    near_.reset(ends[0]);
    far_.reset(ends[1]);
  }
  void write_far() { ASSERT_EQ(::write(far_.get(), "x", 1), 1); }
  void drain_near() {
    std::array<char, 16> room{};
    ASSERT_GT(::read(near_.get(), room.data(), room.size()), 0);
  }

  Loop loop_;
  base::UniqueFd near_;
  base::UniqueFd far_;
};

TEST_F(IoWatcherTest, FiresEachTurnUntilDrained) {
  int fired = 0;
  IoWatcher readable(loop_, CallbackKind::kRead, [&] {
    if (++fired == 3) drain_near();
  });
  readable.watch(near_.get());
  readable.start();
  test::run_for(loop_, milliseconds(5));
  EXPECT_EQ(fired, 0);
  write_far();
  test::run_for(loop_, milliseconds(20));
  EXPECT_EQ(fired, 3);
}

TEST_F(IoWatcherTest, FiresWhileWritable) {
  int fired = 0;
  IoWatcher writable(loop_, CallbackKind::kWrite, [&] {
    ++fired;
    writable.stop();
  });
  writable.watch(near_.get());
  writable.start();
  loop_.run();
  EXPECT_EQ(fired, 1);
  EXPECT_FALSE(writable.active());
  EXPECT_EQ(loop_.stats().callbacks.at(static_cast<std::size_t>(CallbackKind::kWrite)), 1U);
}

TEST_F(IoWatcherTest, StartedAndStoppedInOneTurnLeavesNoTrace) {
  IoWatcher readable(loop_, CallbackKind::kRead, [] { FAIL() << "nothing to read"; });
  IoWatcher writable(loop_, CallbackKind::kWrite, [] { FAIL() << "stopped"; });
  readable.watch(near_.get());
  writable.watch(near_.get());
  readable.start();
  test::run_for(loop_, milliseconds(20));
  writable.start();
  writable.stop();
  test::run_for(loop_, milliseconds(20));
  EXPECT_EQ(loop_.stats().wakeups_idle, 0U);
  EXPECT_EQ(loop_.stats().wakeups, 2U) << "those of the ends of the waits";
  EXPECT_EQ(writable.starts(), 1U);
  EXPECT_EQ(writable.stops(), 1U);
}

TEST_F(IoWatcherTest, StoppedAndStartedInOneTurnGoesOn) {
  int fired = 0;
  IoWatcher readable(loop_, CallbackKind::kRead, [&] {
    ++fired;
    drain_near();
  });
  readable.watch(near_.get());
  readable.start();
  loop_.run_ready();
  readable.stop();
  readable.start();
  write_far();
  EXPECT_TRUE(test::run_until(loop_, [&] { return fired == 1; }));
}

TEST_F(IoWatcherTest, CountsChangesOnly) {
  IoWatcher readable(loop_, CallbackKind::kRead, [] {});
  readable.watch(near_.get());
  readable.stop();
  readable.start();
  readable.set_active(true);
  readable.set_active(false);
  readable.set_active(false);
  EXPECT_EQ(readable.starts(), 1U);
  EXPECT_EQ(readable.stops(), 1U);
}

TEST_F(IoWatcherTest, MovesToAnotherDescriptorFromItsCallback) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  const base::UniqueFd read_end(ends[0]);
  const base::UniqueFd write_end(ends[1]);
  int fired = 0;
  IoWatcher readable(loop_, CallbackKind::kRead, [&] {
    ++fired;
    readable.watch(fired == 1 ? read_end.get() : -1);
    if (fired == 1) readable.start();
  });
  readable.watch(near_.get());
  readable.start();
  write_far();
  test::run_for(loop_, milliseconds(5));
  EXPECT_EQ(fired, 1) << "the pipe is empty, and the socket not watched";
  ASSERT_EQ(::write(write_end.get(), "x", 1), 1);
  EXPECT_TRUE(test::run_until(loop_, [&] { return fired == 2; }));
  EXPECT_FALSE(readable.active());
}

TEST_F(IoWatcherTest, SeesADescriptorWhoseNumberWasUsedBefore) {
  int fired = 0;
  IoWatcher readable(loop_, CallbackKind::kRead, [&] {
    ++fired;
    readable.stop();
  });
  readable.watch(near_.get());
  readable.start();
  loop_.run_ready();
  const int number = near_.get();
  readable.watch(-1);
  near_.reset();

  const base::UniqueFd again(::dup(STDERR_FILENO));
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  const base::UniqueFd write_end(ends[1]);
  base::UniqueFd read_end(ends[0]);
  ASSERT_EQ(::dup2(read_end.get(), number), number);
  const base::UniqueFd same_number(again.get() == number ? -1 : number);
  ASSERT_EQ(::write(write_end.get(), "x", 1), 1);
  readable.watch(number);
  readable.start();
  EXPECT_TRUE(test::run_until(loop_, [&] { return fired == 1; }));
}

TEST_F(IoWatcherTest, IsReadableWhenThePeerIsGone) {
  bool fired = false;
  IoWatcher readable(loop_, CallbackKind::kRead, [&] {
    fired = true;
    readable.stop();
  });
  readable.watch(near_.get());
  readable.start();
  far_.reset();
  EXPECT_TRUE(test::run_until(loop_, [&] { return fired; }));
}

}  // namespace
}  // namespace lariat::loop
