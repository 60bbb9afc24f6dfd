#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/http_client.h"
#include "tests/support/metrics_text.h"
#include "tests/support/process.h"

namespace lariat::test {

/// `lariat agent` as a process of its own, with a configuration and a folder of collectors of its
/// own, HTTP on a free port.
///
/// A configuration is given as the members of its top object, without `http` and `control`; in it
/// `@DIR@` stands for the temporary folder and `@COLLECTORS@` for that of the shipped collectors.
/// Threads: one. Throws std::runtime_error with what the agent said if it does not do as asked.
class AgentRun {
 public:
  /// Started, HTTP answers.
  explicit AgentRun(std::string_view members, const std::vector<std::string>& wrapper = {});
  ~AgentRun();
  AgentRun(const AgentRun&) = delete;
  AgentRun& operator=(const AgentRun&) = delete;

  [[nodiscard]] Process& process() noexcept { return *process_; }
  /// All that it said on standard error up to now.
  [[nodiscard]] std::string log();
  [[nodiscard]] bool says(std::string_view text, std::chrono::milliseconds patience = kPatience);
  [[nodiscard]] std::string path(std::string_view name) const { return directory_.file(name); }
  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  [[nodiscard]] std::string filled(std::string_view text) const;

  [[nodiscard]] HttpAnswer get(std::string_view path) const { return http_get(port_, path); }
  /// `agent`, `host`, or nothing for both.
  [[nodiscard]] MetricsText metrics(std::string_view scope = "agent") const;
  /// Its own metrics; the ledgers of all endpoints balance, or the test fails.
  MetricsText ledgers() const;
  /// Reads the ledgers five times a second.
  MetricsText watch_ledgers(std::chrono::milliseconds duration);
  /// Until no endpoint has anything queued.
  MetricsText ledgers_at_rest() const;
  /// Scrapes until `good` says so; the last reading in any case.
  template <typename Predicate>
  [[nodiscard]] MetricsText metrics_when(Predicate good, std::string_view scope = "agent") const {
    MetricsText reading;
    [[maybe_unused]] const bool came = wait_until(
        [&] {
          reading = metrics(scope);
          return good(reading);
        },
        kPatience, std::chrono::milliseconds(20));
    return reading;
  }

  /// Writes another configuration, nothing more.
  void write_configuration(std::string_view members);
  /// The same of a whole text, with `http` and `control` or without.
  void write_whole_configuration(std::string_view text);
  /// SIGHUP, and waits until the agent says that it was loaded, or refused; true if loaded.
  bool reload();
  bool reconfigure(std::string_view members) {
    write_configuration(members);
    return reload();
  }

  /// An executable script in `collectors.d`, put there whole by a rename.
  void drop_in(std::string_view name, std::string_view text) const;

  /// SIGKILL: nothing of what it would do at its end is done.
  void kill();
  /// Starts it again after `kill` or `end`.
  void start_again();
  /// SIGTERM, and its exit status.
  int end();

 private:
  void start();
  void wait_for_start();

  std::vector<std::string> wrapper_;
  TemporaryDirectory directory_;
  std::unique_ptr<Process> process_;
  std::uint16_t port_ = 0;
};

/// The configuration member `endpoints` for these URLs, called `e0`, `e1`, …
[[nodiscard]] std::string endpoints_member(const std::vector<std::string>& urls,
                                           std::string_view more = "");

}  // namespace lariat::test
