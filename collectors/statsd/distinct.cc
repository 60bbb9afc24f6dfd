#include "collectors/statsd/distinct.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace lariat::statsd {
namespace {

constexpr unsigned kIndexBits = 12;
constexpr std::size_t kRegisters = std::size_t{1} << kIndexBits;

}  // namespace

void DistinctCount::add(std::uint64_t hash) {
  if (!registers_.empty()) {
    note(hash);
    return;
  }
  const auto place = std::ranges::lower_bound(exact_, hash);
  if (place != exact_.end() && *place == hash) return;
  exact_.insert(place, hash);
  if (exact_.size() <= kMostExact) return;
  registers_.resize(kRegisters);
  for (const std::uint64_t known : exact_) note(known);
  exact_ = {};
}

double DistinctCount::count() const noexcept {
  if (registers_.empty()) return static_cast<double>(exact_.size());
  constexpr auto kCount = static_cast<double>(kRegisters);
  constexpr double kBias = 0.7213 / (1 + 1.079 / kCount);
  double sum = 0;
  for (const std::uint8_t rank : registers_) sum += std::ldexp(1.0, -rank);
  const double raw = kBias * kCount * kCount / sum;
  // While registers are empty it is better to count these.
  const auto empty = static_cast<double>(std::ranges::count(registers_, 0));
  const bool few = raw <= 2.5 * kCount && empty > 0;
  return std::round(few ? kCount * std::log(kCount / empty) : raw);
}

void DistinctCount::clear() noexcept {
  exact_.clear();
  registers_ = {};
}

void DistinctCount::note(std::uint64_t hash) noexcept {
  const std::uint64_t rest = (hash << kIndexBits) | (std::uint64_t{1} << (kIndexBits - 1));
  const auto rank = static_cast<std::uint8_t>(std::countl_zero(rest) + 1);
  std::uint8_t& place = registers_[hash >> (64 - kIndexBits)];
  place = std::max(place, rank);
}

}  // namespace lariat::statsd
