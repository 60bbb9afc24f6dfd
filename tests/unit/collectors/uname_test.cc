#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/utsname.h>

#include "tests/unit/collectors/source_run.h"

namespace lariat::host {
namespace {

TEST(Uname, TellsWhatTheKernelCallsItself) {
  test::SourceRun run("uname");
  utsname expected{};
  ASSERT_EQ(::uname(&expected), 0);
  const sdk::Tags tags{{"version", expected.version}, {"sysname", expected.sysname},
                       {"release", expected.release}, {"nodename", expected.nodename},
                       {"machine", expected.machine}, {"domainname", expected.domainname}};
  EXPECT_THAT(run.collect(), testing::ElementsAre("s node_uname_info " + tags.text() + " 1"));
  EXPECT_THAT(tags.text(), testing::HasSubstr(std::string("nodename=") + expected.nodename));
}

}  // namespace
}  // namespace lariat::host
