#include "proto/exposition_read.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <system_error>

#include "proto/bolo_text.h"

namespace lariat::proto {
namespace {

using Type = ExpositionValue::Type;

constexpr std::string_view kBlanks = " \t";

void skip_blanks(std::string_view& text) noexcept {
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
}

std::string_view take_word(std::string_view& text) noexcept {
  skip_blanks(text);
  const std::string_view word = text.substr(0, text.find_first_of(kBlanks));
  text.remove_prefix(word.size());
  return word;
}

bool is_name_octet(char c, bool first) noexcept {
  const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':';
  return letter || (!first && c >= '0' && c <= '9');
}

// Takes a metric's or label's name; empty if there is none.
std::string_view take_name(std::string_view& text) noexcept {
  std::size_t length = 0;
  while (length < text.size() && is_name_octet(text[length], length == 0)) ++length;
  const std::string_view name = text.substr(0, length);
  text.remove_prefix(length);
  return name;
}

// The length of a quoted text without its quotes, `text` beginning behind the first of them.
std::optional<std::size_t> quoted_length(std::string_view text) noexcept {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') return i;
    if (text[i] == '\\') ++i;
  }
  return std::nullopt;
}

// Takes `{…}` or nothing. False if it does not end, or what is in it are no labels.
bool take_labels(std::string_view& text, std::string_view& labels) noexcept {
  labels = {};
  skip_blanks(text);
  if (!text.starts_with('{')) return true;
  text.remove_prefix(1);
  bool quoted = false;
  std::size_t end = 0;
  for (; end < text.size() && (quoted || text[end] != '}'); ++end) {
    if (text[end] == '"') quoted = !quoted;
    if (quoted && text[end] == '\\') ++end;
  }
  if (end >= text.size()) return false;
  labels = text.substr(0, end);
  text.remove_prefix(end + 1);

  LabelWalk walk(labels);
  ExpositionLabel label;
  while (walk.next(label)) continue;
  return walk.at_end();
}

// `+Inf`, `-inf` and `NaN` are numbers here.
std::optional<double> parse_value(std::string_view text) noexcept {
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Type parse_type(std::string_view word) noexcept {
  struct Name {
    std::string_view word;
    Type type;
  };
  constexpr std::array kNames = {Name{"counter", Type::kCounter}, Name{"gauge", Type::kGauge},
                                 Name{"histogram", Type::kHistogram},
                                 Name{"summary", Type::kSummary}};
  const auto* const found = std::ranges::find(kNames, word, &Name::word);
  return found == kNames.end() ? Type::kUntyped : found->type;
}

}  // namespace

void ExpositionFamily::describe(ExpositionValue& value) const noexcept {
  value.type = Type::kUntyped;
  value.part = false;
  if (name.empty() || !value.name.starts_with(name)) return;
  const std::string_view end = value.name.substr(name.size());
  const bool parts = type == Type::kHistogram || type == Type::kSummary;
  value.part = parts && (end == "_count" || end == "_sum" || end == "_bucket");
  const bool total = type == Type::kCounter && end == "_total";
  if (end.empty() || value.part || total) value.type = type;
}

std::optional<std::uint64_t> exposition_seconds(std::string_view time) noexcept {
  constexpr std::size_t kSecondsDigits = 11;
  constexpr std::uint64_t kThousand = 1000;
  if (time.size() <= kSecondsDigits || time.find('.') != time.npos) {
    return parse_time(time);
  }
  const auto milliseconds = parse_count(time);
  return milliseconds ? std::optional(*milliseconds / kThousand) : std::nullopt;
}

ExpositionFamily read_family(std::string_view line) noexcept {
  line.remove_prefix(1);
  if (take_word(line) != "TYPE") return {};
  ExpositionFamily family;
  family.name = take_word(line);
  family.type = parse_type(take_word(line));
  return family;
}

Reason read_exposition_line(std::string_view line, ExpositionValue& value) noexcept {
  ExpositionValue read;
  read.name = take_name(line);
  if (read.name.empty() || !take_labels(line, read.labels)) return Reason::kBadName;
  const std::string_view word = take_word(line);
  if (word.empty()) return Reason::kMissingField;
  const auto number = parse_value(word);
  if (!number) return Reason::kBadNumber;
  read.value = *number;
  skip_blanks(line);
  read.time = line.substr(0, line.find('#'));
  read.time = read.time.substr(0, read.time.find_last_not_of(kBlanks) + 1);
  value = read;
  return Reason::kNone;
}

bool ExpositionReader::next(ExpositionValue& value) noexcept {
  while (!rest_.empty()) {
    const std::size_t end = std::min(rest_.find('\n'), rest_.size());
    std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    skip_blanks(line);
    if (line.empty()) continue;
    if (line.front() == '#') {
      const ExpositionFamily family = read_family(line);
      if (!family.name.empty()) family_ = family;
      continue;
    }
    if (read_exposition_line(line, value) != Reason::kNone) {
      ++refused_;
      continue;
    }
    family_.describe(value);
    return true;
  }
  return false;
}

bool LabelWalk::next(ExpositionLabel& label) noexcept {
  std::string_view text = rest_;
  skip_blanks(text);
  if (text.empty()) {
    rest_ = {};
    return false;
  }
  ExpositionLabel read;
  read.name = take_name(text);
  skip_blanks(text);
  if (read.name.empty() || !text.starts_with('=')) return false;
  text.remove_prefix(1);
  skip_blanks(text);
  if (!text.starts_with('"')) return false;
  text.remove_prefix(1);
  const auto length = quoted_length(text);
  if (!length) return false;
  read.value = text.substr(0, *length);
  text.remove_prefix(*length + 1);
  skip_blanks(text);
  if (!text.empty() && text.front() != ',') return false;
  text.remove_prefix(std::min<std::size_t>(text.size(), 1));
  rest_ = text;
  label = read;
  return true;
}

std::string_view unescape_label(std::string_view spelled, std::span<char> out) noexcept {
  if (spelled.find('\\') == spelled.npos) return spelled;
  std::size_t size = 0;
  for (std::size_t i = 0; i < spelled.size() && size < out.size(); ++i) {
    char octet = spelled[i];
    if (octet == '\\' && i + 1 < spelled.size()) {
      octet = spelled[++i];
      if (octet == 'n') octet = '\n';
    }
    out[size++] = octet;
  }
  return {out.data(), size};
}

}  // namespace lariat::proto
