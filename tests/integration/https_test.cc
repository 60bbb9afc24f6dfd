// /metrics over TLS, asked by Python's client.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/support/certificates.h"
#include "tests/support/process.h"

namespace lariat::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;
using Stream = Process::Stream;

// Asks on one connection for each path that comes on standard input, and prints code and length;
// a blank path ends it.
constexpr auto kClient = R"(
import http.client, ssl, sys
ca, name, port = sys.argv[1:4]
context = ssl.create_default_context(cafile=ca)
if len(sys.argv) > 4:
    context.load_cert_chain(sys.argv[4], sys.argv[5])
if name != "127.0.0.1":
    context.check_hostname = False
try:
    connection = http.client.HTTPSConnection("127.0.0.1", int(port), context=context, timeout=30)
    connection.connect()
    names = [value for _, value in connection.sock.getpeercert()["subjectAltName"]]
    print("connected to", " ".join(names), flush=True)
    for path in sys.stdin:
        if not path.strip():
            break
        connection.request("GET", path.strip())
        answer = connection.getresponse()
        body = answer.read()
        print(answer.status, body.count(b"lariat_build_info{"), flush=True)
except (OSError, http.client.HTTPException) as problem:
    print("failed:", problem, flush=True)
)";

class Https : public testing::Test {
 protected:
  void configure(const std::string& tls) const {
    write_file(folder_.file("lariat.json"), R"({"http": {"listen": "127.0.0.1:0")" + tls +
                                                R"(}, "control": null,)" +
                                                R"("collectors": {"directories": []}})");
  }
  [[nodiscard]] std::string files(const std::string& more = "") const {
    return R"(, "tls": {"certificate": ")" + server_.certificate + R"(", "key": ")" + server_.key +
           '"' + more + '}';
  }
  void start() {
    agent_ = std::make_unique<Process>(
        std::vector<std::string>{LARIAT_BINARY, "agent", "--config", folder_.file("lariat.json")});
    constexpr std::string_view kServes = "metrics at https://127.0.0.1:";
    ASSERT_TRUE(agent_->wait_for_text(Stream::kErr, kServes)) << agent_->text(Stream::kErr);
    const auto& text = agent_->text(Stream::kErr);
    port_ = std::to_string(std::stoi(text.substr(text.find(kServes) + kServes.size())));
  }
  [[nodiscard]] std::unique_ptr<Process> client(const std::vector<std::string>& more = {}) const {
    std::vector<std::string> words = {"python3", "-c", kClient, ca_.file(), "127.0.0.1", port_};
    words.insert(words.end(), more.begin(), more.end());
    return std::make_unique<Process>(words);
  }
  static std::string ask(Process& client, const std::string& path) {
    client.write(path + "\n");
    return client.line(Stream::kOut).value_or("nothing");
  }

  TemporaryDirectory folder_;
  TestCa ca_{folder_.path(), "ca"};
  CertificateFiles server_ = ca_.issue("server");
  std::unique_ptr<Process> agent_;
  std::string port_;
};

TEST_F(Https, ServesMetrics) {
  configure(files());
  start();
  const auto scraper = client();
  EXPECT_EQ(scraper->line(Stream::kOut), "connected to localhost 127.0.0.1");
  EXPECT_EQ(ask(*scraper, "/metrics"), "200 1");
  EXPECT_EQ(ask(*scraper, "/metrics"), "200 1") << "on the same connection";
  EXPECT_THAT(ask(*scraper, "/nowhere"), StartsWith("404"));
  agent_->signal(SIGTERM);
  EXPECT_EQ(agent_->wait(), 0);
}

TEST_F(Https, RenewsItsCertificateWithoutDroppingAConnection) {
  configure(files());
  start();
  const auto old = client();
  EXPECT_EQ(old->line(Stream::kOut), "connected to localhost 127.0.0.1");
  ca_.issue("server", {.names = {"IP:127.0.0.1", "DNS:new.example"}});
  const auto next = client();
  EXPECT_EQ(next->line(Stream::kOut), "connected to 127.0.0.1 new.example");
  EXPECT_EQ(ask(*old, "/metrics"), "200 1");
  EXPECT_EQ(ask(*next, "/metrics"), "200 1");
}

TEST_F(Https, WantsClientCertificates) {
  configure(files(R"(, "client_ca": ")" + ca_.file() + '"'));
  start();
  const auto without = client();
  const auto first = without->line(Stream::kOut).value_or("nothing");
  // In TLS 1.3 the client hears of it with its first answer.
  EXPECT_THAT(first.starts_with("failed") ? first : ask(*without, "/metrics"),
              StartsWith("failed"));
  const auto mine = ca_.issue("mine", {.names = {}});
  const auto with = client({mine.certificate, mine.key});
  EXPECT_THAT(with->line(Stream::kOut).value_or(""), StartsWith("connected"));
  EXPECT_EQ(ask(*with, "/metrics"), "200 1");
}

TEST_F(Https, RefusesBadFilesAtTheStartAndKeepsWhatItHasAtAReload) {
  configure(files());
  start();
  const auto scraper = client();
  EXPECT_THAT(scraper->line(Stream::kOut).value_or(""), StartsWith("connected"));
  const auto other = ca_.issue("other");
  write_file(folder_.file("lariat.json"),
             R"({"http": {"listen": "127.0.0.1:0", "tls": {"certificate": ")" +
                 server_.certificate + R"(", "key": ")" + other.key +
                 R"("}}, "control": null, "collectors": {"directories": []}})");
  agent_->signal(SIGHUP);
  EXPECT_TRUE(agent_->wait_for_text(Stream::kErr, "does not belong to"));
  EXPECT_TRUE(agent_->wait_for_text(Stream::kErr, "the old configuration stays in force"));
  EXPECT_EQ(ask(*scraper, "/metrics"), "200 1");
  Process second({LARIAT_BINARY, "agent", "--config", folder_.file("lariat.json")});
  EXPECT_EQ(second.wait(), 1);
  EXPECT_THAT(second.text(Stream::kErr), HasSubstr("http.tls: the key in " + other.key));
}

}  // namespace
}  // namespace lariat::test
