// Random operations on a cursor, held against what a peer would have seen of each connection: of a
// log in memory, and of one with a spool, which is opened again now and then as after a kill; in
// order, and with what is fresh first.

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
#include "agent/publish/reader_state.h"
#include "agent/publish/spool_places.h"
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

enum class Order {
  kFifo,
  kFresh,
  kChanging,  // With what else changes.
};

struct Case {
  std::string name;
  std::string match;
  std::optional<std::uint64_t> max_bytes;
  std::optional<milliseconds> max_age;
  bool changes = false;  // Filter, limits and the log's budget change now and then.
  Disk disk = Disk::kNone;
  Order order = Order::kFifo;
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
               .max_age = chosen.max_age,
               .fresh_first = chosen.order == Order::kFresh};
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
        if (connected_) {
          if (pick(2) == 0) cursor_->allow_backlog(pick(20) == 0 ? LogReader::kNoPace : 1'000);
          write();
        }
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
    cursor_->allow_backlog(LogReader::kNoPace);
    while (cursor_->behind() && !testing::Test::HasFatalFailure()) write();
    acknowledge(wire_.size());
    check();
    const auto ledger = cursor_->ledger(now_);
    EXPECT_EQ(ledger.queued, 0U);
    EXPECT_TRUE(cursor_->settled());
    EXPECT_EQ(ledger.accepted, ledger.delivered + ledger.dropped_total());
    EXPECT_EQ(ledger.accepted, passing_);
    const bool limited = case_.max_bytes || case_.max_age || changes_;
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
  [[nodiscard]] bool in_order() const { return case_.order == Order::kFifo; }

  void open(const std::optional<ReaderState>& saved) {
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
    }
    if (spooled() || limits_.fresh_first) {
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
      save();
    }
    if (pick(25) == 0) spool_->release(first_needed_);
    if (pick(60) == 0) restart();
  }

  void disk_takes(int error) {
    io_->write_error = error;
    io_->open_error = error;
    if (error != 0) return;
    ASSERT_TRUE(test::run_until(loop_, [this] { return !spool_->degraded(); }));
  }

  // As a file keeps it.
  void save() {
    const auto state = cursor_->state();
    first_needed_ = state.first_needed().position;
    SpoolCursors cursors{.log_end = {log_->end(), log_->end_sequence()}};
    cursors.endpoints["e"] = to_cursor(state, now_);
    saved_ = encode_cursors(cursors);
    saved_series_ = series_;
  }

  // What is known of the endpoint is what was saved; all from there on is to come.
  void restart() {
    if (case_.disk == Disk::kFaulty) {
      // What is in memory only is lost; where the log ended is known if one frame is on disk again.
      disk_takes(0);
      append(1);
    }
    log_->write_through(now_);
    if (saved_.empty()) save();
    const auto state = to_state(decode_cursors(saved_)->endpoints.at("e"));
    const auto before = cursor_->ledger(now_);
    // What is in flight and not to be had any more is not saved either.
    const auto beyond = before.dropped_total() + before.queued - queued_in(cursor_->state());
    // What was appended since is judged as it would have been then.
    for (auto number = state.judged.sequence; number < number_; ++number) {
      passes_[number] = !saved_series_ || series_of_[number] == *saved_series_;
    }
    const auto to_come = numbers_to_come(state);
    std::uint64_t gone = 0;
    for (std::uint64_t number = 0; number < state.judged.sequence; ++number) {
      const bool known = to_come[number] || delivered_.contains(number);
      if (passes_[number] && mine_[number] && !known) ++gone;
    }
    ASSERT_LE(gone, beyond) << "what is not saved was delivered or dropped";
    cursor_.reset();
    log_.reset();
    spool_.reset();
    connected_ = false;
    delivered_.clear();
    mine_ = to_come;
    passing_ = static_cast<std::uint64_t>(std::count(mine_.begin(), mine_.end(), true));
    open(state);
    ASSERT_EQ(log_->end_sequence(), number_);
    while (cursor_->judge_more()) {
    }
    // Of what is lost nobody knows whether it would have passed.
    const auto accepted = cursor_->ledger(now_).accepted;
    if (case_.disk == Disk::kFaulty) passing_ = std::max(passing_, accepted);
  }

  static std::uint64_t queued_in(const ReaderState& state) {
    std::uint64_t queued = 0;
    for (const auto& lane : state.lanes) {
      for (const auto& range : lane) queued += range.count().frames;
    }
    return queued;
  }

  [[nodiscard]] std::vector<bool> numbers_to_come(const ReaderState& state) const {
    std::vector<bool> numbers(number_, false);
    const auto add = [&](std::uint64_t from, std::uint64_t to) {
      for (auto number = from; number < to; ++number) numbers[number] = passes_[number];
    };
    for (const auto& lane : state.lanes) {
      for (const auto& range : lane) add(range.from.sequence, range.to.sequence);
    }
    add(state.judged.sequence, number_);
    return numbers;
  }

  void append(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      const auto series = static_cast<unsigned>(pick(3));
      const auto frame =
          test::numbered_frame(number_++, series, pick(20) == 0 ? pick(3'000) : pick(60));
      ASSERT_TRUE(log_->append(frame, now_));
      series_of_.push_back(series);
      passes_.push_back(!series_ || series == *series_);
      mine_.push_back(passes_.back());
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
    const bool changing = case_.order == Order::kChanging;
    limits.fresh_first = changing ? pick(2) == 0 : case_.order == Order::kFresh;
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
    // The reader that has no lanes is changed for one that has, as an endpoint does.
    if (limits_.fresh_first && dynamic_cast<Cursor*>(cursor_.get()) != nullptr) {
      cursor_ = std::make_unique<SpooledCursor>(*log_, limits_, cursor_->state());
    }
    cursor_->begin_connection(now_);
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
    ASSERT_TRUE(spooled() || !in_order() || (count != 0) == cursor_->behind());
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
        ASSERT_TRUE(mine_[number]) << number << " was delivered or dropped before";
        delivered_.insert(number);
        ever_.insert(number);
      }
      at += size;
    }
  }

  void disconnect() {
    auto numbers = test::numbers_in(wire_);
    EXPECT_TRUE(!in_order() || std::is_sorted(numbers.begin(), numbers.end()));
    std::sort(numbers.begin(), numbers.end());
    EXPECT_EQ(std::adjacent_find(numbers.begin(), numbers.end()), numbers.end()) << "once each";
    EXPECT_EQ(std::count(numbers.begin(), numbers.end(), test::kBad), 0) << "only whole frames";
    check_heartbeats();
    cursor_->end_connection();
    connected_ = false;
    if (!in_order() && pick(2) == 0) now_ += kFreshAfter + milliseconds(1'001);
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
  std::vector<std::byte> saved_;  // The cursor file.
  std::optional<unsigned> saved_series_;
  std::uint64_t first_needed_ = 0;
  base::WallTime now_ = kStart;
  std::uint64_t number_ = 0;
  std::uint64_t passing_ = 0;
  std::vector<bool> passes_;  // By number.
  std::vector<bool> mine_;    // This run has to account for it.
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
    testing::Values(
        Case{"everything", "", {}, {}}, Case{"filtered", "bench* *,series=1", {}, {}},
        Case{"full", "", 6'000, {}}, Case{"full_filtered", "bench *,series=1", 6'000, {}},
        Case{"expired", "", {}, milliseconds(4'000)},
        Case{"both_filtered", "bench *,series=1", 9'000, milliseconds(3'000)},
        Case{"changing", "", {}, {}, true},
        Case{"changing_filtered", "bench *,series=1", {}, {}, true},
        Case{"fresh", "", {}, {}, false, Disk::kNone, Order::kFresh},
        Case{"fresh_filtered", "bench *,series=1", {}, {}, false, Disk::kNone, Order::kFresh},
        Case{"fresh_full", "", 9'000, milliseconds(30'000), false, Disk::kNone, Order::kFresh},
        Case{"changing_order", "", {}, {}, true, Disk::kNone, Order::kChanging}),
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
        Case{"faulty_changing", "", {}, {}, true, Disk::kFaulty},
        Case{"fresh", "", {}, {}, false, Disk::kRoomy, Order::kFresh},
        Case{"fresh_filtered", "bench *,series=1", {}, {}, false, Disk::kRoomy, Order::kFresh},
        Case{"fresh_tight", "", {}, milliseconds(60'000), false, Disk::kTight, Order::kFresh},
        Case{"fresh_faulty", "", {}, {}, false, Disk::kFaulty, Order::kFresh},
        Case{"changing_order", "", {}, {}, true, Disk::kRoomy, Order::kChanging}),
    [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace lariat::publish
