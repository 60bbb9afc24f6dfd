#include "agent/config/schedule_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "agent/base/result.h"
#include "agent/config/notes.h"
#include "agent/config/values.h"

namespace lariat::config {
namespace {

constexpr std::string_view kBlanks = " \t";
constexpr std::size_t kLongestLine = 8190;
constexpr std::int64_t kLongestInterval = std::int64_t{1} << 31U;
// Room for the number of the second and later ones.
constexpr std::size_t kLongestStem = 56;

struct Entry {
  std::chrono::seconds interval;
  std::string_view shell_text;
};

std::int64_t seconds_of(char unit) noexcept {
  constexpr std::array<std::pair<char, std::int64_t>, 4> kUnits{
      {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86'400}}};
  for (const auto& [name, seconds] : kUnits) {
    if (name == unit) return seconds;
  }
  return 0;
}

// `line` begins with what is no blank and is no comment.
base::Result<Entry> parse_line(std::string_view line) {
  constexpr std::string_view kHow = "write @10s, a blank and the command";
  if (line.size() > kLongestLine) return base::Error{"the line is over 8190 octets; skipped"};
  if (line.find('\0') != line.npos) return base::Error{"the line has a NUL octet; skipped"};
  if (!line.starts_with('@')) {
    return base::Error{fmt::format("the line does not begin with @; skipped, {}", kHow)};
  }
  line.remove_prefix(1);
  std::int64_t count = 0;
  const auto [stop, error] = std::from_chars(line.data(), line.data() + line.size(), count);
  const auto digits = static_cast<std::size_t>(stop - line.data());
  if (digits == 0 || line.front() == '-') {
    return base::Error{fmt::format("the interval is not a whole number; skipped, {}", kHow)};
  }
  line.remove_prefix(digits);
  const auto factor = line.empty() ? 0 : seconds_of(line.front());
  if (factor == 0) {
    return base::Error{
        fmt::format("the interval has none of the units s m h d; skipped, {}", kHow)};
  }
  line.remove_prefix(1);
  if (error != std::errc() || count > kLongestInterval / factor) {
    return base::Error{"the interval is over 2^31 seconds; skipped"};
  }
  if (count == 0) return base::Error{"the interval is 0; skipped, write 1s or more"};
  const auto text = line.find_first_not_of(kBlanks);
  if (text == 0 || line.empty()) {
    return base::Error{fmt::format("no blank stands behind the interval; skipped, {}", kHow)};
  }
  return Entry{std::chrono::seconds(count * factor),
               text == line.npos ? std::string_view() : line.substr(text)};
}

bool is_assignment(std::string_view word) noexcept {
  const auto equals = word.find('=');
  return equals != word.npos && equals != 0 && word.find('/') > equals;
}

// The program's base name as far as it may be a name.
std::string stem_of(std::string_view shell_text) {
  std::string_view word;
  do {
    shell_text.remove_prefix(std::min(shell_text.find_first_not_of(kBlanks), shell_text.size()));
    word = shell_text.substr(0, shell_text.find_first_of(kBlanks));
    shell_text.remove_prefix(word.size());
  } while (is_assignment(word));
  word = word.substr(word.rfind('/') + 1);  // npos + 1 is 0.

  std::string stem;
  for (const char c : word.substr(0, kLongestStem)) {
    const bool good = is_name(std::string{'a', c});
    if (good && !(stem.empty() && (c == '.' || c == '-'))) stem += c;
  }
  return stem.empty() ? "command" : stem;
}

/// Gives names that nobody has yet.
class Names {
 public:
  explicit Names(const std::vector<std::string>& taken) : taken_(taken.begin(), taken.end()) {}

  std::string unique(const std::string& stem) {
    std::size_t& number = last_[stem];
    while (true) {
      ++number;
      std::string name = number == 1 ? stem : fmt::format("{}-{}", stem, number);
      if (taken_.insert(name).second) return name;
    }
  }

 private:
  std::set<std::string> taken_;
  std::map<std::string, std::size_t> last_;
};

}  // namespace

Schedule read_schedule(std::string_view text, const std::string& file,
                       const std::vector<std::string>& taken) {
  Notes notes(file);
  Schedule schedule;
  Names names(taken);
  for (std::size_t number = 1; !text.empty(); ++number) {
    const auto end = std::min(text.find('\n'), text.size());
    auto line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    const auto begin = line.find_first_not_of(kBlanks);
    if (begin == line.npos || line[begin] == '#') continue;
    const auto entry = parse_line(line.substr(begin));
    if (!entry) {
      notes.warning({number, begin + 1}, {}, entry.error().text);
      continue;
    }
    schedule.collectors.push_back({.name = names.unique(stem_of(entry->shell_text)),
                                   .command = {"/bin/sh", "-c", std::string(entry->shell_text)},
                                   .interval = entry->interval,
                                   .timeout = entry->interval,
                                   .origin = fmt::format("{}:{}", file, number)});
  }
  schedule.warnings = notes.take_warnings();
  return schedule;
}

}  // namespace lariat::config
