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
};

/// A log, a cursor, and the wire between it and a peer that acknowledges when the test says so.
class World {
 public:
  World(const Case& chosen, std::uint64_t seed) : random_(seed), filtered_(!chosen.match.empty()) {
    CursorLimits limits{.max_bytes = chosen.max_bytes, .max_age = chosen.max_age};
    if (filtered_) {
      const std::vector<std::string> patterns = {chosen.match};
      limits.filter = std::get<proto::Filter>(proto::Filter::parse(patterns));
    }
    cursor_.emplace(log_, limits);
    log_.on_evict([this](std::uint64_t end) { cursor_->evict_before(end); });
  }

  void step() {
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
      if (!filtered_ || series == 1) ++passing_;
    }
    cursor_->judge();
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
      if (message.opcode() == proto::Opcode::kSubmit) delivered_.insert(test::number_of(message));
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
    const auto ledger = cursor_->ledger(now_);
    ASSERT_TRUE(ledger.balances()) << ledger.accepted << " = " << ledger.delivered << " + "
                                   << ledger.dropped_total() << " + " << ledger.queued;
    ASSERT_EQ(ledger.accepted, passing_);
    ASSERT_EQ(ledger.delivered, delivered_.size());
    ASSERT_GE(cursor_->held_from(), log_.begin());
  }

  std::mt19937_64 random_;
  bool filtered_;
  FrameLog log_{{.memory_bytes = 32'768, .segment_bytes = 4'096}};
  std::optional<Cursor> cursor_;
  base::WallTime now_ = kStart;
  std::uint64_t number_ = 0;
  std::uint64_t passing_ = 0;
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
                    Case{"both_filtered", "bench *,series=1", 9'000, milliseconds(3'000)}),
    [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace lariat::publish
