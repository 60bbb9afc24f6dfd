#include "agent/publish/spool_cursors.h"

#include <xxhash.h>

#include <algorithm>
#include <cassert>
#include <limits>

#include "agent/publish/spool_octets.h"

namespace lariat::publish {
namespace {

constexpr std::string_view kMagic = "LARIATCU";
constexpr std::uint32_t kVersion = 1;

void put(std::vector<std::byte>& out, SpoolPlace place) {
  put_little(out, place.position);
  put_little(out, place.sequence);
}

SpoolPlace read_place(OctetReader& in) {
  const auto position = in.little<std::uint64_t>();
  return {position, in.little<std::uint64_t>()};
}

bool in_order(SpoolPlace a, SpoolPlace b) {
  return a.position <= b.position && a.sequence <= b.sequence;
}

// Ranges do not overlap, and lie before the place from which the endpoint goes on.
bool plausible(const SpoolCursor& cursor, SpoolPlace log_end) {
  if (!in_order(cursor.acked, log_end)) return false;
  SpoolPlace last;
  for (const auto& range : cursor.backlog) {
    if (!in_order(last, range.from) || !in_order(range.from, range.to)) return false;
    last = range.to;
  }
  return in_order(last, log_end);
}

bool read_cursor(OctetReader& in, SpoolCursors& cursors) {
  const auto name_size = in.little<std::uint16_t>();
  const std::string name(in.text(name_size));
  SpoolCursor cursor;
  cursor.acked = read_place(in);
  cursor.last_configured = time_of(in.little<std::uint64_t>());
  const auto ranges = in.little<std::uint16_t>();
  if (!in.good() || ranges > kMaxBacklog || name.empty() || name.size() > kMaxCursorName) {
    return false;
  }
  for (unsigned n = 0; n < ranges; ++n) {
    const auto from = read_place(in);
    cursor.backlog.push_back({from, read_place(in)});
  }
  // In the order of names, each once: what is read is written again octet by octet.
  if (!cursors.endpoints.empty() && cursors.endpoints.rbegin()->first >= name) return false;
  if (!in.good() || !plausible(cursor, cursors.log_end)) return false;
  cursors.endpoints.emplace_hint(cursors.endpoints.end(), name, std::move(cursor));
  return true;
}

}  // namespace

std::vector<std::byte> encode_cursors(const SpoolCursors& cursors) {
  assert(cursors.endpoints.size() <= kMaxSpoolCursors);
  std::vector<std::byte> out;
  put_octets(out, kMagic);
  put_little(out, kVersion);
  put_little(out, static_cast<std::uint32_t>(cursors.endpoints.size()));
  put_little(out, milliseconds_of(cursors.saved));
  put(out, cursors.log_end);
  for (const auto& [name, cursor] : cursors.endpoints) {
    assert(!name.empty() && name.size() <= kMaxCursorName);
    assert(cursor.backlog.size() <= kMaxBacklog && plausible(cursor, cursors.log_end));
    put_little(out, static_cast<std::uint16_t>(name.size()));
    put_octets(out, name);
    put(out, cursor.acked);
    put_little(out, milliseconds_of(cursor.last_configured));
    put_little(out, static_cast<std::uint16_t>(cursor.backlog.size()));
    for (const auto& range : cursor.backlog) {
      put(out, range.from);
      put(out, range.to);
    }
  }
  put_little(out, std::uint64_t{XXH3_64bits(out.data(), out.size())});
  return out;
}

std::optional<SpoolCursors> decode_cursors(std::span<const std::byte> bytes) {
  if (bytes.size() < 8 || bytes.size() > kMaxCursorFile) return {};
  const auto body = bytes.first(bytes.size() - 8);
  OctetReader check(bytes.last(8));
  if (check.little<std::uint64_t>() != XXH3_64bits(body.data(), body.size())) return {};
  OctetReader in(body);
  if (in.text(kMagic.size()) != kMagic || in.little<std::uint32_t>() != kVersion) return {};
  const auto count = in.little<std::uint32_t>();
  SpoolCursors cursors;
  cursors.saved = time_of(in.little<std::uint64_t>());
  cursors.log_end = read_place(in);
  constexpr auto kMost = std::numeric_limits<std::uint64_t>::max() / 2;
  if (!in.good() || count > kMaxSpoolCursors || !in_order(cursors.log_end, {kMost, kMost})) {
    return {};
  }
  for (std::uint32_t n = 0; n < count; ++n) {
    if (!read_cursor(in, cursors)) return {};
  }
  if (!in.at_end()) return {};
  return cursors;
}

void forget_removed(SpoolCursors& cursors, std::span<const std::string> configured,
                    base::WallTime now) {
  for (auto it = cursors.endpoints.begin(); it != cursors.endpoints.end();) {
    auto& cursor = it->second;
    if (std::find(configured.begin(), configured.end(), it->first) != configured.end()) {
      cursor.last_configured = now;
    }
    const bool gone = now - cursor.last_configured > kKeepRemovedCursor;
    it = gone ? cursors.endpoints.erase(it) : std::next(it);
  }
}

}  // namespace lariat::publish
