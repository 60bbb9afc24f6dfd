#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "agent/base/clock.h"
#include "agent/loop/io_watcher.h"
#include "agent/loop/timer.h"
#include "agent/net/channel.h"
#include "agent/net/dialer.h"
#include "agent/net/tls_context.h"
#include "agent/publish/encoded_reader.h"
#include "agent/publish/endpoint.h"
#include "agent/publish/stream_format.h"
#include "proto/decode.h"

namespace lariat::publish {

/// An aggregator that takes a stream of octets: one connection, on which frames go out in order, as
/// they lie in the log or in a `StreamFormat`.
///
/// A frame counts as delivered when the peer's kernel has acknowledged its last byte, over TLS that
/// of its record; what was not goes out again, whole, on the next connection.
class SocketEndpoint final : public Endpoint {
 public:
  SocketEndpoint(const EndpointContext& context, const EndpointConfig& config);
  ~SocketEndpoint() override;

  void stop() override;
  void reconfigure(EndpointConfig config) override;
  void abandon() noexcept override;
  void hurry() override;
  void turn() override;
  void beat() override;
  [[nodiscard]] std::optional<base::WallTime> beat_due() const noexcept override;
  /// No call but this one of `net` blocks or waits.
  void ask_acknowledged() override;
  [[nodiscard]] bool can_become(const EndpointConfig& next) const override;

  [[nodiscard]] bool connected() const noexcept override { return channel_ != nullptr; }
  [[nodiscard]] bool stalled() const noexcept override { return stalled_; }
  [[nodiscard]] EndpointState state() const noexcept override;
  [[nodiscard]] std::string_view peer() const noexcept override {
    return connected() ? std::string_view(peer_) : std::string_view();
  }

 private:
  void dial() override;
  void update_watchers() override;
  [[nodiscard]] WatcherState own_watcher() const noexcept override {
    return {writable_.active(), writable_.starts(), writable_.stops()};
  }

  void dialled(net::DialOutcome outcome);
  void attach(std::unique_ptr<net::Channel> channel, const std::string& peer);
  void writable();
  void readable();
  void take_received(std::span<const std::byte> octets);
  void flush();
  [[nodiscard]] bool has_to_send() const noexcept;
  [[nodiscard]] bool may_send() const noexcept;
  void add_heartbeat();
  void arm_stall_timer();
  void look_for_stall();
  void set_stalled(bool stalled);
  void begin_pace();
  void pace();
  void change_reader();
  void take_answer(std::span<const std::byte> octets);
  void look_for_answer();
  void tell_unsupported(std::span<const std::byte> frame);
  [[nodiscard]] std::unique_ptr<LogReader> give_reader() override;
  void take_reader(std::unique_ptr<LogReader> reader) override;
  [[nodiscard]] std::chrono::milliseconds heartbeat() const noexcept {
    return format_ ? std::chrono::milliseconds(0) : config_.heartbeat;
  }
  void retime(const EndpointConfig& old);
  void retime_stall();
  void fail(int error);
  void drain_socket() noexcept;
  void end(EndReason reason, const std::string& why);
  void close(EndReason reason);

  std::shared_ptr<net::TlsContext> tls_;  // Of a URL with TLS, once it was dialled.
  net::Dialer dialer_;
  std::unique_ptr<StreamFormat> format_;  // Null: TSDP.
  EncodedReader* encoded_ = nullptr;      // `cursor_`, with a format.
  bool told_unsupported_ = false;

  std::unique_ptr<net::Channel> channel_;
  std::string peer_;
  loop::IoWatcher readable_;
  loop::IoWatcher writable_;
  loop::Timer stall_;
  loop::Timer disk_;  // Until it is tried again.
  loop::Timer pace_;  // Until the backlog may go on.
  loop::Timer open_;  // For the peer to say that frames may come.
  proto::Decoder decoder_;
  bool stalled_ = false;
  bool heard_ = false;  // Anything, on this connection.
  std::uint64_t acked_ = 0;
  base::Monotonic connected_at_;
  base::Monotonic progress_at_;
  base::Monotonic beat_at_;
  base::Monotonic paced_at_;  // The backlog was given its share of the time before.
  std::chrono::milliseconds pace_wait_{200};
  base::WallTime beat_wall_{};
};

}  // namespace lariat::publish
