#include "collectors/hostinfo/all.h"
#include "collectors/sdk/source.h"

int main(int argc, char** argv) {
  const lariat::sdk::Program program{"hostinfo", "facts about this host"};
  return lariat::sdk::run_sources(lariat::sdk::arguments_of(argc, argv), program,
                                  lariat::hostinfo::all_sources());
}
