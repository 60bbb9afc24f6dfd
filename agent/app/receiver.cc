#include "agent/app/receiver.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "agent/app/frame_json.h"
#include "agent/base/units.h"
#include "proto/print.h"

namespace lariat::app {
namespace {

constexpr std::size_t kReadSize = std::size_t{256} << 10U;

}  // namespace

struct Receiver::Peer {
  Peer(Receiver& owner, base::UniqueFd connection, std::string peer_name)
      : name(std::move(peer_name)),
        socket(std::move(connection)),
        readable(owner.loop_, loop::CallbackKind::kRead,
                 [this, &owner] { owner.read_some(*this); }),
        stall(owner.loop_, [this, &owner] {
          ++owner.counts_.truncated;
          owner.lose(*this, "nothing came for " +
                                base::format_duration(owner.options_.stall_timeout) +
                                " in the middle of a message");
        }) {
    readable.watch(socket.get());
  }

  std::string name;
  base::UniqueFd socket;
  proto::Decoder decoder;
  std::bitset<proto::kReasonCount> told;
  loop::IoWatcher readable;
  loop::Timer stall;
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
    if (peer.left) continue;
    peer.readable.start();
    watch_for_stall(peer);
  }
}

void Receiver::accept(base::UniqueFd connection, std::string name) {
  Peer& peer = peers_.emplace_back(*this, std::move(connection), std::move(name));
  peer.readable.set_active(!paused_);
}

// One read a turn, so that each peer gets its share.
void Receiver::read_some(Peer& peer) noexcept {
  if (paused_ || closed_) return;
  const ssize_t got = ::read(peer.socket.get(), room_.data(), room_.size());
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) return end_of_stream(peer, got < 0 ? errno : 0);
  counts_.bytes += static_cast<std::uint64_t>(got);
  take(peer, std::span(room_).first(static_cast<std::size_t>(got)));
  if (!peer.left) watch_for_stall(peer);
  output_.flush_if_large();
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

void Receiver::end_of_stream(Peer& peer, int error) {
  const bool cut = peer.decoder.end() == proto::Decoder::End::kTruncated;
  if (cut) ++counts_.truncated;
  if (cut || error != 0) {
    std::string line = "the connection from " + peer.name + " ended";
    if (cut) line += " in the middle of a message";
    if (error != 0) line += std::string(": ") + std::strerror(error);
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
  peer.readable.stop();
  peer.socket.reset();
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
