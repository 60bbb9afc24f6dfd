#pragma once

#include <memory>
#include <utility>

namespace lariat::proto {

template <typename Signature>
class FunctionRef;

/// A call to whatever callable it was made of: two pointers, no allocation. For parameters only: it
/// borrows the callable, which must outlive the call and be callable as a constant.
template <typename Return, typename... Arguments>
class FunctionRef<Return(Arguments...)> {
 public:
  template <typename Callable>
  // NOLINTNEXTLINE(google-explicit-constructor): converts, as the type of a parameter must.
  FunctionRef(const Callable& callable) noexcept
      : object_(std::addressof(callable)),
        call_([](const void* object, Arguments... arguments) -> Return {
          return (*static_cast<const Callable*>(object))(std::forward<Arguments>(arguments)...);
        }) {}

  Return operator()(Arguments... arguments) const {
    return call_(object_, std::forward<Arguments>(arguments)...);
  }

 private:
  const void* object_;
  Return (*call_)(const void*, Arguments...);
};

}  // namespace lariat::proto
