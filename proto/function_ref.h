#pragma once

#include <concepts>
#include <memory>
#include <type_traits>
#include <utility>

namespace lariat::proto {

template <typename Signature>
class FunctionRef;

/// A call to whatever callable it was made of: two pointers, no allocation. For parameters only: it
/// borrows the callable, which must outlive the call.
template <typename Return, typename... Arguments>
class FunctionRef<Return(Arguments...)> {
 public:
  template <typename Callable>
  requires(!std::same_as<std::remove_cvref_t<Callable>, FunctionRef> &&
           std::is_invocable_r_v<Return, Callable&, Arguments...>) FunctionRef(Callable&& callable)
  noexcept  // NOLINT: converts, as a parameter type must.
      : object_(const_cast<void*>(static_cast<const void*>(std::addressof(callable)))),
        call_([](void* object, Arguments... arguments) -> Return {
          using Object = std::remove_reference_t<Callable>;
          return (*static_cast<Object*>(object))(std::forward<Arguments>(arguments)...);
        }) {}

  Return operator()(Arguments... arguments) const {
    return call_(object_, std::forward<Arguments>(arguments)...);
  }

 private:
  void* object_;
  Return (*call_)(void*, Arguments...);
};

}  // namespace lariat::proto
