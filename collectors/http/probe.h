#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/sdk/answer.h"
#include "collectors/sdk/fetch.h"
#include "collectors/sdk/pattern.h"

namespace lariat::http {

/// Which statuses are good: `200`, `2xx`, `200-204`, several with commas.
class Statuses {
 public:
  /// What is wrong as one sentence, or nothing.
  [[nodiscard]] std::string set(std::string_view text);
  [[nodiscard]] bool has(long status) const noexcept;

 private:
  struct Range {
    long first = 200;
    long last = 299;
  };
  std::vector<Range> ranges_ = {Range{}};
};

/// A URL, and what its answer has to be.
struct Target {
  sdk::FetchRequest request;
  Statuses statuses;
  sdk::Pattern match;      ///< To be found in the body.
  sdk::Pattern match_not;  ///< Not to be found there.
};

/// Why an answer is not what it has to be, as one sentence, or nothing. `by_pattern` if it is the
/// body alone.
[[nodiscard]] std::string judge(const Target& target, const sdk::FetchResponse& response,
                                bool& by_pattern);

/// Resolve, connect, tls, processing, transfer.
inline constexpr std::size_t kPhases = 5;

/// The tags of a target, made once.
struct ProbeTags {
  std::string all;
  std::array<std::string, kPhases> phases;  ///< With `phase`.
};
[[nodiscard]] ProbeTags make_tags(std::string_view tag, std::string_view url);

/// Puts what there is to say of an answer, under the names that blackbox_exporter has given them,
/// each with `tags`.
void put(const Target& target, const sdk::FetchResponse& response, const ProbeTags& tags,
         sdk::Answer& answer);

}  // namespace lariat::http
