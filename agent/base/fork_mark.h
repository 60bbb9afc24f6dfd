#pragma once

namespace lariat::base {

/// Tells whether the process is still the one in which the mark was made, or a child of it, without
/// a system call: a page of memory that the kernel empties in a child (madvise(2), MADV_WIPEONFORK,
/// Linux 4.14).
///
/// Threads: any.
class ForkMark {
 public:
  ForkMark() noexcept;
  ~ForkMark();
  ForkMark(const ForkMark&) = delete;
  ForkMark& operator=(const ForkMark&) = delete;

  /// False if the kernel gave no such page: then `in_child` is never true.
  [[nodiscard]] bool works() const noexcept { return page_ != nullptr; }
  [[nodiscard]] bool in_child() const noexcept { return page_ != nullptr && *page_ == 0; }

 private:
  volatile char* page_ = nullptr;
};

}  // namespace lariat::base
