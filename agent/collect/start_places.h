#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "agent/base/clock.h"

namespace lariat::collect {

/// How many programs may be started now, so that hundreds which are due at the same second do not
/// all want the processors and the memory at once.
///
/// Two bounds. So many may be `starting`: a program is that from its start until it has ended, or
/// for `kStarting`, whichever comes first; one that waits for something does not hold up others
/// any longer. And so many oneshots may be `running`: what lives on neither counts as that nor
/// waits for those. Pure: the time is passed in.
class StartPlaces {
 public:
  /// With eight at a time 800 begin within a second, though none of them ends.
  static constexpr std::chrono::milliseconds kStarting{10};

  explicit StartPlaces(std::size_t starting) noexcept : most_starting_(starting) {}
  /// For this machine: two for each of its processors, and eight at least.
  [[nodiscard]] static std::size_t usual_starting() noexcept;

  void set_most_running(std::size_t running) noexcept { most_running_ = running; }
  [[nodiscard]] std::size_t running() const noexcept { return running_; }

  /// One may be started. `lives_on`: it is no oneshot.
  [[nodiscard]] bool is_free(bool lives_on, base::Monotonic now) noexcept;
  /// When fewer will be starting, if nothing ends before; nothing: time alone makes no place free.
  [[nodiscard]] std::optional<base::Monotonic> free_at() const noexcept;

  /// The program of `id` has been started, free or not.
  void take(std::uint32_t id, bool lives_on, base::Monotonic now);
  /// It has ended.
  void leave(std::uint32_t id, bool lives_on) noexcept;

 private:
  struct Start {
    std::uint32_t id;
    base::Monotonic ends;
  };

  std::size_t most_starting_;
  std::size_t most_running_ = 512;
  std::size_t running_ = 0;
  std::vector<Start> starting_;  // The oldest first.
};

}  // namespace lariat::collect
