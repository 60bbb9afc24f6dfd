#pragma once

#include <cstddef>
#include <optional>
#include <vector>

namespace lariat::publish {

/// Which part of a batch is to be sent next, while a server refuses some of it: finds the ones that
/// it refuses by halves, and loses no other.
///
/// Parts go in order, left to right. Of n things of which b are refused alone, the whole and at
/// most 2 b log2 n parts are sent. After 32 + 4 log2 n refusals with nothing taken in between it
/// parts no more: what is refused then is left out whole, until something is taken. Threads: one.
class HttpPieces {
 public:
  struct Piece {
    std::size_t from = 0;
    std::size_t to = 0;

    [[nodiscard]] std::size_t size() const noexcept { return to - from; }
    friend bool operator==(const Piece&, const Piece&) = default;
  };

  /// One piece of all `count`; with 0 there is none.
  void begin(std::size_t count);
  [[nodiscard]] bool done() const noexcept { return stack_.empty(); }
  /// More than one request was made of the batch.
  [[nodiscard]] bool split() const noexcept { return split_; }
  /// To be sent now.
  [[nodiscard]] Piece next() const noexcept { return stack_.back().piece; }

  /// The server has taken it.
  void pass();
  /// There is something in it that the server does not take: its halves are next. Or what is left
  /// out: one alone, or more if it parts no more.
  std::optional<Piece> refuse();
  /// It is too much at once, which says nothing about the halves. Of one alone as `refuse`.
  std::optional<Piece> halve();
  /// `refuse` would leave out `next()`.
  [[nodiscard]] bool leaves_out() const noexcept {
    return next().size() == 1 || refusals_ >= most_;
  }
  /// Nothing of it was taken.
  [[nodiscard]] bool none_taken() const noexcept { return !taken_; }

 private:
  struct Entry {
    Piece piece;
    bool left = false;    // Of two of which one at least is refused; the other lies below it.
    bool guilty = false;  // Something in it is refused, without it having been sent.
  };
  std::optional<Piece> leave_out();
  std::optional<Piece> part(bool guilty);
  void part_guilty();

  std::vector<Entry> stack_;
  bool split_ = false;
  bool taken_ = false;
  unsigned refusals_ = 0;  // Since something was taken.
  unsigned most_ = 0;
};

}  // namespace lariat::publish
