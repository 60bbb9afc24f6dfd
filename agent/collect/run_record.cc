#include "agent/collect/run_record.h"

#include <fmt/format.h>
#include <string.h>
#include <sys/wait.h>

#include <numeric>
#include <utility>

namespace lariat::collect {

void RunRecord::good(base::WallTime now) {
  ++counts_[static_cast<std::size_t>(Result::kOk)];
  last_success_ = now;
  if (bad_in_a_row_ > 0) {
    lines_.info(fmt::format("collector {}: good again after {} bad {}", name_, bad_in_a_row_,
                            bad_in_a_row_ == 1 ? "run" : "runs"));
  }
  bad_in_a_row_ = 0;
  last_error_.clear();
}

void RunRecord::bad(Result result, std::string why) {
  ++counts_[static_cast<std::size_t>(result)];
  ++bad_in_a_row_;
  if (why != last_error_) lines_.warning(fmt::format("collector {}: {}", name_, why));
  last_error_ = std::move(why);
}

std::uint64_t RunRecord::total() const noexcept {
  return std::accumulate(counts_.begin(), counts_.end(), std::uint64_t{0});
}

std::string describe_status(int status) {
  if (WIFSIGNALED(status)) {
    const int number = WTERMSIG(status);
    const char* name = ::sigabbrev_np(number);
    const char* words = ::sigdescr_np(number);
    return fmt::format("was ended by SIG{} ({})", name != nullptr ? name : std::to_string(number),
                       words != nullptr ? words : "no name");
  }
  return fmt::format("ended with status {}", WEXITSTATUS(status));
}

}  // namespace lariat::collect
