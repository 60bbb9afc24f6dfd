#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "agent/base/unique_fd.h"
#include "proto/decode.h"

namespace lariat::test {

/// Numbers that came one after the other, each one more than that before, on one connection.
struct NumberRun {
  std::uint64_t connection;
  std::uint64_t first;
  std::uint64_t last;
};

/// When a read that brought numbers returned, and the last of them.
struct Arrival {
  std::int64_t steady_nanoseconds;
  std::uint64_t number;
};

/// What a receiver has seen, in memory that outlives its process. The counts may be read at any
/// time, the lists when the receiver is paused or dead.
struct ReceiverRecord {
  using Count = std::atomic<std::uint64_t>;

  Count port{0};         ///< Where it listens.
  Count connections{0};  ///< Accepted.
  Count open{0};         ///< Of those, not ended.
  Count frames{0};       ///< SAMPLEs.
  Count last_number{0};  ///< In the latest of them.
  Count bytes{0};        ///< Of all that was read.
  Count heartbeats{0};
  Count heartbeats_wrong{0};  ///< With another count than that of the messages before them.
  Count others{0};            ///< SUBMIT messages that are no SAMPLE, and so have no number.
  Count bad{0};               ///< Messages that do not decode, or are none of these.
  Count cut{0};               ///< Connections that ended inside a message.
  Count errors{0};            ///< Connections that ended by an error.
  Count begun_bytes{0};       ///< Of the message that the latest connection is in the middle of.
  Count smallest_frame{~std::uint64_t{0}};
  Count largest_frame{0};

  static constexpr std::size_t kMaxRuns = std::size_t{1} << 19U;
  static constexpr std::size_t kMaxArrivals = std::size_t{1} << 19U;
  Count run_count{0};  ///< May be more than there is room for: then the list is cut.
  Count arrival_count{0};
  std::array<NumberRun, kMaxRuns> runs;
  std::array<Arrival, kMaxArrivals> arrivals;
};

struct ReceiverBehaviour {
  std::string greeting;                     ///< Sent to each new connection.
  std::string saying;                       ///< Sent to all connections at the order `s`.
  std::size_t read_bytes = 65536;           ///< Of one read at most.
  std::chrono::milliseconds read_pause{0};  ///< Between reads: a slow reader.
};

/// Accepts TSDP and records the number in each frame, until its control socket is closed.
///
/// One octet on the control socket is an order, answered by a number of eight octets when it is
/// done: `p` reads no more, `r` reads again, `u` how many bytes wait unread in the kernel, `c`
/// closes its side of all connections and reads to their end, `s` says its saying to all of them.
/// While it answers nothing is half recorded.
class NumberedReceiver {
 public:
  NumberedReceiver(base::UniqueFd listener, base::UniqueFd control, ReceiverRecord& record,
                   ReceiverBehaviour behaviour);

  void run();

 private:
  struct Connection {
    base::UniqueFd socket;
    std::uint64_t number = 0;  // Counted from 1 over all of this receiver's lives.
    std::uint64_t bytes = 0;
    std::uint64_t messages = 0;
    proto::Decoder decoder;
  };

  bool obey();
  void accept_one();
  void read(Connection& connection);
  void record(Connection& connection, const proto::Decoder::Event& event, bool& numbered);
  void record_number(const Connection& connection, std::uint64_t number);
  void record_arrival();
  void end(Connection& connection, bool error);
  void say() const;
  [[nodiscard]] std::uint64_t unread() const;

  base::UniqueFd listener_;
  base::UniqueFd control_;
  ReceiverRecord& record_;
  ReceiverBehaviour behaviour_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<std::byte> buffer_;
  bool paused_ = false;
};

}  // namespace lariat::test
