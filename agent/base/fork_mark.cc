#include "agent/base/fork_mark.h"

#include <sys/mman.h>

#include <cstddef>

namespace lariat::base {
namespace {

constexpr std::size_t kPageBytes = 4096;  // The kernel takes whole pages, of its own size.

}  // namespace

ForkMark::ForkMark() noexcept {
  void* page =
      ::mmap(nullptr, kPageBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return;
  if (::madvise(page, kPageBytes, MADV_WIPEONFORK) != 0) {
    ::munmap(page, kPageBytes);
    return;
  }
  page_ = static_cast<volatile char*>(page);
  *page_ = 1;
}

ForkMark::~ForkMark() {
  if (page_ != nullptr) ::munmap(const_cast<char*>(page_), kPageBytes);
}

}  // namespace lariat::base
