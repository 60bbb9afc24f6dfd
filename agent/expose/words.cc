#include "agent/expose/words.h"

#include <fmt/format.h>

#include <ctime>

namespace lariat::expose {

using std::chrono::milliseconds;

std::string rfc3339(base::WallTime time) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(time);
  const std::time_t seconds = whole.time_since_epoch().count();
  std::tm parts{};
  if (!::gmtime_r(&seconds, &parts)) return "?";
  const auto fraction = (time - whole).count();
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{}Z", parts.tm_year + 1900,
                     parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                     fraction == 0 ? "" : fmt::format(".{:03}", fraction));
}

std::string duration_words(milliseconds duration) {
  const auto count = duration.count();
  if (count > 0 && count < 1000) return fmt::format("{} ms", count);
  if (count > 0 && count < 10'000 && count % 1000 != 0) {
    return fmt::format("{:.1f} s", static_cast<double>(count) / 1000);
  }
  const auto seconds = count / 1000;
  const auto two = [](auto large, const char* unit, auto small, const char* smaller) {
    return small == 0 ? fmt::format("{} {}", large, unit)
                      : fmt::format("{} {} {} {}", large, unit, small, smaller);
  };
  if (seconds < 60) return fmt::format("{} s", seconds);
  if (seconds < 3600) return two(seconds / 60, "min", seconds % 60, "s");
  if (seconds < 86'400) return two(seconds / 3600, "h", seconds / 60 % 60, "min");
  return two(seconds / 86'400, "d", seconds / 3600 % 24, "h");
}

std::string ago(const std::optional<base::WallTime>& time, base::WallTime now) {
  if (!time) return "never";
  const auto age = std::chrono::floor<std::chrono::seconds>(now - *time);
  return age.count() <= 0 ? "now" : duration_words(age) + " ago";
}

std::string grouped(std::uint64_t count) {
  std::string text = std::to_string(count);
  for (std::size_t at = text.size(); at > 3;) text.insert(at -= 3, 1, ',');
  return text;
}

}  // namespace lariat::expose
