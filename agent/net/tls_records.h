#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>

namespace lariat::net {

/// Which plain octets have arrived when so many octets of ciphertext have: those of whole records.
///
/// Records of one size that follow each other are kept as one run, and there is a bound on runs:
/// over it records are taken together, so that their octets count a little later, never sooner.
class TlsRecords {
 public:
  static constexpr std::size_t kMostRuns = 4096;

  /// A record of `plain` octets was made, whose last octet of ciphertext has the offset
  /// `cipher_end - 1` on the connection. In the order of the offsets.
  void add(std::uint32_t plain, std::uint64_t cipher_end);
  /// The octets of ciphertext before this offset have arrived. Returns `acknowledged()`.
  std::uint64_t acknowledge(std::uint64_t cipher);
  /// Plain octets of records that have arrived whole.
  [[nodiscard]] std::uint64_t acknowledged() const noexcept { return plain_; }
  [[nodiscard]] std::size_t runs() const noexcept { return runs_.size(); }

 private:
  struct Run {
    std::uint64_t plain;   // Of one record,
    std::uint64_t cipher;  // with what else was sent before it.
    std::uint64_t count;
  };

  std::deque<Run> runs_;
  std::uint64_t plain_ = 0;   // Where the first run begins,
  std::uint64_t cipher_ = 0;  // in both counts,
  std::uint64_t end_ = 0;     // and where the last ends, in ciphertext.
};

}  // namespace lariat::net
