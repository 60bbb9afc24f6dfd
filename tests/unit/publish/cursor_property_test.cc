// Random operations on a cursor, held against what a peer would have seen of each connection.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "agent/publish/cursor.h"
#include "tests/support/frames.h"

namespace lariat::publish {
namespace {

using std::chrono::milliseconds;

constexpr base::WallTime kStart{milliseconds(1'700'000'000'000)};

struct Case {
  std::string name;
  std::string match;
  std::optional<std::uint64_t> max_bytes;
  std::optional<milliseconds> max_age;
  bool changes = false;  // Filter, limits and the log's budget change now and then.
};

std::optional<proto::Filter> filter_of(const std::string& match) {
  if (match.empty()) return std::nullopt;
  const std::vector<std::string> patterns = {match};
  return std::get<proto::Filter>(proto::Filter::parse(patterns));
}

// One that passes the frames of `series` only; of none, all.
std::string match_of(std::optional<unsigned> series) {
  return series ? "bench *,series=" + std::to_string(*series) : std::string();
}

/// A log, a cursor, and the wire between it and a peer that acknowledges when the test says so.
class World {
 public:
  World(const Case& chosen, std::uint64_t seed) : random_(seed), changes_(chosen.changes) {
    if (!chosen.match.empty()) series_ = 1;
    cursor_.emplace(log_, CursorLimits{.filter = filter_of(chosen.match),
                                       .max_bytes = chosen.max_bytes,
                                       .max_age = chosen.max_age});
    log_.on_evict([this](std::uint64_t end) { cursor_->evict_before(end); });
  }

  void step() {
    if (changes_ && pick(20) == 0) reconfigure();
    if (changes_ && pick(40) == 0) change_budget();
    switch (pick(12)) {
      case 0:
      case 1:
      case 2:
        append(pick(30));
        break;
      case 3:
      case 4:
      case 5:
        if (connected_) write();
        break;
      case 6:
      case 7:
        if (connected_) acknowledge(pick(3) == 0 ? wire_.size() : acked_ + pick(2'000));
        break;
      case 8:
        if (connected_ && pick(4) == 0) disconnect();
        break;
      case 9:
        if (!connected_) connect();
        break;
      case 10:
        if (connected_) control();
        break;
      default:
        now_ += milliseconds(pick(900));
        cursor_->judge();
        cursor_->enforce_limits(now_);
        log_.release(cursor_->held_from());
    }
    check();
  }

  void finish() {
    if (!connected_) connect();
    while (cursor_->behind()) write();
    acknowledge(wire_.size());
    check();
    const auto ledger = cursor_->ledger(now_);
    EXPECT_EQ(ledger.queued, 0U);
    EXPECT_TRUE(cursor_->settled());
    EXPECT_EQ(ledger.accepted, passing_);
    EXPECT_EQ(ledger.accepted, ledger.delivered + ledger.dropped_total());
  }

 private:
  std::size_t pick(std::size_t below) {
    return std::uniform_int_distribution<std::size_t>(0, below - 1)(random_);
  }

  void append(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      const auto series = static_cast<unsigned>(pick(3));
      const auto frame =
          test::numbered_frame(number_++, series, pick(20) == 0 ? pick(3'000) : pick(60));
      ASSERT_TRUE(log_.append(frame, now_));
      passes_.push_back(!series_ || series == *series_);
      if (passes_.back()) ++passing_;
    }
    // Not yet taken in when something changes, now and then.
    if (pick(4) != 0) cursor_->judge();
  }

  void reconfigure() {
    const auto chosen = pick(4);
    if (chosen == 3) {
      series_.reset();
    } else {
      series_ = static_cast<unsigned>(chosen);
    }
    CursorLimits limits{.filter = filter_of(match_of(series_))};
    if (pick(3) == 0) limits.max_bytes = 2'000 + pick(20'000);
    if (pick(3) == 0) limits.max_age = milliseconds(1'000 + pick(8'000));
    cursor_->change_limits(limits, now_);
    EXPECT_LE(cursor_->lag(), limits.max_bytes.value_or(~std::uint64_t{0}));
  }

  void change_budget() {
    const LogLimits limits{.memory_bytes = 8'192 + pick(65'536),
                           .segment_bytes = 4'096U << pick(3)};
    log_.set_limits(limits);
    EXPECT_TRUE(log_.segments() == 1 || log_.memory_bytes() <= limits.memory_bytes);
  }

  void connect() {
    cursor_->begin_connection();
    connected_ = true;
    wire_.clear();
    acked_ = 0;
    sent_messages_ = 0;
    if (pick(2) == 0) control();
  }

  void control() {
    std::array<std::byte, proto::kHeartbeatSize> message;
    proto::encode_heartbeat(message, 0, cursor_->messages_before_control());
    cursor_->add_control(message);
  }

  void write() {
    std::array<iovec, 8> spans;
    const auto count = cursor_->gather(spans, 3'000, scratch_);
    ASSERT_EQ(count != 0, cursor_->behind());
    std::vector<std::byte> bytes;
    for (std::size_t i = 0; i < count; ++i) {
      const auto* first = static_cast<const std::byte*>(spans[i].iov_base);
      bytes.insert(bytes.end(), first, first + spans[i].iov_len);
    }
    if (bytes.empty()) return;
    const auto taken = pick(3) == 0 ? bytes.size() : 1 + pick(bytes.size());
    wire_.insert(wire_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(taken));
    cursor_->wrote(taken);
  }

  void acknowledge(std::size_t offset) {
    acked_ = std::max(acked_, std::min(offset, wire_.size()));
    cursor_->acknowledge(acked_);
    std::size_t at = 0;
    for (;;) {
      const auto rest = std::span<const std::byte>(wire_).subspan(at, acked_ - at);
      const auto size = proto::message_size(rest);
      if (size == 0) break;
      const proto::MessageView message(rest.first(size));
      if (message.opcode() == proto::Opcode::kSubmit) {
        const auto number = test::number_of(message);
        ASSERT_TRUE(passes_[number]) << number << " did not pass when it was appended";
        delivered_.insert(number);
      }
      at += size;
    }
  }

  void disconnect() {
    const auto numbers = test::numbers_in(wire_);
    EXPECT_TRUE(std::is_sorted(numbers.begin(), numbers.end()));
    EXPECT_EQ(std::count(numbers.begin(), numbers.end(), test::kBad), 0) << "only whole frames";
    check_heartbeats();
    cursor_->end_connection();
    connected_ = false;
  }

  // Each heartbeat says how many messages were before it on the wire.
  void check_heartbeats() {
    std::uint64_t count = 0;
    proto::Decoder decoder;
    decoder.feed(wire_);
    while (const auto event = decoder.next()) {
      if (event->message.opcode() == proto::Opcode::kHeartbeat) {
        auto field = event->message.fields().begin();
        EXPECT_EQ((++field)->number(), count);
      }
      ++count;
    }
  }

  void check() {
    cursor_->judge();
    const auto ledger = cursor_->ledger(now_);
    ASSERT_TRUE(ledger.balances()) << ledger.accepted << " = " << ledger.delivered << " + "
                                   << ledger.dropped_total() << " + " << ledger.queued;
    ASSERT_EQ(ledger.accepted, passing_);
    ASSERT_EQ(ledger.delivered, delivered_.size());
    ASSERT_GE(cursor_->held_from(), log_.begin());
  }

  std::mt19937_64 random_;
  bool changes_;
  std::optional<unsigned> series_;  // That passes now; none: all do.
  FrameLog log_{{.memory_bytes = 32'768, .segment_bytes = 4'096}};
  std::optional<Cursor> cursor_;
  base::WallTime now_ = kStart;
  std::uint64_t number_ = 0;
  std::uint64_t passing_ = 0;
  std::vector<bool> passes_;  // By number.
  std::uint64_t sent_messages_ = 0;
  bool connected_ = false;
  std::vector<std::byte> wire_;
  std::size_t acked_ = 0;
  std::set<std::uint64_t> delivered_;
  std::array<std::byte, 2'048> scratch_;
};

class CursorPropertyTest : public testing::TestWithParam<Case> {};

TEST_P(CursorPropertyTest, TheLedgerIsWhatThePeerSawAfterEveryStep) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE(seed);
    World world(GetParam(), seed);
    for (int step = 0; step < 600; ++step) {
      world.step();
      if (HasFatalFailure()) return;
    }
    world.finish();
    if (HasFailure()) return;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Cases, CursorPropertyTest,
    testing::Values(Case{"everything", "", {}, {}}, Case{"filtered", "bench* *,series=1", {}, {}},
                    Case{"full", "", 6'000, {}},
                    Case{"full_filtered", "bench *,series=1", 6'000, {}},
                    Case{"expired", "", {}, milliseconds(4'000)},
                    Case{"both_filtered", "bench *,series=1", 9'000, milliseconds(3'000)},
                    Case{"changing", "", {}, {}, true},
                    Case{"changing_filtered", "bench *,series=1", {}, {}, true}),
    [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace lariat::publish
