#include "tests/support/numbered_receiver.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <span>
#include <utility>

#include "proto/message.h"

namespace lariat::test {
namespace {

void add(ReceiverRecord::Count& count, std::uint64_t more = 1) {
  count.store(count.load(std::memory_order_relaxed) + more, std::memory_order_relaxed);
}

std::int64_t steady_nanoseconds() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

std::uint64_t heartbeat_count(const proto::MessageView& message) {
  std::uint64_t last = 0;
  for (const auto& field : message.fields()) last = field.number();
  return last;
}

}  // namespace

NumberedReceiver::NumberedReceiver(base::UniqueFd listener, base::UniqueFd control,
                                   ReceiverRecord& record, ReceiverBehaviour behaviour)
    : listener_(std::move(listener)),
      control_(std::move(control)),
      record_(record),
      behaviour_(std::move(behaviour)),
      buffer_(behaviour_.read_bytes) {}

void NumberedReceiver::run() {
  std::vector<pollfd> fds;
  while (true) {
    fds.assign({{control_.get(), POLLIN, 0}, {listener_.get(), POLLIN, 0}});
    for (const auto& connection : connections_) {
      fds.push_back({paused_ ? -1 : connection->socket.get(), POLLIN, 0});
    }
    if (::poll(fds.data(), fds.size(), -1) < 0 && errno != EINTR) return;
    if (fds[0].revents != 0) {
      if (!obey()) return;
      continue;
    }
    if (fds[1].revents != 0) accept_one();
    bool read_some = false;
    for (std::size_t i = 2; i < fds.size(); ++i) {
      if (fds[i].revents == 0) continue;
      read(*connections_[i - 2]);
      read_some = true;
    }
    std::erase_if(connections_, [](const auto& connection) { return !connection->socket; });
    record_.open = connections_.size();
    if (read_some && behaviour_.read_pause.count() > 0) {
      pollfd order = {control_.get(), POLLIN, 0};
      ::poll(&order, 1, static_cast<int>(behaviour_.read_pause.count()));
    }
  }
}

// False when nobody is there any more to give orders.
bool NumberedReceiver::obey() {
  char order = 0;
  if (::read(control_.get(), &order, 1) != 1) return false;
  if (order == 'p') paused_ = true;
  if (order == 'r') paused_ = false;
  if (order == 'c') {
    for (const auto& connection : connections_) ::shutdown(connection->socket.get(), SHUT_WR);
  }
  if (order == 's') say();
  const std::uint64_t answer = order == 'u' ? unread() : 0;
  return ::write(control_.get(), &answer, sizeof answer) == sizeof answer;
}

void NumberedReceiver::accept_one() {
  base::UniqueFd socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!socket) return;
  add(record_.connections);
  if (!behaviour_.greeting.empty()) {
    [[maybe_unused]] const ssize_t sent =
        ::send(socket.get(), behaviour_.greeting.data(), behaviour_.greeting.size(), MSG_NOSIGNAL);
  }
  auto connection = std::make_unique<Connection>();
  connection->socket = std::move(socket);
  connection->number = record_.connections;
  connections_.push_back(std::move(connection));
  record_.begun_bytes = 0;
}

void NumberedReceiver::read(Connection& connection) {
  const ssize_t got = ::recv(connection.socket.get(), buffer_.data(), buffer_.size(), 0);
  if (got <= 0) {
    if (got == 0 || (errno != EAGAIN && errno != EINTR)) end(connection, got < 0);
    return;
  }
  const auto piece = std::span<const std::byte>(buffer_).first(static_cast<std::size_t>(got));
  connection.bytes += piece.size();
  bool numbered = false;
  connection.decoder.feed(piece);
  while (const auto event = connection.decoder.next()) record(connection, *event, numbered);
  if (numbered) record_arrival();
  record_.begun_bytes = connection.bytes - connection.decoder.offset();
  add(record_.bytes, piece.size());
}

void NumberedReceiver::record(Connection& connection, const proto::Decoder::Event& event,
                              bool& numbered) {
  if (event.outcome != proto::Decoder::Outcome::kMessage) {
    add(record_.bad);
    return;
  }
  const auto& message = event.message;
  if (message.opcode() == proto::Opcode::kHeartbeat) {
    add(record_.heartbeats);
    if (heartbeat_count(message) != connection.messages) add(record_.heartbeats_wrong);
  } else if (message.opcode() == proto::Opcode::kSubmit &&
             proto::Submit(message).kind() == proto::Payload::kSample) {
    record_.smallest_frame = std::min<std::uint64_t>(record_.smallest_frame, message.size());
    record_.largest_frame = std::max<std::uint64_t>(record_.largest_frame, message.size());
    // Others than numbered ones come too, of which it may be no number at all.
    const auto value = proto::Submit(message).value(0);
    record_number(connection, value >= 0 && value < 0x1p63 ? static_cast<std::uint64_t>(value) : 0);
    numbered = true;
  } else if (message.opcode() == proto::Opcode::kSubmit) {
    add(record_.others);
  } else {
    add(record_.bad);
  }
  ++connection.messages;
}

void NumberedReceiver::record_number(const Connection& connection, std::uint64_t number) {
  add(record_.frames);
  record_.last_number.store(number, std::memory_order_relaxed);
  const auto count = record_.run_count.load(std::memory_order_relaxed);
  if (count > 0 && count <= record_.runs.size()) {
    auto& run = record_.runs[count - 1];
    if (run.connection == connection.number && run.last + 1 == number) {
      run.last = number;
      return;
    }
  }
  if (count < record_.runs.size()) record_.runs[count] = {connection.number, number, number};
  add(record_.run_count);
}

void NumberedReceiver::record_arrival() {
  const auto count = record_.arrival_count.load(std::memory_order_relaxed);
  if (count == record_.arrivals.size()) return;
  record_.arrivals[count] = {steady_nanoseconds(), record_.last_number};
  record_.arrival_count.store(count + 1, std::memory_order_release);
}

void NumberedReceiver::end(Connection& connection, bool error) {
  if (connection.decoder.end() == proto::Decoder::End::kTruncated) add(record_.cut);
  if (error) add(record_.errors);
  connection.socket.reset();
}

void NumberedReceiver::say() const {
  for (const auto& connection : connections_) {
    [[maybe_unused]] const ssize_t sent = ::send(connection->socket.get(), behaviour_.saying.data(),
                                                 behaviour_.saying.size(), MSG_NOSIGNAL);
  }
}

std::uint64_t NumberedReceiver::unread() const {
  std::uint64_t sum = 0;
  for (const auto& connection : connections_) {
    int bytes = 0;
    if (::ioctl(connection->socket.get(), FIONREAD, &bytes) == 0) {
      sum += static_cast<std::uint64_t>(bytes);
    }
  }
  return sum;
}

}  // namespace lariat::test
