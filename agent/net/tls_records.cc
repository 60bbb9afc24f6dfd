#include "agent/net/tls_records.h"

#include <algorithm>
#include <cassert>

namespace lariat::net {

void TlsRecords::add(std::uint32_t plain, std::uint64_t cipher_end) {
  assert(cipher_end > end_);
  const auto cipher = cipher_end - end_;
  end_ = cipher_end;
  if (!runs_.empty() && runs_.back().plain == plain && runs_.back().cipher == cipher) {
    ++runs_.back().count;
  } else if (runs_.size() < kMostRuns) {
    runs_.push_back({plain, cipher, 1});
  } else {
    auto& last = runs_.back();
    last = {last.count * last.plain + plain, last.count * last.cipher + cipher, 1};
  }
}

std::uint64_t TlsRecords::acknowledge(std::uint64_t cipher) {
  while (!runs_.empty()) {
    auto& run = runs_.front();
    const auto arrived = cipher < cipher_ ? 0 : (cipher - cipher_) / run.cipher;
    const auto whole = std::min(arrived, run.count);
    plain_ += whole * run.plain;
    cipher_ += whole * run.cipher;
    run.count -= whole;
    if (run.count > 0) break;
    runs_.pop_front();
  }
  return plain_;
}

}  // namespace lariat::net
