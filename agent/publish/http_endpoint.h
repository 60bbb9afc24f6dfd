#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agent/loop/timer.h"
#include "agent/publish/endpoint.h"
#include "agent/publish/http_batch.h"
#include "agent/publish/http_client.h"
#include "agent/publish/http_compress.h"
#include "agent/publish/http_format.h"
#include "agent/publish/http_pieces.h"
#include "agent/publish/http_verdict.h"
#include "proto/totals.h"

namespace lariat::publish {

/// An aggregator that takes requests of HTTP: `prometheus+http(s)`, `influx+http(s)`.
///
/// Frames are gathered into batches, and one request is in flight. A frame counts as delivered when
/// the server has answered that it has its batch. What it refuses is found by halves and counted as
/// `rejected`; what it cannot take now it gets again, the same to the octet, for ever or until it
/// is older than `max_age`. It is connected if its last request was answered, whatever the answer.
/// With nothing to send it begins with a request without samples. Between batches there is no
/// timer, and no watcher.
/// A backlog beside live frames is not held back: there is one request at a time anyway.
class HttpEndpoint final : public Endpoint {
 public:
  HttpEndpoint(const EndpointContext& context, const EndpointConfig& config);
  ~HttpEndpoint() override;

  void stop() override;
  void reconfigure(EndpointConfig config) override;
  void abandon() noexcept override;
  void hurry() override;
  void press() override;
  void finish() override;
  void turn() override;
  void ask_acknowledged() override {}
  [[nodiscard]] bool can_become(const EndpointConfig& next) const override;

  [[nodiscard]] bool connected() const noexcept override { return connected_; }
  [[nodiscard]] bool stalled() const noexcept override;
  [[nodiscard]] EndpointState state() const noexcept override;
  [[nodiscard]] std::string_view peer() const noexcept override {
    return connected_ ? std::string_view(client_->peer()) : std::string_view();
  }
  [[nodiscard]] bool settled() const noexcept override;
  [[nodiscard]] std::span<const RejectedSample> rejected() const noexcept override {
    return rejected_;
  }

  /// How long it waits, or waited last, before it tries again.
  [[nodiscard]] std::chrono::milliseconds rest() const noexcept { return rest_; }

 private:
  void dial() override;
  void update_watchers() override;
  [[nodiscard]] WatcherState own_watcher() const noexcept override;

  void set_up();
  void begin_reader();
  void end_reader();
  void change_reader();
  void take_reader(std::unique_ptr<LogReader> reader) override;

  void consider();
  [[nodiscard]] bool due();
  void begin_batch();
  void greet();
  void end_series();
  void begin_pieces();
  void settle_batch(std::uint64_t expired);
  void wait_for_ends();
  [[nodiscard]] bool expired() const;
  void give_up();
  void forget_blame();
  void send();
  void send_control(std::size_t item);
  void post(HttpPieces::Piece piece);

  void answered(const HttpAnswer& answer);
  void greeted(const HttpAnswer& answer, HttpVerdict verdict);
  void not_answered(const HttpAnswer& answer);
  void taken();
  void partly_taken(const HttpAnswer& answer);
  void refused(const HttpAnswer& answer, bool too_large);
  void go_on();
  void busy(const HttpAnswer& answer);
  [[nodiscard]] std::chrono::milliseconds wait_after(const HttpAnswer& answer);
  [[nodiscard]] std::optional<std::size_t> choose_control() const;
  void control_answered(const HttpAnswer& answer, HttpVerdict verdict);
  void pause();
  void note_rejected(HttpPieces::Piece piece, const HttpAnswer& answer);
  void keep_rejected(RejectedSample sample);
  void tell_rejected(const HttpAnswer& answer);
  void tell_unsupported();

  void take_stats();
  void set_connected(bool connected);
  void wait_and_retry(std::chrono::milliseconds wait, const std::string& why, int kind);
  [[nodiscard]] std::chrono::milliseconds jittered();
  void well();

  std::unique_ptr<HttpFormat> format_;
  std::unique_ptr<HttpCompressor> compressor_;
  std::unique_ptr<HttpClient> client_;
  HttpClientStats seen_;        // Of the client, in `stats_` already.
  WatcherState past_watchers_;  // Of clients of before.
  proto::Totals totals_;

  HttpBatch batch_;
  HttpPieces pieces_;
  HttpPieces::Piece encoded_;  // What `body_` holds; empty: nothing that is valid.
  std::vector<char> body_;
  bool has_batch_ = false;  // Or is greeting.
  bool greeting_ = false;
  bool reading_ = false;  // The reader has a connection.
  std::uint64_t frames_rejected_ = 0;

  loop::Timer age_;    // Until a batch that is not full goes.
  loop::Timer soon_;   // Until a later turn, or until the disk is tried again.
  loop::Timer ended_;  // Until a series will have ended.
  std::optional<base::Monotonic> waiting_since_;
  bool pressed_ = false;    // Somebody waits for what is there.
  bool finishing_ = false;  // The ends of all series are still to be sent.
  bool ends_all_ = false;   // The present batch is that.

  bool connected_ = false;
  bool was_away_ = false;
  int trouble_ = 0;  // Its kind, of which the log has a line; 0: none.
  std::optional<base::Monotonic> trouble_since_;
  std::chrono::milliseconds rest_{};
  std::chrono::milliseconds pause_{};  // After a batch of which nothing was taken; 0: none was.
  std::chrono::milliseconds ceiling_;
  std::minstd_rand random_;

  unsigned busy_answers_ = 0;    // Of status 500, to the present body.
  unsigned controls_taken_ = 0;  // Since it was suspected.
  bool poison_ = false;          // Others of this batch are taken.
  HttpAnswer blamed_;            // What the present body got before the control was sent.
  // Items sent alone to see whether others are taken.
  std::optional<std::size_t> good_;  // One that was.
  std::optional<std::size_t> next_control_;
  std::optional<std::size_t> control_;  // Under way.

  std::vector<RejectedSample> rejected_;  // The last few, oldest first.
  std::optional<base::Monotonic> rejected_told_;
  std::uint64_t rejected_untold_ = 0;
  bool unsupported_told_ = false;
};

/// Null if the URL's scheme is none of HTTP.
[[nodiscard]] std::unique_ptr<Endpoint> make_http_endpoint(const EndpointContext& context,
                                                           const EndpointConfig& config);

}  // namespace lariat::publish
