#include "agent/base/unique_fd.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <utility>

namespace lariat::base {
namespace {

int open_null() { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); }
bool is_open(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }

TEST(UniqueFd, IsNoneUntilItHoldsOne) {
  const UniqueFd none;
  EXPECT_FALSE(none);
  EXPECT_EQ(none.get(), -1);
}

TEST(UniqueFd, ClosesWhatItHoldsAtItsEnd) {
  const int fd = open_null();
  {
    const UniqueFd owner(fd);
    EXPECT_TRUE(owner);
    EXPECT_TRUE(is_open(fd));
  }
  EXPECT_FALSE(is_open(fd));
}

TEST(UniqueFd, ClosesTheOldOneWhenItTakesANewOne) {
  const int first = open_null();
  const int second = open_null();
  UniqueFd owner(first);
  owner.reset(second);
  EXPECT_FALSE(is_open(first));
  EXPECT_EQ(owner.get(), second);
  owner.reset();
  EXPECT_FALSE(is_open(second));
  EXPECT_FALSE(owner);
}

TEST(UniqueFd, MovesWithoutClosing) {
  const int fd = open_null();
  UniqueFd from(fd);
  UniqueFd to(std::move(from));
  EXPECT_EQ(to.get(), fd);
  UniqueFd third;
  third = std::move(to);
  EXPECT_EQ(third.get(), fd);
  EXPECT_TRUE(is_open(fd));
}

TEST(UniqueFd, AssignedAnotherClosesItsOwn) {
  const int old = open_null();
  UniqueFd owner(old);
  owner = UniqueFd(open_null());
  EXPECT_FALSE(is_open(old));
  EXPECT_TRUE(is_open(owner.get()));
}

TEST(UniqueFd, AssignedItselfKeepsItsOwn) {
  UniqueFd owner(open_null());
  auto& same = owner;
  owner = std::move(same);
  EXPECT_TRUE(is_open(owner.get()));
}

TEST(UniqueFd, ReleasedIsOpenStill) {
  const int fd = open_null();
  UniqueFd owner(fd);
  EXPECT_EQ(owner.release(), fd);
  EXPECT_FALSE(owner);
  EXPECT_TRUE(is_open(fd));
  ::close(fd);
}

}  // namespace
}  // namespace lariat::base
