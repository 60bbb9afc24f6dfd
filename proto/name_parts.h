#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "proto/qname.h"

namespace lariat::proto {

/// What an octet is in the tags of a name.
enum class OctetClass : std::uint8_t {
  kPlain,      ///< Stands for itself.
  kStructure,  ///< `*`, `,`, `=`: stands for itself behind a backslash.
  kBackslash,
  kHidden,  ///< Not printable ASCII: good behind a backslash only.
  kNul,     ///< Never good.
};
[[nodiscard]] OctetClass octet_class(char octet) noexcept;

/// Writes a name to a buffer as far as it goes, and counts on.
class NameWriter {
 public:
  explicit NameWriter(std::span<char> out) noexcept : out_(out) {}

  void put(char octet) noexcept {
    if (size_ < out_.size()) out_[size_] = octet;
    ++size_;
  }
  void put(std::string_view text) noexcept;
  /// A key or value as a canonical name spells it. Its own backslashes do not matter.
  void put_escaped(std::string_view text) noexcept;

  /// What was written, or why it is no name.
  [[nodiscard]] NameResult result() const noexcept;

 private:
  std::span<char> out_;
  std::size_t size_ = 0;
};

/// One entry as it is written, blanks at both ends gone, backslashes still there: the octets that
/// it stands for are all others.
struct NameEntry {
  std::string_view key;
  std::string_view value;  ///< Empty: no value.
  bool wildcard = false;   ///< The value is `*`.
};

/// A name taken apart; borrows its octets.
///
/// Invariant: at most 64 entries, `*` counted. Keys are not empty.
class NameParts {
 public:
  /// How strictly entries are read.
  enum class Form : std::uint8_t {
    kEntries,  ///< As a qualified name has them.
    kPairs,    ///< As the older names of tags only: each has a `=`, others and stars are octets.
  };

  /// All of `METRIC TAGS`.
  [[nodiscard]] NameError parse(std::string_view name) noexcept;
  /// The entries alone. To be called once, on empty parts.
  [[nodiscard]] NameError parse_tags(std::string_view tags, Form form) noexcept;

  void remove(std::size_t index) noexcept;
  /// By key; entries with the same key keep their order.
  void sort() noexcept;
  /// Writes the canonical form; the parts are sorted and have an entry or a `*`.
  [[nodiscard]] NameResult write(std::span<char> out) const noexcept;

  void set_metric(std::string_view metric) noexcept { metric_ = metric; }
  [[nodiscard]] std::span<const NameEntry> entries() const noexcept {
    return std::span(entries_).first(count_);
  }
  [[nodiscard]] bool has_wildcard() const noexcept;

 private:
  [[nodiscard]] NameError parse_entry(std::string_view text, Form form) noexcept;

  std::string_view metric_;
  std::array<NameEntry, kMaxNameEntries> entries_;
  std::size_t count_ = 0;
  bool any_others_ = false;
};

/// Removes blanks, and backslashes that have nothing or a blank to stand before, from both ends.
[[nodiscard]] std::string_view trim(std::string_view text) noexcept;

}  // namespace lariat::proto
