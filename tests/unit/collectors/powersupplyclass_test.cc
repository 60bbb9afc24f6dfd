#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/collectors/source_run.h"

namespace lariat::host {
namespace {

using test::SourceRun;
using testing::UnorderedElementsAre;

TEST(Powersupplyclass, IsInAmperesVoltsWattsAndDegrees) {
  SourceRun run("powersupplyclass");
  EXPECT_THAT(run.collect(),
              UnorderedElementsAre(
                  "s node_power_supply_authentic power_supply=BAT0 2370",
                  "s node_power_supply_calibrate power_supply=BAT0 3370",
                  "s node_power_supply_capacity power_supply=BAT0 4370",
                  "s node_power_supply_capacity_alert_max power_supply=BAT0 5370",
                  "s node_power_supply_capacity_alert_min power_supply=BAT0 6370",
                  "s node_power_supply_charge_ampere power_supply=BAT0 0.01837",
                  "s node_power_supply_charge_control_limit power_supply=BAT0 0.00937",
                  "s node_power_supply_charge_control_limit_max power_supply=BAT0 0.01037",
                  "s node_power_supply_charge_counter power_supply=BAT0 0.01337",
                  "s node_power_supply_charge_empty power_supply=BAT0 0.01437",
                  "s node_power_supply_charge_empty_design power_supply=BAT0 0.01537",
                  "s node_power_supply_charge_full power_supply=BAT0 0.01637",
                  "s node_power_supply_charge_full_design power_supply=BAT0 0.01737",
                  "s node_power_supply_charge_term_current power_supply=BAT0 0.01937",
                  "s node_power_supply_constant_charge_current power_supply=BAT0 0.02037",
                  "s node_power_supply_constant_charge_current_max power_supply=BAT0 0.02137",
                  "s node_power_supply_constant_charge_voltage power_supply=BAT0 0.02237",
                  "s node_power_supply_constant_charge_voltage_max power_supply=BAT0 0.02337",
                  "s node_power_supply_current_ampere power_supply=BAT0 0.02737",
                  "s node_power_supply_current_boot power_supply=BAT0 0.02537",
                  "s node_power_supply_current_max power_supply=BAT0 0.02637",
                  "s node_power_supply_cyclecount power_supply=BAT0 28370",
                  "s node_power_supply_energy_empty power_supply=BAT0 0.03037",
                  "s node_power_supply_energy_empty_design power_supply=BAT0 0.03137",
                  "s node_power_supply_energy_full power_supply=BAT0 0.03237",
                  "s node_power_supply_energy_full_design power_supply=BAT0 0.03337",
                  "s node_power_supply_energy_watthour power_supply=BAT0 0.03437",
                  "s node_power_supply_info "
                  "capacity_level=Normal,charge_type=Trickle,health=Good,manufacturer=LGC,model_"
                  "name=LNV-45N1,power_supply=BAT0,scope=System,serial_number=38109,status="
                  "Discharging,technology=Li-ion,type=Battery,usb_type=65370 1",
                  "s node_power_supply_info power_supply=AC,type=Mains 1",
                  "s node_power_supply_input_current_limit power_supply=BAT0 0.03537",
                  "s node_power_supply_online power_supply=AC 0",
                  "s node_power_supply_online power_supply=BAT0 38370",
                  "s node_power_supply_power_watt power_supply=BAT0 0.04037",
                  "s node_power_supply_precharge_current power_supply=BAT0 0.04137",
                  "s node_power_supply_present power_supply=BAT0 42370",
                  "s node_power_supply_temp_alert_max_celsius power_supply=BAT0 4437",
                  "s node_power_supply_temp_alert_min_celsius power_supply=BAT0 4537",
                  "s node_power_supply_temp_ambient_celsius power_supply=BAT0 4637",
                  "s node_power_supply_temp_ambient_max_celsius power_supply=BAT0 4937",
                  "s node_power_supply_temp_ambient_min_celsius power_supply=BAT0 5037",
                  "s node_power_supply_temp_celsius power_supply=BAT0 4337",
                  "s node_power_supply_temp_max_celsius power_supply=BAT0 5137",
                  "s node_power_supply_temp_min_celsius power_supply=BAT0 5237",
                  "s node_power_supply_time_to_empty_seconds power_supply=BAT0 54370",
                  "s node_power_supply_time_to_full_seconds power_supply=BAT0 56370",
                  "s node_power_supply_voltage_boot power_supply=BAT0 0.05837",
                  "s node_power_supply_voltage_max power_supply=BAT0 0.05937",
                  "s node_power_supply_voltage_max_design power_supply=BAT0 0.06037",
                  "s node_power_supply_voltage_min power_supply=BAT0 0.06137",
                  "s node_power_supply_voltage_min_design power_supply=BAT0 0.06237",
                  "s node_power_supply_voltage_ocv power_supply=BAT0 0.06437",
                  "s node_power_supply_voltage_volt power_supply=BAT0 0.06337"));
  EXPECT_EQ(run.fault(), "");
}

}  // namespace
}  // namespace lariat::host
