#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "proto/decode.h"
#include "proto/encode.h"
#include "proto/print.h"
#include "tests/fuzz/claim.h"

namespace lariat::proto {
namespace {

using test::claim;

/// One event as octets, to be compared.
void note(const Decoder::Event& event, std::vector<std::byte>& events) {
  events.push_back(static_cast<std::byte>(event.outcome));
  events.push_back(static_cast<std::byte>(event.reason));
  const auto bytes = event.message.bytes();
  events.insert(events.end(), bytes.begin(), bytes.end());
}

std::vector<std::byte> decode(std::span<const std::byte> bytes, std::size_t first,
                              std::size_t others) {
  Decoder decoder({.fields = 20, .bytes = 10'000, .invalid_in_a_row = 3});
  std::vector<std::byte> events;
  for (std::size_t size = first; !bytes.empty(); size = others) {
    const auto part = bytes.first(size < bytes.size() ? size : bytes.size());
    bytes = bytes.subspan(part.size());
    const std::vector<std::byte> piece(part.begin(), part.end());
    decoder.feed(piece);
    while (const auto event = decoder.next()) note(*event, events);
  }
  events.push_back(static_cast<std::byte>(decoder.end()));
  claim(decoder.mid_message() == (decoder.end() == Decoder::End::kTruncated), "mid_message");
  return events;
}

void read_all(const MessageView& message) {
  std::string line;
  print_line(message, line);
  claim(line.find('\n') == line.npos, "a printed message is one line");
  claim(message_size(message.bytes()) == message.size(), "its size is its length");
  if (message.opcode() != Opcode::kSubmit) return;

  const Submit submit(message);
  std::vector<std::byte> out(message.size() + 5000);
  const auto same = encode_renamed(out, message, submit.name());
  if (same.error == EncodeError::kNone) {
    claim(check(MessageView(std::span(out).first(same.size))) == Reason::kNone,
          "a renamed message is valid");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  const auto whole = decode(bytes, size, 1);
  claim(decode(bytes, 1, 1) == whole, "octet by octet is as whole");
  for (const std::size_t cut : {std::size_t{3}, std::size_t{7}, size / 2, size - size / 3}) {
    claim(decode(bytes, cut + 1, 11) == whole, "cut is as whole");
  }
  const MessageView all(bytes);
  if (check(all) == Reason::kNone) read_all(all);
  for (const auto& field : all.fields()) {
    claim(field.body.size() == field.length, "a field has its body");
  }
  Decoder decoder;
  decoder.feed(bytes);
  while (const auto event = decoder.next()) {
    if (event->outcome == Decoder::Outcome::kMessage) read_all(event->message);
  }
  return 0;
}

}  // namespace lariat::proto
