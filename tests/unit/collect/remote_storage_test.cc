#include "agent/collect/remote_storage.h"

#include <gtest/gtest.h>
#include <linux/magic.h>

#include <ios>

namespace lariat::collect {
namespace {

TEST(RemoteStorage, IsWhatAnotherMachineOrProcessHas) {
  for (const unsigned long type : {static_cast<unsigned long>(NFS_SUPER_MAGIC), 0xff534d42UL,
                                   0xfe534d42UL, 0x65735546UL, 0x01021997UL, 0x00c36400UL}) {
    EXPECT_TRUE(is_remote_type(type)) << std::hex << type;
  }
  EXPECT_TRUE(is_remote_type(static_cast<unsigned long>(static_cast<int>(0xff534d42))))
      << "where the kernel's number has a sign";
  for (const unsigned long type :
       {static_cast<unsigned long>(EXT4_SUPER_MAGIC), static_cast<unsigned long>(TMPFS_MAGIC),
        static_cast<unsigned long>(OVERLAYFS_SUPER_MAGIC), 0x58465342UL, 0UL}) {
    EXPECT_FALSE(is_remote_type(type)) << std::hex << type;
  }
}

TEST(RemoteStorage, IsNotTheKernelsOwnAndNotWhatDoesNotExist) {
  EXPECT_FALSE(is_remote("/proc/self/exe"));
  EXPECT_FALSE(is_remote("/proc/version"));
  EXPECT_FALSE(is_remote("/nonexistent/program"));
}

}  // namespace
}  // namespace lariat::collect
