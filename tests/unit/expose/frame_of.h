#pragma once

#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "proto/encode.h"

namespace lariat::test {

/// A frame of each kind, as a collector's arrives at the snapshot.
class Frame {
 public:
  static std::vector<std::byte> sample(std::string_view name, std::vector<double> values) {
    return made([&](auto out) { return proto::encode_sample(out, name, kTime, values); });
  }
  static std::vector<std::byte> tally(std::string_view name, std::uint64_t increment) {
    return made([&](auto out) { return proto::encode_tally(out, name, kTime, increment); });
  }
  static std::vector<std::byte> one_tally(std::string_view name) {
    return made([&](auto out) { return proto::encode_tally(out, name, kTime, std::nullopt); });
  }
  static std::vector<std::byte> delta(std::string_view name, double reading) {
    return made([&](auto out) { return proto::encode_delta(out, name, kTime, reading); });
  }
  static std::vector<std::byte> state(std::string_view name, proto::Status status) {
    return made([&](auto out) {
      return proto::encode_state(out, name, kTime, {.status = status, .summary = "words"});
    });
  }
  static std::vector<std::byte> event(std::string_view name, std::string_view text) {
    return made([&](auto out) { return proto::encode_event(out, name, kTime, text); });
  }
  static std::vector<std::byte> fact(std::string_view name, std::string_view text) {
    return made([&](auto out) { return proto::encode_fact(out, name, text); });
  }

 private:
  static constexpr std::uint64_t kTime = 1'700'000'000;

  template <typename Encode>
  static std::vector<std::byte> made(Encode encode) {
    std::array<std::byte, proto::kEncodeBufferSize> buffer;
    const proto::Encoded encoded = encode(std::span<std::byte>(buffer));
    assert(encoded);
    return {buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(encoded.size)};
  }
};

}  // namespace lariat::test
