#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lariat::sdk {

/// What is known of things that a file lists again at each round, most often in the same order: by
/// their text there. Things that are not seen in a round are forgotten at its end.
///
/// Cost: a thing that stands where it stood is found by one comparison, without allocating.
template <typename Value>
class RoundCache {
 public:
  void begin() noexcept { next_ = 0; }

  /// The thing `key`, made by `make(key)` if it is new. Good until the next call.
  template <typename Make>
  Value& at(std::string_view key, const Make& make) {
    const auto begin = things_.begin() + static_cast<std::ptrdiff_t>(next_);
    auto found = begin;
    if (found == things_.end() || found->first != key) {
      found = std::find_if(begin, things_.end(),
                           [key](const Thing& thing) { return thing.first == key; });
      if (found == things_.end()) {
        found = things_.insert(begin, Thing(std::string(key), make(key)));
        changed_ = true;
      } else {
        std::rotate(begin, found, found + 1);
        changed_ = true;
        found = begin;
      }
    }
    ++next_;
    return found->second;
  }

  /// Ends the round. Whether things came, went or changed places since the last one ended.
  bool end() {
    changed_ |= next_ < things_.size();
    things_.erase(things_.begin() + static_cast<std::ptrdiff_t>(next_), things_.end());
    return std::exchange(changed_, false);
  }

  /// In the order of the round.
  [[nodiscard]] std::size_t size() const noexcept { return things_.size(); }
  [[nodiscard]] Value& operator[](std::size_t index) noexcept { return things_[index].second; }

 private:
  using Thing = std::pair<std::string, Value>;

  std::vector<Thing> things_;
  std::size_t next_ = 0;  // Those before it were seen in this round.
  bool changed_ = false;
};

}  // namespace lariat::sdk
