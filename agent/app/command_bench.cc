#include <fmt/format.h>
#include <signal.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "agent/app/bench_load.h"
#include "agent/app/bench_sinks.h"
#include "agent/app/commands.h"
#include "agent/app/endpoint_options.h"
#include "agent/app/ledger_table.h"
#include "agent/app/progress.h"
#include "agent/app/self_source.h"
#include "agent/loop/signal.h"
#include "agent/metrics/process.h"
#include "agent/metrics/registry.h"
#include "agent/net/resolver.h"
#include "agent/publish/http_endpoint.h"

namespace lariat::app {
namespace {

struct BenchOptions {
  std::vector<std::string> urls;
  std::size_t endpoint_count = 3;
  std::size_t stuck = 0;
  std::string every = "20ms";
  std::string seconds;
  std::string idle;
  std::string flush = "10s";
  std::string spool;
  bool metrics = false;
  bool json = false;
  std::size_t sink_listeners = 0;
  std::size_t sink_stuck = 0;
  EndpointOptions endpoints{.heartbeat = "0s"};
  BenchPlan plan;
};

int failed(const base::Error& error) {
  std::fprintf(stderr, "lariat: bench: %s\n", error.text.c_str());
  return kFailed;
}

std::string endpoint_json(publish::Endpoint& endpoint) {
  const auto ledger = endpoint.ledger();
  const auto& stats = endpoint.stats();
  const auto watcher = endpoint.write_watcher();
  auto text = fmt::format(
      R"({{"name":"{}","accepted":{},"delivered":{},"resent":{},"queued":{},"write_calls":{},)"
      R"("bytes_sent":{},"watcher_starts":{},"watcher_stops":{},"write_wakeups":{},)"
      R"("write_wakeups_empty":{},"connects":{},"dropped":{{)",
      endpoint.config().name, ledger.accepted, ledger.delivered, ledger.resent, ledger.queued,
      stats.write_calls, stats.bytes_sent, watcher.starts, watcher.stops, stats.write_wakeups,
      stats.write_wakeups_empty, stats.connects);
  for (std::size_t reason = 0; reason < publish::kDropReasons; ++reason) {
    text +=
        fmt::format(R"({}"{}":{})", reason == 0 ? "" : ",",
                    to_string(static_cast<publish::DropReason>(reason)), ledger.dropped[reason]);
  }
  return text + "}}";
}

std::string report_json(const BenchCost& cost, const publish::Publisher& publisher) {
  std::uint64_t delivered = 0;
  std::uint64_t writes = 0;
  std::string endpoints;
  for (const auto& endpoint : publisher.endpoints()) {
    delivered += endpoint->ledger().delivered;
    writes += endpoint->stats().write_calls;
    endpoints += (endpoints.empty() ? "" : ",") + endpoint_json(*endpoint);
  }
  const double millions = std::max(static_cast<double>(cost.frames) / 1e6, 1e-9);
  return fmt::format(
      R"({{"frames":{},"seconds":{:.6f},"cpu_seconds":{:.6f},"cpu_seconds_per_million":{:.6f},)"
      R"("delivered_total":{},"wakeups":{},"iterations":{},"write_calls":{},)"
      R"("rss_idle_bytes":{},"rss_bytes":{},"endpoints":[{}]}})",
      cost.frames, cost.seconds, cost.cpu_seconds, cost.cpu_seconds / millions, delivered,
      cost.wakeups, cost.iterations, writes, cost.rss_idle_bytes, cost.rss_bytes, endpoints);
}

void print(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

/// All that the load generator runs on.
class Bench {
 public:
  Bench(const BenchOptions& options, publish::LogLimits limits, const BenchPlan& plan,
        std::chrono::milliseconds flush)
      : options_(options),
        flush_(flush),
        publisher_(loop_, resolver_, lines_, limits),
        load_(loop_, publisher_, plan),
        progress_(loop_,
                  [this] {
                    const auto& log = publisher_.log();
                    return ProgressCounts{log.end_sequence(), log.end(), connected()};
                  }),
        usr1_(loop_, SIGUSR1, [this] { print_metrics(); }),
        term_(loop_, SIGTERM, [this] { load_.stop(); }),
        interrupt_(loop_, SIGINT, [this] { load_.stop(); }) {
    publisher_.make_others_with(publish::make_http_endpoint);
    loop_.on_spin([this](std::uint64_t turns) {
      lines_.warning(fmt::format("the loop turned {} times in a second without work", turns));
    });
    registry_.add(self_);
    registry_.add(publisher_);
    registry_.add(process_);
  }

  int run(const std::vector<publish::EndpointConfig>& endpoints) {
    if (!options_.spool.empty()) {
      if (auto opened = publisher_.open_spool({.directory = options_.spool}); !opened) {
        return failed(opened.error());
      }
    }
    for (const auto& endpoint : endpoints) publisher_.add(endpoint);
    load_.start([this] {
      publisher_.flush(flush_, [this](bool all) {
        all_ = all;
        cost_ = load_.cost();
        loop_.stop();
      });
    });
    progress_.start();
    loop_.run();
    progress_.stop();
    publisher_.close_spool(flush_);
    if (options_.metrics) print_metrics();
    if (options_.json) print(report_json(cost_, publisher_) + "\n");
    if (!options_.json && !options_.metrics) {
      print(fmt::format(
          "{} frames in {:.2f} s, {:.0f} a second; {:.3f} s of CPU, {:.4f} a "
          "million; {} wake-ups\n",
          cost_.frames, cost_.seconds, static_cast<double>(cost_.frames) / cost_.seconds,
          cost_.cpu_seconds,
          cost_.cpu_seconds * 1e6 / static_cast<double>(std::max<std::uint64_t>(cost_.frames, 1)),
          cost_.wakeups));
      print(ledger_table(publisher_));
    }
    return all_ && all_delivered(publisher_) ? kGood : kFailed;
  }

 private:
  void print_metrics() { print(registry_.text() + "# end\n"); }
  [[nodiscard]] std::uint64_t connected() const {
    const auto endpoints = publisher_.endpoints();
    return static_cast<std::uint64_t>(std::count_if(endpoints.begin(), endpoints.end(),
                                                    [](const auto& e) { return e->connected(); }));
  }

  const BenchOptions& options_;
  std::chrono::milliseconds flush_;
  base::Log lines_;
  loop::Loop loop_;
  net::Resolver resolver_{loop_};
  publish::Publisher publisher_;
  BenchLoad load_;
  SelfSource self_{loop_};
  metrics::ProcessSource process_;
  metrics::Registry registry_;
  Progress progress_;
  loop::Signal usr1_;
  loop::Signal term_;
  loop::Signal interrupt_;
  BenchCost cost_;
  bool all_ = false;
};

int wrong_use(const base::Error& error) {
  std::fprintf(stderr, "lariat: bench: %s\n", error.text.c_str());
  return kWrongUse;
}

base::Result<BenchPlan> make_plan(const BenchOptions& options) {
  auto plan = options.plan;
  const auto every = duration_option("--every", options.every);
  if (!every) return every.error();
  if (every->count() == 0) return base::Error{"--every: write 1ms or more"};
  plan.every = *every;
  const auto& length = options.idle.empty() ? options.seconds : options.idle;
  plan.idle = !options.idle.empty();
  if (!length.empty()) {
    const auto duration = duration_option(plan.idle ? "--idle" : "--seconds", length);
    if (!duration) return duration.error();
    plan.duration = *duration;
  }
  if (plan.frames == 0 && plan.duration.count() == 0) {
    return base::Error{"say how much: --frames N, --seconds 10s or --idle 10s"};
  }
  // Flat out there is no other measure of how fast than the endpoints that are there.
  plan.wait = plan.wait || (plan.rate == 0 && !plan.idle);
  return plan;
}

int run_bench(const BenchOptions& options) {
  if (options.sink_listeners != 0) return run_sinks(options.sink_listeners, options.sink_stuck);
  const auto plan = make_plan(options);
  if (!plan) return wrong_use(plan.error());
  const auto flush = duration_option("--flush", options.flush);
  if (!flush) return wrong_use(flush.error());
  const auto limits = options.endpoints.log_limits();
  if (!limits) return wrong_use(limits.error());

  auto urls = options.urls;
  std::optional<BenchSinks> sinks;
  if (urls.empty()) {
    auto started = BenchSinks::start(options.endpoint_count, options.stuck);
    if (!started) return wrong_use(started.error());
    sinks.emplace(std::move(*started));
    for (const auto& url : sinks->urls()) urls.push_back(url.text());
  }
  auto endpoints = options.endpoints.endpoints(urls);
  if (!endpoints) return wrong_use(endpoints.error());
  Bench bench(options, *limits, *plan, *flush);
  return bench.run(*endpoints);
}

}  // namespace

void add_bench(CLI::App& app, Run& run) {
  auto options = std::make_shared<BenchOptions>();
  auto* command = app.add_subcommand(
      "bench", "generate load: numbered frames to the URLs, or to a process of its own");
  command->add_option("URL", options->urls, "where to: tsdp://host:port or any other scheme");
  command->add_option("--endpoints", options->endpoint_count, "without URLs: how many sinks")
      ->type_name("N")
      ->capture_default_str()
      ->check(CLI::Range(1, 4096));
  command->add_option("--stuck", options->stuck, "of those, how many never read")
      ->type_name("N")
      ->capture_default_str();
  command->add_option("--size", options->plan.frame_bytes, "octets of a frame")
      ->type_name("OCTETS")
      ->capture_default_str()
      ->check(CLI::Range(41, 4000));
  command->add_option("--names", options->plan.names, "how many series take turns")
      ->type_name("N")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000000));
  command->add_option("--rate", options->plan.rate, "frames a second; 0: as fast as they are taken")
      ->type_name("N")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
  const auto time = [command](const char* name, std::string& value, const char* help) {
    command->add_option(name, value, help)->type_name("TIME")->capture_default_str();
  };
  time("--every", options->every, "at a rate: how often the frames due are published");
  command->add_option("--frames", options->plan.frames, "end after so many")->type_name("N");
  time("--seconds", options->seconds, "end after so long, as 10s or 1m");
  time("--idle", options->idle, "publish nothing for so long");
  time("--flush", options->flush, "at the end, how long to wait for deliveries");
  command->add_option("--spool", options->spool, "keep the log in files of this directory, too")
      ->type_name("DIR");
  command->add_flag("--wait", options->plan.wait, "begin when all endpoints are connected");
  command->add_flag("--metrics", options->metrics,
                    "print our own metrics at the end (and at each SIGUSR1)");
  command->add_flag("--json", options->json, "print the result as one JSON object");
  command->add_option("--sink-listeners", options->sink_listeners)->group("");
  command->add_option("--sink-stuck", options->sink_stuck)->group("");
  options->endpoints.add_to(*command);
  command->callback([options, &run] { run = [options] { return run_bench(*options); }; });
}

}  // namespace lariat::app
