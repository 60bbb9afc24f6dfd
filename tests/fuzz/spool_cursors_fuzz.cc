#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "agent/publish/spool_cursors.h"
#include "tests/fuzz/claim.h"

namespace lariat::publish {

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  const auto cursors = decode_cursors(bytes);
  if (!cursors) return 0;
  const auto again = encode_cursors(*cursors);
  test::claim(std::equal(again.begin(), again.end(), bytes.begin(), bytes.end()),
              "what is read is written again as it was");
  return 0;
}

}  // namespace lariat::publish
