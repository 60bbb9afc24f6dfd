#include "agent/collect/remote_storage.h"

#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include <algorithm>
#include <array>
#include <cstdint>

namespace lariat::collect {
namespace {

// Those without a name in every version of the header.
constexpr std::uint32_t kCifs = 0xff534d42;
constexpr std::uint32_t kSmb2 = 0xfe534d42;
constexpr std::uint32_t kFuse = 0x65735546;
constexpr std::uint32_t kCeph = 0x00c36400;
constexpr std::uint32_t kAfsInKernel = 0x6b414653;
constexpr std::uint32_t kLustre = 0x0bd00bd0;
constexpr std::uint32_t kGpfs = 0x47504653;
constexpr std::uint32_t kVirtualBox = 0x786f4256;

constexpr std::array<std::uint32_t, 14> kRemote{NFS_SUPER_MAGIC,
                                                SMB_SUPER_MAGIC,
                                                kCifs,
                                                kSmb2,
                                                kFuse,
                                                kCeph,
                                                V9FS_MAGIC,
                                                AFS_SUPER_MAGIC,
                                                kAfsInKernel,
                                                CODA_SUPER_MAGIC,
                                                AUTOFS_SUPER_MAGIC,
                                                kLustre,
                                                kGpfs,
                                                kVirtualBox};

}  // namespace

bool is_remote_type(unsigned long type) noexcept {
  const auto number = static_cast<std::uint32_t>(type);
  return std::find(kRemote.begin(), kRemote.end(), number) != kRemote.end();
}

bool is_remote(const std::string& path) noexcept {
  struct stat status {};
  // What has a device is on a disk.
  if (::stat(path.c_str(), &status) != 0 || major(status.st_dev) != 0) return false;
  struct statfs system {};
  return ::statfs(path.c_str(), &system) == 0 &&
         is_remote_type(static_cast<unsigned long>(system.f_type));
}

}  // namespace lariat::collect
