#pragma once

#include <cstdio>
#include <cstdlib>

namespace lariat::test {

/// Ends the program, which is the fuzzer's finding, unless what is claimed holds.
inline void claim(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

}  // namespace lariat::test
