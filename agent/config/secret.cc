#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "agent/config/output.h"
#include "agent/config/reader.h"
#include "agent/config/substitute.h"

namespace lariat::config {
namespace {

bool is_reference(std::string_view text) noexcept {
  constexpr std::array<std::string_view, 3> kBegin{"@env:", "@file:", "@cred:"};
  return text == "@hostname" || std::ranges::any_of(kBegin, [text](std::string_view begin) {
           return text.starts_with(begin);
         });
}

bool is_control(char octet) noexcept {
  const auto value = static_cast<unsigned char>(octet);
  return value < 0x20 || value == 0x7f;
}

}  // namespace

std::optional<Secret> secret(const Value& value) {
  if (!value.is(Node::Kind::kString)) {
    value.mistake(
        "what stands here is no text; write one, best \"@file:/path\", \"@cred:NAME\" or "
        "\"@env:NAME\", which keep a secret out of this file");
    return std::nullopt;
  }
  const std::string& written = value.node().text;
  const bool reference = is_reference(written);
  if (written.starts_with('@') && !reference && !written.starts_with("@@")) {
    value.mistake(
        "what stands here begins with @ and stands for nothing; write @file:/path, @cred:NAME or "
        "@env:NAME as the whole value, or @@ for an @ of its own");
    return std::nullopt;
  }
  auto text = substitute(written, value.context().surroundings);
  if (!text) {
    // That of a reference names a file or a variable, and not what it holds.
    value.mistake(reference ? std::string_view(text.error().text)
                            : "what stands here is no text in UTF-8, or has a NUL");
    return std::nullopt;
  }
  if (std::ranges::any_of(*text, is_control)) {
    value.mistake(
        "there is a line end or another control character in it, which no request can hold: "
        "write it as one line");
    return std::nullopt;
  }
  return Secret{*std::move(text), reference ? written : std::string()};
}

}  // namespace lariat::config
