#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/metrics_text.h"
#include "tests/support/process.h"

namespace lariat::test {

#ifdef LARIAT_SANITIZED
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

/// How long a test that lasts takes: `ordinary`, `sanitized` in builds with sanitizers, and never
/// longer than LARIAT_TEST_SECONDS of the environment.
[[nodiscard]] std::chrono::milliseconds lasting(std::chrono::seconds ordinary,
                                                std::chrono::seconds sanitized);

/// `lariat bench` with `--metrics`, as a process of its own. Its endpoints are `e0`, `e1`, …
class BenchRun {
 public:
  struct Ended {
    int status = -1;
    MetricsText metrics;
  };

  /// `arguments` follow the word `bench`.
  explicit BenchRun(const std::vector<std::string>& arguments, std::string binary = LARIAT_BINARY);
  /// The same behind other words, a wrapper that becomes the program: `ip netns exec …`.
  BenchRun(std::vector<std::string> wrapper, const std::vector<std::string>& arguments,
           std::string binary);

  [[nodiscard]] Process& process() noexcept { return process_; }
  [[nodiscard]] const std::string& log() const { return process_.text(Process::Stream::kErr); }

  /// Its metrics of now, by SIGUSR1. Throws std::runtime_error if it gives none.
  MetricsText metrics();
  /// Reads them until `good` says so; the last reading, which may not be good, at the deadline.
  template <typename Predicate>
  MetricsText metrics_when(Predicate good, std::chrono::milliseconds patience = kPatience) {
    MetricsText reading;
    [[maybe_unused]] const bool in_time = wait_until(
        [&] {
          reading = metrics();
          return good(reading);
        },
        patience, std::chrono::milliseconds(20));
    return reading;
  }
  /// Until all `endpoints` are connected; throws std::runtime_error if they do not come to be.
  void wait_connected(std::size_t endpoints);

  /// Lets it come to its end.
  Ended end(std::chrono::milliseconds patience = kPatience);
  /// SIGTERM, and lets it come to its end.
  Ended stop(std::chrono::milliseconds patience = kPatience);

 private:
  std::optional<MetricsText> next_metrics(std::chrono::milliseconds patience);

  Process process_;
  bool ready_ = false;
};

/// `e0` and so on.
[[nodiscard]] std::string endpoint_name(std::size_t index);

/// What a reading says of one endpoint.
struct LedgerReading {
  std::uint64_t accepted = 0;
  std::uint64_t delivered = 0;
  std::uint64_t dropped = 0;
  std::uint64_t queued = 0;

  [[nodiscard]] bool balances() const noexcept { return accepted == delivered + dropped + queued; }
};
[[nodiscard]] LedgerReading ledger_of(const MetricsText& metrics, const std::string& endpoint);
[[nodiscard]] LedgerReading ledger_of(const MetricsText& metrics, std::size_t endpoint);

/// Of `lariat_endpoint_<counter>_total{endpoint, reason}`; without a reason if that is empty.
[[nodiscard]] std::uint64_t endpoint_count(const MetricsText& metrics, const std::string& counter,
                                           std::size_t endpoint, const std::string& reason = "");

/// Adds a failure to the test for each of `endpoints` whose ledger does not balance.
void expect_balance(const MetricsText& metrics, std::size_t endpoints);
void expect_balance(const MetricsText& metrics, const std::string& endpoint);

}  // namespace lariat::test
