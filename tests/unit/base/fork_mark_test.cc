#include "agent/base/fork_mark.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace lariat::base {
namespace {

TEST(ForkMark, TellsAChildFromTheProcessThatMadeIt) {
  const ForkMark mark;
  ASSERT_TRUE(mark.works());
  EXPECT_FALSE(mark.in_child());
  const pid_t child = ::fork();
  if (child == 0) ::_exit(mark.in_child() ? 0 : 1);
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_FALSE(mark.in_child()) << "the parent's own stays";
}

TEST(ForkMark, OfTheChildsOwnIsNone) {
  const ForkMark before;
  const pid_t child = ::fork();
  if (child == 0) {
    const ForkMark own;
    ::_exit(!own.in_child() && before.in_child() ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace lariat::base
