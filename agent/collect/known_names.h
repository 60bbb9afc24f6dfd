#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lariat::collect {

/// What became of the names that a collector printed, in the order in which it printed them: most
/// print the same ones in the same order each time.
///
/// A name that stands where it stood is found by one comparison. One that does not is new, and
/// takes the place of what stood there. Keeps the first `kMost`, which bounds its memory.
class KnownNames {
 public:
  static constexpr std::size_t kMost = 1024;

  struct Known {
    std::string_view full;  ///< Until the next `learn`.
    bool changed = false;   ///< It is another than the name that was printed.
  };

  /// The next name; nothing if it is not the one that was learned for this place.
  [[nodiscard]] std::optional<Known> find(std::string_view printed) noexcept;
  /// To be called when `find` has found nothing, and then once.
  void learn(std::string_view printed, std::string_view full);
  /// The first name comes next.
  void rewind() noexcept { next_ = 0; }
  /// Names now become others.
  void forget() noexcept;

 private:
  struct Entry {
    std::string text;  // The name as printed and, if that is another, the full name.
    std::size_t printed_size = 0;

    [[nodiscard]] bool is(std::string_view printed) const noexcept {
      return std::string_view(text).substr(0, printed_size) == printed;
    }
    [[nodiscard]] Known known() const noexcept;
  };

  std::vector<Entry> entries_;
  std::size_t next_ = 0;
};

}  // namespace lariat::collect
