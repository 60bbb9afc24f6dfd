#include "collectors/linux/all.h"
#include "collectors/sdk/source.h"

int main(int argc, char** argv) {
  const lariat::sdk::Program program{"linux", "numbers of this host, named as by node_exporter"};
  return lariat::sdk::run_sources(lariat::sdk::arguments_of(argc, argv), program,
                                  lariat::host::all_sources(), lariat::host::report_scrape);
}
