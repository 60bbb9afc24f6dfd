#pragma once

#include <sys/statfs.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace lariat::host {

/// A mount that is to be asked how full it is.
struct MountQuestion {
  enum class Outcome {
    kGood,      ///< `numbers` are there.
    kFailed,    ///< The call said no.
    kStuck,     ///< The call has not returned yet, in this round or an earlier one.
    kNotAsked,  ///< Those before it have taken too long, or there is no thread.
  };
  std::string path;
  Outcome outcome = Outcome::kNotAsked;
  struct statfs numbers {};
};

/// Asks mounts for their sizes on a thread of its own, since the call may hang for ever when a
/// server or a disk has gone.
///
/// A mount that does not answer in time is left alone until its call returns; the thread that waits
/// there is given up, and another asks the rest. At most `Limits::threads` are given up at a time.
/// The thread in use sleeps between rounds.
class MountProbe {
 public:
  using Call = std::function<int(const char* path, struct statfs* numbers)>;
  struct Limits {
    std::chrono::milliseconds patience{300};  ///< For one mount.
    std::chrono::milliseconds total{900};     ///< For a round.
    std::size_t threads = 16;
  };

  MountProbe() : MountProbe(&::statfs, Limits{}) {}
  /// `call` is used from other threads, and may be so after this object has gone.
  MountProbe(Call call, const Limits& limits);
  MountProbe(const MountProbe&) = delete;
  MountProbe& operator=(const MountProbe&) = delete;
  ~MountProbe();

  /// Fills in the outcomes. Returns within `Limits::total` and `Limits::patience`, whatever hangs.
  void ask(std::span<MountQuestion* const> questions);

  /// Threads that wait in a call that does not return.
  [[nodiscard]] std::size_t stuck() const noexcept { return stuck_.size(); }

 private:
  class Worker;
  struct Stuck {
    std::shared_ptr<Worker> worker;
    std::string path;
  };

  [[nodiscard]] bool is_stuck(const std::string& path) const noexcept;
  [[nodiscard]] bool provide_worker();
  void forget_returned();

  Call call_;
  Limits limits_;
  std::shared_ptr<Worker> worker_;
  std::vector<Stuck> stuck_;
  std::vector<MountQuestion*> rest_;
};

}  // namespace lariat::host
