#include "agent/expose/slot_index.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <map>

namespace lariat::expose {
namespace {

std::uint32_t find(const SlotIndex& index, std::uint64_t hash, std::uint32_t slot) {
  return index.find(hash, [slot](std::uint32_t candidate) { return candidate == slot; });
}

TEST(SlotIndexTest, AnEmptyOneHasNothing) {
  const SlotIndex index;
  EXPECT_EQ(find(index, 1, 1), SlotIndex::kNone);
}

TEST(SlotIndexTest, TellsThoseWithTheSameHashApart) {
  SlotIndex index;
  for (std::uint32_t slot = 0; slot < 40; ++slot) index.insert(7, slot);
  index.erase(7, 0);
  index.erase(7, 20);
  for (std::uint32_t slot = 0; slot < 40; ++slot) {
    EXPECT_EQ(find(index, 7, slot), slot % 20 == 0 ? SlotIndex::kNone : slot);
  }
}

TEST(SlotIndexTest, HoldsWhatAMapHolds) {
  SlotIndex index;
  std::map<std::uint32_t, std::uint64_t> held;
  std::uint64_t random = 1;
  for (int step = 0; step < 100'000; ++step) {
    random = random * 6364136223846793005U + 1442695040888963407U;
    const auto slot = static_cast<std::uint32_t>(random >> 54U);  // One of 1024.
    const auto found = held.find(slot);
    if (found == held.end()) {
      // Of few hashes, some at the table's end, so that runs of entries meet and wrap.
      const std::uint64_t hash = ((random >> 33U) % 97) * 0x0fff'ffffU;
      held.emplace(slot, hash);
      index.insert(hash, slot);
    } else {
      index.erase(found->second, slot);
      EXPECT_EQ(find(index, found->second, slot), SlotIndex::kNone);
      held.erase(found);
    }
    if (step % 5000 != 0) continue;
    for (const auto& [each, hash] : held) ASSERT_EQ(find(index, hash, each), each);
  }
}

}  // namespace
}  // namespace lariat::expose
