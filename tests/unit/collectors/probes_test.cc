#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <string>
#include <vector>

#include "collectors/http/probe.h"
#include "collectors/sdk/options.h"
#include "collectors/tcp/connect.h"
#include "tests/support/certificates.h"
#include "tests/support/process.h"
#include "tests/unit/collectors/answering_server.h"

namespace lariat {
namespace {

using test::AnsweringServer;
using test::Process;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using enum test::Process::Stream;

/// What the program says once, without the times.
std::string once(const std::string& name, std::vector<std::string> options) {
  options.insert(options.begin(), {std::string(LARIAT_COLLECTORS) + "/" + name, "--text"});
  Process program(options);
  EXPECT_TRUE(program.write("tick 5\n"));
  program.close_input();
  EXPECT_EQ(program.wait(), 0) << program.text(kErr);
  return program.text(kOut);
}

double value_in(const std::string& text, const std::string& name) {
  const std::size_t at = text.find("sample 5 " + name + " ");
  EXPECT_NE(at, text.npos) << name << " in\n" << text;
  return at == text.npos ? -99 : std::stod(text.substr(at + 10 + name.size()));
}

/// A site with a page for each case.
std::string site(std::string_view head) {
  const auto wants = [head](std::string_view path) {
    return head.starts_with("GET " + std::string(path) + " ");
  };
  if (wants("/moved")) return AnsweringServer::response("302 Found", "", "Location: /good\r\n");
  if (wants("/bad")) return AnsweringServer::response("503 Service Unavailable", "busy");
  if (wants("/header")) {
    const bool there = head.find("X-Key: 7\r\n") != head.npos;
    return AnsweringServer::response(there ? "200 OK" : "403 Forbidden", "");
  }
  if (wants("/garbage")) return "no HTTP at all\r\n\r\n";
  return AnsweringServer::response("200 OK", "all is well");
}

TEST(HttpStatuses, AreReadOrRefused) {
  http::Statuses statuses;
  EXPECT_TRUE(statuses.has(204));
  EXPECT_FALSE(statuses.has(302));
  ASSERT_EQ(statuses.set("200,3xx,500-502"), "");
  for (const long good : {200, 301, 399, 500, 502}) EXPECT_TRUE(statuses.has(good)) << good;
  for (const long bad : {0, 201, 400, 503}) EXPECT_FALSE(statuses.has(bad)) << bad;
  for (const char* wrong : {"", "x", "20", "200-", "300-200", "20x", "200,,300", "0xx"}) {
    EXPECT_NE(statuses.set(wrong), "") << wrong;
  }
}

TEST(OptionSeconds, AreReadOrRefused) {
  std::chrono::milliseconds time{};
  EXPECT_EQ(sdk::parse_seconds("--t", "2.5", time), "");
  EXPECT_EQ(time.count(), 2500);
  for (const char* wrong : {"", "x", "0", "-1", "3601", "nan", "1s"}) {
    EXPECT_THAT(sdk::parse_seconds("--t", wrong, time), StartsWith("--t ")) << wrong;
  }
}

TEST(HttpProgram, TellsOfAGoodAnswer) {
  const AnsweringServer server(site);
  const std::string url = server.url("/good");
  const std::string text = once("http", {"--url", url, "--match", "is w[a-f]ll"});
  const std::string tag = " target=" + url;
  EXPECT_THAT(text, HasSubstr("state 5 probe_state" + tag + " OK status 200\n"));
  EXPECT_EQ(value_in(text, "probe_success" + tag), 1);
  EXPECT_EQ(value_in(text, "probe_http_status_code" + tag), 200);
  EXPECT_EQ(value_in(text, "probe_http_content_length" + tag), 11);
  EXPECT_EQ(value_in(text, "probe_http_uncompressed_body_length" + tag), 11);
  EXPECT_EQ(value_in(text, "probe_http_ssl" + tag), 0);
  EXPECT_EQ(value_in(text, "probe_http_version" + tag), 1.1);
  const double total = value_in(text, "probe_duration_seconds" + tag);
  EXPECT_GT(total, 0);
  double phases = 0;
  for (const std::string phase : {"resolve", "connect", "tls", "processing", "transfer"}) {
    phases += value_in(text, "probe_http_duration_seconds phase=" + phase + ",target=" + url);
  }
  EXPECT_GT(phases, 0);
  EXPECT_LE(phases, total + 1e-3);
}

TEST(HttpProgram, AsksAllAndEachByItsOwnOptions) {
  const AnsweringServer server(site);
  const std::string text = once("http", {"--timeout",   "20",
                                         "--url",       server.url("/bad"),
                                         "--url",       server.url("/bad?1"),
                                         "--expect",    "5xx",
                                         "--url",       server.url("/moved"),
                                         "--url",       server.url("/moved?2"),
                                         "--url",       server.url("/good"),
                                         "--match",     "ill",
                                         "--url",       server.url("/good?2"),
                                         "--match-not", "well",
                                         "--url",       server.url("/header"),
                                         "--header",    "X-Key: 7",
                                         "--url",       server.url("/garbage"),
                                         "--url",       "http://127.0.0.1:1/"});
  const auto success = [&](const std::string& path) {
    return value_in(text, "probe_success target=" + server.url(path));
  };
  EXPECT_EQ(success("/bad"), 0);
  EXPECT_EQ(success("/moved"), 0) << "a redirect is not followed unless it is asked for";
  EXPECT_EQ(success("/good"), 0);
  EXPECT_EQ(success("/good?2"), 0);
  EXPECT_EQ(success("/header"), 1);
  EXPECT_EQ(success("/garbage"), 0);
  EXPECT_EQ(value_in(text, "probe_success target=http://127.0.0.1:1/"), 0);
  EXPECT_EQ(value_in(text, "probe_failed_due_to_regex target=" + server.url("/good")), 1);
  EXPECT_EQ(value_in(text, "probe_failed_due_to_regex target=" + server.url("/bad")), 0);
  EXPECT_THAT(text, HasSubstr("probe_state target=" + server.url("/bad") + " CRITICAL status 503"));
}

TEST(HttpProgram, FollowsRedirectsWhereItIsToldTo) {
  const AnsweringServer server(site);
  const std::string text =
      once("http", {"--tag", "instance", "--url", server.url("/moved"), "--follow"});
  const std::string tag = " instance=" + server.url("/moved");
  EXPECT_EQ(value_in(text, "probe_success" + tag), 1);
  EXPECT_EQ(value_in(text, "probe_http_redirects" + tag), 1);
  EXPECT_EQ(value_in(text, "probe_http_status_code" + tag), 200);
}

TEST(HttpProgram, AServerThatSaysNothingCostsItsTimeOut) {
  // It listens, and nobody accepts.
  const base::UniqueFd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const name = reinterpret_cast<sockaddr*>(&address);
  ASSERT_EQ(::bind(listener.get(), name, size), 0);
  ASSERT_EQ(::listen(listener.get(), 16), 0);
  ASSERT_EQ(::getsockname(listener.get(), name, &size), 0);
  const std::string silent = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  const std::string url = "http://" + silent + "/";
  const std::string text = once("http", {"--url", url, "--timeout", "0.2"});
  EXPECT_EQ(value_in(text, "probe_success target=" + url), 0);
  EXPECT_GE(value_in(text, "probe_duration_seconds target=" + url), 0.19);

  const std::string tcp = once(
      "tcp", {"--timeout", "0.2", "--connect", silent, "--connect", silent, "--expect", "hello"});
  EXPECT_THAT(tcp, HasSubstr("probe_state target=" + silent + " OK connected\n"));
  EXPECT_THAT(tcp, HasSubstr(" CRITICAL it did not say what it has to in time\n"));
}

TEST(HttpProgram, TellsUntilWhenACertificateIsGood) {
  const test::TemporaryDirectory folder;
  const test::TestCa ca(folder.path(), "ca");
  const auto files = ca.issue("server", {.until_days = 10});
  // For a port of its own: the kernel chooses one, and it says which.
  Process server({"openssl", "s_server", "-www", "-accept", "127.0.0.1:0", "-cert",
                  files.certificate, "-key", files.key});
  const auto line = server.wait_for_line(kOut, "ACCEPT ");
  ASSERT_TRUE(line) << server.text(kErr);
  const std::string url = "https://127.0.0.1" + line->substr(line->rfind(':')) + "/";
  const auto now = static_cast<double>(std::time(nullptr));
  constexpr double kDay = 86'400;
  for (const std::vector<std::string>& trust :
       {std::vector<std::string>{"--ca", ca.file()}, {"--insecure"}}) {
    std::vector<std::string> options = {"--url", url};
    options.insert(options.end(), trust.begin(), trust.end());
    const std::string text = once("http", options);
    EXPECT_EQ(value_in(text, "probe_success target=" + url), 1) << text;
    EXPECT_EQ(value_in(text, "probe_http_ssl target=" + url), 1);
    EXPECT_NEAR(value_in(text, "probe_ssl_earliest_cert_expiry target=" + url), now + 10 * kDay,
                kDay);
    EXPECT_GT(value_in(text, "probe_http_duration_seconds phase=tls,target=" + url), 0);
  }
  const std::string text = once("http", {"--url", url});
  EXPECT_EQ(value_in(text, "probe_success target=" + url), 0) << "nobody trusts it";
  EXPECT_THAT(text, Not(HasSubstr("cert_expiry")));
}

TEST(TcpProgram, ConnectsToAllAndHoldsThemToWhatTheySay) {
  const AnsweringServer mail([](std::string_view) { return "220 mail ready\r\n"; },
                             AnsweringServer::Waits::kForNothing);
  const AnsweringServer web(site);
  const std::string text =
      once("tcp", {"--connect", mail.address(), "--expect", "^220 ", "--connect", web.address(),
                   "--send", "GET /good HTTP/1.0\\r\\n\\r\\n", "--expect", "all is well",
                   "--connect", "127.0.0.1:1"});
  for (const std::string& good : {mail.address(), web.address()}) {
    EXPECT_EQ(value_in(text, "probe_success target=" + good), 1) << text;
    EXPECT_GE(value_in(text, "probe_tcp_connect_seconds target=" + good), 0);
    EXPECT_GT(value_in(text, "probe_duration_seconds target=" + good), 0);
  }
  EXPECT_EQ(value_in(text, "probe_success target=127.0.0.1:1"), 0);
  EXPECT_THAT(text, Not(HasSubstr("probe_tcp_connect_seconds target=127.0.0.1:1")));
  const std::string other = once("tcp", {"--connect", mail.address(), "--expect", "^250"});
  EXPECT_EQ(value_in(other, "probe_failed_due_to_regex target=" + mail.address()), 1);
  EXPECT_THAT(other, HasSubstr("it closed without saying what it has to"));
}

TEST(ProbePrograms, WrongUseIsOneSentence) {
  for (const std::vector<std::string>& words : {std::vector<std::string>{"http"},
                                                {"http", "--url", "ftp://x/"},
                                                {"http", "--url", "http://"},
                                                {"http", "--expect", "x"},
                                                {"http", "--header", "x"},
                                                {"http", "--timeout", "0"},
                                                {"http", "--match", "("},
                                                {"tcp"},
                                                {"tcp", "--connect", "localhost"},
                                                {"tcp", "--connect", "localhost:x"},
                                                {"tcp", "--connect", "localhost:1/x"},
                                                {"tcp", "--timeout", "x"}}) {
    std::vector<std::string> command = words;
    command.front() = std::string(LARIAT_COLLECTORS) + "/" + words.front();
    Process program(command);
    EXPECT_EQ(program.wait(), 2) << words.front() << ' ' << words.back();
    EXPECT_THAT(program.text(kErr), StartsWith(words.front() + ": "));
  }
}

}  // namespace
}  // namespace lariat
