#include "agent/publish/http_pieces.h"

#include <bit>
#include <cassert>

namespace lariat::publish {
namespace {

constexpr unsigned kRefusals = 32;
constexpr unsigned kRefusalsALevel = 4;

}  // namespace

void HttpPieces::begin(std::size_t count) {
  stack_.clear();
  split_ = taken_ = false;
  refusals_ = 0;
  most_ = kRefusals + kRefusalsALevel * static_cast<unsigned>(std::bit_width(count));
  if (count > 0) stack_.push_back({.piece = {0, count}});
}

void HttpPieces::pass() {
  assert(!done());
  taken_ = true;
  refusals_ = 0;
  const bool left = stack_.back().left;
  stack_.pop_back();
  if (left) stack_.back().guilty = true;
  part_guilty();
}

std::optional<HttpPieces::Piece> HttpPieces::refuse() {
  if (leaves_out()) return leave_out();
  ++refusals_;
  return part(true);
}

std::optional<HttpPieces::Piece> HttpPieces::leave_out() {
  ++refusals_;
  const auto piece = next();
  stack_.pop_back();
  part_guilty();
  return piece;
}

std::optional<HttpPieces::Piece> HttpPieces::halve() { return part(false); }

std::optional<HttpPieces::Piece> HttpPieces::part(bool guilty) {
  assert(!done());
  const auto piece = next();
  if (piece.size() == 1) return leave_out();
  stack_.pop_back();
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
