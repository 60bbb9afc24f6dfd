#include "agent/config/values.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "agent/base/units.h"

namespace lariat::config {
namespace {

using Kind = Node::Kind;

bool is_digits(std::string_view text) noexcept {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::optional<std::uint64_t> whole(std::string_view digits) noexcept {
  std::uint64_t number = 0;
  const auto* end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, number);
  if (error != std::errc() || stop != end) return std::nullopt;
  return number;
}

// A number without its unit: whoever wrote it meant one, and it is for them to say which.
bool refuse_bare_number(const Value& value, std::string_view units,
                        std::string (*spell)(std::uint64_t)) {
  if (!value.is(Kind::kNumber)) return false;
  constexpr std::uint64_t kSensible = std::uint64_t{1} << 40U;
  const auto number = whole(value.node().text).value_or(10);
  value.mistake(fmt::format("{} has no unit; write \"{}\", a text with one of {}", value.found(),
                            spell(std::min(number, kSensible)), units));
  return true;
}

}  // namespace

std::optional<std::chrono::milliseconds> duration(const Value& value, const DurationRule& rule) {
  if (refuse_bare_number(value, "ms s m h d",
                         [](std::uint64_t number) { return fmt::format("{}s", number); }))
    return std::nullopt;
  const auto text = value.text("a duration", "\"10s\"");
  if (!text) return std::nullopt;
  const auto duration = base::parse_duration(*text);
  if (!duration) {
    value.mistake(duration.error().text);
  } else if (*duration < rule.least) {
    value.mistake(fmt::format("{} is too short; write {} or more", quoted(*text),
                              base::format_duration(rule.least)));
  } else if (*duration > rule.most) {
    value.mistake(fmt::format("{} is too long; write {} or less", quoted(*text),
                              base::format_duration(rule.most)));
  } else if (rule.whole_seconds && duration->count() % 1000 != 0) {
    value.mistake(fmt::format("{} is not a whole number of seconds, which is what TSDP counts",
                              quoted(*text)));
  } else {
    return *duration;
  }
  return std::nullopt;
}

std::optional<std::uint64_t> size(const Value& value, const SizeRule& rule) {
  if (refuse_bare_number(value, "B KiB MiB GiB", base::exact_size)) return std::nullopt;
  const auto text = value.text("a size", "\"16MiB\"");
  if (!text) return std::nullopt;
  const auto bytes = base::parse_size(*text);
  if (!bytes) {
    value.mistake(bytes.error().text);
  } else if (*bytes < rule.least) {
    value.mistake(fmt::format("{} is too small; write {} or more", quoted(*text),
                              base::exact_size(rule.least)));
  } else if (*bytes > rule.most) {
    value.mistake(fmt::format("{} is too large; write {} or less", quoted(*text),
                              base::exact_size(rule.most)));
  } else {
    return *bytes;
  }
  return std::nullopt;
}

std::optional<std::uint64_t> number(const Value& value, std::uint64_t least, std::uint64_t most) {
  if (value.is(Kind::kString) && is_digits(value.node().text)) {
    value.mistake(fmt::format("{} is a text; write the number without quotes", value.found()));
    return std::nullopt;
  }
  const auto number = value.is(Kind::kNumber) ? whole(value.node().text) : std::nullopt;
  if (number && *number >= least && *number <= most) return number;
  value.mistake(fmt::format("{} is not a whole number from {} to {}", value.found(), least, most));
  return std::nullopt;
}

std::optional<double> decimal(const Value& value, double least, double most) {
  const auto& text = value.node().text;
  double number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = read.ec == std::errc() && read.ptr == text.data() + text.size();
  if (value.is(Kind::kString) && whole) {
    value.mistake(fmt::format("{} is a text; write the number without quotes", value.found()));
    return std::nullopt;
  }
  const bool good = value.is(Kind::kNumber) && whole && number >= least && number <= most;
  if (good) return number;
  value.mistake(fmt::format("{} is not a number from {} to {}", value.found(), least, most));
  return std::nullopt;
}

std::optional<bool> boolean(const Value& value) {
  if (value.is(Kind::kBoolean)) return value.node().boolean;
  value.mistake(fmt::format("{} is neither true nor false; write one of them, without quotes",
                            value.found()));
  return std::nullopt;
}

std::optional<std::size_t> choice(const Value& value, std::span<const std::string_view> words) {
  std::string list;
  for (const auto word : words) list += fmt::format("{}\"{}\"", list.empty() ? "" : ", ", word);
  const auto text = value.text("one of the words here", list);
  if (!text) return std::nullopt;
  const auto found = std::find(words.begin(), words.end(), *text);
  if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
  const auto near = nearest(*text, {words.begin(), words.end()});
  value.mistake(
      near ? fmt::format("{} is not known here; did you mean \"{}\"?", quoted(*text), *near)
           : fmt::format("{} is not known here; write one of {}", quoted(*text), list));
  return std::nullopt;
}

std::optional<std::vector<std::string>> texts(const Value& value, std::string_view what,
                                              std::string_view example) {
  if (!value.is(Kind::kArray)) {
    value.mistake(fmt::format("{} is not an array of {}; write {}", value.found(), what, example));
    return std::nullopt;
  }
  std::vector<std::string> list;
  for (const Value& element : value.elements()) {
    if (auto text = element.text("a text", {})) list.push_back(*std::move(text));
  }
  if (list.size() != value.node().children.size()) return std::nullopt;
  return list;
}

std::optional<std::string> absolute_path(const Value& value, std::string_view example) {
  auto text = value.text("a path", fmt::format("\"{}\"", example));
  if (!text || text->starts_with('/')) return text;
  value.mistake(
      fmt::format("{} is not an absolute path; write one as \"{}\"", quoted(*text), example));
  return std::nullopt;
}

}  // namespace lariat::config
