#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace lariat::statsd {

/// Quantiles of numbers in little memory: histograms with 64 buckets for each power of two, one for
/// numbers over 0 and one for those below.
///
/// A quantile is at most 1/128 (0.8 %) off the number at its rank; the least and the greatest are
/// exact. That holds over the 32 powers of two below the greatest magnitude; what is nearer to 0
/// counts as the least of these. Memory: 8 KiB at most for each sign, kept from one interval to the
/// next.
class QuantileSketch {
 public:
  /// Takes in `number`, finite, as if it had come `weight` times.
  void add(double number, std::uint32_t weight = 1);
  /// The number at rank `quantile`, 0 to 1; 0 if there is none.
  [[nodiscard]] double quantile(double quantile) const noexcept;
  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
  /// Forgets all numbers.
  void clear() noexcept;

 private:
  /// Buckets of magnitudes, a window of at most `kMostBuckets` that moves up.
  class Window {
   public:
    static constexpr std::size_t kMostBuckets = 2048;

    /// What was added, which is less than `weight` only in a bucket that is full.
    std::uint32_t add(double magnitude, std::uint32_t weight);
    [[nodiscard]] std::size_t size() const noexcept { return buckets_.size(); }
    [[nodiscard]] std::uint64_t at(std::size_t i) const noexcept { return buckets_[i]; }
    /// The middle of the magnitudes that bucket `i` is for.
    [[nodiscard]] double magnitude(std::size_t i) const noexcept;
    void clear() noexcept;

   private:
    [[nodiscard]] std::size_t place(std::int64_t key);
    void widen_below(std::int64_t key);
    void widen_above(std::int64_t key);
    // What falls out below counts as the least.
    void move_up(std::size_t steps) noexcept;

    std::vector<std::uint32_t> buckets_;
    std::int64_t first_ = 0;  // Key of the bucket at 0.
  };

  [[nodiscard]] double number_at(std::uint64_t rank) const noexcept;

  Window above_;
  Window below_;
  std::uint64_t zeros_ = 0;
  std::uint64_t count_ = 0;
  double least_ = 0;
  double greatest_ = 0;
};

}  // namespace lariat::statsd
