#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/collectors/source_run.h"

namespace lariat::host {
namespace {

using test::SourceRun;
using testing::ElementsAre;

TEST(Dmi, TellsWhatTheFirmwareSays) {
  SourceRun run("dmi");
  EXPECT_THAT(
      run.collect(),
      ElementsAre(
          "s node_dmi_info bios_date=04/12/2021,bios_release=2.2,bios_vendor=Dell "
          "Inc.,bios_version=2.2.4,board_name=07PXPY,board_serial=.7N62AI2.GRTCL6944100GP.,board_"
          "vendor=Dell Inc.,board_version=A01,chassis_serial=7N62AI2,chassis_vendor=Dell "
          "Inc.,product_family=PowerEdge,product_name=Standard PC (Q35 + ICH9\\, "
          "2009),product_serial=7N62AI2,product_sku=SKU\\=NotProvided;ModelName\\=PowerEdge "
          "R6515,product_uuid=83340ca8-cb49-4474-8c29-d2088ca84dd9,system_vendor=QEMU 1"));
  EXPECT_EQ(run.fault(), "");
}

}  // namespace
}  // namespace lariat::host
