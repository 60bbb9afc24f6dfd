#include "tests/bench/frames.h"

#include <array>
#include <cstdint>
#include <string>

#include "proto/encode.h"
#include "tests/bench/arguments.h"

namespace lariat::bench {

std::vector<std::byte> make_frame(std::string_view tags, double value) {
  constexpr std::uint64_t kTime = 1'700'000'000;
  const std::array<double, 1> values = {value};
  std::array<std::byte, proto::kEncodeBufferSize> buffer;
  std::string name = "bench pad=x," + std::string(tags);
  auto encoded = proto::encode_sample(buffer, name, kTime, values);
  if (encoded && encoded.size < kFrameBytes) {
    name =
        "bench pad=" + std::string(kFrameBytes - encoded.size + 1, 'x') + "," + std::string(tags);
    encoded = proto::encode_sample(buffer, name, kTime, values);
  }
  if (!encoded || encoded.size != kFrameBytes) fail("cannot make a frame of that size");
  return {buffer.begin(), buffer.begin() + kFrameBytes};
}

}  // namespace lariat::bench
