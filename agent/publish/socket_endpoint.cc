#include "agent/publish/socket_endpoint.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "agent/base/units.h"
#include "agent/net/peer.h"
#include "agent/net/socket_options.h"
#include "proto/encode.h"

namespace lariat::publish {
namespace {

// One sendmsg() a turn: a longer backlog takes more turns, and the others get theirs in between.
constexpr std::size_t kMaxSpans = 64;
constexpr std::size_t kMaxBytes = std::size_t{1} << 20U;
// A connection that lived so long was a good one: the next failure is the first.
constexpr std::chrono::milliseconds kGoodConnection{10'000};
// What ZeroMQ's ZMTP greeting begins with; no TSDP message does.
constexpr std::byte kZeroMqGreeting{0xff};

// Between looks at a peer of which the kernel cannot tell yet.
constexpr std::chrono::milliseconds kLeastLook{10};
// A disk that could not be read for want of descriptors is tried again.
constexpr std::chrono::milliseconds kTryDisk{1'000};

std::string words(int error) { return std::strerror(error); }  // NOLINT(concurrency-mt-unsafe)

EndReason reason_of(int error) noexcept {
  switch (error) {
    case ETIMEDOUT:
    case EHOSTUNREACH:
    case ENETUNREACH:
    case ECONNREFUSED:  // By ICMP, after the user time-out.
      return EndReason::kTimeout;
    default:
      return EndReason::kReset;
  }
}

}  // namespace

SocketEndpoint::SocketEndpoint(const EndpointContext& context, const EndpointConfig& config)
    : Endpoint(context, config, make_reader(context, config.limits)),
      dialer_(context.loop, context.resolver,
              [this](net::DialOutcome outcome) noexcept { dialled(std::move(outcome)); }),
      readable_(context.loop, loop::CallbackKind::kRead, [this]() noexcept { readable(); }),
      writable_(context.loop, loop::CallbackKind::kWrite, [this]() noexcept { writable(); }),
      stall_(context.loop, [this]() noexcept { look_for_stall(); }),
      disk_(context.loop,
            [this]() noexcept {
              if (connected() && cursor_->behind()) flush();
            }),
      pace_(context.loop, [this]() noexcept { pace(); }),
      open_(context.loop, [this]() noexcept { look_for_answer(); }) {
  SocketEndpoint::take_reader(std::move(cursor_));
}

SocketEndpoint::~SocketEndpoint() { stop(); }

void SocketEndpoint::dial() {
  retry_.stop();
  if (!config_.url.is_tls()) {
    tls_.reset();
  } else if (!tls_ || tls_->options() != config_.output.tls) {
    tls_ = std::make_shared<net::TlsContext>(net::TlsSide::kClient, config_.output.tls,
                                             context_.lines, "endpoint " + config_.name);
  }
  dialer_.start(config_.url, config_.connect_timeout,
                {.stall_timeout = config_.stall_timeout, .tls = tls_});
}

void SocketEndpoint::stop() {
  running_ = false;
  dialer_.cancel();
  stop_timers();
  if (connected()) close(EndReason::kLocal);
}

void SocketEndpoint::dialled(net::DialOutcome outcome) {
  if (outcome.failure == net::ConnectFailure::kNone) {
    attach(std::move(outcome.channel), outcome.peer);
    return;
  }
  ++stats_.connect_failures[static_cast<std::size_t>(outcome.failure) - 1];
  retry(outcome.detail);
}

void SocketEndpoint::attach(std::unique_ptr<net::Channel> channel, const std::string& peer) {
  channel_ = std::move(channel);
  peer_ = peer;
  ++stats_.connects;
  acked_ = 0;
  heard_ = false;
  decoder_ = proto::Decoder();
  connected_at_ = progress_at_ = base::monotonic_now();
  since_ = context_.loop.wall_now();
  context_.lines.info(fmt::format("endpoint {}: connected to {}", config_.name, peer_));
  told_ = false;
  last_error_.clear();
  context_.touched = true;

  readable_.watch(channel_->fd());
  writable_.watch(channel_->fd());
  readable_.start();
  cursor_->begin_connection(context_.loop.wall_now());
  cursor_->enforce_limits(context_.loop.wall_now());
  begin_pace();
  if (heartbeat().count() > 0) add_heartbeat();
  if (format_ && !format_->open()) open_.start(config_.connect_timeout);
  flush();
  if (connected() && channel_->input_waiting()) readable();
}

void SocketEndpoint::turn() {
  cursor_->judge();
  if (cursor_->behind()) cursor_->enforce_limits(context_.loop.wall_now());
  if (connected() && !writable_.active() && cursor_->behind()) {
    flush();
  } else {
    update_watchers();
  }
}

void SocketEndpoint::beat() {
  if (!connected() || heartbeat().count() == 0 || cursor_->behind()) return;
  add_heartbeat();
  flush();
}

std::optional<base::WallTime> SocketEndpoint::beat_due() const noexcept {
  const auto interval = heartbeat();
  // With bytes that wait the heartbeat goes out before them, when they do.
  if (!connected() || interval.count() == 0 || cursor_->behind()) return std::nullopt;
  const auto since = (beat_wall_ + interval / 2).time_since_epoch();
  return base::WallTime((since / interval + 1) * interval);
}

void SocketEndpoint::add_heartbeat() {
  std::array<std::byte, proto::kHeartbeatSize> message;
  const auto seconds =
      std::chrono::floor<std::chrono::seconds>(context_.loop.wall_now()).time_since_epoch();
  proto::encode_heartbeat(message, static_cast<std::uint64_t>(seconds.count()),
                          cursor_->messages_before_control());
  cursor_->add_control(message);
  beat_at_ = context_.loop.now();
  beat_wall_ = context_.loop.wall_now();
}

void SocketEndpoint::writable() {
  ++stats_.write_wakeups;
  if (!has_to_send()) {
    ++stats_.write_wakeups_empty;
    context_.loop.nothing_done();
    update_watchers();
    return;
  }
  cursor_->enforce_limits(context_.loop.wall_now());
  context_.touched = true;
  flush();
}

void SocketEndpoint::flush() {
  if (heartbeat().count() > 0 && context_.loop.now() - beat_at_ >= heartbeat()) {
    add_heartbeat();
  }
  // Before the write: what is outstanding then was written earlier.
  ask_acknowledged();
  const bool outstanding = acked_ < cursor_->bytes_written();
  if (!outstanding) progress_at_ = context_.loop.now();

  std::array<iovec, kMaxSpans> spans;
  const auto count = cursor_->gather(spans, kMaxBytes, context_.scratch);
  if (count == 0 && !channel_->wants_write()) {
    update_watchers();
    return;
  }
  const auto sent = channel_->send(std::span(spans).first(count));
  stats_.write_calls += sent.calls;
  context_.touched = true;
  if (sent.octets > 0) {
    stats_.bytes_sent += sent.octets;
    cursor_->wrote(sent.octets);
  }
  if (sent.error != 0) {
    fail(sent.error);
    return;
  }
  if (sent.octets > 0) {
    // A unix socket takes bytes only as its reader makes room.
    if (config_.url.is_unix()) progress_at_ = context_.loop.now();
  }
  update_watchers();
  if (outstanding) {
    arm_stall_timer();
  } else if (!writable_.active()) {
    stall_.stop();
  }
}

bool SocketEndpoint::has_to_send() const noexcept {
  return cursor_->behind() || (connected() && channel_->wants_write());
}

bool SocketEndpoint::may_send() const noexcept {
  return (cursor_->behind() && !cursor_->waits_for_disk()) || channel_->wants_write();
}

void SocketEndpoint::update_watchers() {
#ifdef LARIAT_WATCHER_LEFT_ON
  writable_.set_active(connected());  // The bug of the essay, for the test that finds it.
#else
  writable_.set_active(connected() && may_send());
#endif
  if (writable_.active()) arm_stall_timer();
  if (connected() && cursor_->waits_for_disk() && !disk_.active()) disk_.start(kTryDisk);
  if (!connected() || !cursor_->paced()) {
    pace_.stop();
  } else if (!pace_.active()) {
    pace_.start(std::max<std::chrono::nanoseconds>(pace_wait_, paced_at_ - context_.loop.now()));
  }
}

void SocketEndpoint::ask_acknowledged() {
  if (!connected() || acked_ == cursor_->bytes_written()) return;
  const auto acked = channel_->acknowledged();
  if (!acked || *acked <= acked_) return;
  acked_ = *acked;
  progress_at_ = context_.loop.now();
  stats_.last_success = context_.loop.wall_now();
  if (stalled_) {
    set_stalled(false);
    context_.lines.info(fmt::format("endpoint {}: takes data again", config_.name));
  }
  cursor_->acknowledge(acked_);
  // With nothing outstanding there is nothing to look for.
  if (acked_ == cursor_->bytes_written() && !writable_.active()) stall_.stop();
}

// Armed while the kernel refuses more, or when bytes written earlier are found outstanding. It is
// not moved at each progress: when it fires it looks how long ago the last one was.
void SocketEndpoint::arm_stall_timer() {
  if (stall_.active()) return;
  stall_.start(config_.stall_timeout - (context_.loop.now() - progress_at_));
}

void SocketEndpoint::look_for_stall() {
  ask_acknowledged();
  if (!connected() || (acked_ == cursor_->bytes_written() && !has_to_send())) return;
  const auto quiet = context_.loop.now() - progress_at_;
  if (quiet < config_.stall_timeout) {
    stall_.start(config_.stall_timeout - quiet);
    return;
  }
  switch (net::judge(channel_->fd())) {
    case net::Health::kDead:
      end(EndReason::kTimeout, fmt::format("{} has not answered for {}", peer_,
                                           base::format_duration(config_.stall_timeout)));
      return;
    case net::Health::kSlow:
      if (!stalled_) {
        set_stalled(true);
        context_.lines.warning(
            fmt::format("endpoint {}: {} answers but has taken nothing for {}; kept", config_.name,
                        peer_, base::format_duration(config_.stall_timeout)));
      }
      stall_.start(config_.stall_timeout);
      return;
    case net::Health::kUnknown:
      stall_.start(std::max(config_.stall_timeout / 4, kLeastLook));
      return;
  }
}

// The kernel's own limit cannot tell slow from dead: during a stall only our timer judges.
void SocketEndpoint::set_stalled(bool stalled) {
  stalled_ = stalled;
  since_ = context_.loop.wall_now();
  context_.touched = true;  // Nobody waits for it any more, or again.
  net::limit_silence(channel_->fd(),
                     stalled ? std::chrono::milliseconds(0) : config_.stall_timeout);
}

void SocketEndpoint::readable() {
  const auto got = channel_->recv(context_.scratch);
  if (got.octets > 0) take_received(context_.scratch.first(got.octets));
  if (!connected()) return;
  switch (got.end) {
    case net::Received::End::kNone:
      // An answer to the peer's TLS waits: it is from now on that the peer has to take something.
      if (channel_->wants_write() && !writable_.active()) {
        if (acked_ == cursor_->bytes_written()) progress_at_ = context_.loop.now();
        update_watchers();
      }
      return;
    case net::Received::End::kClosed:
      if (config_.url.is_unix() && net::unix_peer_gone(channel_->fd())) {
        cursor_->acknowledge(cursor_->bytes_written());
      }
      end(EndReason::kClosed, fmt::format("{} closed the connection", peer_));
      return;
    case net::Received::End::kFailed:
      fail(got.error);
      return;
  }
}

void SocketEndpoint::take_received(std::span<const std::byte> octets) {
  if (encoded_ != nullptr) {
    take_answer(octets);
    return;
  }
  if (!heard_ && octets.front() == kZeroMqGreeting) {
    end(EndReason::kLocal,
        fmt::format("{} speaks ZeroMQ, as a classic Bolo does, not TSDP: give the port of a TSDP "
                    "listener",
                    peer_));
    return;
  }
  heard_ = true;
  decoder_.feed(octets);
  while (const auto event = decoder_.next()) {
    switch (event->outcome) {
      case proto::Decoder::Outcome::kMessage:
        ++stats_.messages_received;
        if (context_.on_message) context_.on_message(config_, event->message.bytes());
        break;
      case proto::Decoder::Outcome::kInvalid:
        ++stats_.messages_refused;
        break;
      case proto::Decoder::Outcome::kFatal:
        ++stats_.messages_refused;
        end(EndReason::kLocal, fmt::format("{} sent octets that are not TSDP ({}): is it an "
                                           "aggregator's TSDP port?",
                                           peer_, to_string(event->reason)));
        return;
    }
  }
}

void SocketEndpoint::fail(int error) {
  const std::string why(channel_->trouble());
  end(reason_of(error),
      fmt::format("connection to {} lost: {}", peer_, why.empty() ? words(error) : why));
}

void SocketEndpoint::end(EndReason reason, const std::string& why) {
  close(reason);
  if (running_) retry(why);
}

// Octets left unread turn a close into a reset, which may cost the peer what it has not read.
void SocketEndpoint::drain_socket() noexcept {
  const auto room = context_.scratch;
  static_cast<void>(::recv(channel_->fd(), room.data(), room.size(), MSG_DONTWAIT));
}

// The kernel is asked last of all what arrived, before the socket is closed. Of a unix socket that
// ended by itself it is not: its answer is worth nothing once the peer is gone.
void SocketEndpoint::close(EndReason reason) {
  if (!config_.url.is_unix() || reason == EndReason::kLocal) ask_acknowledged();
  if (reason == EndReason::kLocal) {
    channel_->finish();
    drain_socket();
  }
  cursor_->end_connection();
  change_reader();
  readable_.watch(-1);
  writable_.watch(-1);
  stall_.stop();
  disk_.stop();
  pace_.stop();
  open_.stop();
  stalled_ = false;
  if (reason == EndReason::kTimeout) net::close_without_rest(channel_->fd());
  channel_.reset();
  ++stats_.disconnects[static_cast<std::size_t>(reason)];
  since_ = context_.loop.wall_now();
  context_.touched = true;
  const auto lived = base::monotonic_now() - connected_at_;
  if (lived >= std::min(kGoodConnection, config_.back_off_max)) back_off_.reset();
}

}  // namespace lariat::publish
