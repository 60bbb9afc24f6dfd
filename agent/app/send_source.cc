#include "agent/app/send_source.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "agent/app/frame_json.h"
#include "proto/qname.h"

namespace lariat::app {
namespace {

constexpr std::size_t kReadBytes = std::size_t{64} << 10U;
// What a source may be ahead of the slowest endpoint that is waited for. Half the smallest usual
// log: nothing is evicted because a file was read too fast.
constexpr std::uint64_t kMostAhead = std::uint64_t{4} << 20U;
constexpr std::chrono::milliseconds kHoldPoll{2};

}  // namespace

Patience::Patience(const publish::Publisher& publisher, std::chrono::milliseconds timeout)
    : publisher_(publisher), timeout_(timeout) {}

void Patience::look() {
  const auto now = base::monotonic_now();
  const auto endpoints = publisher_.endpoints();
  seen_.resize(endpoints.size(), Seen{.moved_at = now});
  for (std::size_t i = 0; i < endpoints.size(); ++i) {
    auto& seen = seen_[i];
    const auto delivered = endpoints[i]->ledger().delivered;
    // A connection alone is no progress: some peers accept and hang up for ever.
    if (delivered != seen.delivered || endpoints[i]->settled()) {
      seen = {delivered, now, false};
    } else if (now - seen.moved_at >= timeout_) {
      seen.given_up = true;
    }
  }
}

std::uint64_t Patience::lag() const noexcept {
  std::uint64_t lag = 0;
  const auto endpoints = publisher_.endpoints();
  for (std::size_t i = 0; i < endpoints.size(); ++i) {
    if (i < seen_.size() && seen_[i].given_up) continue;
    lag = std::max(lag, endpoints[i]->lag());
  }
  return lag;
}

bool Patience::exhausted() const noexcept {
  const auto endpoints = publisher_.endpoints();
  for (std::size_t i = 0; i < endpoints.size(); ++i) {
    if (!endpoints[i]->settled() && !(i < seen_.size() && seen_[i].given_up)) return false;
  }
  return true;
}

SendSource::SendSource(loop::Loop& loop, publish::Publisher& publisher,
                       const proto::DefaultTags& tags, const base::Log& lines, Patience& patience)
    : publisher_(publisher),
      lines_(lines),
      patience_(patience),
      ingest_(tags, {},
              {.frame = [this](auto frame) { return publisher_.publish(frame); },
               .refused =
                   [this](proto::Reason reason, std::string_view excerpt) {
                     lines_.warning(fmt::format("refused ({}): {}", to_string(reason), excerpt));
                   }}),
      json_lines_(kMaxJsonLine),
      buffer_(kReadBytes),
      readable_(loop, loop::CallbackKind::kRead, [this]() noexcept { readable(); }),
      hold_(loop, [this]() noexcept { hold_or_go_on(); }) {}

void SendSource::start(int fd, bool json, std::function<void()> done) {
  fd_ = fd;
  json_ = json;
  done_ = std::move(done);
  if (json) message_.resize(kJsonMessageSize);
  readable_.watch(fd);
  readable_.start();
}

void SendSource::stop() {
  if (done_) finish();
}

void SendSource::readable() {
  const ssize_t got = ::read(fd_, buffer_.data(), buffer_.size());
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) {
    if (json_) {
      if (const auto line = json_lines_.finish()) take_json_line(*line);
    } else {
      ingest_.finish();
    }
    finish();
    return;
  }
  const auto octets = std::span<const std::byte>(buffer_).first(static_cast<std::size_t>(got));
  if (json_) {
    take_json({reinterpret_cast<const char*>(octets.data()), octets.size()});
  } else if (!ingest_.feed(octets)) {
    lines_.error("the octets on standard input are no longer TSDP; the rest was not read");
    finish();
    return;
  }
  hold_or_go_on();
}

// Reads on when every endpoint that is waited for is near, else looks again soon.
void SendSource::hold_or_go_on() {
  if (patience_.lag() <= kMostAhead) {
    readable_.start();
    return;
  }
  readable_.stop();
  patience_.look();
  hold_.start(kHoldPoll);
}

void SendSource::take_json(std::string_view text) {
  json_lines_.feed(text);
  while (const auto line = json_lines_.next()) take_json_line(*line);
}

// Sent as it is described, octet for octet. Heartbeats belong to a connection, other opcodes to
// other programs: the log takes what a collector may submit.
void SendSource::take_json_line(const proto::LineSplitter::Line& line) {
  if (line.text.empty() || line.text.front() == '#') return;
  const auto size = line.too_long ? base::Result<std::size_t>(base::Error{"the line is over 1 MiB"})
                                  : from_json(line.text, message_);
  std::string why;
  if (!size) {
    why = size.error().text;
  } else {
    const proto::MessageView message(std::span<const std::byte>(message_).first(*size));
    if (message.opcode() == proto::Opcode::kHeartbeat) return;
    if (message.opcode() != proto::Opcode::kSubmit) {
      why = "only observations can be sent: sample, tally, delta, state, event, fact";
    } else if (const proto::Submit submit(message); !submit.finite()) {
      why = "a value is NaN or infinite; the log takes finite values";
    } else if (!proto::is_canonical(submit.name()) || proto::has_wildcard(submit.name())) {
      why = fmt::format("'{}' is no canonical name; write it as `lariat name` prints it",
                        submit.name());
    } else if (!publisher_.publish(message.bytes())) {
      why = "the message is larger than a segment of the log";
    }
  }
  if (why.empty()) return;
  if (refused_++ == 0) lines_.warning(fmt::format("refused: {}", why));
}

void SendSource::finish() {
  readable_.watch(-1);
  hold_.stop();
  std::exchange(done_, nullptr)();
}

}  // namespace lariat::app
