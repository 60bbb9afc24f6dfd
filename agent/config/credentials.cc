#include "agent/config/credentials.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

namespace lariat::config {
namespace {

// What we set ourselves, or what frames a request.
constexpr std::array<std::string_view, 12> kOurs{"connection",
                                                 "content-encoding",
                                                 "content-length",
                                                 "content-type",
                                                 "expect",
                                                 "host",
                                                 "keep-alive",
                                                 "proxy-authorization",
                                                 "te",
                                                 "transfer-encoding",
                                                 "user-agent",
                                                 "x-prometheus-remote-write-version"};
constexpr std::string_view kAuthorization = "authorization";

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

bool is_token(std::string_view name) noexcept {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !name.empty() && std::ranges::all_of(name, [kMarks](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           kMarks.find(c) != kMarks.npos;
  });
}

// Why a header cannot have this name, or nothing.
std::string name_fault(std::string_view name, const Output& output) {
  if (!is_token(name)) {
    return fmt::format("{} cannot be the name of a header; write letters, digits and -",
                       quoted(name));
  }
  const std::string small = lower(name);
  if (std::ranges::find(kOurs, small) != kOurs.end()) {
    return fmt::format("{} is set by Lariat; remove this header", quoted(name));
  }
  const bool taken = std::ranges::any_of(
      output.headers, [&small](const auto& header) { return lower(header.first) == small; });
  return taken ? fmt::format("{} is here already, in other letters: keep one of them", quoted(name))
               : std::string();
}

bool has_authorization(const Output& output) {
  return std::ranges::any_of(
      output.headers, [](const auto& header) { return lower(header.first) == kAuthorization; });
}

void read_headers(const Value& value, Output& output) {
  constexpr std::string_view kExample = R"({"X-Scope-OrgID": "tenant"})";
  // A mistake of `Object::of` would show what stands there.
  if (!value.is(Node::Kind::kObject)) {
    value.mistake(fmt::format("what stands here is no object; write {}", kExample));
    return;
  }
  const auto object = Object::of(value, kExample);
  for (const Value& member : object->members()) {
    const std::string& name = member.node().key;
    if (const auto why = name_fault(name, output); !why.empty()) {
      member.key_mistake(why);
    } else if (auto text = secret(member)) {
      output.headers.emplace_back(name, *std::move(text));
    }
  }
}

std::optional<Secret> filled(const std::optional<Value>& value) {
  if (!value || value->is_null()) return std::nullopt;
  auto text = secret(*value);
  if (!text || !text->empty()) return text;
  value->mistake("there is nothing in it; write what the server expects, or null for none");
  return std::nullopt;
}

}  // namespace

void read_credentials(const CredentialKeys& keys, Output& output) {
  if (keys.headers) read_headers(*keys.headers, output);
  if (auto token = filled(keys.bearer_token)) output.bearer_token = *std::move(token);
  if (auto name = filled(keys.username)) {
    output.username = *std::move(name);
    if (output.username.value.find(':') != std::string::npos) {
      keys.username->mistake("the name of a user has no colon: it ends there for the server");
    }
  }
  if (auto word = filled(keys.password)) output.password = *std::move(word);
  const bool basic = !output.username.empty() || !output.password.empty();
  if (!output.password.empty() && output.username.empty()) {
    keys.password->key_mistake("a password needs a user: write \"username\" too");
  }
  if (!output.bearer_token.empty() && basic) {
    keys.bearer_token->key_mistake(
        "a request has either a token or user and password: remove one of them");
  }
  if (has_authorization(output) && (basic || !output.bearer_token.empty())) {
    keys.headers->key_mistake(
        "\"Authorization\" is what \"bearer_token\" or \"username\" and \"password\" make: remove "
        "one of them");
  }
}

}  // namespace lariat::config
