#include <xxhash.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "agent/publish/spool_octets.h"
#include "agent/publish/spool_segment.h"
#include "proto/message.h"
#include "tests/fuzz/claim.h"

namespace lariat::publish {
namespace {

using test::claim;

/// A file that is only octets in memory.
class ImageIo : public SpoolIo {
 public:
  explicit ImageIo(std::span<const std::byte> octets) : octets_(octets) {}
  std::int64_t read(int /*fd*/, std::span<std::byte> to, std::uint64_t offset) override {
    const auto from = static_cast<std::size_t>(std::min<std::uint64_t>(offset, octets_.size()));
    const auto size = std::min(to.size(), octets_.size() - from);
    std::copy_n(octets_.begin() + static_cast<std::ptrdiff_t>(from), size, to.begin());
    return static_cast<std::int64_t>(size);
  }

 private:
  std::span<const std::byte> octets_;
};

void check_extents(const SpoolFindings& found, std::span<const std::byte> frames) {
  auto last = found.begin;
  for (const auto& extent : found.extents) {
    claim(last.position <= extent.from.position && last.sequence <= extent.from.sequence,
          "extents are in order");
    auto at = static_cast<std::size_t>(extent.from.position - found.begin.position);
    const auto end = static_cast<std::size_t>(extent.to.position - found.begin.position);
    claim(at < end && end <= frames.size(), "an extent lies in the file");
    std::uint64_t count = 0;
    for (; at < end; ++count) {
      const auto size = proto::message_size(frames.subspan(at, end - at));
      claim(size > 0, "an extent is whole frames");
      at += size;
    }
    claim(count == extent.frames(), "as many as it says");
    last = extent.to;
  }
}

void check_file(std::span<const std::byte> octets) {
  ImageIo io(octets);
  const auto head = read_spool_head(io, -1);
  if (!head.index) return;
  std::vector<std::byte> slab(head.index->blocks() * kSpoolBlockSize);
  const auto found = load_spool_file(io, -1, *head.index, slab);
  claim(found.extents == check_spool_file(io, -1, *head.index).extents, "both ways agree");
  check_extents(found, slab);
  for (const auto& mark : head.index->marks()) {
    const auto position = mark.place.position + 7;
    const auto place = find_spool_frame(io, -1, *head.index, position);
    claim(!place || place->position <= position, "the frame begins before");
  }
}

// An entry whose checks hold, whatever else it says: no fuzzer guesses a hash.
SpoolEntry entry_from(std::span<const std::byte> input, std::span<const std::byte> frames) {
  OctetReader in(input);
  SpoolEntry entry;
  entry.block = in.little<std::uint8_t>() % 4U;
  entry.committed = 1U + in.little<std::uint16_t>() % static_cast<unsigned>(kSpoolBlockSize);
  const auto first = in.little<std::uint16_t>();
  entry.frames = in.little<std::uint8_t>();
  if (entry.frames > 0) entry.first_frame = first % entry.committed;
  entry.sequence = 10U + in.little<std::uint16_t>();
  entry.hash = XXH3_64bits(frames.data() + entry.block * kSpoolBlockSize, entry.committed);
  return entry;
}

}  // namespace

// As a file, and then as what entries say and, again and again up to 64 KiB, frames.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kEntryInput = 8;
  const auto bytes = std::as_bytes(std::span(data, size));
  check_file(bytes);
  if (size < 2) return 0;
  const auto entries = std::min<std::size_t>(data[0] % 7U, (size - 1) / kEntryInput);
  const auto rest = bytes.subspan(1 + entries * kEntryInput);
  if (rest.empty()) return 0;

  const SpoolHeader header{{1'000, 10}, 4 * kSpoolBlockSize, {}};
  std::vector<std::byte> frames(4 * kSpoolBlockSize);
  for (std::size_t at = 0; at < frames.size(); ++at) frames[at] = rest[at % rest.size()];
  const auto fixed = encode_header(header);
  std::vector<std::byte> file(fixed.begin(), fixed.end());
  std::vector<std::byte> table(4 * kSpoolEntrySize);
  for (std::size_t n = 0; n < entries; ++n) {
    const auto entry = entry_from(bytes.subspan(1 + n * kEntryInput, kEntryInput), frames);
    std::vector<std::byte> octets;
    encode_entry(header, entry, octets);
    if (n < kSpoolTailSlots) {
      file.insert(file.end(), octets.begin(), octets.end());
    } else {
      std::copy(octets.begin(), octets.end(),
                table.begin() + static_cast<std::ptrdiff_t>(entry.block * kSpoolEntrySize));
    }
  }
  file.resize(kSpoolTableOffset);
  file.insert(file.end(), table.begin(), table.end());
  file.resize(spool_header_size(header.capacity));
  file.insert(file.end(), frames.begin(), frames.end());
  check_file(file);
  return 0;
}

}  // namespace lariat::publish
