#pragma once

#include <bitset>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agent/app/output.h"
#include "agent/base/result.h"
#include "agent/base/unique_fd.h"
#include "agent/base/url.h"
#include "agent/loop/io_watcher.h"
#include "agent/loop/loop.h"
#include "agent/loop/prepare_hook.h"
#include "agent/loop/timer.h"
#include "agent/net/channel.h"
#include "agent/net/handshake.h"
#include "agent/net/listener.h"
#include "agent/net/tls_context.h"
#include "proto/decode.h"

namespace lariat::app {

/// Listens for TSDP, and writes each valid message of any number of peers to one output.
///
/// Messages are whole there and in the order of their peer. While the output is blocked no peer is
/// read, so its slowness reaches them. What is invalid is told and counted; a stream that is lost,
/// or stands still in the middle of a message, is closed, and one whose TLS handshake takes long.
/// Ownership: borrows all it is given. Threads: loop thread only.
class Receiver {
 public:
  enum class Form : std::uint8_t { kLines, kJson, kRaw, kNothing };

  struct Options {
    Form form = Form::kLines;
    std::uint64_t count = 0;  ///< SUBMIT messages to end after; 0: never.
    /// With nothing coming in the middle of a message.
    std::chrono::milliseconds stall_timeout = std::chrono::seconds(30);
    std::shared_ptr<net::TlsContext> tls;  ///< For a URL with TLS; null: plain.
  };
  struct Counts {
    std::uint64_t frames = 0;  ///< Valid messages but heartbeats.
    std::uint64_t bytes = 0;   ///< All octets that came.
    std::uint64_t heartbeats = 0;
    std::uint64_t invalid = 0;    ///< Messages, and streams lost for another cause.
    std::uint64_t truncated = 0;  ///< Streams that ended in the middle of a message.
  };
  /// Both are run from the loop.
  struct Events {
    std::function<void(std::string_view line)> on_trouble;  ///< One sentence for the operator.
    std::function<void()> on_count;                         ///< `count` is reached.
  };

  Receiver(loop::Loop& loop, Output& output, const Options& options, Events events);
  ~Receiver();
  Receiver(const Receiver&) = delete;
  Receiver& operator=(const Receiver&) = delete;

  /// Gives back where it listens, with the real port.
  base::Result<base::Url> listen(const base::Url& url) { return listener_.listen(url); }
  /// No more is read from anyone; connections are closed.
  void close() noexcept;
  /// To be called when the output, which was blocked, is empty.
  void resume() noexcept;

  [[nodiscard]] const Counts& counts() const noexcept { return counts_; }
  [[nodiscard]] std::size_t connections() const noexcept { return peers_.size(); }

 private:
  struct Peer;

  void accept(base::UniqueFd connection, std::string name);
  void shaken(Peer& peer, net::Handshake::End how);
  void read_some(Peer& peer) noexcept;
  void take(Peer& peer, std::span<const std::byte> piece);
  void take_message(const proto::MessageView& message);
  void tell_invalid(Peer& peer, proto::Reason reason);
  void lose_step(Peer& peer, proto::Reason reason);
  void lose(Peer& peer, std::string_view why);
  void end_of_stream(Peer& peer, const net::Received& end);
  void watch_for_stall(Peer& peer) noexcept;
  void leave(Peer& peer) noexcept;
  void end_turn() noexcept;
  void pause() noexcept;

  loop::Loop& loop_;
  Output& output_;
  Options options_;
  Events events_;
  Counts counts_;
  std::uint64_t submits_ = 0;
  std::vector<std::byte> room_;  // For one read, shared by all peers.
  std::list<Peer> peers_;
  std::size_t left_ = 0;  // Peers to be removed when their callbacks have returned.
  bool paused_ = false;
  bool closed_ = false;
  net::Listener listener_;
  loop::PrepareHook turn_end_;
};

}  // namespace lariat::app
