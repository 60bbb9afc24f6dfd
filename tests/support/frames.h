#pragma once

#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "proto/decode.h"
#include "proto/encode.h"
#include "proto/message.h"

namespace lariat::test {

/// A SAMPLE of `bench series=SERIES` whose value is `number`, longer by `padding` octets of a tag.
inline std::vector<std::byte> numbered_frame(std::uint64_t number, unsigned series = 0,
                                             std::size_t padding = 0) {
  std::array<std::byte, proto::kEncodeBufferSize> buffer;
  std::string name = "bench ";
  if (padding > 0) name += "pad=" + std::string(padding, 'x') + ",";
  name += "series=" + std::to_string(series);
  const std::array<double, 1> value = {static_cast<double>(number)};
  const auto encoded = proto::encode_sample(buffer, name, 1'700'000'000, value);
  assert(encoded);
  return {buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(encoded.size)};
}

/// The number in such a frame.
inline std::uint64_t number_of(const proto::MessageView& message) {
  return static_cast<std::uint64_t>(proto::Submit(message).value(0));
}

/// The numbers of the whole frames in `octets`, which begin with a message. Heartbeats are left
/// out; what is no valid message ends the list with `kBad`.
inline constexpr std::uint64_t kBad = ~std::uint64_t{0};
inline std::vector<std::uint64_t> numbers_in(std::span<const std::byte> octets) {
  std::vector<std::uint64_t> numbers;
  proto::Decoder decoder;
  decoder.feed(octets);
  while (const auto event = decoder.next()) {
    if (event->outcome != proto::Decoder::Outcome::kMessage) {
      numbers.push_back(kBad);
      break;
    }
    if (event->message.opcode() == proto::Opcode::kSubmit) {
      numbers.push_back(number_of(event->message));
    }
  }
  return numbers;
}

}  // namespace lariat::test
