#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "collectors/hostinfo/all.h"
#include "collectors/hostinfo/parse.h"
#include "collectors/sdk/os_release.h"
#include "tests/support/process.h"
#include "tests/unit/collectors/source_run.h"

namespace lariat::hostinfo {
namespace {

using test::fixture_paths;
using test::SourceRun;
using testing::ElementsAre;

TEST(Hostinfo, TellsTheSystem) {
  SourceRun run(make_system, fixture_paths());
  utsname kernel{};
  ASSERT_EQ(::uname(&kernel), 0);
  EXPECT_THAT(run.collect(),
              ElementsAre("f host_os Example Linux 12 \"Name\"", "f host_os_id example",
                          "f host_os_version 12", std::string("f host_kernel ") + kernel.release,
                          std::string("f host_architecture ") + kernel.machine,
                          "f host_boot_id 11111111-2222-3333-4444-555555555555"));
}

TEST(Hostinfo, TellsTheHardware) {
  SourceRun run(make_hardware, fixture_paths());
  EXPECT_THAT(run.collect(),
              ElementsAre("f host_cpu_model Example CPU @ 2.00GHz", "f host_cpu_count 2",
                          "f host_memory_total_bytes 16042172416"));
}

TEST(Hostinfo, TellsTheMachine) {
  SourceRun run(make_machine, fixture_paths());
  EXPECT_THAT(run.collect(),
              ElementsAre("f host_vendor QEMU", "f host_product Standard PC (Q35 + ICH9, 2009)",
                          "f host_virtualization qemu", "f host_container no"));
  sdk::Paths bare = fixture_paths();
  bare.sys = "/nonexistent";
  SourceRun unknown(make_machine, bare);
  EXPECT_THAT(unknown.collect(),
              ElementsAre("f host_virtualization unknown", "f host_container no"))
      << "the CPU says that there is a hypervisor, nothing says which";
  bare.proc = "/nonexistent";
  SourceRun metal(make_machine, bare);
  EXPECT_THAT(metal.collect(), ElementsAre("f host_virtualization none", "f host_container no"));
}

TEST(Hostinfo, TellsNamesAndTimeZone) {
  SourceRun run(make_names, fixture_paths());
  EXPECT_THAT(run.collect(),
              ElementsAre("f host_name host7.example.org", "f host_fqdn host7.example.org",
                          "f host_time_zone Europe/Berlin"));
  const test::TemporaryDirectory folder;
  sdk::Paths paths = fixture_paths();
  paths.root = folder.file("");
  SourceRun empty(make_names, paths);
  EXPECT_EQ(empty.collect().back(), "f host_time_zone UTC");
}

TEST(Hostinfo, AMissingFileIsAFaultOfItsSource) {
  sdk::Paths paths{.proc = "/nonexistent", .sys = "/nonexistent", .root = "/nonexistent"};
  for (const auto& entry : all_sources()) {
    if (entry.name == "machine") continue;  // It has nothing that must be there.
    SourceRun run(entry.make, paths);
    (void)run.collect();
    EXPECT_THAT(run.fault(), testing::HasSubstr("cannot read /nonexistent/")) << entry.name;
  }
}

TEST(OsRelease, QuotesAreTakenOff) {
  EXPECT_EQ(sdk::os_release_value("ID=a\nID_LIKE=b\n", "ID_LIKE"), "b");
  EXPECT_EQ(sdk::os_release_value("XID=a\nID=\"\"\n", "ID"), "");
  EXPECT_EQ(sdk::os_release_value("ID=\"a \\\"b\\\"\"", "ID"), "a \"b\"");
  EXPECT_EQ(sdk::os_release_value("ID=\"", "ID"), "\"");
  EXPECT_FALSE(sdk::os_release_value("ID", "ID"));
  EXPECT_FALSE(sdk::os_release_value("", "ID"));
}

TEST(FullName, IsFoundInHosts) {
  EXPECT_EQ(full_name("127.0.1.1 web.example.org web", "web"), "web.example.org");
  EXPECT_EQ(full_name("10.0.0.1\tweb web.example.org", "web"), "web.example.org");
  EXPECT_FALSE(full_name("10.0.0.1 webby.example.org webby", "web"));
  EXPECT_FALSE(full_name("# 10.0.0.1 web.example.org web", "web"));
  EXPECT_FALSE(full_name("10.0.0.1 web.example.org", "web")) << "no line has the name itself";
  EXPECT_FALSE(full_name("", "web"));
}

TEST(CpuModel, IsFoundInTheFormsOfSeveralArchitectures) {
  EXPECT_EQ(cpu_model("processor\t: 0\nmodel name\t: A\n"), "A");
  EXPECT_EQ(cpu_model("system type : x\ncpu model : MIPS 24K\n"), "MIPS 24K");
  EXPECT_EQ(cpu_model("processor : 0\ncpu : POWER9\n"), "POWER9");
  EXPECT_FALSE(cpu_model("processor : 0\nBogoMIPS : 50\n"));
}

TEST(CountCpus, ReadsAList) {
  EXPECT_EQ(count_cpus("0-3,8,10-11"), 7U);
  EXPECT_EQ(count_cpus("0"), 1U);
  EXPECT_EQ(count_cpus("3-1"), 0U);
  EXPECT_EQ(count_cpus("0-4294967295"), 0U);
  EXPECT_EQ(count_cpus("a"), 0U);
}

TEST(ZoneOfLink, IsWhatStandsBehindZoneinfo) {
  EXPECT_EQ(zone_of_link("/usr/share/zoneinfo/America/Argentina/Salta"), "America/Argentina/Salta");
  EXPECT_FALSE(zone_of_link("/etc/elsewhere"));
  EXPECT_FALSE(zone_of_link("/usr/share/zoneinfo/"));
}

TEST(MemoryTotal, DoesNotOverflow) {
  EXPECT_EQ(memory_total("MemTotal: 2 kB"), 2048U);
  EXPECT_FALSE(memory_total("MemTotal: 18446744073709551615 kB"));
  EXPECT_FALSE(memory_total("MemFree: 2 kB"));
}

}  // namespace
}  // namespace lariat::hostinfo
