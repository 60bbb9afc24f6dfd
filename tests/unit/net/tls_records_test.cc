#include "agent/net/tls_records.h"

#include <gtest/gtest.h>

#include <random>
#include <utility>
#include <vector>

namespace lariat::net {
namespace {

TEST(TlsRecords, CountsARecordWithItsLastOctetOfCiphertext) {
  TlsRecords records;
  records.add(80, 300 + 102);  // After a handshake of 300 octets.
  records.add(100, 402 + 122);
  EXPECT_EQ(records.acknowledge(0), 0U);
  EXPECT_EQ(records.acknowledge(401), 0U);
  EXPECT_EQ(records.acknowledge(402), 80U);
  EXPECT_EQ(records.acknowledge(523), 80U);
  EXPECT_EQ(records.acknowledge(524), 180U);
  EXPECT_EQ(records.runs(), 0U);
}

TEST(TlsRecords, NeverGoesBack) {
  TlsRecords records;
  records.add(10, 40);
  records.add(10, 80);
  EXPECT_EQ(records.acknowledge(40), 10U);
  EXPECT_EQ(records.acknowledge(20), 10U);
  EXPECT_EQ(records.acknowledge(80), 20U);
}

TEST(TlsRecords, KeepsARunOfEqualRecordsAsOne) {
  TlsRecords records;
  constexpr std::uint64_t kCipher = 16384 + 22;
  for (std::uint64_t i = 1; i <= 100'000; ++i) records.add(16384, i * kCipher);
  EXPECT_EQ(records.runs(), 1U);
  EXPECT_EQ(records.acknowledge(77'777 * kCipher + 5), 77'777U * 16384);
  EXPECT_EQ(records.acknowledge(100'000 * kCipher), 100'000U * 16384);
}

TEST(TlsRecords, IsBoundedAndThenCountsLaterButNeverSooner) {
  std::minstd_rand chance(7);
  std::uniform_int_distribution<std::uint32_t> size(1, 16384);
  TlsRecords records;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> ends;  // Plain, ciphertext.
  std::uint64_t plain = 0;
  std::uint64_t cipher = 0;
  std::uint32_t octets = 0;
  for (int i = 0; i < 20'000; ++i) {
    if (i % 3 != 2) octets = size(chance);  // Sometimes the same again.
    plain += octets;
    cipher += octets + 22;
    records.add(octets, cipher);
    ends.emplace_back(plain, cipher);
    ASSERT_LE(records.runs(), TlsRecords::kMostRuns);
  }
  std::uint64_t before = 0;
  for (const auto& [plain_end, cipher_end] : ends) {
    const auto sooner = records.acknowledge(cipher_end - 1);
    ASSERT_LT(sooner, plain_end);
    const auto now = records.acknowledge(cipher_end);
    ASSERT_LE(now, plain_end);
    ASSERT_GE(now, before);
    before = now;
  }
  EXPECT_EQ(before, plain) << "all of it in the end";
}

}  // namespace
}  // namespace lariat::net
