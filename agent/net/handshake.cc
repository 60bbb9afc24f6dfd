#include "agent/net/handshake.h"

#include <algorithm>
#include <utility>

namespace lariat::net {
namespace {

// How long a server has to refuse our certificate before it counts as taken. One that takes it
// mostly says so, with a session ticket, which takes one way there and back.
constexpr std::chrono::milliseconds kVerdict{500};

}  // namespace

Handshake::Handshake(loop::Loop& loop, Callback callback)
    : callback_(std::move(callback)),
      readable_(loop, loop::CallbackKind::kRead, [this] { go_on(); }),
      writable_(loop, loop::CallbackKind::kWrite, [this] { go_on(); }),
      deadline_(loop, [this] { late(); }) {}

void Handshake::start(TlsChannel& channel, std::chrono::nanoseconds limit) {
  cancel();
  channel_ = &channel;
  answered_ = false;
  until_ = base::monotonic_now() + limit;
  deadline_.start(limit);
  readable_.watch(channel.fd());
  writable_.watch(channel.fd());
  readable_.start();
  // A server waits for its client. A client has something to write, and begins when it can.
  writable_.start();
}

void Handshake::cancel() noexcept {
  channel_ = nullptr;
  readable_.watch(-1);
  writable_.watch(-1);
  deadline_.stop();
}

void Handshake::go_on() {
  switch (channel_->handshake()) {
    case TlsChannel::Step::kMore:
      break;
    case TlsChannel::Step::kAnswered:
      if (!std::exchange(answered_, true)) {
        const auto left = until_ - base::monotonic_now();
        deadline_.start(std::min<std::chrono::nanoseconds>(left, kVerdict));
      }
      break;
    case TlsChannel::Step::kDone:
      return end(End::kDone);
    case TlsChannel::Step::kFailed:
      return end(End::kFailed);
  }
  writable_.set_active(channel_->wants_write());
}

void Handshake::late() { end(answered_ ? End::kDone : End::kLate); }

void Handshake::end(End how) {
  cancel();
  callback_(how);
}

}  // namespace lariat::net
