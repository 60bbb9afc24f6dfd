#pragma once

#include <memory>

#include "agent/api/engine.h"
#include "agent/api/include/lariat/lariat.h"
#include "agent/base/fork_mark.h"

/// What the opaque type of the C interface is.
struct lariat_publisher {  // NOLINT(readability-identifier-naming): C.
  lariat::base::ForkMark mark;
  std::unique_ptr<lariat::api::Engine> engine;  ///< Null: given up in a child process.
};

namespace lariat::api {

/// Where a call is good: everywhere but in callbacks that may not call at all, or in none.
enum class From { kAnywhere, kOutside };

[[nodiscard]] inline int gate(const lariat_publisher* publisher, From from) noexcept {
  if (publisher == nullptr) return LARIAT_BAD_ARGUMENT;
  if (publisher->mark.in_child() || !publisher->engine) return LARIAT_FORKED;
  const auto& engine = *publisher->engine;
  const bool barred =
      engine.in_strict_callback() || (from == From::kOutside && engine.in_callback());
  return barred ? LARIAT_IN_CALLBACK : LARIAT_OK;
}

/// A call of the interface, with what comes before and behind each. No exception leaves it: want
/// of memory ends the process.
template <typename Body>
[[nodiscard]] int call(lariat_publisher* publisher, From from, Body body) noexcept {
  if (const int result = gate(publisher, from)) return result;
  auto& engine = *publisher->engine;
  engine.begin_call();
  const int result = body(engine);
  engine.end_call();
  return result;
}

}  // namespace lariat::api
