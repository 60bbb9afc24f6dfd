#include "agent/collect/start_places.h"

#include <algorithm>
#include <cassert>
#include <thread>

namespace lariat::collect {

std::size_t StartPlaces::usual_starting() noexcept {
  constexpr std::size_t kLeast = 8;
  return std::max(kLeast, std::size_t{2} * std::thread::hardware_concurrency());
}

bool StartPlaces::is_free(bool lives_on, base::Monotonic now) noexcept {
  std::erase_if(starting_, [now](const Start& start) { return start.ends <= now; });
  return (lives_on || running_ < most_running_) && starting_.size() < most_starting_;
}

std::optional<base::Monotonic> StartPlaces::free_at() const noexcept {
  if (starting_.size() < most_starting_) return std::nullopt;
  return starting_.front().ends;
}

void StartPlaces::take(std::uint32_t id, bool lives_on, base::Monotonic now) {
  if (!lives_on) ++running_;
  starting_.push_back({id, now + kStarting});
}

void StartPlaces::leave(std::uint32_t id, bool lives_on) noexcept {
  assert(lives_on || running_ > 0);
  if (!lives_on) --running_;
  const auto start = std::find_if(starting_.begin(), starting_.end(),
                                  [id](const Start& other) { return other.id == id; });
  if (start != starting_.end()) starting_.erase(start);
}

}  // namespace lariat::collect
