#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "proto/default_tags.h"
#include "proto/point.h"
#include "proto/time_text.h"

namespace lariat::proto {

/// Where a path has its pieces, parted by dots: `metric`, which must be there; `tags`, the values
/// of all tags that have no place of their own, in the order of their keys; any other word is the
/// value of the tag of that name. A tag that a series lacks leaves no gap. Default:
/// `host.metric.tags`.
class GraphiteTemplate {
 public:
  struct Piece {
    enum class Kind : std::uint8_t { kMetric, kTags, kTag };
    Kind kind = Kind::kMetric;
    std::string key;
    friend bool operator==(const Piece&, const Piece&) = default;
  };

  GraphiteTemplate();
  /// Or what is wrong with it: one sentence.
  [[nodiscard]] static std::variant<GraphiteTemplate, std::string> parse(std::string_view text);

  [[nodiscard]] std::span<const Piece> pieces() const noexcept { return pieces_; }
  [[nodiscard]] std::string text() const;  ///< As `parse` takes it.

  friend bool operator==(const GraphiteTemplate&, const GraphiteTemplate&) = default;

 private:
  std::vector<Piece> pieces_;
};

struct GraphiteOptions {
  GraphiteTemplate layout;
  std::string prefix;  ///< Levels before all; empty: none.
  bool tags = false;   ///< `metric;key=value` in place of the template.
  friend bool operator==(const GraphiteOptions&, const GraphiteOptions&) = default;
};

/// Writes lines of Graphite's plaintext protocol: `path value seconds` and a line feed.
///
/// Letters, digits, `-`, `_` and `:` stay, of a metric dots too; all else is `_`, as is an empty
/// piece. Of tags with alike keys the first stays.
class GraphiteEncoder {
 public:
  /// `labels` are added to every name that lacks their key.
  GraphiteEncoder(const GraphiteOptions& options, DefaultTags labels);

  /// Octets that a line has at most.
  [[nodiscard]] std::size_t room() const noexcept;
  /// Writes one line to the start of `out`, which has `room()` octets, and returns its length; 0
  /// for what cannot be expressed: a FACT, a name that the labels make too long.
  [[nodiscard]] std::size_t write(const Point& point, std::span<char> out) noexcept;
  /// The same of the path alone.
  [[nodiscard]] std::size_t write_path(std::string_view canonical_name, std::string_view suffix,
                                       std::span<char> out) const noexcept;

 private:
  [[nodiscard]] char* put_pieces(std::string_view name, std::string_view suffix,
                                 char* out) const noexcept;

  GraphiteOptions options_;
  DefaultTags labels_;
  TimeText time_;
};

}  // namespace lariat::proto
