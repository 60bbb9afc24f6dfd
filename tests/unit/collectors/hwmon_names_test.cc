#include "collectors/linux/hwmon_names.h"

#include <gtest/gtest.h>

namespace lariat::host {
namespace {

TEST(HwmonNames, TellKindSensorAndProperty) {
  const auto whole = parse_hwmon_file("power1_average_interval_max");
  ASSERT_TRUE(whole);
  EXPECT_EQ(whole->type, "power");
  EXPECT_EQ(whole->sensor, "power1");
  EXPECT_EQ(whole->property, "average_interval_max");
  EXPECT_EQ(parse_hwmon_file("pwm2")->property, "");
  EXPECT_EQ(parse_hwmon_file("beep_enable")->sensor, "beep_enable0");
  for (const char* none : {"", "name", "uevent", "temp1_", "temp1x", "freq1_input", "1", "_"}) {
    EXPECT_FALSE(parse_hwmon_file(none)) << none;
  }
}

TEST(HwmonNames, AnInputIsNamedSoOnlyBesideABareFile) {
  EXPECT_EQ(hwmon_metric({"temp", "temp1", "input"}, false).name, "node_hwmon_temp_celsius");
  EXPECT_EQ(hwmon_metric({"temp", "temp1", "input"}, true).name, "node_hwmon_temp_input_celsius");
}

TEST(HwmonNames, AreCleanInSmallLettersWithoutLinesAtTheirEnds) {
  EXPECT_EQ(clean_hwmon_name("0000:00:18.3"), "0000:00:18_3");
  EXPECT_EQ(clean_hwmon_name(" Acpi Fan!"), "acpi_fan");
  EXPECT_EQ(clean_hwmon_name("--"), "");
}

}  // namespace
}  // namespace lariat::host
