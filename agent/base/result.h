#pragma once

#include <cassert>
#include <string>
#include <utility>
#include <variant>

namespace lariat::base {

/// One sentence for the operator: what went wrong, where, and what to do instead.
struct Error {
  std::string text;
};

/// A value or an `Error`. Has the names of `std::expected`, which our compilers lack in C++20.
template <typename T>
class [[nodiscard]] Result {
 public:
  // NOLINTBEGIN(google-explicit-constructor): both convert, as those of std::expected do.
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}
  // NOLINTEND(google-explicit-constructor)

  [[nodiscard]] bool has_value() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return has_value(); }

  [[nodiscard]] T& value() & noexcept { return *get(); }
  [[nodiscard]] const T& value() const& noexcept { return *get(); }
  [[nodiscard]] T&& value() && noexcept { return std::move(*get()); }
  [[nodiscard]] T& operator*() & noexcept { return *get(); }
  [[nodiscard]] const T& operator*() const& noexcept { return *get(); }
  [[nodiscard]] T&& operator*() && noexcept { return std::move(*get()); }
  [[nodiscard]] T* operator->() noexcept { return get(); }
  [[nodiscard]] const T* operator->() const noexcept { return get(); }
  [[nodiscard]] const Error& error() const noexcept {
    assert(!has_value());
    return *std::get_if<1>(&state_);
  }

 private:
  [[nodiscard]] T* get() noexcept {
    assert(has_value());
    return std::get_if<0>(&state_);
  }
  [[nodiscard]] const T* get() const noexcept {
    assert(has_value());
    return std::get_if<0>(&state_);
  }

  std::variant<T, Error> state_;
};

}  // namespace lariat::base
