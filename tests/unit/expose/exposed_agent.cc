#include "tests/unit/expose/exposed_agent.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <stdexcept>
#include <system_error>

#include "agent/net/address.h"
#include "tests/support/loop_driver.h"
#include "tests/unit/expose/frame_of.h"

namespace lariat::test {
namespace {

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

base::UniqueFd connect_to(const net::Address& address, int receive_buffer) {
  base::UniqueFd socket(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket) fail("socket");
  if (receive_buffer > 0) {
    ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
  }
  if (::connect(socket.get(), address.data(), address.size) != 0) fail("connect");
  ::fcntl(socket.get(), F_SETFL, O_NONBLOCK);
  return socket;
}

/// Where the answer at the start of `text` ends; npos if it is not all there.
std::size_t end_of_answer(std::string_view text, bool head) {
  const auto fields_end = text.find("\r\n\r\n");
  if (fields_end == std::string_view::npos) return fields_end;
  const std::size_t body = fields_end + 4;
  if (head) return body;
  const auto fields = text.substr(0, body);
  const auto length = fields.find("Content-Length: ");
  if (length != std::string_view::npos) {
    std::size_t size = 0;
    std::from_chars(fields.data() + length + 16, fields.data() + fields.size(), size);
    return body + size <= text.size() ? body + size : std::string_view::npos;
  }
  for (std::size_t at = body; at < text.size();) {
    std::size_t size = 0;
    const auto digits = std::from_chars(text.data() + at, text.data() + text.size(), size, 16);
    const auto line = text.find("\r\n", at);
    if (digits.ec != std::errc() || line == std::string_view::npos) break;
    at = line + 2 + size + 2;
    if (size == 0) return at <= text.size() ? at : std::string_view::npos;
  }
  return std::string_view::npos;
}

}  // namespace

ExposedAgent::ExposedAgent()
    : log([this](base::Level, std::string_view line) { log_lines.emplace_back(line); }),
      snapshot(tags, {}, log) {}

void ExposedAgent::fill(std::size_t series, const expose::SeriesOwner& owner) {
  for (std::size_t i = 0; i < series; ++i) {
    const auto name = "host_value_of_something series=" + std::to_string(100'000 + i);
    snapshot.take(Frame::sample(name, {static_cast<double>(i)}), owner, base::monotonic_now());
  }
}

expose::Sources ExposedAgent::sources() {
  return {.agent_metrics = [this] { return agent_text; },
          .snapshot = snapshot,
          .status = [this] { return status; },
          .not_ready = [this] { return not_ready; }};
}

Client Client::tcp(loop::Loop& loop, std::uint16_t port, int receive_buffer) {
  return {loop, connect_to(*net::Address::from_literal("127.0.0.1", port), receive_buffer)};
}

Client Client::unix_path(loop::Loop& loop, const std::string& path) {
  return {loop, connect_to(*net::Address::from_path(path), 0)};
}

void Client::send(std::string_view text) {
  while (!text.empty() && !closed_) {
    const ssize_t sent = ::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      text.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN) {
      loop_.run_ready();
    } else {
      return;
    }
  }
}

void Client::end_sending() { ::shutdown(socket_.get(), SHUT_WR); }

bool Client::receive() {
  std::array<char, 65536> piece;
  while (!closed_) {
    const ssize_t count = ::recv(socket_.get(), piece.data(), piece.size(), 0);
    if (count > 0) {
      received_.append(piece.data(), static_cast<std::size_t>(count));
    } else if (count < 0 && errno == EAGAIN) {
      return false;
    } else {
      closed_ = true;
      reset_ = count < 0;
    }
  }
  return true;
}

std::string Client::until_closed() {
  loop::IoWatcher readable(loop_, loop::CallbackKind::kRead, [this] { receive(); });
  readable.watch(socket_.get());
  readable.start();
  if (!run_until(loop_, [this, &readable] {
        if (closed_) readable.stop();
        return closed_;
      })) {
    throw std::runtime_error("the connection was not closed");
  }
  return received_;
}

std::string Client::answer(bool head) {
  std::size_t end = std::string::npos;
  loop::IoWatcher readable(loop_, loop::CallbackKind::kRead, [&] {
    if (receive()) readable.stop();
  });
  readable.watch(socket_.get());
  readable.start();
  const bool whole = run_until(loop_, [&] {
    end = end_of_answer(received_, head);
    return end != std::string::npos || closed_;
  });
  if (!whole || end == std::string::npos) throw std::runtime_error("no answer: " + received_);
  auto text = received_.substr(0, end);
  received_.erase(0, end);
  return text;
}

std::string Client::get(std::string_view path) {
  send("GET " + std::string(path) + " HTTP/1.1\r\nHost: test\r\n\r\n");
  return answer();
}

std::string body_of(std::string_view answer) {
  const std::size_t body = answer.find("\r\n\r\n") + 4;
  if (answer.substr(0, body).find("Transfer-Encoding: chunked") == std::string_view::npos) {
    return std::string(answer.substr(body));
  }
  std::string out;
  for (std::size_t at = body; at < answer.size();) {
    std::size_t size = 0;
    std::from_chars(answer.data() + at, answer.data() + answer.size(), size, 16);
    at = answer.find("\r\n", at) + 2;
    out += answer.substr(at, size);
    at += size + 2;
  }
  return out;
}

std::string code_of(std::string_view answer) {
  return answer.starts_with("HTTP/1.") ? std::string(answer.substr(9, 3)) : "none";
}

std::uint16_t port_of(const std::string& address) {
  return static_cast<std::uint16_t>(std::stoul(address.substr(address.rfind(':') + 1)));
}

}  // namespace lariat::test
