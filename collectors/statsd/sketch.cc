#include "collectors/statsd/sketch.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace lariat::statsd {
namespace {

// Of a double's mantissa six bits stay: 64 buckets an octave, in the order of the numbers.
constexpr unsigned kDroppedBits = 52 - 6;
// The window grows by octaves.
constexpr std::int64_t kStep = 64;

std::uint32_t add_up(std::uint32_t& bucket, std::uint32_t weight) noexcept {
  const std::uint32_t added = std::min(weight, std::numeric_limits<std::uint32_t>::max() - bucket);
  bucket += added;
  return added;
}

}  // namespace

void QuantileSketch::add(double number, std::uint32_t weight) {
  least_ = count_ == 0 ? number : std::min(least_, number);
  greatest_ = count_ == 0 ? number : std::max(greatest_, number);
  if (number == 0) {
    zeros_ += weight;
    count_ += weight;
  } else {
    count_ += (number < 0 ? below_ : above_).add(std::fabs(number), weight);
  }
}

double QuantileSketch::quantile(double quantile) const noexcept {
  if (count_ == 0) return 0;
  const double exact = std::ceil(std::clamp(quantile, 0.0, 1.0) * static_cast<double>(count_));
  const auto rank = static_cast<std::uint64_t>(exact);
  if (rank <= 1) return least_;
  if (rank >= count_) return greatest_;
  return std::clamp(number_at(rank), least_, greatest_);
}

double QuantileSketch::number_at(std::uint64_t rank) const noexcept {
  std::uint64_t seen = 0;
  for (std::size_t i = below_.size(); i-- > 0;) {
    seen += below_.at(i);
    if (seen >= rank) return -below_.magnitude(i);
  }
  seen += zeros_;
  if (seen >= rank) return 0;
  for (std::size_t i = 0; i < above_.size(); ++i) {
    seen += above_.at(i);
    if (seen >= rank) return above_.magnitude(i);
  }
  return greatest_;
}

void QuantileSketch::clear() noexcept {
  above_.clear();
  below_.clear();
  zeros_ = 0;
  count_ = 0;
}

std::uint32_t QuantileSketch::Window::add(double magnitude, std::uint32_t weight) {
  const std::uint64_t key = std::bit_cast<std::uint64_t>(magnitude) >> kDroppedBits;
  return add_up(buckets_[place(static_cast<std::int64_t>(key))], weight);
}

double QuantileSketch::Window::magnitude(std::size_t i) const noexcept {
  const std::uint64_t key = static_cast<std::uint64_t>(first_) + i;
  const std::uint64_t half = std::uint64_t{1} << (kDroppedBits - 1);
  return std::bit_cast<double>((key << kDroppedBits) | half);
}

void QuantileSketch::Window::clear() noexcept {
  // Full, it may stand where one number that was far off has pulled it.
  if (buckets_.size() == kMostBuckets) buckets_.clear();
  std::ranges::fill(buckets_, 0);
}

std::size_t QuantileSketch::Window::place(std::int64_t key) {
  if (buckets_.empty()) {
    first_ = std::max<std::int64_t>(key - kStep / 2, 0);
    buckets_.resize(kStep);
  }
  if (key < first_) widen_below(key);
  if (key >= first_ + static_cast<std::int64_t>(buckets_.size())) widen_above(key);
  return static_cast<std::size_t>(std::max<std::int64_t>(key - first_, 0));
}

void QuantileSketch::Window::widen_below(std::int64_t key) {
  const auto room = static_cast<std::int64_t>(kMostBuckets - buckets_.size());
  const std::int64_t wanted = (first_ - key + kStep - 1) / kStep * kStep;
  const std::int64_t more = std::min({room, wanted, first_});
  buckets_.insert(buckets_.begin(), static_cast<std::size_t>(more), 0);
  first_ -= more;
}

void QuantileSketch::Window::widen_above(std::int64_t key) {
  const std::int64_t end = first_ + static_cast<std::int64_t>(buckets_.size());
  const auto room = static_cast<std::int64_t>(kMostBuckets - buckets_.size());
  const std::int64_t wanted = (key - end + kStep) / kStep * kStep;
  const std::int64_t more = std::min(room, wanted);
  buckets_.resize(buckets_.size() + static_cast<std::size_t>(more), 0);
  if (wanted > more) move_up(static_cast<std::size_t>(wanted - more));
}

void QuantileSketch::Window::move_up(std::size_t steps) noexcept {
  const std::size_t gone = std::min(steps, buckets_.size());
  std::uint32_t below = 0;
  for (std::size_t i = 0; i < gone; ++i) add_up(below, buckets_[i]);
  std::move(buckets_.begin() + static_cast<std::ptrdiff_t>(gone), buckets_.end(), buckets_.begin());
  std::fill(buckets_.end() - static_cast<std::ptrdiff_t>(gone), buckets_.end(), 0);
  first_ += static_cast<std::int64_t>(steps);
  add_up(buckets_.front(), below);
}

}  // namespace lariat::statsd
