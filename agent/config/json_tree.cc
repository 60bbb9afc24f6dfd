#include "agent/config/json_tree.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>

#include "agent/config/json_fault.h"

namespace lariat::config {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMostLevels = 32;

/// Reads octets and counts them where all its copies can see it: the parser tells no positions.
class CountingIterator {
 public:
  // NOLINTBEGIN(readability-identifier-naming): the names are those of the standard library.
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;
  // NOLINTEND(readability-identifier-naming)

  CountingIterator(const char* at, std::size_t& count) : at_(at), count_(&count) {}
  reference operator*() const noexcept { return *at_; }
  CountingIterator& operator++() noexcept {
    ++at_;
    ++*count_;
    return *this;
  }
  friend bool operator!=(const CountingIterator& a, const CountingIterator& b) noexcept {
    return a.at_ != b.at_;
  }

 private:
  const char* at_;
  std::size_t* count_;
};

class Lines {
 public:
  explicit Lines(std::string_view text) {
    for (std::size_t at = 0; (at = text.find('\n', at)) != text.npos;) begins_.push_back(++at);
  }
  [[nodiscard]] Place place(std::size_t offset) const {
    const auto behind = std::upper_bound(begins_.begin(), begins_.end(), offset);
    return {static_cast<std::size_t>(behind - begins_.begin()), offset - *std::prev(behind) + 1};
  }

 private:
  std::vector<std::size_t> begins_{0};
};

// Of the number that the text begins with, which is a good one.
std::size_t number_length(std::string_view text) noexcept {
  const auto behind_digits = [text](std::size_t at) {
    return std::min(text.find_first_not_of("0123456789", at), text.size());
  };
  std::size_t at = text.starts_with('-') ? 1 : 0;
  at = text.substr(at).starts_with('0') ? at + 1 : behind_digits(at);
  if (text.substr(at).starts_with('.')) at = behind_digits(at + 1);
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    at = behind_digits(at);
  }
  return at;
}

/// Makes the tree of what the parser tells.
class Builder {
 public:
  Builder(std::string_view text, const std::size_t& count, Notes& notes)
      : text_(text), count_(count), lines_(text), notes_(notes) {}

  [[nodiscard]] Node take() { return std::move(root_); }

  // What the parser calls; false ends it.
  bool null() { return value(Node::Kind::kNull); }
  bool boolean(bool is) {
    value(Node::Kind::kBoolean).boolean = is;
    return true;
  }
  bool number_integer(Json::number_integer_t /*number*/) { return number(); }
  bool number_unsigned(Json::number_unsigned_t /*number*/) { return number(); }
  bool number_float(Json::number_float_t /*number*/, const std::string& /*text*/) {
    return number();
  }
  bool string(std::string& text) {
    value(Node::Kind::kString).text = std::move(text);
    return true;
  }
  static bool binary(Json::binary_t& /*octets*/) { return false; }
  bool key(std::string& text) {
    begin_token(count_);
    progress_.last = JsonProgress::Last::kKey;
    key_ = std::move(text);
    key_place_ = lines_.place(progress_.begin);
    return true;
  }
  bool start_object(std::size_t /*size*/) { return open(Node::Kind::kObject); }
  bool start_array(std::size_t /*size*/) { return open(Node::Kind::kArray); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }
  bool parse_error(std::size_t position, const std::string& /*token*/,
                   const Json::exception& /*error*/) {
    update_surrounding();
    const auto fault = explain(text_, progress_, position == 0 ? 0 : position - 1);
    notes_.mistake(lines_.place(fault.at), {}, fault.text);
    return false;
  }

 private:
  struct Level {
    Node* node;
    std::size_t opener;
  };
  /// So that what makes a value can be returned as "go on".
  struct Added {
    Node& node;
    bool& boolean = node.boolean;
    std::string& text = node.text;
    // NOLINTNEXTLINE(google-explicit-constructor)
    operator bool() const noexcept { return true; }
  };

  void begin_token(std::size_t end) {
    auto at = skip_blanks(text_, progress_.end);
    while (at < end && (text_[at] == ',' || text_[at] == ':')) at = skip_blanks(text_, at + 1);
    progress_.begin = at;
    progress_.end = end;
  }

  Added value(Node::Kind kind) { return add(kind, count_); }

  Added add(Node::Kind kind, std::size_t end) {
    begin_token(end);
    progress_.last =
        kind == Node::Kind::kNumber ? JsonProgress::Last::kNumber : JsonProgress::Last::kOtherValue;
    Node node{.kind = kind, .place = lines_.place(progress_.begin)};
    if (levels_.empty()) {
      root_ = std::move(node);
      return {root_};
    }
    node.key = std::exchange(key_, {});
    node.key_place = key_place_;
    return {levels_.back().node->children.emplace_back(std::move(node))};
  }

  // The parser has read one octet more to see where the number ends.
  bool number() {
    auto& node = add(Node::Kind::kNumber, count_).node;
    const auto rest = text_.substr(progress_.begin);
    node.text = rest.substr(0, number_length(rest));
    progress_.end = progress_.begin + node.text.size();
    return true;
  }

  bool open(Node::Kind kind) {
    auto& node = value(kind).node;
    progress_.last = JsonProgress::Last::kOpen;
    levels_.push_back({&node, progress_.begin});
    if (levels_.size() <= kMostLevels) return true;
    notes_.mistake(node.place, {},
                   fmt::format("brackets are nested more than {} levels deep", kMostLevels));
    return false;
  }

  bool close() {
    begin_token(count_);
    progress_.last = JsonProgress::Last::kOtherValue;
    levels_.pop_back();
    return true;
  }

  void update_surrounding() {
    using Inside = JsonProgress::Inside;
    if (levels_.empty()) return;
    const bool object = levels_.back().node->kind == Node::Kind::kObject;
    progress_.inside = object ? Inside::kObject : Inside::kArray;
    progress_.opener = levels_.back().opener;
    progress_.opener_line = lines_.place(progress_.opener).line;
  }

  std::string_view text_;
  const std::size_t& count_;
  Lines lines_;
  Notes& notes_;
  Node root_;
  // Stay where they are: a list grows only while its last member is closed.
  std::vector<Level> levels_;
  std::string key_;
  Place key_place_;
  JsonProgress progress_;
};

}  // namespace

std::optional<Node> parse_json(std::string_view text, Notes& notes) {
  using namespace std::string_view_literals;
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  if (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff")) {
    notes.mistake({1, 1}, {}, "the file is UTF-16: save it as UTF-8");
    return std::nullopt;
  }
  if (const auto nul = text.find('\0'); nul != text.npos) {
    notes.mistake(Lines(text).place(nul), {}, "a NUL octet stands here: this is no text file");
    return std::nullopt;
  }
  if (skip_blanks(text, 0) == text.size()) {
    notes.mistake({}, {}, "the file is empty: write {} to leave everything as it is by default");
    return std::nullopt;
  }
  std::size_t count = 0;
  Builder builder(text, count, notes);
  const CountingIterator begin(text.data(), count);
  const CountingIterator end(text.data() + text.size(), count);
  if (!Json::sax_parse(begin, end, &builder, Json::input_format_t::json, true, true)) {
    return std::nullopt;
  }
  return builder.take();
}

}  // namespace lariat::config
