#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <thread>

#include "agent/base/unique_fd.h"
#include "collectors/self/control_client.h"
#include "collectors/self/metrics_frames.h"
#include "tests/support/process.h"
#include "tests/unit/collectors/source_run.h"

namespace lariat::self {
namespace {

using test::Process;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using enum test::Process::Stream;

/// A control socket that gives one answer to whoever connects, on a thread of its own.
class FakeAgent {
 public:
  explicit FakeAgent(std::string answer, bool ends = true)
      : path_(folder_.file("control.sock")), answer_(std::move(answer)), ends_(ends) {
    listener_.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path_.copy(address.sun_path, sizeof address.sun_path - 1);
    if (::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(listener_.get(), 8) != 0) {
      throw std::runtime_error("no control socket");
    }
    thread_ = std::thread([this] { serve(); });
  }
  ~FakeAgent() {
    ::shutdown(listener_.get(), SHUT_RDWR);
    thread_.join();
  }

  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  void serve() {
    std::vector<base::UniqueFd> kept;
    while (true) {
      base::UniqueFd peer(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!peer) return;
      std::array<char, 64> command{};
      const ssize_t got = ::read(peer.get(), command.data(), command.size());
      const std::string_view line(command.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
      const std::string wrong = "unknown command\n";
      const std::string& answer = line == "metrics agent\n" ? answer_ : wrong;
      std::size_t sent = 0;
      while (sent < answer.size()) {
        const ssize_t n =
            ::send(peer.get(), answer.data() + sent, answer.size() - sent, MSG_NOSIGNAL);
        if (n <= 0) break;
        sent += static_cast<std::size_t>(n);
      }
      if (!ends_) kept.push_back(std::move(peer));
    }
  }

  test::TemporaryDirectory folder_;
  std::string path_;
  std::string answer_;
  bool ends_;
  base::UniqueFd listener_;
  std::thread thread_;
};

constexpr std::string_view kMetrics =
    "# HELP lariat_log_frames_total Appended.\n"
    "# TYPE lariat_log_frames_total counter\n"
    "lariat_log_frames_total 12\n"
    "# TYPE lariat_endpoint_connected gauge\n"
    "lariat_endpoint_connected{endpoint=\"eu,1\"} 1\n"
    "lariat_endpoint_connected{endpoint=\"\",other=\"a\\\"b\"} 0\n"
    "# TYPE odd gauge\n"
    "odd NaN\n";

TEST(SelfMetrics, AreDeltasAndSamplesWithTheirLabels) {
  sdk::Answer answer;
  answer.begin(5);
  EXPECT_EQ(put_metrics(kMetrics, answer), "");
  EXPECT_THAT(test::lines_of(answer), ElementsAre("d lariat_log_frames_total 12",
                                                  "s lariat_endpoint_connected endpoint=eu\\,1 1",
                                                  "s lariat_endpoint_connected other=a\"b 0"));
}

TEST(SelfMetrics, GarbageIsAFaultAndLeavesNothing) {
  for (const std::string text : {"", "garbage\n", "a 1\nb{ 2\n", "# only a comment\n"}) {
    sdk::Answer answer;
    answer.begin(5);
    EXPECT_THAT(put_metrics(text, answer), HasSubstr("no metrics")) << text;
    EXPECT_EQ(answer.count(), 0U);
  }
}

TEST(ControlClient, ReadsAnAnswerToItsEnd) {
  const std::string long_answer(300'000, 'x');
  const FakeAgent agent(long_answer);
  std::string answer;
  EXPECT_EQ(ask_agent(agent.path(), "metrics agent", answer), "");
  EXPECT_EQ(answer, long_answer);
}

TEST(ControlClient, IsBoundedInSizeAndTime) {
  std::string answer;
  const FakeAgent large(std::string(300'000, 'x'));
  EXPECT_THAT(ask_agent(large.path(), "metrics agent", answer, {.octets = 100'000}),
              HasSubstr("over 100000 octets"));
  const FakeAgent slow("x", false);
  EXPECT_THAT(
      ask_agent(slow.path(), "metrics agent", answer, {.time = std::chrono::milliseconds(50)}),
      HasSubstr("timed out"));
}

TEST(ControlClient, SaysWhoIsNotThere) {
  std::string answer;
  EXPECT_EQ(
      ask_agent("/nonexistent/s", "metrics agent", answer),
      "cannot connect to the agent's control socket /nonexistent/s: No such file or directory");
  EXPECT_THAT(ask_agent(std::string(200, 'x'), "metrics agent", answer),
              HasSubstr("name too long"));
}

std::string program() { return std::string(LARIAT_COLLECTORS) + "/self"; }

TEST(SelfProgram, AnswersTicksWithTheAgentsMetrics) {
  const FakeAgent agent{std::string(kMetrics)};
  Process self({program(), "--text"},
               {.input_file = {}, .environment = {"LARIAT_CONTROL=" + agent.path()}});
  ASSERT_TRUE(self.write("tick 5\n"));
  self.close_input();
  EXPECT_EQ(self.wait(), 0);
  EXPECT_EQ(self.text(kOut),
            "delta 5 lariat_log_frames_total 12\n"
            "sample 5 lariat_endpoint_connected endpoint=eu\\,1 1\n"
            "sample 5 lariat_endpoint_connected other=a\"b 0\n"
            "done\n");
  EXPECT_EQ(self.text(kErr), "");
}

TEST(SelfProgram, AnAgentThatIsAwayOrTellsGarbageIsAnEmptyAnswerAndOneLine) {
  const FakeAgent garbage("{}\n");
  for (const std::string& path : {std::string("/nonexistent/s"), garbage.path()}) {
    Process self({program(), "--text", "--control", path});
    ASSERT_TRUE(self.write("tick 5\ntick 6\n"));
    self.close_input();
    EXPECT_EQ(self.wait(), 0);
    EXPECT_EQ(self.text(kOut), "done\ndone\n");
    EXPECT_EQ(std::ranges::count(self.text(kErr), '\n'), 1) << self.text(kErr);
  }
}

TEST(SelfProgram, NeedsASocketsPath) {
  Process self({program(), "--once"}, {.input_file = {}, .environment = {"LARIAT_CONTROL="}});
  EXPECT_EQ(self.wait(), 2);
  EXPECT_THAT(self.text(kErr), HasSubstr("--control PATH"));
}

}  // namespace
}  // namespace lariat::self
