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

// Pieces do not overlap, lie in the order that lanes have, and before the place from which the
// endpoint goes on.
bool plausible(const SpoolCursor& cursor, SpoolPlace log_end) {
  if (!in_order(cursor.judged, log_end) || cursor.match > cursor.matches.size()) return false;
  SpoolPlace last;
  for (auto lane = cursor.lanes.rbegin(); lane != cursor.lanes.rend(); ++lane) {
    for (const auto& piece : *lane) {
      const auto& [from, to] = piece.extent;
      if (!in_order(last, from) || !in_order(from, to)) return false;
      if (from.position == to.position && from.sequence != to.sequence) return false;
      if (piece.match > cursor.matches.size()) return false;
      if (piece.frames > piece.extent.frames() || piece.bytes > piece.extent.bytes()) return false;
      last = to;
    }
  }
  return in_order(last, cursor.judged);
}

void put_cursor(std::vector<std::byte>& out, const SpoolCursor& cursor) {
  put(out, cursor.judged);
  put_little(out, cursor.match);
  put_little(out, milliseconds_of(cursor.last_configured));
  put_little(out, static_cast<std::uint16_t>(cursor.matches.size()));
  for (const auto& match : cursor.matches) {
    put_little(out, static_cast<std::uint16_t>(match.size()));
    for (const auto& pattern : match) {
      put_little(out, static_cast<std::uint32_t>(pattern.size()));
      put_octets(out, pattern);
    }
  }
  put_little(out, static_cast<std::uint16_t>(cursor.lanes.size()));
  for (const auto& lane : cursor.lanes) {
    put_little(out, static_cast<std::uint16_t>(lane.size()));
    for (const auto& piece : lane) {
      put(out, piece.extent.from);
      put(out, piece.extent.to);
      put_little(out, piece.match);
      put_little(out, static_cast<std::uint16_t>(piece.judged ? 1 : 0));
      put_little(out, piece.frames);
      put_little(out, piece.bytes);
    }
  }
}

bool read_matches(OctetReader& in, SpoolCursor& cursor) {
  const auto matches = in.little<std::uint16_t>();
  if (!in.good() || matches > kMaxSpoolMatches) return false;
  for (unsigned n = 0; n < matches; ++n) {
    const auto patterns = in.little<std::uint16_t>();
    if (!in.good() || patterns > kMaxSpoolPatterns) return false;
    auto& match = cursor.matches.emplace_back();
    for (unsigned k = 0; k < patterns && in.good(); ++k) {
      const auto size = in.little<std::uint32_t>();
      match.emplace_back(in.text(size));
    }
  }
  return in.good();
}

bool read_lane(OctetReader& in, SpoolCursor& cursor, std::size_t& pieces) {
  const auto count = in.little<std::uint16_t>();
  pieces += count;
  if (!in.good() || pieces > kMaxSpoolPieces) return false;
  auto& lane = cursor.lanes.emplace_back();
  for (unsigned n = 0; n < count; ++n) {
    SpoolPiece piece;
    piece.extent.from = read_place(in);
    piece.extent.to = read_place(in);
    piece.match = in.little<std::uint16_t>();
    const auto judged = in.little<std::uint16_t>();
    piece.judged = judged == 1;
    piece.frames = in.little<std::uint64_t>();
    piece.bytes = in.little<std::uint64_t>();
    if (!in.good() || judged > 1) return false;
    lane.push_back(piece);
  }
  return true;
}

bool read_cursor(OctetReader& in, SpoolCursors& cursors) {
  const auto name_size = in.little<std::uint16_t>();
  const std::string name(in.text(name_size));
  if (!in.good() || name.empty() || name.size() > kMaxCursorName) return false;
  SpoolCursor cursor;
  cursor.judged = read_place(in);
  cursor.match = in.little<std::uint16_t>();
  cursor.last_configured = time_of(in.little<std::uint64_t>());
  if (!read_matches(in, cursor)) return false;
  const auto lanes = in.little<std::uint16_t>();
  if (!in.good() || lanes > kMaxSpoolLanes) return false;
  std::size_t pieces = 0;
  for (unsigned n = 0; n < lanes; ++n) {
    if (!read_lane(in, cursor, pieces)) return false;
  }
  // In the order of names, each once: what is read is written again octet by octet.
  if (!cursors.endpoints.empty() && cursors.endpoints.rbegin()->first >= name) return false;
  if (!plausible(cursor, cursors.log_end)) return false;
  cursors.endpoints.emplace_hint(cursors.endpoints.end(), name, std::move(cursor));
  return true;
}

}  // namespace

SpoolPlace SpoolCursor::acked() const noexcept {
  for (auto lane = lanes.rbegin(); lane != lanes.rend(); ++lane) {
    if (!lane->empty()) return lane->front().extent.from;
  }
  return judged;
}

SpoolPlace SpoolCursor::live() const noexcept {
  return lanes.empty() || lanes.front().empty() ? judged : lanes.front().front().extent.from;
}

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
    assert(cursor.lanes.size() <= kMaxSpoolLanes && plausible(cursor, cursors.log_end));
    put_little(out, static_cast<std::uint16_t>(name.size()));
    put_octets(out, name);
    put_cursor(out, cursor);
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
