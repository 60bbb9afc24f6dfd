#include "agent/expose/scrape.h"

#include <algorithm>
#include <utility>

namespace lariat::expose {
namespace {

// Octets of one piece: some 0.05 ms of work.
constexpr std::size_t kPieceBytes = std::size_t{16} << 10U;

}  // namespace

std::optional<Scope> parse_scope(std::string_view text) noexcept {
  if (text == "agent") return Scope::kAgent;
  if (text == "host") return Scope::kHost;
  return std::nullopt;
}

Scrape::Scrape(Scope scope, const Sources& sources, base::Monotonic now)
    : snapshot_(&sources.snapshot), began_(now) {
  snapshot_->expire(now);
  if (scope != Scope::kHost) piece_ = sources.agent_metrics();
  if (scope == Scope::kAgent) return;
  more_ = true;
  position_ = snapshot_->begin();
}

bool Scrape::refill() {
  if (read_ < piece_.size()) return true;
  if (!more_) return false;
  read_ = 0;
  piece_.clear();
  more_ = snapshot_->render(position_, began_, kPieceBytes, piece_);
  return !piece_.empty();
}

std::optional<std::string> Scrape::take_whole(std::size_t most) {
  if (more_) more_ = snapshot_->render(position_, began_, most, piece_);
  if (more_ || piece_.size() > 2 * most) return std::nullopt;
  return std::exchange(piece_, {});
}

std::size_t Scrape::read(char* to, std::size_t room) {
  std::size_t written = 0;
  while (written < room && refill()) {
    const std::size_t count = std::min(room - written, piece_.size() - read_);
    std::copy_n(piece_.data() + read_, count, to + written);
    read_ += count;
    written += count;
  }
  return written;
}

}  // namespace lariat::expose
