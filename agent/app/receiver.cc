#include "agent/app/receiver.h"

#include <cstring>
#include <utility>

#include "agent/app/frame_json.h"
#include "agent/base/units.h"
#include "agent/net/plain_channel.h"
#include "proto/print.h"

namespace lariat::app {
namespace {

constexpr std::size_t kReadSize = std::size_t{256} << 10U;
// A peer that says nothing must not hold a descriptor for ever.
constexpr std::chrono::seconds kHandshakeLimit{10};

}  // namespace

struct Receiver::Peer {
  Peer(Receiver& owner, std::string peer_name)
      : name(std::move(peer_name)),
        readable(owner.loop_, loop::CallbackKind::kRead,
                 [this, &owner] { owner.read_some(*this); }),
        writable(owner.loop_, loop::CallbackKind::kWrite,
                 [this] {
                   // What an error means is told where it is read.
                   const bool good = channel->send({}).error == 0;
                   writable.set_active(good && channel->wants_write());
                 }),
        stall(owner.loop_,
              [this, &owner] {
                ++owner.counts_.truncated;
                owner.lose(*this, "nothing came for " +
                                      base::format_duration(owner.options_.stall_timeout) +
                                      " in the middle of a message");
              }),
        handshake(owner.loop_,
                  [this, &owner](net::Handshake::End how) { owner.shaken(*this, how); }) {}

  void take(std::unique_ptr<net::Channel> ready, bool read) {
    channel = std::move(ready);
    readable.watch(channel->fd());
    writable.watch(channel->fd());
    readable.set_active(read);
  }

  std::string name;
  std::unique_ptr<net::TlsChannel> tls;   // During its handshake.
  std::unique_ptr<net::Channel> channel;  // After it.
  proto::Decoder decoder;
  std::bitset<proto::kReasonCount> told;
  loop::IoWatcher readable;
  loop::IoWatcher writable;  // For what TLS itself has to say.
  loop::Timer stall;
  net::Handshake handshake;
  bool left = false;
};

Receiver::Receiver(loop::Loop& loop, Output& output, const Options& options, Events events)
    : loop_(loop),
      output_(output),
      options_(options),
      events_(std::move(events)),
      room_(kReadSize),
      listener_(loop, [this](base::UniqueFd connection,
                             std::string name) { accept(std::move(connection), std::move(name)); }),
      turn_end_(loop, [this] { end_turn(); }) {}

Receiver::~Receiver() = default;

void Receiver::close() noexcept {
  closed_ = true;
  listener_.close();
  for (Peer& peer : peers_) leave(peer);
}

void Receiver::resume() noexcept {
  if (!std::exchange(paused_, false) || closed_) return;
  for (Peer& peer : peers_) {
    if (peer.left || !peer.channel) continue;
    peer.readable.start();
    watch_for_stall(peer);
  }
}

void Receiver::accept(base::UniqueFd connection, std::string name) {
  Peer& peer = peers_.emplace_back(*this, std::move(name));
  if (!options_.tls) {
    peer.take(std::make_unique<net::PlainChannel>(std::move(connection)), !paused_);
    return;
  }
  auto begun = options_.tls->begin(std::move(connection), "");
  if (!begun) return lose(peer, begun.error().text);
  peer.tls = std::move(*begun);
  peer.handshake.start(*peer.tls, kHandshakeLimit);
}

void Receiver::shaken(Peer& peer, net::Handshake::End how) {
  switch (how) {
    case net::Handshake::End::kDone:
      peer.take(std::move(peer.tls), !paused_);
      return;
    case net::Handshake::End::kFailed:
      return lose(peer, peer.tls->trouble());
    case net::Handshake::End::kLate:
      return lose(peer, "it has not done its part of the TLS handshake within " +
                            base::format_duration(kHandshakeLimit));
  }
}

// One read a turn, so that each peer gets its share.
void Receiver::read_some(Peer& peer) noexcept {
  if (paused_ || closed_) return;
  const auto got = peer.channel->recv(room_);
  counts_.bytes += got.octets;
  if (got.octets > 0) {
    take(peer, std::span(room_).first(got.octets));
    if (!peer.left) watch_for_stall(peer);
    output_.flush_if_large();
  }
  if (peer.left) return;
  if (got.end != net::Received::End::kNone) return end_of_stream(peer, got);
  peer.writable.set_active(peer.channel->wants_write());
  if (output_.blocked()) pause();
}

void Receiver::take(Peer& peer, std::span<const std::byte> piece) {
  peer.decoder.feed(piece);
  while (const auto event = peer.decoder.next()) {
    switch (event->outcome) {
      case proto::Decoder::Outcome::kMessage:
        take_message(event->message);
        if (closed_) return;
        break;
      case proto::Decoder::Outcome::kInvalid:
        tell_invalid(peer, event->reason);
        break;
      case proto::Decoder::Outcome::kFatal:
        return lose_step(peer, event->reason);
    }
  }
}

void Receiver::take_message(const proto::MessageView& message) {
  const proto::Opcode opcode = message.opcode();
  ++(opcode == proto::Opcode::kHeartbeat ? counts_.heartbeats : counts_.frames);
  std::string& out = output_.buffer();
  switch (options_.form) {
    case Form::kLines:
      proto::print_line(message, out);
      out += '\n';
      break;
    case Form::kJson:
      append_json(message, out);
      out += '\n';
      break;
    case Form::kRaw:
      out.append(reinterpret_cast<const char*>(message.bytes().data()), message.size());
      break;
    case Form::kNothing:
      break;
  }
  if (opcode != proto::Opcode::kSubmit || ++submits_ != options_.count) return;
  close();
  events_.on_count();
}

void Receiver::tell_invalid(Peer& peer, proto::Reason reason) {
  ++counts_.invalid;
  const auto index = static_cast<std::size_t>(reason);
  if (peer.told[index]) return;
  peer.told[index] = true;
  events_.on_trouble("dropped an invalid message from " + peer.name + ": " +
                     std::string(to_string(reason)) + "; more of these are counted only");
}

void Receiver::lose_step(Peer& peer, proto::Reason reason) {
  if (reason == proto::Reason::kTooManyInvalid) {
    return lose(peer, "too many invalid messages in a row");
  }
  ++counts_.invalid;
  lose(peer, "octet " + std::to_string(peer.decoder.offset()) +
                 " begins no TSDP message that can be read (" + std::string(to_string(reason)) +
                 "): does the peer speak TSDP version 1?");
}

void Receiver::lose(Peer& peer, std::string_view why) {
  events_.on_trouble("closed the connection from " + peer.name + ": " + std::string(why));
  leave(peer);
}

void Receiver::end_of_stream(Peer& peer, const net::Received& end) {
  const bool cut = peer.decoder.end() == proto::Decoder::End::kTruncated;
  const bool failed = end.end == net::Received::End::kFailed;
  if (cut) ++counts_.truncated;
  if (cut || failed) {
    std::string line = "the connection from " + peer.name + " ended";
    if (cut) line += " in the middle of a message";
    const auto why = peer.channel->trouble();
    if (failed) line += ": " + (why.empty() ? std::strerror(end.error) : std::string(why));
    events_.on_trouble(line);
  }
  leave(peer);
}

// The timer is there in the middle of a message only, and begins anew with each octet.
void Receiver::watch_for_stall(Peer& peer) noexcept {
  if (peer.decoder.mid_message()) {
    peer.stall.start(options_.stall_timeout);
  } else {
    peer.stall.stop();
  }
}

// Its callback may be running, so it goes at the end of the turn.
void Receiver::leave(Peer& peer) noexcept {
  if (std::exchange(peer.left, true)) return;
  peer.stall.stop();
  peer.handshake.cancel();
  peer.readable.watch(-1);
  peer.writable.watch(-1);
  if (peer.channel) peer.channel->finish();
  peer.channel.reset();
  peer.tls.reset();
  ++left_;
}

void Receiver::end_turn() noexcept {
  if (std::exchange(left_, 0) != 0) {
    peers_.remove_if([](const Peer& peer) { return peer.left; });
  }
  if (!output_.blocked() && output_.pending() != 0) output_.flush();
  if (output_.blocked()) pause();
}

void Receiver::pause() noexcept {
  if (std::exchange(paused_, true)) return;
  for (Peer& peer : peers_) {
    peer.readable.stop();
    peer.stall.stop();
  }
}

}  // namespace lariat::app
