#include "agent/expose/refusals.h"

#include <functional>

namespace lariat::expose {
namespace {

constexpr std::size_t kMaxRemembered = 65'536;
constexpr std::size_t kMaxTold = 100;

}  // namespace

void Refusals::refuse(std::uint64_t hash, std::string_view family, std::string_view why) {
  if (refused_.size() >= kMaxRemembered && !refused_.contains(hash)) refused_.clear();
  const auto [entry, fresh] = refused_.insert_or_assign(hash, changes_);
  if (!fresh) return;
  ++total_;
  tell(family, why);
}

void Refusals::tell(std::string_view family, std::string_view why) {
  if (told_.size() >= kMaxTold) return;
  if (!told_.insert(std::hash<std::string_view>()(family)).second) return;
  log_.warning(why);
  if (told_.size() == kMaxTold) {
    log_.warning("more series are kept from /metrics: lariat_series_refused_total counts them");
  }
}

}  // namespace lariat::expose
