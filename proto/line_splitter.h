#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace lariat::proto {

/// Cuts a stream of text, arriving in any pieces, into lines.
///
///     splitter.feed(piece);
///     while (const auto line = splitter.next()) …   // To its end: then `piece` may go.
///     … at the end of input: if (const auto line = splitter.finish()) …
///
/// Invariant: which lines come depends on the text alone, never on how it was cut.
/// Cost: a line that lies whole in a piece is handed out where it lies; only one that is cut is
/// copied. Holds at most `limit` octets.
class LineSplitter {
 public:
  static constexpr std::size_t kDefaultLimit = std::size_t{64} << 10U;
  /// Octets of a line that is too long which are kept, to show them.
  static constexpr std::size_t kExcerpt = 200;

  struct Line {
    /// Without LF and one CR before it; the first octets of one that is too long. Borrows from the
    /// piece or from the splitter: good until the next call of `next`, `feed` or `finish`.
    std::string_view text;
    bool too_long = false;
  };

  /// `limit`: octets in a line, its LF counted.
  explicit LineSplitter(std::size_t limit = kDefaultLimit) noexcept : limit_(limit) {}

  /// The text that follows. The last piece must have been used up: `next` has said nothing more.
  void feed(std::string_view piece) noexcept;
  /// The next line, or nothing more in this piece. A line that is too long comes once, as soon as
  /// that is known.
  [[nodiscard]] std::optional<Line> next() noexcept;
  /// The last line, if it has no LF.
  [[nodiscard]] std::optional<Line> finish() noexcept;

 private:
  [[nodiscard]] static Line line(std::string_view text) noexcept;
  [[nodiscard]] Line refuse(std::string_view text) noexcept;
  void drop_carry() noexcept;

  std::size_t limit_;
  std::string_view piece_;  // Not yet looked at.
  std::string carry_;       // Begin of a line that was cut.
  bool carry_done_ = false;
  bool skipping_ = false;  // To the LF of a line that was too long.
};

}  // namespace lariat::proto
