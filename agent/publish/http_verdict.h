#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "agent/base/clock.h"
#include "agent/publish/http_client.h"

namespace lariat::publish {

/// The N of the last `dropped=N` of InfluxDB's `partial write`, in a text that comes in parts.
class DroppedCount {
 public:
  void take(std::string_view text) noexcept;
  /// 0: there was none.
  [[nodiscard]] std::uint64_t value() const noexcept { return value_; }

 private:
  std::size_t matched_ = 0;  // Octets of `dropped=`.
  std::uint64_t value_ = 0;
};

/// What is to be done about a server's answer.
enum class HttpVerdict {
  kTaken,          ///< All is stored.
  kPartly,         ///< What is good is stored, the rest never will be.
  kRefused,        ///< Nothing is stored, as something in it is bad.
  kTooLarge,       ///< Less at once.
  kMisconfigured,  ///< Not the data: the URL or the credentials. To be kept, for a person.
  kBusy,           ///< Later, the same again.
};

/// Of an answer that there is. `stores_part`: the protocol is InfluxDB's, whose `partial write`
/// means that the good lines are stored.
[[nodiscard]] HttpVerdict judge(const HttpAnswer& answer, bool stores_part) noexcept;

/// For people: `10.0.0.1:9090 answers 503: no space left`. Of what a person has to mend, how.
[[nodiscard]] std::string in_words(const HttpAnswer& answer, std::string_view peer);

/// How long the server wants to be left alone: seconds, or the date that HTTP has. At most an
/// hour; nothing if it does not say.
[[nodiscard]] std::optional<std::chrono::milliseconds> retry_after(const std::string& header,
                                                                   base::WallTime now);

}  // namespace lariat::publish
