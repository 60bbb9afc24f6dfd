#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "proto/number_text.h"

namespace lariat::proto {

/// The text of a time: kept, as most points in a row have the same.
class TimeText {
 public:
  /// Writes it to `out`, which has `kNumberRoom` octets. Returns the end.
  [[nodiscard]] char* write(std::int64_t seconds, char* out) noexcept {
    if (seconds != seconds_ || size_ == 0) {
      seconds_ = seconds;
      size_ = static_cast<std::size_t>(write_number(seconds, text_.data()) - text_.data());
    }
    return std::copy_n(text_.data(), size_, out);
  }

 private:
  std::int64_t seconds_ = 0;
  std::size_t size_ = 0;
  std::array<char, kNumberRoom> text_{};
};

}  // namespace lariat::proto
