#include "agent/app/start_pages.h"

#include <sys/mman.h>

#include <charconv>
#include <cstdint>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace lariat::app {
namespace {

bool traced() {
  constexpr std::string_view kTracer = "TracerPid:\t";
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(kTracer)) return line.substr(kTracer.size()) != "0";
  }
  return true;  // For all that is known.
}

// Of a line of `maps` (proc(5)): a mapping of a file's code, private and never written to.
std::optional<std::pair<std::uintptr_t, std::uintptr_t>> code_of(std::string_view line) {
  constexpr std::string_view kCode = " r-xp ";
  const auto permissions = line.find(' ');
  if (permissions == std::string_view::npos || line.find(" /") == std::string_view::npos) return {};
  if (line.substr(permissions, kCode.size()) != kCode) return {};
  std::uintptr_t from = 0;
  std::uintptr_t to = 0;
  const auto* end = line.data() + line.size();
  const auto dash = std::from_chars(line.data(), end, from, 16);
  if (dash.ec != std::errc() || dash.ptr == end || *dash.ptr != '-') return std::nullopt;
  if (std::from_chars(dash.ptr + 1, end, to, 16).ec != std::errc()) return std::nullopt;
  return std::pair{from, to};
}

}  // namespace

void give_back_code() noexcept {
  try {
    if (traced()) return;
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
      const auto code = code_of(line);
      if (!code) continue;
      // NOLINTNEXTLINE(performance-no-int-to-ptr): that is how the kernel tells it.
      auto* from = reinterpret_cast<void*>(code->first);
      ::madvise(from, code->second - code->first, MADV_DONTNEED);
    }
  } catch (...) {  // NOLINT(bugprone-empty-catch): it is no loss.
  }
}

}  // namespace lariat::app
