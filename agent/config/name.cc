#include "agent/config/name.h"

#include <algorithm>

namespace lariat::config {
namespace {

constexpr std::size_t kLongestName = 64;

}  // namespace

bool is_name(std::string_view name) noexcept {
  const auto is_of_name = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  };
  return !name.empty() && name.size() <= kLongestName && name.front() != '.' &&
         name.front() != '-' && std::all_of(name.begin(), name.end(), is_of_name);
}

}  // namespace lariat::config
