#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "agent/base/clock.h"
#include "agent/publish/http_format.h"
#include "agent/publish/http_pieces.h"
#include "agent/publish/log_reader.h"
#include "agent/publish/output_options.h"
#include "proto/totals.h"

namespace lariat::publish {

/// The samples of one request: frames of the log, encoded once, so that what is sent again is the
/// same to the octet.
///
/// In the order of time within a series; of two of one series in one second there is the later one.
/// Takes in whole frames, which are then in flight. Memory: a body and what is known of its items.
class HttpBatch {
 public:
  explicit HttpBatch(BatchLimits limits) : limits_(limits) {}

  void clear() noexcept;
  /// Takes frames from `reader` until it has what a request may have, or there are no more.
  void fill(LogReader& reader, HttpFormat& format, proto::Totals& totals,
            std::span<std::byte> scratch, base::WallTime now);
  /// Adds what the format has to say besides frames: ends of series, and metadata.
  void close(HttpFormat& format, bool all_end, base::WallTime now);

  /// Frames taken, whatever became of them.
  [[nodiscard]] std::uint64_t frames() const noexcept { return frames_; }
  [[nodiscard]] std::uint64_t unsupported() const noexcept { return unsupported_; }
  /// Name and kind of the first that the format cannot express; else empty.
  [[nodiscard]] const std::string& first_unsupported() const noexcept { return first_unsupported_; }
  /// No frame of it was appended later, as far as marks tell.
  [[nodiscard]] base::WallTime newest() const noexcept { return newest_; }
  [[nodiscard]] std::span<const HttpItem> items() const noexcept { return items_; }
  [[nodiscard]] std::span<const char> octets_of(const HttpItem& item) const noexcept {
    return std::span(octets_).subspan(item.from, item.size);
  }
  /// The body of these items, valid until the next call of any method. That of all has the metadata
  /// too.
  [[nodiscard]] std::span<const char> body(HttpPieces::Piece piece);

  /// The server takes no body so large: the batches that follow are half of it at most. Twice as
  /// much is tried again after `kTakenBeforeMore` of them.
  void too_large(std::size_t octets) noexcept;
  /// It took one.
  void taken() noexcept;
  static constexpr unsigned kTakenBeforeMore = 256;

 private:
  [[nodiscard]] bool full() const noexcept {
    return frames_ >= limits_.samples || octets_.size() >= std::min(limits_.bytes, most_octets_);
  }
  /// What `fill` works with.
  struct Filling {
    HttpFormat& format;
    proto::Totals& totals;
    base::WallTime now;
    Gathered about{};
  };
  std::size_t take(std::span<const std::byte> frames, const Filling& filling);
  void take_frame(std::span<const std::byte> frame, const Filling& filling);
  void order();
  void leave_out_superseded();

  BatchLimits limits_;
  std::uint64_t most_octets_ = std::numeric_limits<std::uint64_t>::max();  // As the server says.
  unsigned taken_ = 0;                                                     // Since that was found.
  std::vector<char> octets_;
  std::vector<HttpItem> items_;
  std::vector<std::uint32_t> seen_;  // Places in `items_`, by hash; 0: none.
  std::vector<char> part_;
  std::uint64_t frames_ = 0;
  std::uint64_t unsupported_ = 0;
  std::string first_unsupported_;
  base::WallTime newest_{};
  std::size_t metadata_from_ = 0;
  bool in_place_ = true;  // `octets_` is the body of all.
};

}  // namespace lariat::publish
