#include "agent/config/substitute.h"

#include <fmt/format.h>

#include "agent/config/notes.h"

namespace lariat::config {
namespace {

// Lead octet, number of octets, and least code point: those of shorter forms are overlong.
std::size_t utf8_length(std::string_view text) noexcept {
  const auto octet = [text](std::size_t at) -> unsigned {
    return at < text.size() ? static_cast<unsigned char>(text[at]) : 0U;
  };
  const unsigned first = octet(0);
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4) return 0;
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  for (std::size_t i = 1; i < length; ++i) {
    if ((octet(i) & 0xc0U) != 0x80U) return 0;
  }
  const unsigned second = octet(1);
  const bool overlong = (first == 0xe0 && second < 0xa0) || (first == 0xf0 && second < 0x90);
  const bool too_high = (first == 0xed && second > 0x9f) || (first == 0xf4 && second > 0x8f);
  return overlong || too_high ? 0 : length;
}

bool is_text(std::string_view text) noexcept {
  while (!text.empty()) {
    const std::size_t length = text.front() == '\0' ? 0 : utf8_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

base::Result<std::string> checked(base::Result<std::string> value, std::string_view written) {
  if (value && !is_text(*value)) {
    return base::Error{
        fmt::format("{} gives octets that are no text in UTF-8, or a NUL", quoted(written))};
  }
  return value;
}

base::Result<std::string> read_without_line_end(const std::string& path,
                                                const Surroundings& surroundings) {
  auto text = surroundings.read_file(path);
  if (text && text->ends_with('\n')) text->pop_back();
  return text;
}

base::Result<std::string> variable(const std::string& name, const Surroundings& surroundings) {
  if (name.empty()) return base::Error{"the name is missing: write @env:NAME"};
  auto value = surroundings.variable(name);
  if (value) return *std::move(value);
  return base::Error{
      fmt::format("the variable {} is not in the environment of this process; set it, or write the "
                  "value itself",
                  shown(name, 60))};
}

base::Result<std::string> file(const std::string& path, const Surroundings& surroundings) {
  if (!path.starts_with('/')) {
    return base::Error{"the path of a file must be absolute: write @file:/path"};
  }
  return read_without_line_end(path, surroundings);
}

base::Result<std::string> credential(const std::string& name, const Surroundings& surroundings) {
  if (name.empty() || name == "." || name == ".." || name.find('/') != std::string::npos) {
    return base::Error{"a credential has a name without /: write @cred:NAME"};
  }
  const auto directory = surroundings.variable("CREDENTIALS_DIRECTORY");
  if (!directory) {
    return base::Error{
        "there are no credentials: systemd gives them to a service that has LoadCredential= in its "
        "unit, and sets CREDENTIALS_DIRECTORY"};
  }
  return read_without_line_end(*directory + '/' + name, surroundings);
}

}  // namespace

base::Result<std::string> substitute(const std::string& text, const Surroundings& surroundings) {
  const std::string_view whole(text);
  if (!whole.starts_with('@')) return checked(text, text);
  if (whole.starts_with("@@")) return checked(text.substr(1), text);
  if (whole == "@hostname") return checked(surroundings.hostname, whole);
  if (whole.starts_with("@env:")) return checked(variable(text.substr(5), surroundings), whole);
  if (whole.starts_with("@file:")) return checked(file(text.substr(6), surroundings), whole);
  if (whole.starts_with("@cred:")) {
    return checked(credential(text.substr(6), surroundings), whole);
  }
  return base::Error{fmt::format(
      "{} stands for nothing; write @hostname, @env:NAME, @file:/path or @cred:NAME as the whole "
      "value, or {} for a text that begins with @",
      quoted(whole), quoted('@' + text))};
}

std::string as_written(const std::string& text) {
  return text.starts_with('@') ? '@' + text : text;
}

}  // namespace lariat::config
