#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "proto/zmtp.h"
#include "tests/fuzz/claim.h"

namespace lariat::proto {
namespace {

using test::claim;

/// How a peer ends up that says all this in pieces of `size` octets.
struct Outcome {
  ZmtpPeer::State state;
  std::string fault;
  std::string answer;
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

Outcome say(std::string_view text, std::size_t size) {
  ZmtpPeer peer;
  while (!text.empty()) {
    // In memory of its own, so that reading too far is found.
    const std::string piece(text.substr(0, size));
    text.remove_prefix(piece.size());
    const auto before = peer.state();
    const auto after = peer.feed(piece);
    claim(after == peer.state() && after >= before, "a peer goes on, never back");
  }
  std::array<char, kZmtpAnswerRoom> answer{};
  const std::size_t answer_size = peer.take_answer(answer);
  claim(answer_size <= answer.size(), "an answer has room");
  return {peer.state(), peer.fault(), {answer.data(), answer_size}};
}

bool is_printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Outcome whole = say(text, text.size());
  claim(say(text, 1U + data[0]) == whole, "pieces do not matter");
  const bool fault = whole.state == ZmtpPeer::State::kFault;
  claim(fault == !whole.fault.empty(), "a fault has a sentence");
  claim(is_printable(whole.fault), "a sentence can be shown");
  claim(whole.answer.empty() || whole.answer.starts_with(zmtp_ready()),
        "the first answer is that we are ready");
  return 0;
}

}  // namespace lariat::proto
