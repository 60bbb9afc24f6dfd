#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "tests/integration/agent_run.h"
#include "tests/support/process.h"
#include "tests/support/test_receiver.h"

namespace lariat::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr int kFailed = 1;
constexpr int kBadConfiguration = 78;

struct Outcome {
  std::optional<int> status;
  std::string out;
  std::string err;
};

Outcome run(const std::vector<std::string>& words) {
  Process process(words);
  const auto status = process.wait();
  return {status, process.text(Process::Stream::kOut), process.text(Process::Stream::kErr)};
}

/// A folder with a configuration that an agent is to be started with.
class BadStart : public testing::Test {
 protected:
  Outcome start(const std::string& configuration) {
    write_file(file_, configuration);
    return run({LARIAT_BINARY, "agent", "--config", file_});
  }

  TemporaryDirectory folder_;
  const std::string file_ = folder_.file("lariat.json");
};

TEST_F(BadStart, TellsEveryMistakeWithItsPlace) {
  const auto outcome = start(
      "{\n"
      "  \"intervall\": \"10s\",\n"
      "  \"log\": {\"memory\": 16},\n"
      "  \"endpoints\": {\"east\": {\"url\": \"tsdp//host\"}}\n"
      "}\n");
  EXPECT_EQ(outcome.status, kBadConfiguration);
  EXPECT_THAT(outcome.err, AllOf(HasSubstr(file_ + ":2:3: intervall: "), HasSubstr("did you mean"),
                                 HasSubstr(file_ + ":3:21: log.memory: "),
                                 HasSubstr(file_ + ":4:33: endpoints.east.url: ")));
}

TEST_F(BadStart, TellsOfAFileThatIsMissing) {
  const auto missing = folder_.file("missing.json");
  const auto outcome = run({LARIAT_BINARY, "agent", "--config", missing});
  EXPECT_EQ(outcome.status, kBadConfiguration);
  EXPECT_THAT(outcome.err, HasSubstr(missing));
}

TEST_F(BadStart, TellsOfAnAddressThatIsTaken) {
  const TestReceiver other;
  const auto taken = "127.0.0.1:" + std::to_string(other.port());
  const auto outcome = start(R"({"http": {"listen": ")" + taken + R"("}, "control": {"socket": ")" +
                             folder_.file("s") + "\"}}");
  EXPECT_EQ(outcome.status, kFailed);
  EXPECT_THAT(outcome.err, AllOf(HasSubstr(taken), HasSubstr("http.listen")));
}

TEST_F(BadStart, ASecondAgentDoesNotTakeTheControlSocketOfTheFirst) {
  AgentRun first("");
  const auto taken = first.path("control.sock");
  const auto outcome = start(R"({"http": null, "control": {"socket": ")" + taken + "\"}}");
  EXPECT_EQ(outcome.status, kFailed);
  EXPECT_THAT(outcome.err, AllOf(HasSubstr(taken), HasSubstr("control.socket")));
  EXPECT_EQ(run({LARIAT_BINARY, "status", "--socket", taken}).status, 0) << "the first has it";
}

TEST(AgentStart, TheFirstRoundIsAtOnceAndNotAtTheNextMomentOfTheSchedule) {
  const TestReceiver receiver;
  const auto began = std::chrono::steady_clock::now();
  const AgentRun agent("\"interval\": \"1d\",\n" + endpoints_member({receiver.url()}) +
                       R"(, "collectors": {"directories": [],
                          "run": {"linux": {"command": ["linux"], "mode": "stream"}}})");
  EXPECT_TRUE(wait_until([&] { return receiver.record().frames > 0; }, kPatience,
                         std::chrono::milliseconds(1)));
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - began;
  std::cout << "start to first frame delivered: " << took.count() << " ms\n";
  RecordProperty("milliseconds", static_cast<int>(took.count()));
}

/// An agent with a collector that waits for a file, and one that fails; an endpoint that takes
/// frames, and one that refuses connections.
class StatusTest : public testing::Test {
 protected:
  [[nodiscard]] std::string configuration() const {
    return R"("endpoints": {"a_good": {"url": ")" + receiver_.url() + R"("},
                            "b_dead": {"url": ")" +
           dead_.url() + R"("}},
              "collectors": {"directories": [], "run": {
                "a_slow": {"interval": "1m", "command": ["/bin/sh", "-c",
                  "while ! [ -e @DIR@/go ]; do sleep 0.1; done; echo fact slow yes"]},
                "b_bad": {"interval": "1m", "command": ["/bin/sh", "-c",
                  "echo the disk is on fire >&2; exit 3"]}}})";
  }

  [[nodiscard]] nlohmann::json status() const {
    return nlohmann::json::parse(agent_.get("/status").body);
  }
  void wait_for_trouble() const {
    EXPECT_TRUE(wait_until([&] {
      const auto now = status();
      return now["endpoints"][0]["state"] == "connected" &&
             !now["endpoints"][1]["last_error"].is_null() &&
             now["collectors"][1]["healthy"] == false;
    })) << status().dump(2);
  }

  TestReceiver receiver_;
  RefusingPort dead_;
  AgentRun agent_{configuration()};
};

TEST_F(StatusTest, IsReadyOnceEveryCollectorRan) {
  const auto before = agent_.get("/-/ready");
  EXPECT_EQ(before.status, 503);
  EXPECT_THAT(before.body, HasSubstr("a_slow"));
  EXPECT_EQ(agent_.get("/-/healthy").status, 200) << "it is not ready, and well";
  EXPECT_EQ(status()["ready"], false);
  write_file(agent_.path("go"), "");
  EXPECT_TRUE(wait_until([&] { return agent_.get("/-/ready").status == 200; }));
  EXPECT_EQ(status()["ready"], true);
}

TEST_F(StatusTest, TheJsonIsComplete) {
  wait_for_trouble();
  const auto now = status();
  EXPECT_EQ(now["pid"], agent_.process().pid());
  EXPECT_EQ(now["http"], "127.0.0.1:" + std::to_string(agent_.port()));
  EXPECT_EQ(now["config"]["file"], agent_.path("lariat.json"));
  EXPECT_TRUE(now["config"]["reload_error"].is_null());
  ASSERT_EQ(now["endpoints"].size(), 2U);
  const auto& good = now["endpoints"][0];
  EXPECT_EQ(good["name"], "a_good");
  EXPECT_EQ(good["url"], receiver_.url());
  EXPECT_EQ(good["healthy"], true);
  const auto& dead = now["endpoints"][1];
  EXPECT_EQ(dead["name"], "b_dead");
  EXPECT_EQ(dead["healthy"], false);
  EXPECT_THAT(dead["last_error"].get<std::string>(), HasSubstr("refused"));
  const auto& frames = dead["frames"];
  EXPECT_EQ(
      frames["accepted"].get<int>(),
      frames["delivered"].get<int>() + frames["dropped"].get<int>() + frames["queued"].get<int>());
  ASSERT_EQ(now["collectors"].size(), 2U);
  const auto& bad = now["collectors"][1];
  EXPECT_EQ(bad["name"], "b_bad");
  EXPECT_EQ(bad["mode"], "oneshot");
  EXPECT_EQ(bad["runs"]["bad"], 1);
  EXPECT_THAT(bad["last_error"].get<std::string>(), HasSubstr("3"));
  EXPECT_THAT(bad["origin"].get<std::string>(), HasSubstr("lariat.json"));
}

TEST_F(StatusTest, ThePageShowsTroubleFirstAndInWords) {
  wait_for_trouble();
  const auto page = agent_.get("/");
  EXPECT_EQ(page.status, 200);
  EXPECT_THAT(page.headers, HasSubstr("text/html"));
  EXPECT_LT(page.body.find("b_dead"), page.body.find("a_good"));
  const auto collectors = page.body.find("Collectors: ");
  ASSERT_NE(collectors, std::string::npos);
  EXPECT_LT(page.body.find("b_bad", collectors), page.body.find("a_slow", collectors));
  EXPECT_THAT(page.body, AllOf(HasSubstr("refused"), HasSubstr("href=\"/metrics\"")));
}

TEST_F(StatusTest, TheCommandPrintsATableOrTheJson) {
  wait_for_trouble();
  const auto socket = agent_.path("control.sock");
  const auto table = run({LARIAT_BINARY, "status", "--socket", socket});
  EXPECT_EQ(table.status, 0) << table.err;
  EXPECT_THAT(table.out, AllOf(HasSubstr("a_good"), HasSubstr("! "), HasSubstr("refused"),
                               HasSubstr("not ready: "), HasSubstr("b_bad")));
  EXPECT_LT(table.out.find("b_dead"), table.out.find("a_good"));
  const auto json =
      run({LARIAT_BINARY, "status", "--json", "--config", agent_.path("lariat.json")});
  EXPECT_EQ(json.status, 0) << json.err;
  EXPECT_EQ(nlohmann::json::parse(json.out)["pid"], agent_.process().pid());
}

TEST(StatusCommand, WithoutAnAgentSaysSo) {
  const TemporaryDirectory folder;
  const auto outcome = run({LARIAT_BINARY, "status", "--socket", folder.file("none.sock")});
  EXPECT_EQ(outcome.status, kFailed);
  EXPECT_EQ(outcome.out, "");
  EXPECT_THAT(outcome.err, AllOf(HasSubstr(folder.file("none.sock")), HasSubstr("agent")));
}

/// `lariat agent` alone, as an ordinary user, with these variables and no others.
class DefaultRun {
 public:
  explicit DefaultRun(std::vector<std::string> variables) : process_(words(variables)) {}

  Process& process() { return process_; }
  std::string log() { return process_.text(Process::Stream::kErr); }
  bool serves() {
    return process_.wait_for_text(Process::Stream::kErr, "http://127.0.0.1:9299/metrics");
  }

 private:
  static std::vector<std::string> words(const std::vector<std::string>& variables) {
    std::vector<std::string> all;
    if (::geteuid() == 0) {
      all = {"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"};
    }
    all.insert(all.end(), {"env", "-i", "PATH=/usr/bin:/bin"});
    all.insert(all.end(), variables.begin(), variables.end());
    all.insert(all.end(), {LARIAT_BINARY, "agent"});
    return all;
  }

  Process process_;
};

bool nobody_may_run_it() {
  if (::geteuid() != 0) return true;
  return run({"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", LARIAT_BINARY,
              "--version"})
             .status == 0;
}

// One test, as there is one port.
TEST(BuiltInDefault, WorksForAnOrdinaryUserAndSaysWhere) {
  if (std::filesystem::exists("/etc/lariat/lariat.json"))
    GTEST_SKIP() << "there is a configuration";
  if (!nobody_may_run_it()) GTEST_SKIP() << "the build tree is closed to other users";
  const TemporaryDirectory folder;
  const auto runtime = folder.file("runtime");
  std::filesystem::create_directory(runtime);
  std::filesystem::permissions(folder.file(""), std::filesystem::perms(0755));
  if (::geteuid() == 0) {
    ASSERT_EQ(::chown(runtime.c_str(), 65534, 65534), 0);
  }
  const std::vector<std::pair<std::vector<std::string>, std::string>> variants = {
      {{"HOME=/nonexistent", "XDG_RUNTIME_DIR=" + runtime}, runtime + "/lariat.sock"},
      {{"TMPDIR=" + runtime},
       runtime + "/lariat-" + std::to_string(::geteuid() == 0 ? 65534 : ::geteuid()) +
           "/lariat.sock"},
  };
  for (const auto& [variables, socket] : variants) {
    SCOPED_TRACE(socket);
    DefaultRun agent(variables);
    if (!agent.serves()) {
      EXPECT_EQ(agent.process().wait(), kFailed);
      ASSERT_THAT(agent.log(), AllOf(HasSubstr("127.0.0.1:9299"), HasSubstr("http.listen")));
      GTEST_SKIP() << "port 9299 is in use here";
    }
    EXPECT_THAT(agent.log(),
                AllOf(HasSubstr("no configuration"), HasSubstr("/etc/lariat/lariat.json"),
                      Not(HasSubstr("warning"))));
    EXPECT_TRUE(wait_until([&] { return http_get(9299, "/-/ready").status == 200; }))
        << agent.log();
    const MetricsText host(http_get(9299, "/metrics?scope=host").body);
    EXPECT_GT(host.value("node_memory_MemTotal_bytes"), 0);
    const auto status = run({LARIAT_BINARY, "status", "--json", "--socket", socket});
    EXPECT_EQ(status.status, 0) << status.err;
    const auto parsed = nlohmann::json::parse(status.out);
    EXPECT_TRUE(parsed["config"]["file"].is_null());
    EXPECT_EQ(parsed["collectors"].size(), 2U);
    for (const auto& collector : parsed["collectors"]) EXPECT_EQ(collector["healthy"], true);
    agent.process().signal(SIGTERM);
    EXPECT_EQ(agent.process().wait(), 0);
    EXPECT_FALSE(std::filesystem::exists(socket));
  }
}

}  // namespace
}  // namespace lariat::test
