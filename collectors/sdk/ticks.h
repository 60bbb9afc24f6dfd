#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

namespace lariat::sdk {

/// The ticks on a descriptor: lines `tick <unix seconds>`. What is none is skipped.
class Ticks {
 public:
  /// Called with the descriptor before each read; returns when it can be read.
  using Wait = std::function<void(int descriptor)>;

  /// Borrows the descriptor.
  explicit Ticks(int descriptor, Wait wait = {}) noexcept
      : descriptor_(descriptor), wait_(std::move(wait)) {}

  /// The time of the next one, waited for; nothing once the input has ended.
  [[nodiscard]] std::optional<std::uint64_t> next() noexcept;

 private:
  [[nodiscard]] std::optional<std::string_view> take_line() noexcept;
  [[nodiscard]] bool read_more() noexcept;

  int descriptor_;
  Wait wait_;
  std::array<char, 4096> buffer_{};
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  bool skipping_ = false;  // Of a line too long for the buffer the end is awaited.
};

/// Writes all of it, in one call if the other end takes it. False if that has gone.
[[nodiscard]] bool write_all(int descriptor, std::span<const std::byte> bytes) noexcept;

}  // namespace lariat::sdk
