#include "agent/publish/spool_format.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <cassert>
#include <charconv>
#include <cstring>
#include <limits>
#include <tuple>

#include "agent/publish/spool_octets.h"

namespace lariat::publish {
namespace {

constexpr std::string_view kMagic = "LARIATSP";
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kFixedChecked = kSpoolFixedSize - 8;
constexpr std::size_t kNameDigits = 16;
constexpr std::string_view kNameEnd = ".seg";

// Of the entry without its own check, which stands in octets 28 to 31. The base is the seed, so
// that an entry of another file's is none of this one.
std::uint32_t entry_check(const SpoolHeader& header, std::span<const std::byte> entry) {
  std::array<std::byte, kSpoolEntrySize - 4> checked{};
  std::memcpy(checked.data(), entry.data(), 28);
  std::memcpy(checked.data() + 28, entry.data() + 32, 8);
  return static_cast<std::uint32_t>(
      XXH3_64bits_withSeed(checked.data(), checked.size(), header.base.position + 1));
}

bool plausible(const SpoolHeader& header, const SpoolEntry& entry) {
  const auto begin = std::uint64_t{entry.block} * kSpoolBlockSize;
  const bool has_frame = entry.first_frame != SpoolEntry::kNoFrame;
  return entry.committed > 0 && entry.committed <= kSpoolBlockSize &&
         begin + entry.committed <= header.capacity && has_frame == (entry.frames > 0) &&
         (!has_frame || entry.first_frame < entry.committed) && entry.frames <= kSpoolBlockSize / 4;
}

}  // namespace

std::array<std::byte, kSpoolFixedSize> encode_header(const SpoolHeader& header) {
  assert(header.capacity > 0 && header.capacity <= kMaxSpoolCapacity);
  std::vector<std::byte> out;
  out.reserve(kSpoolFixedSize);
  put_octets(out, kMagic);
  put_little(out, kVersion);
  put_little(out, static_cast<std::uint32_t>(spool_header_size(header.capacity)));
  put_little(out, header.capacity);
  put_little(out, header.base.position);
  put_little(out, header.base.sequence);
  put_little(out, milliseconds_of(header.created));
  out.resize(kFixedChecked);
  put_little(out, std::uint64_t{XXH3_64bits(out.data(), out.size())});
  std::array<std::byte, kSpoolFixedSize> bytes{};
  std::copy(out.begin(), out.end(), bytes.begin());
  return bytes;
}

std::optional<SpoolHeader> decode_header(std::span<const std::byte> bytes) {
  if (bytes.size() < kSpoolFixedSize) return {};
  OctetReader in(bytes.first(kSpoolFixedSize));
  if (in.text(kMagic.size()) != kMagic || in.little<std::uint32_t>() != kVersion) return {};
  const auto header_size = in.little<std::uint32_t>();
  SpoolHeader header;
  header.capacity = in.little<std::uint64_t>();
  header.base.position = in.little<std::uint64_t>();
  header.base.sequence = in.little<std::uint64_t>();
  header.created = time_of(in.little<std::uint64_t>());
  OctetReader check(bytes.subspan(kFixedChecked, 8));
  if (check.little<std::uint64_t>() != XXH3_64bits(bytes.data(), kFixedChecked)) return {};
  constexpr auto kMost = std::numeric_limits<std::uint64_t>::max() / 2;
  if (header.capacity == 0 || header.capacity > kMaxSpoolCapacity ||
      header_size != spool_header_size(header.capacity) || header.base.position > kMost ||
      header.base.sequence > kMost) {
    return {};
  }
  return header;
}

void encode_entry(const SpoolHeader& header, const SpoolEntry& entry, std::vector<std::byte>& out) {
  assert(plausible(header, entry) && entry.sequence >= header.base.sequence);
  const auto begin = out.size();
  put_little(out, static_cast<std::uint16_t>(entry.committed));
  put_little(out, static_cast<std::uint16_t>(entry.first_frame));
  put_little(out, static_cast<std::uint16_t>(entry.frames));
  put_little(out, std::uint16_t{0});
  put_little(out, static_cast<std::uint32_t>(entry.sequence - header.base.sequence));
  put_little(out, entry.block);
  put_little(out, milliseconds_of(entry.first_time));
  constexpr std::int64_t kLongest = std::numeric_limits<std::uint32_t>::max();
  const auto lasted = (entry.last_time - entry.first_time).count();
  put_little(
      out, static_cast<std::uint32_t>(std::clamp(std::int64_t{lasted}, std::int64_t{0}, kLongest)));
  put_little(out, std::uint32_t{0});
  put_little(out, entry.hash);
  const auto check = entry_check(header, std::span(out).subspan(begin, kSpoolEntrySize));
  for (unsigned octet = 0; octet < 4; ++octet) {
    out[begin + 28 + octet] = static_cast<std::byte>(check >> (8U * octet));
  }
}

std::optional<SpoolEntry> decode_entry(const SpoolHeader& header,
                                       std::span<const std::byte> bytes) {
  if (bytes.size() < kSpoolEntrySize) return {};
  OctetReader in(bytes.first(kSpoolEntrySize));
  SpoolEntry entry;
  entry.committed = in.little<std::uint16_t>();
  if (entry.committed == 0) return {};
  entry.first_frame = in.little<std::uint16_t>();
  entry.frames = in.little<std::uint16_t>();
  const auto zero = in.little<std::uint16_t>();
  entry.sequence = header.base.sequence + in.little<std::uint32_t>();
  entry.block = in.little<std::uint32_t>();
  entry.first_time = time_of(in.little<std::uint64_t>());
  entry.last_time = entry.first_time + std::chrono::milliseconds(in.little<std::uint32_t>());
  const auto check = in.little<std::uint32_t>();
  entry.hash = in.little<std::uint64_t>();
  if (zero != 0 || check != entry_check(header, bytes) || !plausible(header, entry)) return {};
  return entry;
}

std::string spool_name(std::uint64_t position) {
  return fmt::format("{:016x}{}", position, kNameEnd);
}

std::optional<std::uint64_t> spool_position(std::string_view name) {
  if (name.size() != kNameDigits + kNameEnd.size() || !name.ends_with(kNameEnd)) return {};
  std::uint64_t position = 0;
  const auto* digits_end = name.data() + kNameDigits;
  const auto [end, error] = std::from_chars(name.data(), digits_end, position, 16);
  if (error != std::errc{} || end != digits_end || spool_name(position) != name) return {};
  return position;
}

std::optional<SpoolIndex> SpoolIndex::decode(std::span<const std::byte> head) {
  const auto header = decode_header(head);
  if (!header) return {};
  SpoolIndex index;
  index.header_ = *header;
  const auto take = [&](std::size_t at, std::optional<std::size_t> block) {
    if (at >= head.size()) return;
    const auto entry = decode_entry(*header, head.subspan(at));
    if (entry && (!block || entry->block == *block)) index.entries_.push_back(*entry);
  };
  for (std::size_t slot = 0; slot < kSpoolTailSlots; ++slot) {
    take(kSpoolFixedSize + slot * kSpoolEntrySize, {});
  }
  for (std::size_t block = 0; block < spool_blocks(header->capacity); ++block) {
    take(kSpoolTableOffset + block * kSpoolEntrySize, block);
  }
  std::sort(index.entries_.begin(), index.entries_.end(), [](const auto& a, const auto& b) {
    return std::tie(a.block, b.committed) < std::tie(b.block, a.committed);
  });
  return index;
}

std::span<const SpoolEntry> SpoolIndex::entries(std::size_t block) const noexcept {
  const auto first = std::lower_bound(
      entries_.begin(), entries_.end(), block,
      [](const SpoolEntry& entry, std::size_t value) { return entry.block < value; });
  auto last = first;
  while (last != entries_.end() && last->block == block) ++last;
  return {first, last};
}

std::size_t SpoolIndex::blocks() const noexcept {
  return entries_.empty() ? 0 : std::size_t{entries_.back().block} + 1;
}

SpoolPlace SpoolIndex::end() const noexcept {
  if (entries_.empty()) return header_.base;
  const auto& last = entries(entries_.back().block).front();
  const auto offset = std::uint64_t{last.block} * kSpoolBlockSize + last.committed;
  return {header_.base.position + offset, last.sequence + last.frames};
}

base::WallTime SpoolIndex::first_time() const noexcept {
  return entries_.empty() ? header_.created : entries_.front().first_time;
}

base::WallTime SpoolIndex::last_time() const noexcept {
  return entries_.empty() ? header_.created : entries(entries_.back().block).front().last_time;
}

std::vector<SpoolMark> SpoolIndex::marks() const {
  std::vector<SpoolMark> marks;
  for (std::size_t at = 0; at < entries_.size(); ++at) {
    const auto& entry = entries_[at];
    const bool again = at > 0 && entries_[at - 1].block == entry.block;
    if (again || entry.frames == 0) continue;
    const auto position =
        header_.base.position + std::uint64_t{entry.block} * kSpoolBlockSize + entry.first_frame;
    marks.push_back({{position, entry.sequence}, entry.first_time, entry.last_time});
  }
  return marks;
}

}  // namespace lariat::publish
