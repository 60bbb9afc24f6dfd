#include "agent/publish/http_pieces.h"

#include <cassert>

namespace lariat::publish {

void HttpPieces::begin(std::size_t count) {
  stack_.clear();
  split_ = false;
  if (count > 0) stack_.push_back({.piece = {0, count}});
}

void HttpPieces::pass() {
  assert(!done());
  const bool left = stack_.back().left;
  stack_.pop_back();
  if (left) stack_.back().guilty = true;
  part_guilty();
}

std::optional<std::size_t> HttpPieces::refuse() { return part(true); }

std::optional<std::size_t> HttpPieces::halve() { return part(false); }

std::optional<std::size_t> HttpPieces::part(bool guilty) {
  assert(!done());
  const auto piece = stack_.back().piece;
  stack_.pop_back();
  if (piece.size() == 1) {
    part_guilty();
    return piece.from;
  }
  split_ = true;
  const auto middle = piece.from + piece.size() / 2;
  stack_.push_back({.piece = {middle, piece.to}});
  stack_.push_back({.piece = {piece.from, middle}, .left = guilty});
  return {};
}

// To send it whole would bring no news. One alone is sent: the server says why.
void HttpPieces::part_guilty() {
  if (done() || !stack_.back().guilty || stack_.back().piece.size() == 1) return;
  part(true);
}

}  // namespace lariat::publish
