#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "proto/exposition_read.h"
#include "tests/integration/agent_run.h"
#include "tests/support/http_client.h"
#include "tests/support/process.h"

// What a dashboard made for node_exporter finds at the agent: both run on this host, and what
// Prometheus would scrape of each is compared.

namespace lariat::test {
namespace {

using testing::IsEmpty;
using Type = proto::ExpositionValue::Type;

// node_exporter's sources that are on by default and that `linux` does not have, or that the
// comparison cannot have: `textfile` reads another program's folder.
constexpr std::string_view kNotOurs[] = {"bcache",  "fibrechannel", "infiniband", "ipvs",    "nfsd",
                                         "selinux", "systemd",      "tapestats",  "textfile"};

struct Series {
  Type type = Type::kUntyped;
  double value = 0;
};
using AllSeries = std::map<std::string, Series>;

// By name and labels, without those that are empty, which Prometheus takes for absent.
std::string key_of(const proto::ExpositionValue& value) {
  std::map<std::string, std::string> labels;
  proto::LabelWalk walk(value.labels);
  for (proto::ExpositionLabel label; walk.next(label);) {
    if (!label.value.empty()) labels.emplace(label.name, label.value);
  }
  std::string key(value.name);
  for (const auto& [name, text] : labels) key += ' ' + name + "=\"" + text + '"';
  return key;
}

AllSeries node_series(std::string_view text) {
  AllSeries all;
  proto::ExpositionReader reader(text);
  for (proto::ExpositionValue value; reader.next(value);) {
    if (!value.name.starts_with("node_") || value.name == "node_exporter_build_info") continue;
    const bool fresh = all.emplace(key_of(value), Series{value.type, value.value}).second;
    EXPECT_TRUE(fresh) << "twice: " << key_of(value);
  }
  EXPECT_EQ(reader.refused(), 0U);
  return all;
}

std::vector<std::string> only_in(const AllSeries& these, const AllSeries& others) {
  std::vector<std::string> only;
  for (const auto& [key, series] : these) {
    if (!others.contains(key)) only.push_back(key);
  }
  return only;
}

/// node_exporter with its default sources, but for those that are not ours.
class NodeExporter {
 public:
  NodeExporter() : process_(words()) {
    constexpr std::string_view kListens = "address=127.0.0.1:";
    while (port_ == 0) {
      const auto line = process_.line(Process::Stream::kErr);
      if (!line) throw std::runtime_error("node_exporter does not start");
      const std::size_t at = line->find(kListens);
      if (line->find("Listening on") == line->npos || at == line->npos) continue;
      port_ = static_cast<std::uint16_t>(std::stoi(line->substr(at + kListens.size())));
    }
  }

  [[nodiscard]] AllSeries scrape() const {
    const auto answer = http_get(port_, "/metrics");
    if (answer.status != 200) throw std::runtime_error("node_exporter does not answer");
    return node_series(answer.body);
  }

  static std::string path() {
    return std::filesystem::path(LARIAT_FIXTURES).parent_path().parent_path() /
           "build/unpacked/usr/bin/prometheus-node-exporter";
  }

 private:
  static std::vector<std::string> words() {
    std::vector<std::string> words = {path(), "--web.listen-address=127.0.0.1:0",
                                      "--web.disable-exporter-metrics"};
    for (const std::string_view name : kNotOurs) {
      words.push_back("--no-collector." + std::string(name));
    }
    return words;
  }

  Process process_;
  std::uint16_t port_ = 0;
};

/// The agent's rounds are a second apart, and what is scraped is between two of them: node_exporter
/// is asked before and after, so that a counter has to lie between its answers, a round aside.
class NodeExporterTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(std::filesystem::exists(NodeExporter::path()))
        << NodeExporter::path() << " is missing; run packaging/install-dependencies unpack";
    node_exporter_.emplace();
    const auto scraped_until_series_are_alike = [this] {
      before_ = node_exporter_->scrape();
      wait_for_a_round();
      ours_ = node_series(agent_.get("/metrics?scope=host").body);
      wait_for_a_round();
      after_ = node_exporter_->scrape();
      // Devices and processes of others come and go: then once more.
      return only_in(before_, after_).empty() && only_in(after_, before_).empty();
    };
    ASSERT_TRUE(wait_until(scraped_until_series_are_alike)) << agent_.log();
  }

  // A whole one: begun after this call.
  void wait_for_a_round() {
    const auto runs = [](const MetricsText& now) { return now.sum("lariat_collector_runs_total"); };
    const double begun = runs(agent_.metrics());
    [[maybe_unused]] const auto reading =
        agent_.metrics_when([&](const MetricsText& now) { return runs(now) >= begun + 2; });
  }

  AgentRun agent_{R"("interval": "1s",
                     "collectors": {"directories": [], "run": {"linux": {
                       "command": ["linux", "--no", "textfile"], "mode": "stream"}}})"};
  std::optional<NodeExporter> node_exporter_;
  AllSeries before_;
  AllSeries ours_;
  AllSeries after_;
};

TEST_F(NodeExporterTest, SeriesTypesAndCountersAreTheSame) {
  ASSERT_GT(ours_.size(), 200U);
  EXPECT_THAT(only_in(ours_, after_), IsEmpty());
  EXPECT_THAT(only_in(after_, ours_), IsEmpty());
  std::size_t counters = 0;
  for (const auto& [key, series] : ours_) {
    const auto earlier = before_.find(key);
    const auto later = after_.find(key);
    if (earlier == before_.end() || later == after_.end()) continue;
    // What node_exporter has no type of is a counter or a gauge to us.
    if (later->second.type != Type::kUntyped) {
      EXPECT_EQ(series.type, later->second.type) << key;
    }
    if (series.type != Type::kCounter) continue;
    ++counters;
    // Of times, the last digit is a matter of rounding.
    const double slack = 1e-9 * std::abs(later->second.value);
    EXPECT_GE(series.value, earlier->second.value - slack) << key;
    EXPECT_LE(series.value, later->second.value + slack) << key;
  }
  EXPECT_GT(counters, 50U);
}

}  // namespace
}  // namespace lariat::test
