#include "tests/integration/bench_run.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <stdexcept>
#include <utility>

namespace lariat::test {
namespace {

constexpr std::string_view kEndOfMetrics = "# end";

std::vector<std::string> command(std::vector<std::string> words, std::string binary,
                                 const std::vector<std::string>& arguments) {
  words.insert(words.end(), {std::move(binary), "bench", "--metrics"});
  words.insert(words.end(), arguments.begin(), arguments.end());
  return words;
}

}  // namespace

std::chrono::milliseconds lasting(std::chrono::seconds ordinary, std::chrono::seconds sanitized) {
  const auto usual = kSanitized ? sanitized : ordinary;
  const char* limit = std::getenv("LARIAT_TEST_SECONDS");  // NOLINT(concurrency-mt-unsafe)
  return limit == nullptr ? usual : std::min(usual, std::chrono::seconds(std::atoi(limit)));
}

BenchRun::BenchRun(const std::vector<std::string>& arguments, std::string binary)
    : BenchRun({}, arguments, std::move(binary)) {}

BenchRun::BenchRun(std::vector<std::string> wrapper, const std::vector<std::string>& arguments,
                   std::string binary)
    : process_(command(std::move(wrapper), std::move(binary), arguments)) {}

MetricsText BenchRun::metrics() {
  // Before it has taken charge of the signal, the signal would end it.
  ready_ = ready_ || wait_until([&] {
             return !process_.running() || handles_signal(process_.pid(), SIGUSR1);
           });
  process_.signal(SIGUSR1);
  auto reading = next_metrics(kPatience);
  if (!reading) throw std::runtime_error("no metrics; it says: " + log());
  return std::move(*reading);
}

void BenchRun::wait_connected(std::size_t endpoints) {
  const auto reading = metrics_when([&](const MetricsText& now) {
    return now.sum("lariat_endpoint_connected") == static_cast<double>(endpoints);
  });
  if (reading.sum("lariat_endpoint_connected") != static_cast<double>(endpoints)) {
    throw std::runtime_error("not connected; it says: " + log());
  }
}

BenchRun::Ended BenchRun::end(std::chrono::milliseconds patience) {
  const auto status = process_.wait(patience);
  if (!status) throw std::runtime_error("it does not end; it says: " + log());
  Ended ended{.status = *status};
  while (auto reading = next_metrics(std::chrono::milliseconds(0))) ended.metrics = *reading;
  if (ended.metrics.empty()) throw std::runtime_error("no metrics; it says: " + log());
  return ended;
}

BenchRun::Ended BenchRun::stop(std::chrono::milliseconds patience) {
  process_.signal(SIGTERM);
  return end(patience);
}

std::optional<MetricsText> BenchRun::next_metrics(std::chrono::milliseconds patience) {
  const Deadline deadline(patience);
  std::string text;
  while (const auto line =
             process_.line(Process::Stream::kOut, std::chrono::milliseconds(deadline.left()))) {
    if (*line == kEndOfMetrics) return MetricsText(text);
    text += *line + "\n";
  }
  return std::nullopt;
}

std::string endpoint_name(std::size_t index) { return "e" + std::to_string(index); }

LedgerReading ledger_of(const MetricsText& metrics, std::size_t endpoint) {
  return ledger_of(metrics, endpoint_name(endpoint));
}

LedgerReading ledger_of(const MetricsText& metrics, const std::string& endpoint) {
  const MetricsText::Labels of = {{"endpoint", endpoint}};
  return {metrics.count("lariat_endpoint_frames_accepted_total", of),
          metrics.count("lariat_endpoint_frames_delivered_total", of),
          static_cast<std::uint64_t>(metrics.sum("lariat_endpoint_frames_dropped_total", of)),
          metrics.count("lariat_endpoint_frames_queued", of)};
}

std::uint64_t endpoint_count(const MetricsText& metrics, const std::string& counter,
                             std::size_t endpoint, const std::string& reason) {
  MetricsText::Labels labels = {{"endpoint", endpoint_name(endpoint)}};
  if (!reason.empty()) labels["reason"] = reason;
  return metrics.count("lariat_endpoint_" + counter + "_total", labels);
}

void expect_balance(const MetricsText& metrics, std::size_t endpoints) {
  for (std::size_t i = 0; i < endpoints; ++i) expect_balance(metrics, endpoint_name(i));
}

void expect_balance(const MetricsText& metrics, const std::string& endpoint) {
  const auto ledger = ledger_of(metrics, endpoint);
  EXPECT_TRUE(ledger.balances()) << endpoint << ": accepted " << ledger.accepted << ", delivered "
                                 << ledger.delivered << ", dropped " << ledger.dropped
                                 << ", queued " << ledger.queued;
}

}  // namespace lariat::test
