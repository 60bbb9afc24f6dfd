#include "agent/net/dialer.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <cassert>
#include <cerrno>
#include <system_error>
#include <utility>

#include "agent/base/units.h"
#include "agent/net/peer.h"
#include "agent/net/plain_channel.h"

namespace lariat::net {
namespace {

ConnectFailure failure_of(int error, bool is_unix) noexcept {
  switch (error) {
    case ECONNREFUSED:
    case ECONNRESET:
      return ConnectFailure::kRefused;
    case ENOENT:
    case EAGAIN:  // A unix socket whose queue is full says so at once.
      return is_unix ? ConnectFailure::kRefused : ConnectFailure::kOther;
    case ETIMEDOUT:
      return ConnectFailure::kTimeout;
    default:
      return ConnectFailure::kOther;
  }
}

std::string text_of(int error, bool is_unix) {
  if (is_unix && error == EAGAIN) return "its queue of connections is full";
  return std::generic_category().message(error);
}

bool still_connecting(int socket) noexcept {
  sockaddr_storage peer{};
  socklen_t size = sizeof peer;
  return ::getpeername(socket, reinterpret_cast<sockaddr*>(&peer), &size) != 0 && errno == ENOTCONN;
}

}  // namespace

std::string_view to_string(ConnectFailure failure) noexcept {
  switch (failure) {
    case ConnectFailure::kNone:
      return "none";
    case ConnectFailure::kResolve:
      return "resolve";
    case ConnectFailure::kRefused:
      return "refused";
    case ConnectFailure::kTimeout:
      return "timeout";
    case ConnectFailure::kTls:
      return "tls";
    case ConnectFailure::kOther:
      return "other";
  }
  return "other";
}

Dialer::Dialer(loop::Loop& loop, Resolver& resolver, Callback callback)
    : resolver_(resolver),
      callback_(std::make_shared<const Callback>(std::move(callback))),
      writable_(loop, loop::CallbackKind::kWrite, [this] { connect_ready(); }),
      deadline_(loop, [this] { connect_late(); }),
      handshake_(loop, [this](Handshake::End how) { shaken(how); }) {}

Dialer::~Dialer() { cancel(); }

void Dialer::start(const base::Url& url, std::chrono::milliseconds connect_timeout,
                   const DialOptions& options) {
  cancel();
  active_ = true;
  url_ = url;
  connect_timeout_ = connect_timeout;
  options_ = options;
  addresses_.clear();
  next_ = 0;
  outcome_ = {.failure = ConnectFailure::kOther,
              .detail = fmt::format(
                  "cannot connect to \"{}\": it names no host and port, nor a path", url_.text())};

  if (url_.is_unix()) {
    if (const auto address = Address::from_path(url_.path)) addresses_.push_back(*address);
    try_next();
  } else if (url_.host.empty() || url_.port == 0) {
    finish();
  } else {
    lookup_ = resolver_.lookup(url_.host, url_.port,
                               [this](auto found) { take_addresses(std::move(found)); });
  }
}

void Dialer::cancel() noexcept {
  active_ = false;
  lookup_.cancel();
  delivery_.cancel();
  leave_address();
  outcome_ = {};
}

void Dialer::take_addresses(base::Result<std::vector<Address>> found) {
  if (!found) {
    outcome_ = {.failure = ConnectFailure::kResolve, .detail = found.error().text};
    finish();
    return;
  }
  addresses_ = std::move(*found);
  try_next();
}

void Dialer::try_next() {
  while (next_ < addresses_.size()) {
    if (connecting(addresses_[next_++])) return;
  }
  finish();
}

bool Dialer::connecting(const Address& address) {
  outcome_ = {.peer = address.text()};
  socket_ = stream_socket(address.family());
  if (!socket_) {
    fail_address(errno);
    return false;
  }
  set_peer_options(socket_.get(), {options_.stall_timeout});
  until_ = base::monotonic_now() + connect_timeout_;
  if (::connect(socket_.get(), address.data(), address.size) == 0) return established();
  if (errno != EINPROGRESS && errno != EINTR) {
    fail_address(errno);
    return false;
  }
  writable_.watch(socket_.get());
  writable_.start();
  deadline_.start(connect_timeout_);
  return true;
}

bool Dialer::established() {
  if (connected_to_itself(socket_.get())) {
    fail_address(ECONNREFUSED);
    return false;
  }
  writable_.watch(-1);
  if (options_.tls) return begin_tls();
  outcome_.channel = std::make_unique<PlainChannel>(std::move(socket_), url_.is_unix());
  finish();
  return true;
}

bool Dialer::begin_tls() {
  deadline_.stop();
  auto begun = options_.tls->begin(std::move(socket_), url_.host);
  if (!begun) {
    fail_address(ConnectFailure::kTls, begun.error().text);
    return false;
  }
  tls_ = std::move(*begun);
  handshake_.start(*tls_, until_ - base::monotonic_now());
  return true;
}

void Dialer::shaken(Handshake::End how) {
  switch (how) {
    case Handshake::End::kDone:
      outcome_.channel = std::move(tls_);
      finish();
      return;
    case Handshake::End::kFailed:
      fail_address(ConnectFailure::kTls, std::string(tls_->trouble()));
      break;
    case Handshake::End::kLate:
      fail_address(ConnectFailure::kTimeout,
                   fmt::format("it accepts connections, but has not done its part of the TLS "
                               "handshake within {}",
                               base::format_duration(connect_timeout_)));
      break;
  }
  try_next();
}

void Dialer::connect_ready() {
  if (const int error = take_error(socket_.get()); error != 0) {
    fail_address(error);
  } else if (still_connecting(socket_.get()) || established()) {
    return;  // Still: the event was of another descriptor that had the number.
  }
  try_next();
}

void Dialer::connect_late() {
  fail_address(ConnectFailure::kTimeout,
               fmt::format("no answer within {}", base::format_duration(connect_timeout_)));
  try_next();
}

void Dialer::fail_address(int error) {
  fail_address(failure_of(error, url_.is_unix()), text_of(error, url_.is_unix()));
}

void Dialer::fail_address(ConnectFailure failure, const std::string& why) {
  leave_address();
  outcome_.failure = failure;
  // A name that is itself the address is not said twice.
  const bool named = !url_.is_unix() && !Address::from_literal(url_.host, url_.port);
  outcome_.detail =
      named ? fmt::format("cannot connect to {} ({}): {}", outcome_.peer, url_.host, why)
            : fmt::format("cannot connect to {}: {}", outcome_.peer, why);
}

void Dialer::leave_address() noexcept {
  writable_.watch(-1);  // Before it is closed: whoever polls it must hear of it.
  deadline_.stop();
  handshake_.cancel();
  tls_.reset();
  socket_.reset();
}

// From the loop and with none of our watchers on the stack, which the callback may destroy.
void Dialer::finish() {
  deadline_.stop();
  delivery_ = resolver_.calls().post([this] { deliver(); });
}

void Dialer::deliver() {
  active_ = false;
  const auto callback = callback_;
  (*callback)(std::move(outcome_));
}

}  // namespace lariat::net
