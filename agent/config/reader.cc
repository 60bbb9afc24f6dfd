#include "agent/config/reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "agent/config/substitute.h"

namespace lariat::config {
namespace {

bool is_plain(std::string_view key) noexcept {
  return !key.empty() && std::all_of(key.begin(), key.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
}

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// Letters to put in, take out, change or swap with the next. Case does not count.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const bool same = lower(a[i - 1]) == lower(b[j - 1]);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0U : 1U)});
      const bool swapped = i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                           lower(a[i - 2]) == lower(b[j - 1]);
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    std::swap(before, last);
    std::swap(last, row);
  }
  return last[b.size()];
}

}  // namespace

std::optional<std::string> nearest(std::string_view word,
                                   const std::vector<std::string>& candidates) {
  constexpr std::size_t kLongestWord = 64;
  if (word.size() > kLongestWord) return std::nullopt;
  std::optional<std::string> best;
  // One letter of three may be wrong; in a short word one.
  std::size_t most = std::max<std::size_t>(1, word.size() / 3);
  for (const std::string& candidate : candidates) {
    const std::size_t apart = distance(word, candidate);
    if (apart > most || (best && apart == most)) continue;
    best = candidate;
    most = apart;
  }
  return best;
}

std::string Value::found() const {
  switch (node_->kind) {
    case Node::Kind::kNull:
      return "null";
    case Node::Kind::kBoolean:
      return node_->boolean ? "true" : "false";
    case Node::Kind::kNumber:
      return shown(node_->text, 40);
    case Node::Kind::kString:
      return quoted(node_->text);
    case Node::Kind::kArray:
      return "an array";
    case Node::Kind::kObject:
      break;
  }
  return "an object";
}

void Value::mistake(std::string_view text) const {
  context_->notes.mistake(node_->place, path_, text);
}

void Value::warning(std::string_view text) const {
  context_->notes.warning(node_->place, path_, text);
}

void Value::key_mistake(std::string_view text) const {
  context_->notes.mistake(node_->key_place, path_, text);
}

std::vector<Value> Value::elements() const {
  std::vector<Value> list;
  if (!is(Node::Kind::kArray)) return list;
  for (const Node& child : node_->children) {
    list.emplace_back(*context_, child, fmt::format("{}[{}]", path_, list.size()));
  }
  return list;
}

std::optional<std::string> Value::text(std::string_view what, std::string_view example) const {
  if (!is(Node::Kind::kString)) {
    const bool word = is(Node::Kind::kNumber) || is(Node::Kind::kBoolean);
    const auto how = !example.empty() ? fmt::format("a text such as {}", example)
                     : word           ? fmt::format("it in quotes, \"{}\"", found())
                                      : std::string("a text in quotes");
    mistake(fmt::format("{} is not {}; write {}", found(), what, how));
    return std::nullopt;
  }
  auto text = substitute(node_->text, context_->surroundings);
  if (!text) {
    mistake(text.error().text);
    return std::nullopt;
  }
  return *std::move(text);
}

std::optional<Object> Object::of(const Value& value, std::string_view example) {
  if (!value.is(Node::Kind::kObject)) {
    value.mistake(fmt::format("{} is not an object; write {}", value.found(), example));
    return std::nullopt;
  }
  return Object(value);
}

Object::Object(const Value& value) : value_(value) {
  for (const Node& child : value_.node().children) {
    const auto [first, added] = by_key_.emplace(child.key, &child);
    if (added) continue;
    Value(value_.context(), child, path_of(child.key))
        .key_mistake(fmt::format("this key is here already, on line {}: keep one of them",
                                 first->second->key_place.line));
  }
}

// A key that has dots or blanks is quoted, so that a path says one thing.
std::string Object::path_of(std::string_view key) const {
  std::string step = is_plain(key) ? std::string(key) : quoted(key);
  return value_.path().empty() ? step : value_.path() + '.' + step;
}

std::optional<Value> Object::find(std::string_view key) {
  known_.emplace_back(key);
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return std::nullopt;
  return Value(value_.context(), *found->second, path_of(key));
}

std::optional<Value> Object::find_unless_null(std::string_view key) {
  auto value = find(key);
  if (value && value->is_null()) return std::nullopt;
  return value;
}

std::vector<Value> Object::members() const {
  std::vector<Value> list;
  for (const Node& child : value_.node().children) {
    if (by_key_.at(child.key) != &child) continue;
    list.emplace_back(value_.context(), child, path_of(child.key));
  }
  return list;
}

std::string Object::suggestion(std::string_view key) const {
  if (const auto near = nearest(key, known_)) return fmt::format("did you mean \"{}\"?", *near);
  std::string list;
  for (const std::string& known : known_) list += (list.empty() ? "" : ", ") + known;
  return fmt::format("the keys here are {}", list);
}

void Object::finish() const {
  for (const Value& value : members()) {
    const auto is_key = [&value](const std::string& key) { return key == value.node().key; };
    if (std::any_of(known_.begin(), known_.end(), is_key)) continue;
    value.key_mistake(fmt::format("there is no such key; {}", suggestion(value.node().key)));
  }
}

}  // namespace lariat::config
