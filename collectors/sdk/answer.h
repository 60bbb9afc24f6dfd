#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "proto/encode.h"

namespace lariat::sdk {

/// The tags of a name in canonical form, made once and used for many values.
///
/// A tag without a value is left out, as Prometheus does it; a backslash and a NUL, which no name
/// can have, become `_`.
class Tags {
 public:
  struct Pair {
    std::string_view key;
    std::string_view value;
  };

  Tags() = default;
  Tags(std::initializer_list<Pair> pairs) : Tags(std::span(pairs.begin(), pairs.size())) {}
  explicit Tags(std::span<const Pair> pairs);

  /// `device=sda,mode=idle`; empty if there are none.
  [[nodiscard]] const std::string& text() const noexcept { return text_; }

 private:
  std::string text_;
};

/// What a collector has to say at one tick: messages in one buffer, which is kept for the next.
///
/// A name is a metric alone, which the agent completes with its own tags, or a metric and `tags` in
/// canonical form (see `Tags`). What cannot be said (NaN, infinity, a name that is too long) is
/// left out and counted.
class Answer {
 public:
  /// A place between two messages.
  struct Mark {
    std::size_t size = 0;
    std::uint64_t count = 0;
  };

  /// Empties it. All that follows is stamped with `time`, in seconds since 1970 UTC.
  void begin(std::uint64_t time) noexcept;
  /// Closes it with the HEARTBEAT that says how many messages there are.
  void end();

  /// A measurement that stands for itself.
  void sample(std::string_view metric, double value, std::string_view tags = {});
  /// The reading of a number that only grows.
  void delta(std::string_view metric, double reading, std::string_view tags = {});
  /// So many more of something.
  void tally(std::string_view metric, std::uint64_t increment, std::string_view tags = {});
  /// How something is. `interval_milliseconds`: how often it is said, 0 if unknown.
  void state(std::string_view metric, proto::Status status, std::string_view summary,
             std::string_view tags = {}, std::uint32_t interval_milliseconds = 0);
  /// Something has happened.
  void event(std::string_view metric, std::string_view text, std::string_view tags = {});
  /// A text that is true until it is replaced.
  void fact(std::string_view metric, std::string_view text, std::string_view tags = {});

  [[nodiscard]] Mark mark() const noexcept { return {size_, count_}; }
  /// Takes back what was added since.
  void roll_back(const Mark& mark) noexcept;

  [[nodiscard]] std::uint64_t time() const noexcept { return time_; }
  /// Messages, without the HEARTBEAT.
  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
  /// Left out since the beginning of the program.
  [[nodiscard]] std::uint64_t refused() const noexcept { return refused_; }
  [[nodiscard]] std::span<const std::byte> bytes() const noexcept {
    return std::span(buffer_).first(size_);
  }

 private:
  [[nodiscard]] std::span<std::byte> room(std::size_t octets);
  void take(const proto::Encoded& encoded) noexcept;

  std::vector<std::byte> buffer_;
  std::size_t size_ = 0;
  std::uint64_t count_ = 0;
  std::uint64_t time_ = 0;
  std::uint64_t refused_ = 0;
};

/// The answer as lines for people, the last being `done`, which ends an answer in text.
void print(const Answer& answer, std::string& out);

}  // namespace lariat::sdk
