#pragma once

#include <cstdint>
#include <vector>

#include "tests/support/numbered_receiver.h"

namespace lariat::test {

/// Nanoseconds of the clock that arrivals are stamped with.
[[nodiscard]] std::int64_t steady_now();

/// Adds a failure to the test if frames came later between `from` and `to` than before it, beyond
/// the noise of a loaded machine. They were sent at an even pace of `rate` a second.
void expect_not_later(const std::vector<Arrival>& arrivals, double rate, std::int64_t from,
                      std::int64_t to);

}  // namespace lariat::test
