#pragma once

#include <unistd.h>

namespace lariat::base {

/// Tells whether the process is still the one in which the mark was made, or a child of it, without
/// a system call: a page of memory that the kernel empties in a child (madvise(2), MADV_WIPEONFORK,
/// Linux 4.14). Where there is none, by the number of the process, which is a system call.
///
/// Threads: any.
class ForkMark {
 public:
  ForkMark() noexcept;
  ~ForkMark();
  ForkMark(const ForkMark&) = delete;
  ForkMark& operator=(const ForkMark&) = delete;

  [[nodiscard]] bool has_page() const noexcept { return page_ != nullptr; }
  [[nodiscard]] bool in_child() const noexcept {
    return page_ != nullptr ? *page_ == 0 : ::getpid() != process_;
  }

 private:
  pid_t process_ = ::getpid();
  volatile char* page_ = nullptr;
};

}  // namespace lariat::base
