#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/collectors/source_run.h"

namespace lariat::host {
namespace {

using test::SourceRun;
using testing::UnorderedElementsAre;

TEST(Hwmon, TellsEachSensorInItsUnit) {
  SourceRun run("hwmon");
  EXPECT_THAT(
      run.collect(),
      UnorderedElementsAre(
          "d node_hwmon_energy_joule_total chip=pci0000:00_0000:00:18_3,sensor=energy1 7",
          "s node_hwmon_beep_enabled chip=pci0000:00_0000:00:18_3,sensor=beep_enable0 1",
          "s node_hwmon_chip_names chip=acpi_fan,chip_name=acpi_fan 1",
          "s node_hwmon_chip_names chip=pci0000:00_0000:00:18_3,chip_name=nct6779 1",
          "s node_hwmon_chip_names chip=platform_coretemp_0,chip_name=coretemp 1",
          "s node_hwmon_cpu_vid_volts chip=pci0000:00_0000:00:18_3,sensor=cpu0 1.2",
          "s node_hwmon_curr_amps chip=pci0000:00_0000:00:18_3,sensor=curr1 1.234",
          "s node_hwmon_curr_max_amps chip=pci0000:00_0000:00:18_3,sensor=curr1 4",
          "s node_hwmon_fan_alarm chip=pci0000:00_0000:00:18_3,sensor=fan1 0",
          "s node_hwmon_fan_fault chip=pci0000:00_0000:00:18_3,sensor=fan1 1",
          "s node_hwmon_fan_manual chip=platform_applesmc_768,sensor=fan1 0",
          "s node_hwmon_fan_max_rpm chip=pci0000:00_0000:00:18_3,sensor=fan1 5000",
          "s node_hwmon_fan_min_rpm chip=pci0000:00_0000:00:18_3,sensor=fan1 0",
          "s node_hwmon_fan_output chip=platform_applesmc_768,sensor=fan1 2000",
          "s node_hwmon_fan_pulses chip=pci0000:00_0000:00:18_3,sensor=fan1 2",
          "s node_hwmon_fan_rpm chip=acpi_fan,sensor=fan1 900",
          "s node_hwmon_fan_rpm chip=hwmon3,sensor=fan1 901",
          "s node_hwmon_fan_rpm chip=pci0000:00_0000:00:18_3,sensor=fan1 1098",
          "s node_hwmon_fan_rpm chip=platform_applesmc_768,sensor=fan1 0",
          "s node_hwmon_fan_target_rpm chip=pci0000:00_0000:00:18_3,sensor=fan1 27000",
          "s node_hwmon_humidity chip=pci0000:00_0000:00:18_3,sensor=humidity1 42",
          "s node_hwmon_in_alarm chip=pci0000:00_0000:00:18_3,sensor=in0 0",
          "s node_hwmon_in_beep_enabled chip=pci0000:00_0000:00:18_3,sensor=in0 1",
          "s node_hwmon_in_max_volts chip=pci0000:00_0000:00:18_3,sensor=in0 1.744",
          "s node_hwmon_in_min_volts chip=pci0000:00_0000:00:18_3,sensor=in0 0",
          "s node_hwmon_in_volts chip=pci0000:00_0000:00:18_3,sensor=in0 0.792",
          "s node_hwmon_in_volts chip=pci0000:00_0000:00:18_3,sensor=in1 1",
          "s node_hwmon_intrusion_alarm chip=pci0000:00_0000:00:18_3,sensor=intrusion0 1",
          "s node_hwmon_intrusion_beep_enabled chip=pci0000:00_0000:00:18_3,sensor=intrusion0 0",
          "s node_hwmon_power_accuracy chip=pci0000:00_0000:00:18_3,sensor=power2 0.5",
          "s node_hwmon_power_average_interval_max_seconds "
          "chip=pci0000:00_0000:00:18_3,sensor=power1 5",
          "s node_hwmon_power_average_interval_min_seconds "
          "chip=pci0000:00_0000:00:18_3,sensor=power1 0.1",
          "s node_hwmon_power_average_interval_seconds chip=pci0000:00_0000:00:18_3,sensor=power1 "
          "1",
          "s node_hwmon_power_average_watt chip=pci0000:00_0000:00:18_3,sensor=power1 1.4",
          "s node_hwmon_power_cap_watt chip=pci0000:00_0000:00:18_3,sensor=power1 90",
          "s node_hwmon_power_watt chip=pci0000:00_0000:00:18_3,sensor=power1 1.5",
          "s node_hwmon_pwm chip=pci0000:00_0000:00:18_3,sensor=pwm1 255",
          "s node_hwmon_pwm_enable chip=pci0000:00_0000:00:18_3,sensor=pwm1 2",
          "s node_hwmon_pwm_mode chip=pci0000:00_0000:00:18_3,sensor=pwm1 0",
          "s node_hwmon_sensor_label chip=pci0000:00_0000:00:18_3,label=VCORE,sensor=in1 1",
          "s node_hwmon_sensor_label chip=platform_applesmc_768,label=Left side,sensor=fan1 1",
          "s node_hwmon_sensor_label chip=platform_coretemp_0,label=Core 0,sensor=temp2 1",
          "s node_hwmon_sensor_label chip=platform_coretemp_0,label=Physical id 0,sensor=temp1 1",
          "s node_hwmon_temp_celsius chip=pci0000:00_0000:00:18_3,sensor=temp1 -5",
          "s node_hwmon_temp_celsius chip=pci0000:00_0000:00:18_3,sensor=temp3 30",
          "s node_hwmon_temp_celsius chip=platform_coretemp_0,sensor=temp1 51",
          "s node_hwmon_temp_celsius chip=platform_coretemp_0,sensor=temp2 52",
          "s node_hwmon_temp_crit_alarm_celsius chip=platform_coretemp_0,sensor=temp1 0",
          "s node_hwmon_temp_crit_alarm_celsius chip=platform_coretemp_0,sensor=temp2 0",
          "s node_hwmon_temp_crit_celsius chip=platform_coretemp_0,sensor=temp1 100",
          "s node_hwmon_temp_crit_celsius chip=platform_coretemp_0,sensor=temp2 100",
          "s node_hwmon_temp_max_celsius chip=platform_coretemp_0,sensor=temp1 84",
          "s node_hwmon_temp_max_celsius chip=platform_coretemp_0,sensor=temp2 84",
          "s node_hwmon_temp_offset_celsius chip=pci0000:00_0000:00:18_3,sensor=temp1 0",
          "s node_hwmon_temp_type chip=pci0000:00_0000:00:18_3,sensor=temp1 4",
          "s node_hwmon_update_interval_seconds "
          "chip=pci0000:00_0000:00:18_3,sensor=update_interval0 0.1",
          "s node_hwmon_voltage_regulator_version chip=pci0000:00_0000:00:18_3,sensor=vrm0 12"));
  EXPECT_EQ(run.fault(), "");
}

}  // namespace
}  // namespace lariat::host
