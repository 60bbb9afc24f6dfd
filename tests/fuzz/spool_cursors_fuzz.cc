#include <xxhash.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "agent/publish/spool_cursors.h"
#include "agent/publish/spool_octets.h"
#include "agent/publish/spool_places.h"
#include "tests/fuzz/claim.h"

namespace lariat::publish {
namespace {

using test::claim;

void check_file(std::span<const std::byte> bytes) {
  const auto cursors = decode_cursors(bytes);
  if (!cursors) return;
  claim(cursors->endpoints.size() <= kMaxSpoolCursors, "as many as are allowed");
  for (const auto& [name, cursor] : cursors->endpoints) {
    claim(!name.empty() && name.size() <= kMaxCursorName, "an endpoint has a name");
    claim(cursor.lanes.size() <= kMaxSpoolLanes, "as many lanes as are allowed");
    claim(cursor.acked().position <= cursor.live().position, "outages come before what is live");
    claim(cursor.judged.position <= cursors->log_end.position, "none is ahead of the log");
    const auto state = to_state(cursor);
    claim(state.first_needed().position == cursor.acked().position, "a reader goes on there");
    claim(state.lanes.size() == cursor.lanes.size(), "with all that it has not got");
    claim(to_state(to_cursor(state, {})).judged == state.judged, "and is saved again");
  }
  // But for times that no clock shows, these are the same octets.
  const auto again = encode_cursors(*cursors);
  claim(again.size() == bytes.size(), "what is read is written again");
  claim(decode_cursors(again) == cursors, "and read as the same");
  auto none = *cursors;
  forget_removed(none, {}, cursors->saved + kKeepRemovedCursor);
  claim(none.endpoints.size() <= cursors->endpoints.size(), "none is added");
}

}  // namespace

// As a file, and as one whose check holds, whatever else it says: no fuzzer guesses a hash.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  check_file(bytes);
  std::vector<std::byte> file(bytes.begin(), bytes.end());
  put_little(file, std::uint64_t{XXH3_64bits(file.data(), file.size())});
  check_file(file);
  return 0;
}

}  // namespace lariat::publish
