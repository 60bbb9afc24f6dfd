#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/config/json_tree.h"
#include "agent/config/notes.h"

namespace lariat::config {

/// What is known while a file is read. Borrows both.
struct Context {
  Notes& notes;
  const Surroundings& surroundings;
};

/// A JSON value and how it is called: `endpoints.east.url`. Borrows the node and the context.
class Value {
 public:
  Value(Context& context, const Node& node, std::string path)
      : context_(&context), node_(&node), path_(std::move(path)) {}

  [[nodiscard]] const Node& node() const noexcept { return *node_; }
  [[nodiscard]] Context& context() const noexcept { return *context_; }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  [[nodiscard]] bool is(Node::Kind kind) const noexcept { return node_->kind == kind; }
  [[nodiscard]] bool is_null() const noexcept { return is(Node::Kind::kNull); }
  /// How a sentence calls it: `null`, `12`, `"text"`, `an array`.
  [[nodiscard]] std::string found() const;

  void mistake(std::string_view text) const;
  void warning(std::string_view text) const;
  /// At its key, not at itself.
  void key_mistake(std::string_view text) const;

  /// The elements of an array, `match[0]` and so on; of another value none.
  [[nodiscard]] std::vector<Value> elements() const;
  /// Of a string, with what `@hostname`, `@env:`, `@file:` and `@cred:` stand for; or a mistake.
  /// `what` it ought to be and how to write it: "a duration", "\"10s\"". Without an example any
  /// text is good.
  [[nodiscard]] std::optional<std::string> text(std::string_view what,
                                                std::string_view example) const;

 private:
  Context* context_;
  const Node* node_;
  std::string path_;
};

/// An object whose keys are read one by one; in the end those that nobody knows are mistakes.
///
/// A key that is there again is a mistake, and the first counts.
class Object {
 public:
  /// A mistake, which shows `example`, unless the value is an object.
  [[nodiscard]] static std::optional<Object> of(const Value& value, std::string_view example);

  /// The value of a key that is known by this.
  [[nodiscard]] std::optional<Value> find(std::string_view key);
  /// The same, but for a `null`, which says that there is none.
  [[nodiscard]] std::optional<Value> find_unless_null(std::string_view key);
  /// The values of all keys in their order, when any key may stand here.
  [[nodiscard]] std::vector<Value> members() const;
  /// Tells the keys that were not asked for, and what might have been meant.
  void finish() const;

  /// `target` becomes what `read` makes of the key's value, if it is there and good.
  template <typename Target, typename Read>
  void set(std::string_view key, Target& target, Read read) {
    const auto value = find(key);
    if (!value) return;
    if (auto got = read(*value)) target = std::move(*got);
  }
  template <typename Target, typename Read>
  void set_unless_null(std::string_view key, Target& target, Read read) {
    const auto value = find_unless_null(key);
    if (!value) return;
    if (auto got = read(*value)) target = std::move(*got);
  }

 private:
  explicit Object(const Value& value);
  [[nodiscard]] std::string path_of(std::string_view key) const;
  [[nodiscard]] std::string suggestion(std::string_view key) const;

  Value value_;
  std::map<std::string_view, const Node*, std::less<>> by_key_;
  std::vector<std::string> known_;
};

/// The candidate that differs from `word` by few letters, or nothing.
[[nodiscard]] std::optional<std::string> nearest(std::string_view word,
                                                 const std::vector<std::string>& candidates);

}  // namespace lariat::config
