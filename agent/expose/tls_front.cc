#include "agent/expose/tls_front.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <span>
#include <utility>

#include "agent/loop/io_watcher.h"
#include "agent/loop/timer.h"
#include "agent/net/handshake.h"

namespace lariat::expose {
namespace {

// Of what the server says: so much is sealed at a time, and waits at most.
constexpr std::size_t kPiece = std::size_t{32} << 10U;

}  // namespace

/// One client: its channel, our end of the pair, and what the server has not taken yet.
class TlsFront::Tunnel {
 public:
  Tunnel(TlsFront& front, std::unique_ptr<net::TlsChannel> channel);

  [[nodiscard]] bool ended() const noexcept { return !channel_; }
  [[nodiscard]] bool apart() const noexcept { return !inner_ || left(); }
  /// The server has closed its end, which is not seen before the client has taken what it was sent.
  [[nodiscard]] bool left() const noexcept;
  [[nodiscard]] bool to_be_emptied() const noexcept { return late_.active() && apart(); }
  void end() noexcept;

 private:
  void shaken(net::Handshake::End how);
  void hear();
  void hand_in();
  void speak();
  void go_on_speaking();
  void server_ended();
  void set_watchers() noexcept;

  TlsFront& front_;
  std::unique_ptr<net::TlsChannel> channel_;
  base::UniqueFd inner_;
  std::vector<std::byte> heard_;  // From the client, not yet taken by the server.
  bool client_ended_ = false;
  net::Handshake handshake_;
  loop::IoWatcher readable_;
  loop::IoWatcher writable_;
  loop::IoWatcher inner_readable_;
  loop::IoWatcher inner_writable_;
  loop::Timer late_;  // While the client takes nothing.
};

TlsFront::Tunnel::Tunnel(TlsFront& front, std::unique_ptr<net::TlsChannel> channel)
    : front_(front),
      channel_(std::move(channel)),
      handshake_(front.loop_, [this](net::Handshake::End how) { shaken(how); }),
      readable_(front.loop_, loop::CallbackKind::kRead, [this] { hear(); }),
      writable_(front.loop_, loop::CallbackKind::kWrite, [this] { go_on_speaking(); }),
      inner_readable_(front.loop_, loop::CallbackKind::kRead, [this] { speak(); }),
      inner_writable_(front.loop_, loop::CallbackKind::kWrite, [this] { hand_in(); }),
      late_(front.loop_, [this] { end(); }) {
  handshake_.start(*channel_, front.limits_.handshake);
}

bool TlsFront::Tunnel::left() const noexcept {
  // Else its end is watched.
  if (!late_.active()) return false;
  pollfd end{.fd = inner_.get(), .events = POLLRDHUP, .revents = 0};
  return ::poll(&end, 1, 0) == 1 && (end.revents & (POLLRDHUP | POLLHUP)) != 0;
}

// A callback of ours may be running, so it goes at the end of the turn.
void TlsFront::Tunnel::end() noexcept {
  handshake_.cancel();
  for (auto* watcher : {&readable_, &writable_, &inner_readable_, &inner_writable_}) {
    watcher->watch(-1);
  }
  late_.stop();
  inner_.reset();
  channel_.reset();
  front_.any_ended_ = true;
}

void TlsFront::Tunnel::shaken(net::Handshake::End how) {
  std::array<int, 2> ends{};
  if (how != net::Handshake::End::kDone ||
      ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    end();
    return;
  }
  inner_.reset(ends[0]);
  base::UniqueFd servers(ends[1]);
  readable_.watch(channel_->fd());
  writable_.watch(channel_->fd());
  inner_readable_.watch(inner_.get());
  inner_writable_.watch(inner_.get());
  set_watchers();
  front_.ready_(std::move(servers));
}

void TlsFront::Tunnel::hear() {
  const auto got = channel_->recv(front_.room_);
  const auto octets = std::span(front_.room_).first(got.octets);
  heard_.insert(heard_.end(), octets.begin(), octets.end());
  client_ended_ = client_ended_ || got.end != net::Received::End::kNone;
  if (got.end == net::Received::End::kFailed || !inner_) {
    if (client_ended_) return end();
    heard_.clear();
  }
  hand_in();
}

void TlsFront::Tunnel::hand_in() {
  if (!heard_.empty()) {
    const auto sent = ::send(inner_.get(), heard_.data(), heard_.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) return server_ended();
    const auto taken = sent > 0 ? sent : 0;
    heard_.erase(heard_.begin(), heard_.begin() + taken);
  }
  if (client_ended_ && heard_.empty() && inner_) ::shutdown(inner_.get(), SHUT_WR);
  set_watchers();
}

void TlsFront::Tunnel::speak() {
  const auto room = std::span(front_.room_).first(kPiece);
  const auto got = ::recv(inner_.get(), room.data(), room.size(), 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) return server_ended();
  // With nothing inside it takes a piece whole.
  const iovec piece{room.data(), static_cast<std::size_t>(got)};
  if (channel_->send({&piece, 1}).error != 0) return end();
  set_watchers();
}

void TlsFront::Tunnel::go_on_speaking() {
  if (channel_->send({}).error != 0) return end();
  if (!channel_->wants_write() && !inner_) return server_ended();
  set_watchers();
}

// What was sealed for the client still goes, and then the word that it is all.
void TlsFront::Tunnel::server_ended() {
  for (auto* watcher : {&inner_readable_, &inner_writable_}) watcher->watch(-1);
  inner_.reset();
  heard_.clear();
  if (!channel_->wants_write()) {
    channel_->finish();
    // Octets left unread turn a close into a reset, which may take along what was sent.
    ::shutdown(channel_->fd(), SHUT_WR);
    static_cast<void>(
        ::recv(channel_->fd(), front_.room_.data(), front_.room_.size(), MSG_DONTWAIT));
    return end();
  }
  set_watchers();
}

void TlsFront::Tunnel::set_watchers() noexcept {
  const bool full = channel_->wants_write();
  readable_.set_active(heard_.empty() && !client_ended_);
  writable_.set_active(full);
  inner_readable_.set_active(inner_ && !full);
  inner_writable_.set_active(inner_ && !heard_.empty());
  if (!full) {
    late_.stop();
  } else if (!late_.active()) {
    late_.start(front_.limits_.taking);
  }
}

TlsFront::TlsFront(loop::Loop& loop, Limits limits, Ready ready)
    : loop_(loop),
      limits_(limits),
      ready_(std::move(ready)),
      turn_end_(loop, [this] { remove_ended(); }) {}

TlsFront::~TlsFront() = default;

void TlsFront::take(base::UniqueFd connection, net::TlsContext& context) {
  auto channel = context.begin(std::move(connection), "");
  if (!channel)
    return;  // Of files that were read before there is no error; of memory there may be.
  room_.resize(net::Channel::kLeastRoom);
  tunnels_.emplace_back(*this, std::move(*channel));
}

void TlsFront::close() noexcept {
  for (Tunnel& tunnel : tunnels_) tunnel.end();
}

std::size_t TlsFront::apart() const noexcept {
  return static_cast<std::size_t>(
      std::count_if(tunnels_.begin(), tunnels_.end(),
                    [](const Tunnel& tunnel) { return !tunnel.ended() && tunnel.apart(); }));
}

void TlsFront::make_room() noexcept {
  const auto oldest = std::find_if(tunnels_.begin(), tunnels_.end(), [](const Tunnel& tunnel) {
    return !tunnel.ended() && tunnel.to_be_emptied();
  });
  if (oldest != tunnels_.end()) oldest->end();
}

void TlsFront::remove_ended() {
  if (!std::exchange(any_ended_, false)) return;
  tunnels_.remove_if([](const Tunnel& tunnel) { return tunnel.ended(); });
}

}  // namespace lariat::expose
