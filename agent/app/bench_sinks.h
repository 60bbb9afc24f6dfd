#pragma once

#include <sys/types.h>

#include <cstddef>
#include <vector>

#include "agent/base/result.h"
#include "agent/base/unique_fd.h"
#include "agent/base/url.h"

namespace lariat::app {

/// A process of our own that takes what the load generator sends: so many listeners on loopback, of
/// which some accept and never read.
///
/// Ends with this object, and when the process that made it dies.
class BenchSinks {
 public:
  static base::Result<BenchSinks> start(std::size_t listeners, std::size_t stuck);
  ~BenchSinks();
  BenchSinks(BenchSinks&& other) noexcept;
  BenchSinks& operator=(BenchSinks&&) = delete;

  /// The stuck ones are the last.
  [[nodiscard]] const std::vector<base::Url>& urls() const noexcept { return urls_; }

 private:
  BenchSinks() = default;
  pid_t pid_ = -1;
  base::UniqueFd life_;  // The sink's standard input: it ends when this is closed.
  std::vector<base::Url> urls_;
};

/// What that process runs: listens, prints one port a line, reads and discards until its standard
/// input ends.
int run_sinks(std::size_t listeners, std::size_t stuck);

}  // namespace lariat::app
