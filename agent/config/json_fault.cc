#include "agent/config/json_fault.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "agent/config/notes.h"

namespace lariat::config {
namespace {

using Last = JsonProgress::Last;
using Inside = JsonProgress::Inside;

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
bool is_letter(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0x80;
}
bool is_of_word(char c) noexcept {
  return is_digit(c) || is_letter(c) || std::string_view("_-+./:@%*").find(c) != std::string::npos;
}

char octet_at(std::string_view text, std::size_t at) noexcept {
  return at < text.size() ? text[at] : '\0';
}

// A word as somebody wrote it without quotes: up to a blank, a comma or a bracket.
std::string_view word_at(std::string_view text, std::size_t at) noexcept {
  text.remove_prefix(at);
  const auto* end = std::find_if_not(text.begin(), text.end(), is_of_word);
  return text.substr(0, static_cast<std::size_t>(end - text.begin()));
}

/// Looks at the octets behind the good part.
class Explainer {
 public:
  Explainer(std::string_view text, const JsonProgress& progress, std::size_t stopped_at)
      : text_(text),
        progress_(progress),
        stopped_at_(stopped_at),
        at_(skip_blanks(text, progress.end)) {}

  JsonFault explain() {
    switch (progress_.last) {
      case Last::kKey:
        if (octet_at(text_, at_) != ':') return no_colon();
        step();
        return value("the value of the key is missing");
      case Last::kNumber:
      case Last::kOtherValue:
        if (progress_.inside == Inside::kTop) return behind_the_end();
        if (octet_at(text_, at_) != ',') return no_comma();
        comma_ = at_;
        step();
        break;
      default:
        break;
    }
    if (progress_.inside == Inside::kObject) return key();
    return value("a value is missing before this comma");
  }

 private:
  [[nodiscard]] JsonFault here(std::string sentence) const { return {at_, std::move(sentence)}; }
  [[nodiscard]] bool at_end() const { return at_ >= text_.size(); }
  void step() { at_ = skip_blanks(text_, at_ + 1); }

  [[nodiscard]] JsonFault unclosed() const {
    const bool object = progress_.inside == Inside::kObject;
    if (progress_.inside == Inside::kTop) return here("the file ends before the configuration");
    return here(fmt::format("the file ends here, but the {} of line {} is still open: write {}",
                            object ? '{' : '[', progress_.opener_line, object ? '}' : ']'));
  }

  [[nodiscard]] JsonFault comment() const {
    if (text_.substr(at_).starts_with("/*")) {
      return here("the comment that begins here has no end: write */ behind it");
    }
    if (text_[at_] == '#') return here("a comment begins with //, not with #");
    return here("a lone / stands here: a comment is // to the end of its line, or /* and */");
  }
  [[nodiscard]] bool at_comment() const {
    return octet_at(text_, at_) == '/' || octet_at(text_, at_) == '#';
  }

  [[nodiscard]] JsonFault no_colon() const {
    if (at_end()) return unclosed();
    if (at_comment()) return comment();
    if (text_[at_] == '=') return here("write : between a key and its value, not =");
    return here("a colon is missing between the key and its value");
  }

  [[nodiscard]] JsonFault behind_the_end() {
    if (glued()) return word(progress_.begin);
    if (at_comment()) return comment();
    return here(
        "the configuration has ended before this: remove what follows, or the bracket "
        "that ended it too early");
  }

  // A number and what stands at it without a blank: `10s`.
  [[nodiscard]] bool glued() const {
    return progress_.last == Last::kNumber && at_ == progress_.end && !at_end() &&
           is_of_word(text_[at_]) && text_[at_] != '/';
  }

  [[nodiscard]] JsonFault no_comma() {
    if (at_end()) return unclosed();
    if (glued()) return word(progress_.begin);
    if (at_comment()) return comment();
    const char found = text_[at_];
    if (found == '}' || found == ']') {
      return here(fmt::format("{} stands here, but the {} of line {} is open: write {}", found,
                              text_[progress_.opener], progress_.opener_line,
                              progress_.inside == Inside::kObject ? '}' : ']'));
    }
    return {progress_.end, "a comma is missing here, before the next value"};
  }

  JsonFault key() {
    if (at_end()) return unclosed();
    const char found = text_[at_];
    if (found == '"') return string();
    if (at_comment()) return comment();
    if (found == '}' || found == ']') return closer();
    if (found == ',') return here("a comma is too many here: remove it");
    if (found == '\'') return here("a key is written in double quotes, not in single ones");
    if (is_of_word(found)) {
      const auto written = word_at(text_, at_);
      const auto name = written.substr(0, written.find(':'));
      return here(fmt::format("a key is written in double quotes: {}", quoted(name)));
    }
    return here(fmt::format("{} stands where a key is expected; a key is a text in double quotes",
                            quoted(text_.substr(at_, 1))));
  }

  JsonFault value(std::string_view missing) {
    if (at_end()) return unclosed();
    const char found = text_[at_];
    if (found == '"') return string();
    if (at_comment()) return comment();
    if (found == ',') return here(std::string(missing));
    if (found == '}' || found == ']') {
      return progress_.last == Last::kKey ? here(std::string(missing)) : closer();
    }
    if (found == '\'') return here("a text is written in double quotes, not in single ones");
    if (is_of_word(found)) return word(at_);
    return here(
        fmt::format("{} cannot stand here; a value is a text in double quotes, a number, "
                    "true, false, null, [...] or {{...}}",
                    quoted(text_.substr(at_, 1))));
  }

  [[nodiscard]] JsonFault closer() const {
    if (comma_ != std::string_view::npos) {
      return {comma_, fmt::format("the comma before {} is one too many: remove it", text_[at_])};
    }
    if (progress_.inside == Inside::kTop) return here("a bracket is closed that was not opened");
    return here(fmt::format("{} stands here, but the {} of line {} is open: write {}", text_[at_],
                            text_[progress_.opener], progress_.opener_line,
                            progress_.inside == Inside::kObject ? '}' : ']'));
  }

  [[nodiscard]] JsonFault word(std::size_t begin) const {
    const auto written = word_at(text_, begin);
    std::string lower(written);
    std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    if (lower == "true" || lower == "false" || lower == "null") {
      return {begin, fmt::format("write {} in small letters", lower)};
    }
    if (lower == "none" || lower == "nil") return {begin, "write null for nothing"};
    if (!is_secret(begin) && lower.find_first_not_of("+-.0123456789e") == std::string::npos) {
      return {begin, number(written)};
    }
    if (is_secret(begin)) return {begin, "a text is written in double quotes"};
    return {begin, fmt::format("a text is written in double quotes: {}", quoted(written))};
  }

  // The value at `begin` is a password, or may be: it is not shown.
  [[nodiscard]] bool is_secret(std::size_t begin) const {
    auto before = text_.substr(0, begin);
    const auto end = before.find_last_not_of(" \t\r\n:");
    before = before.substr(0, end == std::string_view::npos ? 0 : end + 1);
    constexpr std::array<std::string_view, 3> kKeys{"\"password\"", "\"bearer_token\"",
                                                    "\"username\""};
    return std::any_of(kKeys.begin(), kKeys.end(),
                       [&](std::string_view key) { return before.ends_with(key); });
  }

  static std::string number(std::string_view written) {
    std::string_view digits = written;
    if (digits.starts_with('-')) digits.remove_prefix(1);
    if (digits.starts_with('+')) return "a number does not begin with +";
    if (digits.size() > 1 && digits[0] == '0' && is_digit(digits[1])) {
      return "a number does not begin with 0";
    }
    const bool whole = !digits.empty() && is_digit(digits.front()) && is_digit(digits.back());
    if (whole && std::count(digits.begin(), digits.end(), '.') <= 1) {
      return fmt::format("{} is more than a number can be", shown(written, 40));
    }
    return fmt::format("{} is no number; write one as 10 or 2.5", quoted(written));
  }

  [[nodiscard]] JsonFault string() const {
    constexpr std::string_view kNoEnd = "the text that begins here has no closing quote";
    constexpr std::string_view kUnicode =
        "\\u takes four hexadecimal digits, and two such escapes for a character beyond U+FFFF";
    const auto stopped = std::max(stopped_at_, at_ + 1);
    if (stopped >= text_.size() || text_[stopped] == '\n' || text_[stopped] == '\r') {
      return here(std::string(kNoEnd));
    }
    const auto found = static_cast<unsigned char>(text_[stopped]);
    if (found == '\t') return {stopped, "a tabulator stands in a text: write \\t"};
    if (found < 0x20) {
      return {stopped, fmt::format("a control character stands in a text: write \\u{:04x}", found)};
    }
    const auto escape = text_.rfind('\\', stopped);
    if (escape != text_.npos && escape > at_ && stopped - escape <= 6) {
      const bool known = std::string_view("\"\\/bfnrtu").find(text_[escape + 1]) != text_.npos;
      if (known) return {escape, std::string(kUnicode)};
      return {escape, fmt::format("\\{} is no escape: write \\\\ for a backslash",
                                  shown(text_.substr(stopped, 1), 1))};
    }
    auto bad = stopped;
    while (bad > at_ + 1 && static_cast<unsigned char>(text_[bad - 1]) >= 0x80) --bad;
    return {bad, "an octet here is not UTF-8: save the file as UTF-8"};
  }

  std::string_view text_;
  const JsonProgress& progress_;
  std::size_t stopped_at_;
  std::size_t at_;
  std::size_t comma_ = std::string_view::npos;
};

}  // namespace

std::size_t skip_blanks(std::string_view text, std::size_t at) noexcept {
  while (true) {
    at = std::min(text.find_first_not_of(" \t\r\n", at), text.size());
    const auto rest = text.substr(at);
    if (rest.starts_with("//")) {
      at = std::min(text.find_first_of("\r\n", at), text.size());
    } else if (rest.starts_with("/*")) {
      const auto end = text.find("*/", at + 2);
      if (end == text.npos) return at;
      at = end + 2;
    } else {
      return at;
    }
  }
}

JsonFault explain(std::string_view text, const JsonProgress& progress, std::size_t stopped_at) {
  return Explainer(text, progress, stopped_at).explain();
}

}  // namespace lariat::config
