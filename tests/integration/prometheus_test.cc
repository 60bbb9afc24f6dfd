#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <cctype>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>

#include "tests/integration/agent_run.h"
#include "tests/support/http_client.h"
#include "tests/support/metrics_text.h"
#include "tests/support/process.h"
#include "tests/support/test_receiver.h"

namespace lariat::test {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using testing::HasSubstr;

std::string unpacked(const std::string& program) {
  return std::filesystem::path(LARIAT_FIXTURES).parent_path().parent_path() /
         "build/unpacked/usr/bin" / program;
}

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (const char octet : text) {
    const auto value = static_cast<unsigned char>(octet);
    if (std::isalnum(value) != 0) {
      out += octet;
    } else {
      out += {'%', kDigits[value >> 4U], kDigits[value & 0xfU]};
    }
  }
  return out;
}

/// A Prometheus that scrapes one agent each second.
class Prometheus {
 public:
  explicit Prometheus(std::uint16_t agent_port) {
    constexpr std::string_view kListens = "msg=\"Listening on\" address=127.0.0.1:";
    write_file(folder_.file("prometheus.yml"),
               "global: {scrape_interval: 1s, scrape_timeout: 1s}\n"
               "scrape_configs:\n"
               "  - job_name: lariat\n"
               "    static_configs: [{targets: ['127.0.0.1:" +
                   std::to_string(agent_port) + "']}]\n");
    process_ = std::make_unique<Process>(std::vector<std::string>{
        unpacked("prometheus"), "--config.file=" + folder_.file("prometheus.yml"),
        "--storage.tsdb.path=" + folder_.file("data"), "--web.listen-address=127.0.0.1:0"});
    if (!process_->wait_for_text(Process::Stream::kErr, kListens)) {
      throw std::runtime_error("Prometheus does not start: " + log());
    }
    const auto text = log();
    port_ =
        static_cast<std::uint16_t>(std::stoi(text.substr(text.find(kListens) + kListens.size())));
    if (!wait_until([&] { return http_get(port_, "/-/ready").status == 200; })) {
      throw std::runtime_error("Prometheus does not get ready: " + log());
    }
  }
  // It ends in order, so that its data can go.
  ~Prometheus() {
    process_->signal(SIGTERM);
    process_->wait();
  }
  Prometheus(const Prometheus&) = delete;
  Prometheus& operator=(const Prometheus&) = delete;

  [[nodiscard]] std::string log() const { return process_->text(Process::Stream::kErr); }
  void take_in_log() { process_->wait(milliseconds(1)); }

  [[nodiscard]] json get(const std::string& path) const {
    const auto answer = http_get(port_, "/api/v1/" + path);
    auto parsed = json::parse(answer.body, nullptr, false);
    if (answer.status != 200 || parsed.is_discarded()) {
      throw std::runtime_error("Prometheus answers " + answer.body);
    }
    return std::move(parsed["data"]);
  }
  /// The series that the expression gives now.
  [[nodiscard]] json query(std::string_view expression) const {
    return get("query?query=" + percent_encoded(expression))["result"];
  }
  /// The value of the one series that it gives; -1 if there is none.
  [[nodiscard]] double value(std::string_view expression) const {
    const auto result = query(expression);
    return result.size() == 1 ? std::stod(result[0]["value"][1].get<std::string>()) : -1;
  }

 private:
  TemporaryDirectory folder_;
  std::unique_ptr<Process> process_;
  std::uint16_t port_ = 0;
};

/// The real programs, unpacked and not installed.
class PrometheusTest : public testing::Test {
 protected:
  void SetUp() override {
    for (const auto* program : {"prometheus", "promtool"}) {
      if (std::filesystem::exists(unpacked(program))) continue;
      FAIL() << unpacked(program) << " is missing; run packaging/install-dependencies unpack";
    }
    const auto ran = agent_.metrics_when([](const MetricsText& now) {
      return now.sum("lariat_collector_runs_total") >= 2 &&
             now.sum("lariat_endpoint_connected") == 1;
    });
    ASSERT_GE(ran.sum("lariat_collector_runs_total"), 2) << agent_.log();
  }

  TestReceiver receiver_;
  AgentRun agent_{"\"interval\": \"1s\",\n" + endpoints_member({receiver_.url()}) +
                  R"(, "collectors": {"directories": [], "run": {
                         "linux": {"command": ["linux"], "mode": "stream"},
                         "hostinfo": {"command": ["hostinfo"], "interval": "1m"}}})"};
};

TEST_F(PrometheusTest, ScrapesItAndHasTheSameValuesAndTypes) {
  Prometheus prometheus(agent_.port());
  ASSERT_TRUE(wait_until([&] { return prometheus.value("count_over_time(up[1m])") >= 3; },
                         kPatience, milliseconds(100)));
  EXPECT_EQ(prometheus.value("min_over_time(up[1m])"), 1);

  const auto reading = agent_.metrics("");
  for (const auto* name :
       {"node_memory_MemTotal_bytes", "node_boot_time_seconds", "node_uname_info",
        "node_filesystem_size_bytes", "lariat_build_info", "lariat_endpoint_connected",
        "lariat_endpoint_write_wakeups_empty_total", "process_start_time_seconds"}) {
    EXPECT_EQ(prometheus.value("sum(" + std::string(name) + ")"), reading.sum(name)) << name;
    EXPECT_EQ(prometheus.value("count(" + std::string(name) + ")"),
              static_cast<double>(reading.series(name)))
        << name;
  }
  // What rises lies between a reading before and one after.
  const auto before = agent_.metrics("");
  const auto scrapes = [&] { return prometheus.value("count_over_time(up[5m])"); };
  const auto count = scrapes();
  ASSERT_TRUE(wait_until([&] { return scrapes() >= count + 2; }, kPatience, milliseconds(50)));
  json values;
  const auto rising = {"node_cpu_seconds_total", "node_context_switches_total",
                       "lariat_log_frames_total", "lariat_loop_iterations_total"};
  for (const auto* name : rising) {
    values[name] = prometheus.value("sum(" + std::string(name) + ")");
  }
  const auto after = agent_.metrics("");
  for (const auto* name : rising) {
    // A sum of many, each rounded.
    EXPECT_GE(values[name].get<double>(), before.sum(name) * (1 - 1e-9)) << name;
    EXPECT_LE(values[name].get<double>(), after.sum(name) * (1 + 1e-9)) << name;
  }
  EXPECT_EQ(prometheus.query("lariat_build_info")[0]["metric"]["job"], "lariat");

  prometheus.take_in_log();
  std::istringstream lines(prometheus.log());
  for (std::string line; std::getline(lines, line);) {
    const bool trouble = line.find("level=warn") != std::string::npos ||
                         line.find("level=error") != std::string::npos;
    EXPECT_FALSE(trouble && line.find("scrape") != std::string::npos) << line;
  }
}

TEST_F(PrometheusTest, KnowsTypeAndHelpOfEachMetric) {
  const Prometheus prometheus(agent_.port());
  ASSERT_TRUE(wait_until([&] { return prometheus.value("count_over_time(up[1m])") >= 1; },
                         kPatience, milliseconds(100)));
  const auto metadata = prometheus.get("metadata");
  std::istringstream lines(agent_.get("/metrics").body);
  std::size_t known = 0;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string hash;
    std::string what;
    std::string name;
    std::string rest;
    words >> hash >> what >> name >> std::ws;
    std::getline(words, rest);
    if (hash != "#" || !metadata.contains(name)) {
      EXPECT_NE(hash, "#") << "Prometheus does not know " << name;
      continue;
    }
    if (what == "TYPE") {
      EXPECT_EQ(metadata[name][0]["type"], rest) << name;
    }
    if (what == "HELP") {
      EXPECT_EQ(metadata[name][0]["help"], rest) << name;
    }
    ++known;
  }
  EXPECT_GT(known, 100U);
}

TEST_F(PrometheusTest, PromtoolHasNothingToSayAboutOursAndReadsTheRest) {
  const auto check = [&](const std::string& path) {
    Process promtool({unpacked("promtool"), "check", "metrics"});
    EXPECT_TRUE(promtool.write(agent_.get(path).body));
    promtool.close_input();
    const auto status = promtool.wait();
    return std::pair(status,
                     promtool.text(Process::Stream::kOut) + promtool.text(Process::Stream::kErr));
  };
  const auto ours = check("/metrics?scope=agent");
  EXPECT_EQ(ours.first, 0);
  EXPECT_EQ(ours.second, "");
  // node_exporter's names have faults of style, and must keep them: that is status 3.
  const auto all = check("/metrics");
  EXPECT_TRUE(all.first == 0 || all.first == 3) << all.second;
  EXPECT_THAT(all.second, testing::Not(HasSubstr("error while linting")));
  EXPECT_THAT(all.second, testing::Not(HasSubstr("lariat_")));
}

}  // namespace
}  // namespace lariat::test
