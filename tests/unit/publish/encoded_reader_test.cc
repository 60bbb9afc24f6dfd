// A reader that encodes, held against what a peer would have seen.

#include "agent/publish/encoded_reader.h"

#include <gtest/gtest.h>

#include <array>
#include <charconv>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "agent/publish/cursor.h"
#include "agent/publish/spooled_cursor.h"
#include "tests/support/frames.h"

namespace lariat::publish {
namespace {

using std::chrono::milliseconds;

constexpr base::WallTime kStart{milliseconds(1'700'000'000'000)};
constexpr std::string_view kHello = "hello\n";

/// `NUMBER` and a line feed, behind a greeting; series 2 it cannot carry.
class NumberFormat final : public StreamFormat {
 public:
  void begin(std::vector<char>& out) override {
    out.insert(out.end(), kHello.begin(), kHello.end());
  }
  [[nodiscard]] bool open() const noexcept override { return open_; }
  std::optional<std::string> receive(std::span<const std::byte> octets,
                                     std::vector<char>& out) override {
    if (octets.front() == std::byte{'!'}) return "it is rude";
    open_ = true;
    out.push_back('\n');
    return std::nullopt;
  }
  bool encode(std::span<const std::byte> frame, const Gathered& about,
              std::vector<char>& out) override {
    const proto::MessageView message(frame);
    if (proto::Submit(message).name().ends_with("series=2")) return false;
    const auto number = test::number_of(message);
    EXPECT_EQ(first_.insert(number).second, !about.resend) << number;
    const auto line = std::to_string(number) + std::string(padding_, ' ') + "\n";
    out.insert(out.end(), line.begin(), line.end());
    return true;
  }
  [[nodiscard]] std::string_view name() const noexcept override { return "numbers"; }

  bool open_ = true;
  std::size_t padding_ = 0;

 private:
  std::set<std::uint64_t> first_;
};

class EncodedReaderTest : public testing::Test {
 protected:
  void begin(CursorLimits limits = {}, bool lanes = false) {
    log_.on_evict([this](std::uint64_t end) { reader_->evict_before(end); });
    std::unique_ptr<LogReader> inner;
    if (lanes) {
      inner = std::make_unique<SpooledCursor>(log_, limits, std::nullopt);
    } else {
      inner = std::make_unique<Cursor>(log_, limits);
    }
    reader_ = std::make_unique<EncodedReader>(std::move(inner), format_,
                                              [this](auto /*frame*/) { ++unsupported_; });
  }
  void append(unsigned series = 0, std::size_t padding = 0) {
    ASSERT_TRUE(log_.append(test::numbered_frame(number_++, series, padding), now_));
    reader_->judge();
  }
  /// What would be written now, up to `most`.
  std::string write(std::size_t most = ~std::size_t{0}) {
    std::array<iovec, 4> spans;
    const auto count = reader_->gather(spans, 1U << 20U, scratch_);
    if (count == 0) return {};
    const auto size = std::min(most, spans[0].iov_len);
    const std::string text(static_cast<const char*>(spans[0].iov_base), size);
    reader_->wrote(size);
    wire_ += text;
    return text;
  }
  [[nodiscard]] Ledger ledger() const { return reader_->ledger(now_); }
  [[nodiscard]] static std::uint64_t unsupported(const Ledger& ledger) {
    return ledger.dropped[static_cast<std::size_t>(DropReason::kUnsupported)];
  }

  FrameLog log_{{.memory_bytes = 32'768, .segment_bytes = 4'096}};
  NumberFormat format_;
  std::unique_ptr<EncodedReader> reader_;
  base::WallTime now_ = kStart;
  std::uint64_t number_ = 0;
  std::uint64_t unsupported_ = 0;
  std::string wire_;
  std::array<std::byte, 65'536> scratch_;
};

TEST_F(EncodedReaderTest, AFrameIsDeliveredWithTheLastOctetThatStandsForIt) {
  begin();
  reader_->begin_connection(now_);
  append();
  append();
  EXPECT_EQ(write(), "hello\n0\n1\n");
  EXPECT_FALSE(reader_->behind());
  reader_->acknowledge(9);
  EXPECT_EQ(ledger().delivered, 0U);
  EXPECT_EQ(ledger().queued, 2U);
  reader_->acknowledge(10);
  EXPECT_EQ(ledger().delivered, 2U);
  EXPECT_TRUE(reader_->settled());
}

TEST_F(EncodedReaderTest, AHalfSentLineIsSentToItsEndAndAgainAfterADeath) {
  begin();
  reader_->begin_connection(now_);
  for (int i = 0; i < 12; ++i) append();
  EXPECT_EQ(write(27), "hello\n0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n1");
  append();
  EXPECT_EQ(write(2), "0\n");
  reader_->end_connection();
  wire_.clear();
  reader_->begin_connection(now_);
  EXPECT_EQ(write(), "hello\n0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n");
  EXPECT_EQ(ledger().resent, 13U) << "what was encoded counts as written";
}

TEST_F(EncodedReaderTest, WhatTheFormatCannotCarryIsDroppedAtOnce) {
  begin();
  reader_->begin_connection(now_);
  EXPECT_EQ(write(), kHello);
  reader_->acknowledge(kHello.size());
  append(2);
  append(2);
  EXPECT_TRUE(reader_->behind());
  EXPECT_EQ(write(), "");
  EXPECT_FALSE(reader_->behind());
  EXPECT_EQ(unsupported_, 2U);
  EXPECT_EQ(unsupported(ledger()), 2U);
  EXPECT_EQ(ledger().delivered, 0U);
  EXPECT_TRUE(ledger().balances());
  EXPECT_TRUE(reader_->settled());
}

TEST_F(EncodedReaderTest, BehindOthersItIsDroppedWhenTheyAreDelivered) {
  begin();
  reader_->begin_connection(now_);
  append();
  append(2);
  EXPECT_EQ(write(), "hello\n0\n");
  EXPECT_EQ(ledger().queued, 2U);
  reader_->acknowledge(wire_.size());
  EXPECT_EQ(ledger().delivered, 1U);
  EXPECT_EQ(unsupported(ledger()), 1U);
  EXPECT_TRUE(ledger().balances());
}

TEST_F(EncodedReaderTest, NothingIsEncodedBeforeThePeerIsReady) {
  format_.open_ = false;
  begin();
  reader_->begin_connection(now_);
  append();
  EXPECT_EQ(write(), kHello);
  EXPECT_FALSE(reader_->behind());
  const std::array<std::byte, 1> ready{std::byte{'y'}};
  EXPECT_FALSE(reader_->receive(ready));
  EXPECT_TRUE(reader_->behind());
  EXPECT_EQ(write(), "\n0\n");
  const std::array<std::byte, 1> rude{std::byte{'!'}};
  EXPECT_EQ(reader_->receive(rude), "it is rude");
}

TEST_F(EncodedReaderTest, ASlowPeerCostsABoundedBuffer) {
  begin();
  reader_->begin_connection(now_);
  std::size_t encoded = 0;
  for (int i = 0; i < 400; ++i) {
    append();
    write(1);
    const auto state = ledger();
    encoded = std::max<std::size_t>(encoded, state.bytes_in_flight);
    ASSERT_TRUE(state.balances());
  }
  std::array<iovec, 4> spans;
  ASSERT_EQ(reader_->gather(spans, 1U << 20U, scratch_), 1U);
  EXPECT_LE(spans[0].iov_len, EncodedReader::kBuffer + 64);
}

TEST_F(EncodedReaderTest, OneThatNeverCatchesUpCostsNoMoreThanOneThatDoes) {
  begin();
  format_.padding_ = 1'000;
  reader_->begin_connection(now_);
  for (int round = 0; round < 60; ++round) {
    while (reader_->lag() < 4'000) append();
    write(20'000);
    reader_->acknowledge(wire_.size());
  }
  EXPECT_GT(wire_.size(), 8 * EncodedReader::kBuffer);
  EXPECT_LE(reader_->buffer_capacity(), 4 * EncodedReader::kBuffer);
}

TEST_F(EncodedReaderTest, ABacklogThatCannotBeCarriedIsReadInParts) {
  FrameLog log({.memory_bytes = 8U << 20U, .segment_bytes = 1U << 20U});
  for (int i = 0; i < 40'000; ++i) {
    ASSERT_TRUE(log.append(test::numbered_frame(number_++, 2, 60), now_));
  }
  EncodedReader reader(std::make_unique<Cursor>(log, CursorLimits{.start = Start::kBegin}), format_,
                       [this](auto /*frame*/) { ++unsupported_; });
  reader.begin_connection(now_);
  std::array<iovec, 4> spans;
  static_cast<void>(reader.gather(spans, 1U << 20U, scratch_));
  EXPECT_GT(unsupported_, 0U);
  EXPECT_LT(unsupported_, 30'000U);
  EXPECT_TRUE(reader.behind());
}

TEST_F(EncodedReaderTest, AnotherFormatAddsWhatAnotherHasSent) {
  Cursor* inner = nullptr;
  auto cursor = std::make_unique<Cursor>(log_, CursorLimits{});
  inner = cursor.get();
  inner->begin_connection(now_);
  ASSERT_TRUE(log_.append(test::numbered_frame(number_++), now_));
  inner->judge();
  std::array<iovec, 4> spans;
  ASSERT_EQ(inner->gather(spans, 1U << 20U, scratch_), 1U);
  inner->wrote(spans[0].iov_len);
  inner->end_connection();
  reader_ = std::make_unique<EncodedReader>(std::move(cursor), format_, [](auto /*frame*/) {});
  reader_->begin_connection(now_);
  EXPECT_EQ(write(), "hello\n0\n") << "NumberFormat looks whether it is the first time";
}

TEST_F(EncodedReaderTest, FramesOfABacklogAreWholeHoweverLittleMayBeSent) {
  begin({.fresh_first = true}, true);
  append(0, 3'000);
  append(0, 10);
  now_ += kFreshAfter + std::chrono::seconds(2);
  reader_->begin_connection(now_);
  write();
  ASSERT_TRUE(reader_->paced());
  reader_->allow_backlog(1);
  EXPECT_EQ(write(), "0\n1\n");
  EXPECT_FALSE(reader_->paced());
}

/// Lines that are whole in the first `size` octets of a connection.
std::vector<std::uint64_t> numbers_of(std::string_view wire, std::size_t size) {
  std::vector<std::uint64_t> numbers;
  auto rest = wire.substr(0, size);
  if (rest.size() < kHello.size()) return numbers;
  EXPECT_TRUE(rest.starts_with(kHello));
  rest.remove_prefix(kHello.size());
  for (auto end = rest.find('\n'); end != std::string_view::npos; end = rest.find('\n')) {
    std::uint64_t number = 0;
    const auto read = std::from_chars(rest.data(), rest.data() + end, number);
    EXPECT_EQ(read.ptr, rest.data() + end) << "no whole line: " << rest.substr(0, end);
    numbers.push_back(number);
    rest.remove_prefix(end + 1);
  }
  return numbers;
}

struct Way {
  std::string name;
  bool filtered = false;
  bool lanes = false;
};

class EncodedReaderPropertyTest : public EncodedReaderTest,
                                  public testing::WithParamInterface<std::tuple<Way, unsigned>> {
 protected:
  std::size_t pick(std::size_t below) {
    return std::uniform_int_distribution<std::size_t>(0, below - 1)(random_);
  }
  void step() {
    const auto chosen = pick(10);
    if (chosen < 4) {
      for (auto count = pick(40); count > 0; --count) {
        append(static_cast<unsigned>(pick(3)), pick(25) == 0 ? pick(3'000) : pick(40));
      }
    } else if (!connected_) {
      reader_->begin_connection(now_);
      connected_ = true;
    } else if (chosen < 7) {
      reader_->allow_backlog(static_cast<std::int64_t>(pick(2'000)));
      write(1 + pick(3'000));
    } else if (chosen < 9) {
      acked_ = std::max(acked_, pick(3) == 0 ? wire_.size() : std::min(wire_.size(), pick(9'000)));
      reader_->acknowledge(acked_);
    } else if (pick(3) == 0) {
      die();
    } else {
      now_ += milliseconds(pick(4'000));
      log_.release(reader_->held_from());
    }
  }
  void die() {
    for (const auto number : numbers_of(wire_, acked_)) arrived_.insert(number);
    reader_->end_connection();
    connected_ = false;
    wire_.clear();
    acked_ = 0;
  }
  void check() {
    const auto now = ledger();
    ASSERT_TRUE(now.balances());
    auto here = arrived_;
    for (const auto number : numbers_of(wire_, acked_)) here.insert(number);
    ASSERT_LE(now.delivered, here.size()) << "what did not arrive counts as delivered";
  }
  void drain() {
    if (!connected_) reader_->begin_connection(now_);
    connected_ = true;
    reader_->allow_backlog(LogReader::kNoPace);
    while (reader_->behind()) write();
    acked_ = wire_.size();
    reader_->acknowledge(acked_);
  }

  std::mt19937_64 random_{std::get<1>(GetParam())};
  bool connected_ = false;
  std::size_t acked_ = 0;
  std::set<std::uint64_t> arrived_;
};

TEST_P(EncodedReaderPropertyTest, TheLedgerIsWhatThePeerGot) {
  const auto& way = std::get<0>(GetParam());
  CursorLimits limits{.fresh_first = way.lanes};
  const std::vector<std::string> all{"bench *"};
  if (way.filtered) limits.filter = std::get<proto::Filter>(proto::Filter::parse(all));
  begin(limits, way.lanes);
  for (int i = 0; i < 800; ++i) {
    step();
    check();
    if (HasFatalFailure()) return;
  }
  drain();
  check();
  const auto end = ledger();
  EXPECT_TRUE(reader_->settled());
  EXPECT_EQ(end.accepted, number_);
  EXPECT_EQ(end.queued, 0U);
  die();
  const auto evicted = end.dropped[static_cast<std::size_t>(DropReason::kEvicted)];
  EXPECT_EQ(end.delivered + evicted + unsupported(end), number_);
  EXPECT_GE(arrived_.size(), end.delivered);
  EXPECT_LE(arrived_.size(), end.delivered + evicted);
  EXPECT_GT(unsupported(end), 0U);
}

INSTANTIATE_TEST_SUITE_P(Ways, EncodedReaderPropertyTest,
                         testing::Combine(testing::Values(Way{"plain"}, Way{"filtered", true},
                                                          Way{"lanes", false, true},
                                                          Way{"filtered_lanes", true, true}),
                                          testing::Range(0U, 12U)),
                         [](const auto& test) {
                           return std::get<0>(test.param).name + "_" +
                                  std::to_string(std::get<1>(test.param));
                         });

}  // namespace
}  // namespace lariat::publish
