#include "agent/expose/scrape.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "agent/metrics/process.h"
#include "agent/metrics/registry.h"
#include "tests/support/metrics_text.h"
#include "tests/unit/expose/exposed_agent.h"
#include "tests/unit/expose/frame_of.h"

namespace lariat::expose {
namespace {

using test::Frame;

std::string all_of(Scrape scrape, std::size_t room) {
  std::string text;
  std::string piece(room, '\0');
  while (const std::size_t count = scrape.read(piece.data(), room)) {
    EXPECT_LE(count, room);
    text.append(piece, 0, count);
  }
  EXPECT_EQ(scrape.read(piece.data(), room), 0U) << "the end stays the end";
  return text;
}

/// Sets every metric of the agent's table, with each label set to a word.
class EveryMetric final : public metrics::Source {
 public:
  void report(metrics::Report& report) const override {
    using std::string_view;
    for (const auto& definition : metrics::definitions()) {
      if (definition.name.starts_with("process_")) continue;
      switch (definition.labels.size()) {
        case 0:
          report.set(definition.metric, 1);
          break;
        case 1:
          report.set(definition.metric, 1, {"word"});
          break;
        default:
          report.set(definition.metric, 1, {"word", "other"});
      }
    }
  }
};

TEST(ScrapeTest, IsTheSameInPiecesOfAnySize) {
  test::ExposedAgent agent;
  agent.fill(1000);
  const auto now = base::monotonic_now();
  const auto whole = all_of({Scope::kAll, agent.sources(), now}, 1U << 20U);
  EXPECT_THAT(whole, testing::StartsWith(agent.agent_text));
  for (const std::size_t room : {1U, 1000U, 8000U, 100'000U}) {
    EXPECT_EQ(all_of({Scope::kAll, agent.sources(), now}, room), whole) << room;
  }
}

TEST(ScrapeTest, TheAgentsPartIsOfTheMomentItWasMade) {
  test::ExposedAgent agent;
  const auto text = agent.agent_text;
  Scrape scrape(Scope::kAgent, agent.sources(), base::monotonic_now());
  agent.agent_text = "later 1\n";
  EXPECT_EQ(all_of(std::move(scrape), 10), text);
}

TEST(ScrapeTest, ASeriesThatIsGoneIsNotCountedByTheAgent) {
  test::ExposedAgent agent;
  agent.fill(3);
  auto sources = agent.sources();
  sources.agent_metrics = [&agent] { return std::to_string(agent.snapshot.series()); };
  const auto later = base::monotonic_now() + std::chrono::minutes(1);
  EXPECT_EQ(all_of({Scope::kAgent, sources, later}, 100), "0");
}

/// The output of promtool for `text` and its exit status; 0 and nothing if it finds no fault.
std::pair<int, std::string> promtool(const std::string& tool, const std::string& text) {
  std::string folder = testing::TempDir() + "lariat-XXXXXX";
  if (!::mkdtemp(folder.data())) return {-1, "mkdtemp"};
  std::ofstream(folder + "/in") << text;
  const std::string command =
      "'" + tool + "' check metrics <" + folder + "/in >" + folder + "/out 2>&1";
  const int status = std::system(command.c_str());
  std::ifstream file(folder + "/out");
  std::string out{std::istreambuf_iterator<char>(file), {}};
  std::filesystem::remove_all(folder);
  return {WEXITSTATUS(status), out};
}

class PromtoolTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(tool_)) {
      GTEST_SKIP() << "no " << tool_ << ": run packaging/install-dependencies unpack";
    }
  }
  const std::string tool_ =
      std::filesystem::path(LARIAT_FIXTURES) / "../../build/unpacked/usr/bin/promtool";
};

TEST_F(PromtoolTest, FindsNoFaultInTheAgentsOwnMetrics) {
  metrics::Registry registry;
  const EveryMetric every;
  const metrics::ProcessSource process;
  registry.add(every);
  registry.add(process);
  EXPECT_EQ(promtool(tool_, registry.text()), (std::pair<int, std::string>{0, ""}));
}

TEST_F(PromtoolTest, ReadsWhateverNamesAndTextsCollectorsHave) {
  test::ExposedAgent agent;
  const auto take = [&agent](const std::vector<std::byte>& frame) {
    agent.snapshot.take(frame, {}, base::monotonic_now());
  };
  std::string octets;
  for (int octet = 1; octet < 256; ++octet) octets += static_cast<char>(octet);
  take(Frame::fact("all\xc3\xa9.octets x=\"q\"", octets));
  take(Frame::sample("1:a-b __name__=x,0=\\\xff,le=y", {1e300, -1e-300}));
  take(Frame::delta("c_total x=1", 12345.678));
  take(Frame::tally("t\\ally x=\\\n", ~std::uint64_t{0}));
  take(Frame::state("s up", proto::Status::kUnknown));
  take(Frame::event("e x=1", "now"));
  const auto text = all_of({Scope::kHost, agent.sources(), base::monotonic_now()}, 4096);
  const auto [status, out] = promtool(tool_, text);
  // 3: it reads them and dislikes names, such as a counter without _total.
  EXPECT_TRUE(status == 0 || status == 3) << out << text;
  EXPECT_THAT(out, testing::Not(testing::HasSubstr("error while linting"))) << text;
}

}  // namespace
}  // namespace lariat::expose
