#include "agent/publish/spool_places.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <variant>
#include <vector>

namespace lariat::publish {
namespace {

SpoolPlace spool_place(FramePlace place) noexcept { return {place.position, place.sequence}; }
FramePlace frame_place(SpoolPlace place) noexcept { return {place.position, place.sequence}; }

/// The filters of one reader, each once.
class Matches {
 public:
  explicit Matches(std::vector<std::vector<std::string>>& texts) : texts_(texts) {}

  /// Its number, from 1 on; 0 without one, or if there are too many: then what is sent too much is
  /// the lesser evil.
  [[nodiscard]] std::uint16_t number_of(const std::shared_ptr<const Sieve>& sieve) {
    if (!sieve || sieve->all()) return 0;
    for (std::size_t i = 0; i < seen_.size(); ++i) {
      if (seen_[i] == sieve.get()) return static_cast<std::uint16_t>(i + 1);
    }
    const auto& patterns = sieve->filter()->texts();
    if (seen_.size() == kMaxSpoolMatches || patterns.size() > kMaxSpoolPatterns) return 0;
    seen_.push_back(sieve.get());
    texts_.push_back(patterns);
    return static_cast<std::uint16_t>(seen_.size());
  }

 private:
  std::vector<std::vector<std::string>>& texts_;
  std::vector<const Sieve*> seen_;
};

SpoolPiece piece_of(const FrameRange& range, Matches& matches) {
  SpoolPiece piece{.extent = {spool_place(range.from), spool_place(range.to)},
                   .match = matches.number_of(range.sieve)};
  if (piece.match == 0) return piece;
  piece.judged = range.judged;
  if (!range.judged) return piece;
  piece.frames = range.chosen.frames;
  piece.bytes = range.chosen.bytes;
  return piece;
}

// Beyond `most` pieces the last one takes what is left, to be judged again.
void add_piece(std::vector<SpoolPiece>& lane, const SpoolPiece& piece, std::size_t most) {
  if (lane.size() < most) {
    lane.push_back(piece);
    return;
  }
  auto& last = lane.back();
  last.extent.to = piece.extent.to;
  last.judged = last.match == 0;
  last.frames = last.bytes = 0;
}

}  // namespace

SpoolCursor to_cursor(const ReaderState& state, base::WallTime last_configured) {
  SpoolCursor cursor{.judged = spool_place(state.judged), .last_configured = last_configured};
  Matches matches(cursor.matches);
  cursor.match = matches.number_of(state.sieve);
  const auto most = kMaxSpoolPieces / std::max<std::size_t>(state.lanes.size(), 1);
  for (const auto& ranges : state.lanes) {
    auto& lane = cursor.lanes.emplace_back();
    for (const auto& range : ranges) add_piece(lane, piece_of(range, matches), most);
  }
  return cursor;
}

ReaderState to_state(const SpoolCursor& cursor) {
  std::vector<std::shared_ptr<const Sieve>> sieves{nullptr};
  for (const auto& match : cursor.matches) {
    auto filter = proto::Filter::parse(match);
    auto* parsed = std::get_if<proto::Filter>(&filter);
    sieves.push_back(parsed == nullptr ? nullptr : make_sieve(std::move(*parsed)));
  }
  ReaderState state{.judged = frame_place(cursor.judged), .sieve = sieves[cursor.match]};
  for (const auto& lane : cursor.lanes) {
    auto& ranges = state.lanes.emplace_back();
    for (const auto& piece : lane) {
      const auto& sieve = sieves[piece.match];
      ranges.push_back({.from = frame_place(piece.extent.from),
                        .to = frame_place(piece.extent.to),
                        .sieve = sieve,
                        .chosen = {piece.frames, piece.bytes},
                        .judged = piece.judged || !sieve});
    }
  }
  return state;
}

}  // namespace lariat::publish
