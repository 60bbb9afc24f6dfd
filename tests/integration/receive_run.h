#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/support/process.h"

namespace lariat::test {

/// `lariat receive`, as a process of its own, once it listens.
class ReceiveRun {
 public:
  ReceiveRun(const std::string& url, const std::vector<std::string>& options);

  /// With the real port.
  [[nodiscard]] const std::string& url() const noexcept { return url_; }
  [[nodiscard]] Process& process() noexcept { return process_; }

 private:
  Process process_;
  std::string url_;
};

/// What `receive --raw` has written: a stream of TSDP, or several one after the other.
struct RawStream {
  std::string frames;                  ///< All octets but those of heartbeats.
  std::vector<std::uint64_t> numbers;  ///< First values of the SAMPLEs.
  std::uint64_t heartbeats = 0;
  std::uint64_t heartbeats_wrong = 0;  ///< Their count is not that of the messages before them.
  std::uint64_t bad = 0;               ///< What does not decode, and an end inside a message.
};
[[nodiscard]] RawStream read_raw(const std::string& file);

}  // namespace lariat::test
