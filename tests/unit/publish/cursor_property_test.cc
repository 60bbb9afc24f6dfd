// Random operations on a cursor, held against what a peer would have seen of each connection: of a
// log in memory, and of one with a spool, which is opened again now and then as after a kill.

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
#include "agent/publish/spooled_cursor.h"
#include "tests/support/frames.h"
#include "tests/unit/publish/spool_fixture.h"

namespace lariat::publish {
namespace {

using std::chrono::milliseconds;

constexpr base::WallTime kStart{milliseconds(1'700'000'000'000)};

enum class Disk {
  kNone,
  kRoomy,   // Nothing is ever lost.
  kTight,   // Less than what an endpoint may lag.
  kFaulty,  // It takes nothing for a while, now and then.
};

struct Case {
  std::string name;
  std::string match;
  std::optional<std::uint64_t> max_bytes;
  std::optional<milliseconds> max_age;
  bool changes = false;  // Filter, limits and the log's budget change now and then.
  Disk disk = Disk::kNone;
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

/// Nothing is synced: that is for a loss of power, and takes long.
class QuickIo : public FaultyIo {
 public:
  int sync(int /*fd*/) override { return 0; }
  int allocate(int /*fd*/, std::uint64_t /*size*/) override { return 0; }
};

/// A log, a cursor, and the wire between it and a peer that acknowledges when the test says so.
class World {
 public:
  World(const Case& chosen, std::uint64_t seed)
      : random_(seed), case_(chosen), changes_(chosen.changes) {
    if (!chosen.match.empty()) series_ = 1;
    limits_ = {.filter = filter_of(chosen.match),
               .max_bytes = chosen.max_bytes,
               .max_age = chosen.max_age};
    open({});
  }

  void step() {
    if (changes_ && pick(20) == 0) reconfigure();
    if (changes_ && pick(40) == 0) change_budget();
    if (spooled()) disk_step();
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
        log_->release(cursor_->held_from());
    }
    check();
  }

  void finish() {
    if (!connected_) connect();
    while (cursor_->behind() && !testing::Test::HasFatalFailure()) write();
    acknowledge(wire_.size());
    check();
    const auto ledger = cursor_->ledger(now_);
    EXPECT_EQ(ledger.queued, 0U);
    EXPECT_TRUE(cursor_->settled());
    EXPECT_EQ(ledger.accepted, ledger.delivered + ledger.dropped_total());
    // Whether frames of an earlier run that nobody read would have passed is not known.
    const bool limited = case_.max_bytes || case_.max_age || changes_;
    if (!spooled() || !filtered() || (case_.disk == Disk::kRoomy && !limited)) {
      EXPECT_EQ(ledger.accepted, passing_);
    }
    if (case_.disk != Disk::kRoomy || limited) return;
    EXPECT_EQ(ledger.dropped_total(), 0U);
    for (std::uint64_t number = 0; number < number_; ++number) {
      ASSERT_TRUE(!passes_[number] || ever_.contains(number)) << number;
    }
  }

 private:
  std::size_t pick(std::size_t below) {
    return std::uniform_int_distribution<std::size_t>(0, below - 1)(random_);
  }

  [[nodiscard]] bool spooled() const { return case_.disk != Disk::kNone; }
  [[nodiscard]] bool filtered() const { return changes_ || !case_.match.empty(); }

  void open(std::optional<FramePlace> saved) {
    log_ = std::make_unique<FrameLog>(budget_);
    if (spooled()) {
      SpoolOptions options{.directory = directory_ / "spool",
                           .max_bytes = case_.disk == Disk::kTight ? 131'072U : 64U << 20U,
                           .sync = milliseconds(5),
                           .segment_bytes = 4'096};
      auto opened = Spool::open(
          options, {.on_evict = [this](SpoolPlace end) { lost_on_disk(end); }}, loop_, io_);
      ASSERT_TRUE(opened) << opened.error().text;
      spool_ = std::move(*opened);
      log_->attach(*spool_);
      log_->on_lost([this](FramePlace from, FramePlace to) { cursor_->lose(from, to); });
      cursor_ = std::make_unique<SpooledCursor>(*log_, limits_, saved);
    } else {
      cursor_ = std::make_unique<Cursor>(*log_, limits_);
    }
    log_->on_evict([this](std::uint64_t end) { cursor_->evict_before(end); });
  }

  void lost_on_disk(SpoolPlace end) {
    FramePlace to{end.position, end.sequence};
    if (to.position > log_->begin()) to = {log_->begin(), log_->begin_sequence()};
    cursor_->lose({}, to);
  }

  void disk_step() {
    loop_.run_ready();
    if (case_.disk == Disk::kFaulty && pick(30) == 0) {
      disk_takes(pick(2) == 0 ? ENOSPC : 0);
    }
    if (pick(10) == 0) {
      log_->write_through(now_);
      saved_ = cursor_->held_place();
    }
    if (pick(25) == 0) spool_->release(saved_.position);
    if (pick(60) == 0) restart();
  }

  void disk_takes(int error) {
    io_->write_error = error;
    io_->open_error = error;
    if (error != 0) return;
    ASSERT_TRUE(test::run_until(loop_, [this] { return !spool_->degraded(); }));
  }

  // What is known of the endpoint is its place when it was saved; all from there on is to come.
  void restart() {
    if (case_.disk == Disk::kFaulty) {
      // What is in memory only is lost; where the log ended is known if one frame is on disk again.
      disk_takes(0);
      append(1);
    }
    log_->write_through(now_);
    const auto dropped = cursor_->ledger(now_).dropped_total();
    std::uint64_t gone = 0;
    for (std::uint64_t number = run_began_; number < saved_.sequence; ++number) {
      if (passes_[number] && !delivered_.contains(number)) ++gone;
    }
    // What a filter was not asked about before it was dropped is in no ledger.
    ASSERT_TRUE(filtered() || gone <= dropped)
        << "what lies before its place was delivered or dropped: " << gone << ", " << dropped;
    cursor_.reset();
    log_.reset();
    spool_.reset();
    connected_ = false;
    delivered_.clear();
    run_began_ = saved_.sequence;
    open(saved_);
    ASSERT_EQ(log_->end_sequence(), number_);
    passing_ = 0;
    for (std::uint64_t number = 0; number < number_; ++number) {
      passes_[number] = !series_ || series_of_[number] == *series_;
      if (number >= run_began_ && passes_[number]) ++passing_;
    }
  }

  void append(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      const auto series = static_cast<unsigned>(pick(3));
      const auto frame =
          test::numbered_frame(number_++, series, pick(20) == 0 ? pick(3'000) : pick(60));
      ASSERT_TRUE(log_->append(frame, now_));
      series_of_.push_back(series);
      passes_.push_back(!series_ || series == *series_);
      if (passes_.back()) ++passing_;
    }
    if (spooled()) log_->write_through(now_);
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
    limits_ = limits;
    cursor_->change_limits(limits, now_);
    EXPECT_LE(cursor_->lag(), limits.max_bytes.value_or(~std::uint64_t{0}));
  }

  void change_budget() {
    const LogLimits limits{.memory_bytes = 8'192 + pick(65'536),
                           .segment_bytes = spooled() ? 4'096U : 4'096U << pick(3)};
    log_->set_limits(limits);
    log_->forget_pages();
    EXPECT_TRUE(log_->segments() == 1 || log_->memory_bytes() <= limits.memory_bytes);
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
    ASSERT_TRUE(spooled() || (count != 0) == cursor_->behind());
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
        ever_.insert(number);
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
    if (spooled() && filtered()) {
      ASSERT_LE(ledger.accepted, passing_);
    } else {
      ASSERT_EQ(ledger.accepted, passing_);
    }
    ASSERT_EQ(ledger.delivered, delivered_.size());
    ASSERT_TRUE(spooled() || cursor_->held_from() >= log_->begin());
  }

  static constexpr LogLimits budget_{.memory_bytes = 32'768, .segment_bytes = 4'096};

  std::mt19937_64 random_;
  Case case_;
  bool changes_;
  CursorLimits limits_;
  test::TemporaryDirectory directory_;
  std::shared_ptr<FaultyIo> io_ = std::make_shared<QuickIo>();
  loop::Loop loop_;
  std::optional<unsigned> series_;  // That passes now; none: all do.
  std::unique_ptr<Spool> spool_;
  std::unique_ptr<FrameLog> log_;
  std::unique_ptr<LogReader> cursor_;
  FramePlace saved_;
  std::uint64_t run_began_ = 0;  // Number of the first frame that this run has to account for.
  base::WallTime now_ = kStart;
  std::uint64_t number_ = 0;
  std::uint64_t passing_ = 0;
  std::vector<bool> passes_;  // By number.
  std::vector<unsigned> series_of_;
  std::uint64_t sent_messages_ = 0;
  bool connected_ = false;
  std::vector<std::byte> wire_;
  std::size_t acked_ = 0;
  std::set<std::uint64_t> delivered_;  // In this run.
  std::set<std::uint64_t> ever_;
  std::array<std::byte, 2'048> scratch_;
};

class CursorPropertyTest : public testing::TestWithParam<Case> {};

TEST_P(CursorPropertyTest, TheLedgerIsWhatThePeerSawAfterEveryStep) {
  const std::uint64_t seeds = GetParam().disk == Disk::kNone     ? 60
                              : GetParam().disk == Disk::kFaulty ? 2
                                                                 : 20;
  for (std::uint64_t seed = 0; seed < seeds; ++seed) {
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

INSTANTIATE_TEST_SUITE_P(
    Spooled, CursorPropertyTest,
    testing::Values(
        Case{"everything", "", {}, {}, false, Disk::kRoomy},
        Case{"filtered", "bench *,series=1", {}, {}, false, Disk::kRoomy},
        Case{"full", "", 60'000, {}, false, Disk::kRoomy},
        Case{"expired_filtered", "bench *,series=1", {}, milliseconds(9'000), false, Disk::kRoomy},
        Case{"changing", "", {}, {}, true, Disk::kRoomy},
        Case{"tight", "", {}, {}, false, Disk::kTight},
        Case{"tight_filtered", "bench *,series=1", {}, {}, false, Disk::kTight},
        Case{"faulty", "", {}, {}, false, Disk::kFaulty},
        Case{"faulty_changing", "", {}, {}, true, Disk::kFaulty}),
    [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace lariat::publish
