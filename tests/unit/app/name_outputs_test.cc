#include "agent/app/name_outputs.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>

namespace lariat::app {
namespace {

std::string on(std::string_view output, std::string_view name) {
  const auto all = name_outputs(name);
  const auto found = std::find_if(all.begin(), all.end(),
                                  [&](const NameOutput& one) { return one.output == output; });
  return found == all.end() ? "no such output" : found->name;
}

TEST(NameOutputs, TsdpHasItAsItIs) { EXPECT_EQ(on("tsdp", "cpu host=a\\,b"), "cpu host=a\\,b"); }

TEST(NameOutputs, PrometheusHasLegalNamesAndQuotedValues) {
  EXPECT_EQ(on("prometheus", "disk.io dev=sd\"a,host=b"), R"(disk_io{dev="sd\"a",host="b"})");
  EXPECT_EQ(on("prometheus", "1m a-b=1,a_b=2,up"), R"(_1m{a_b="1"})")
      << "the server drops one without a value";
  EXPECT_EQ(on("prometheus", "m __name__=x,b=1,Z=2"), R"(m{Z="2",_name__="x",b="1"})");
}

TEST(NameOutputs, GraphiteHasHostMetricAndValues) {
  EXPECT_EQ(on("graphite", "cpu.load core=0,host=web.1"), "web_1.cpu.load.0");
  EXPECT_EQ(on("graphite", "..a..b/c. up"), "a.b_c._");
}

TEST(NameOutputs, TaggedGraphiteHasNoSemicolonInAValue) {
  EXPECT_EQ(on("graphite, tagged", "cpu a=x;y,b=~z,name=n,up"), "cpu;a=x_y;b=_z;up=_");
}

TEST(NameOutputs, InfluxEscapesAndLeavesEmptyTagsOut) {
  EXPECT_EQ(on("influx", "a,b\\ k\\=1=x y,up"), "a\\,b_,k\\=1=x\\ y");
}

TEST(NameOutputs, BoloHasTheMetricAmongTheTags) {
  EXPECT_EQ(on("bolo", "cpu a=1\\,2,z=3"), "a=1_2,metric=cpu,z=3");
  EXPECT_EQ(on("bolo", "cpu metric=x,up"), "metric=cpu,up=");
}

TEST(FaultPosition, IsTheOctetThatIsWrong) {
  EXPECT_EQ(fault_position(""), 1U);
  EXPECT_EQ(fault_position("cpu"), 4U) << "behind the end, where tags are missing";
  EXPECT_EQ(fault_position("cpu a==1"), 7U);
  EXPECT_EQ(fault_position("cpu a=b*,c"), 8U);
  EXPECT_EQ(fault_position("cpu a=\x01,c"), 7U);
  EXPECT_EQ(fault_position("cpu a=1,b,,c"), 10U) << "the comma behind which a tag is missing";
  EXPECT_EQ(fault_position("cpu a," + std::string(5000, 'x')), 4096U);
}

}  // namespace
}  // namespace lariat::app
