#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string_view>

#include "tests/unit/collectors/source_run.h"

namespace lariat::host {
namespace {

using test::fixture_paths;
using test::SourceRun;
using testing::HasSubstr;
using testing::IsEmpty;

struct Fault {
  std::string_view source;
  std::string_view words;
};

// One line of each file is broken; none of it may be told as a number.
TEST(Faults, GarbageIsOneAndNamesTheFile) {
  for (const auto& [source, words] : {
           Fault{"arp", "/proc/net/arp has a line"},
           Fault{"conntrack", "/proc/net/stat/nf_conntrack has a line"},
           Fault{"entropy", "entropy_avail does not hold one number"},
           Fault{"filefd", "/proc/sys/fs/file-nr has a line"},
           Fault{"netstat", "/proc/net/snmp has a line"},
           Fault{"pressure", "/proc/pressure/io has a line"},
           Fault{"schedstat", "/proc/schedstat has a line"},
           Fault{"sockstat", "/proc/net/sockstat has a line"},
           Fault{"softnet", "/proc/net/softnet_stat has a line"},
           Fault{"udp_queues", "/proc/net/udp has a line"},
           Fault{"vmstat", "/proc/vmstat has a line"},
       }) {
    SourceRun run(source, fixture_paths("garbage"));
    (void)run.collect();
    EXPECT_THAT(run.fault(), HasSubstr(words)) << source;
  }
}

TEST(Faults, WhatAHostNeedNotHaveIsNone) {
  for (const std::string_view source :
       {"conntrack", "dmi", "hwmon", "nvme", "os", "powersupplyclass", "pressure", "rapl",
        "schedstat", "udp_queues"}) {
    SourceRun run(source, {.proc = "/nonexistent", .sys = "/nonexistent", .root = "/nonexistent"});
    EXPECT_THAT(run.collect(), IsEmpty()) << source;
    EXPECT_EQ(run.fault(), sdk::kNotHere) << source;
  }
}

TEST(Faults, WhatEachHostHasIsOneIfItIsNotThere) {
  for (const std::string_view source :
       {"arp", "cpufreq", "entropy", "filefd", "netclass", "netstat", "softnet", "vmstat"}) {
    SourceRun run(source, {.proc = "/nonexistent", .sys = "/nonexistent", .root = "/nonexistent"});
    EXPECT_THAT(run.collect(), IsEmpty()) << source;
    EXPECT_THAT(run.fault(), HasSubstr("cannot read /nonexistent/")) << source;
  }
}

}  // namespace
}  // namespace lariat::host
