#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "proto/qname.h"

namespace lariat::proto {

/// `*` stands for any octets, `?` for one, all others for themselves. Takes at most
/// pattern × text steps, whatever they hold.
[[nodiscard]] bool glob_matches(std::string_view glob, std::string_view text) noexcept;

/// A pattern of qualified names, parsed once: `cpu host=*,*`.
///
/// Matches names in canonical form, without allocating. Keys that a name repeats count once: the
/// first. Only the pattern's wildcards count.
class Pattern {
 public:
  /// How the metric is read.
  enum class Metric : std::uint8_t {
    kPlain,  ///< `*` alone is any metric; otherwise the octets.
    kGlob,   ///< `*` and `?` as in `glob_matches`.
  };

  [[nodiscard]] static std::variant<Pattern, NameError> parse(std::string_view text,
                                                              Metric metric = Metric::kPlain);

  [[nodiscard]] bool matches(std::string_view canonical_name) const noexcept;
  /// The pattern in canonical form.
  [[nodiscard]] std::string_view text() const noexcept { return text_; }

  friend bool operator==(const Pattern&, const Pattern&) = default;

 private:
  struct Slice {
    std::uint16_t at = 0;
    std::uint16_t length = 0;
    friend bool operator==(const Slice&, const Slice&) = default;
  };
  struct Pair {
    Slice key;
    Slice value;
    friend bool operator==(const Pair&, const Pair&) = default;
  };

  Pattern(std::string_view canonical_text, Metric metric);
  [[nodiscard]] std::string_view piece(Slice slice) const noexcept {
    return std::string_view(text_).substr(slice.at, slice.length);
  }
  [[nodiscard]] bool metric_matches(std::string_view metric) const noexcept;
  [[nodiscard]] bool tags_match(std::string_view tags) const noexcept;

  std::string text_;
  std::vector<Pair> pairs_;  // Slices of the text, so that a copy needs no mending.
  std::size_t metric_length_ = 0;
  Metric metric_ = Metric::kPlain;
  bool any_others_ = false;  // It has a `*` entry.
};

}  // namespace lariat::proto
