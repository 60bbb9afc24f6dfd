#include "proto/zmtp.h"

#include <algorithm>
#include <utility>

#include "proto/bytes.h"

namespace lariat::proto {
namespace {

constexpr std::size_t kGreetingSize = 64;
constexpr std::size_t kSignatureEnd = 10;
constexpr std::size_t kMechanismAt = 12;
constexpr std::size_t kMechanismSize = 20;
constexpr char kSignatureFirst = '\xff';
constexpr char kSignatureLast = '\x7f';
constexpr char kMajor = 3;
constexpr std::string_view kNull = "NULL";

constexpr unsigned kMore = 0x01;
constexpr unsigned kLong = 0x02;
constexpr unsigned kCommand = 0x04;
constexpr std::size_t kShortHead = 2;
constexpr std::size_t kMostShort = 255;

constexpr std::string_view kSocketType = "Socket-Type";
constexpr std::string_view kPull = "PULL";
constexpr std::size_t kMostContext = 16;  // Of a PING.
constexpr std::size_t kTimeToLive = 2;
constexpr std::size_t kMostQuoted = 60;

std::string make_hello() {
  std::string hello(kGreetingSize, '\0');
  hello.front() = kSignatureFirst;
  hello[kSignatureEnd - 1] = kSignatureLast;
  hello[kSignatureEnd] = kMajor;
  std::ranges::copy(kNull, hello.begin() + kMechanismAt);
  return hello;
}

template <typename Unsigned>
Unsigned load(std::string_view text) noexcept {
  if constexpr (sizeof(Unsigned) == 1) {
    return static_cast<Unsigned>(text.front());
  } else {
    return load_big<Unsigned>(reinterpret_cast<const std::byte*>(text.data()));
  }
}

std::string quoted(std::string_view text) {
  std::string out;
  for (const char octet : text.substr(0, kMostQuoted)) {
    out += octet >= 0x20 && octet < 0x7f ? octet : '?';
  }
  return out;
}

// Takes a text with its length before it, in `Length` octets, off `rest`.
template <typename Length>
std::optional<std::string_view> take_text(std::string_view& rest) noexcept {
  if (rest.size() < sizeof(Length)) return std::nullopt;
  const std::size_t size = load<Length>(rest);
  rest.remove_prefix(sizeof(Length));
  if (rest.size() < size) return std::nullopt;
  const std::string_view text = rest.substr(0, size);
  rest.remove_prefix(size);
  return text;
}

bool same_word(std::string_view a, std::string_view b) noexcept {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

std::string wrong_socket(std::string_view type) {
  std::string sentence = "the peer is a ZeroMQ socket of type " + quoted(type) +
                         ", and bolo needs PULL: write the port of Bolo's listener, 2999";
  if (type == "ROUTER") sentence += "; this seems to be its controller, 2998";
  if (type == "PUB" || type == "XPUB") sentence += "; this seems to be its broadcasts, 2997";
  return sentence;
}

}  // namespace

std::string_view zmtp_hello() noexcept {
  static const std::string hello = make_hello();
  return hello;
}

std::string_view zmtp_ready() noexcept {
  return {"\x04\x1a\x05READY\x0bSocket-Type\0\0\0\x04PUSH", 28};
}

char* write_zmtp_head(std::uint64_t size, bool more, char* out) noexcept {
  const unsigned flags = more ? kMore : 0U;
  if (size <= kMostShort) {
    *out++ = static_cast<char>(flags);
    *out++ = static_cast<char>(size);
    return out;
  }
  *out++ = static_cast<char>(flags | kLong);
  store_big(reinterpret_cast<std::byte*>(out), size);
  return out + sizeof size;
}

ZmtpPeer::State ZmtpPeer::feed(std::string_view bytes) {
  while (state_ != State::kFault) {
    if (step_ == Step::kSkip) {
      const auto skipped = std::min<std::uint64_t>(rest_, bytes.size());
      bytes.remove_prefix(static_cast<std::size_t>(skipped));
      rest_ -= skipped;
      if (rest_ > 0) break;
      step_ = Step::kHead;
      wanted_ = kShortHead;
    }
    const std::size_t taken = std::min(wanted_ - buffer_.size(), bytes.size());
    buffer_ += bytes.substr(0, taken);
    bytes.remove_prefix(taken);
    if (buffer_.size() < wanted_) break;
    step();
  }
  return state_;
}

std::size_t ZmtpPeer::take_answer(std::span<char, kZmtpAnswerRoom> out) noexcept {
  const std::size_t size = answer_.size();
  std::ranges::copy(answer_, out.begin());
  answer_.clear();
  return size;
}

void ZmtpPeer::fail(std::string sentence) {
  state_ = State::kFault;
  answer_.clear();
  fault_ = std::move(sentence);
  buffer_.clear();
}

void ZmtpPeer::step() {
  switch (step_) {
    case Step::kGreeting:
      return read_greeting();
    case Step::kHead:
      return read_head();
    case Step::kCommand:
      return read_command();
    case Step::kSkip:
      return;
  }
}

// An older peer sends only a part and waits, so each part is judged as soon as it is there.
void ZmtpPeer::read_greeting() {
  const auto go_on_at = [this](std::size_t wanted) { wanted_ = wanted; };
  if (buffer_.front() != kSignatureFirst) {
    return fail(
        "the peer is no ZeroMQ socket of version 3 or newer: see that host and port are those "
        "of a Bolo aggregator");
  }
  if (buffer_.size() < kSignatureEnd) return go_on_at(kSignatureEnd);
  if (buffer_[kSignatureEnd - 1] != kSignatureLast) {
    return fail("the peer is no ZeroMQ socket that this version can talk to");
  }
  if (buffer_.size() == kSignatureEnd) return go_on_at(kSignatureEnd + 1);
  if (static_cast<unsigned char>(buffer_[kSignatureEnd]) < kMajor) {
    return fail("the peer speaks an older ZMTP than 3.0: its libzmq must be 4.0 or newer");
  }
  if (buffer_.size() < kGreetingSize) return go_on_at(kGreetingSize);
  std::string_view mechanism = std::string_view(buffer_).substr(kMechanismAt, kMechanismSize);
  mechanism = mechanism.substr(0, mechanism.find('\0'));
  if (mechanism != kNull) {
    return fail("the peer wants the mechanism " + quoted(mechanism) +
                ", and bolo has NULL only, without passwords or encryption: switch it off there");
  }
  state_ = State::kHandshake;
  step_ = Step::kHead;
  wanted_ = kShortHead;
  buffer_.clear();
}

void ZmtpPeer::read_head() {
  const unsigned flags = static_cast<unsigned char>(buffer_.front());
  const bool command = (flags & kCommand) != 0;
  const bool known = (flags & ~(kMore | kLong | kCommand)) == 0;
  if (!known || (command && (flags & kMore) != 0)) return fail("the peer breaks the rules of ZMTP");
  if (!command && state_ != State::kReady) {
    return fail("the peer sends messages before it is ready, against the rules of ZMTP");
  }
  std::uint64_t size = static_cast<unsigned char>(buffer_[1]);
  if ((flags & kLong) != 0) {
    if (buffer_.size() < kZmtpHeadRoom) {
      wanted_ = kZmtpHeadRoom;
      return;
    }
    size = load<std::uint64_t>(std::string_view(buffer_).substr(1));
  }
  buffer_.clear();
  if (!command) {
    // A PULL socket has none to send.
    step_ = Step::kSkip;
    rest_ = size;
    return;
  }
  if (size > kMostBuffered) {
    return fail("the peer sends a command of " + std::to_string(size) +
                " octets: " + std::to_string(kMostBuffered) + " are the most");
  }
  step_ = Step::kCommand;
  wanted_ = static_cast<std::size_t>(size);
}

void ZmtpPeer::read_command() {
  std::string_view rest = buffer_;
  const auto name = take_text<std::uint8_t>(rest);
  if (!name) return fail("the peer sends a command without a name, against the rules of ZMTP");
  if (*name == "ERROR") {
    const auto reason = take_text<std::uint8_t>(rest);
    return fail("the peer refuses the connection: " +
                quoted(reason.value_or("it does not say why")));
  }
  if (state_ == State::kHandshake) {
    if (*name != "READY") {
      return fail("the peer says " + quoted(*name) + " where ZMTP has READY");
    }
    read_ready(rest);
    if (state_ == State::kFault) return;
  } else if (*name == "PING" && rest.size() >= kTimeToLive) {
    const std::string_view context = rest.substr(kTimeToLive, kMostContext);
    constexpr std::string_view kPong = "\x04PONG";
    // Behind our READY, if that was not taken yet.
    answer_.resize(answer_.starts_with(zmtp_ready()) ? zmtp_ready().size() : 0);
    answer_ += static_cast<char>(kCommand);
    answer_ += static_cast<char>(kPong.size() + context.size());
    answer_.append(kPong).append(context);
  }
  buffer_.clear();
  step_ = Step::kHead;
  wanted_ = kShortHead;
}

void ZmtpPeer::read_ready(std::string_view metadata) {
  std::optional<std::string_view> type;
  while (!metadata.empty()) {
    const auto name = take_text<std::uint8_t>(metadata);
    const auto value = name ? take_text<std::uint32_t>(metadata) : std::nullopt;
    if (!value) return fail("the peer's READY is cut, against the rules of ZMTP");
    if (same_word(*name, kSocketType)) type = value;
  }
  if (!type) return fail("the peer does not say of what type its socket is");
  if (*type != kPull) return fail(wrong_socket(*type));
  state_ = State::kReady;
  answer_ = zmtp_ready();
}

}  // namespace lariat::proto
