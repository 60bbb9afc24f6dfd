#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "agent/base/log.h"
#include "agent/expose/snapshot.h"
#include "tests/support/allocations.h"
#include "tests/unit/expose/frame_of.h"

namespace lariat::expose {
namespace {

using test::Frame;

TEST(SnapshotAllocationTest, AKnownSeriesAndARefusedOneCostNone) {
  proto::DefaultTags tags;
  const base::Log log([](base::Level, std::string_view) {});
  Snapshot snapshot(tags, {}, log);
  const std::string host = " host=a-host-with-a-name-that-is-longer-than-a-short-string";
  const std::vector<std::vector<std::byte>> frames = {
      Frame::sample("a" + host, {1, 2}),
      Frame::delta("b" + host, 1),
      Frame::tally("c" + host, 1),
      Frame::state("d" + host, proto::Status::kOk),
      Frame::event("e" + host, "something happened that takes a while to tell"),
      Frame::fact("f" + host, "a fact that is longer than a short string is"),
      Frame::delta("a" + host, 1),
  };
  const auto now = base::monotonic_now();
  for (int i = 0; i < 2; ++i) {
    for (const auto& frame : frames) snapshot.take(frame, {}, now);
  }
  const auto before = test::allocations();
  for (const auto& frame : frames) snapshot.take(frame, {}, now);
  EXPECT_EQ(test::allocations(), before);
  EXPECT_EQ(snapshot.series(), 6U);
  EXPECT_EQ(snapshot.refused(), 1U);
}

}  // namespace
}  // namespace lariat::expose
