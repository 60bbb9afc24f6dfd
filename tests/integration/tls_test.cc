// TSDP over TLS: the real program against itself, OpenSSL and Python.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>

#include <chrono>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "tests/integration/bench_run.h"
#include "tests/integration/receive_run.h"
#include "tests/integration/tls_receiver.h"
#include "tests/support/certificates.h"
#include "tests/support/process.h"

namespace lariat::test {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using Stream = Process::Stream;

constexpr auto kAnyPort = "tsdp+tls://127.0.0.1:0";

class Tls : public testing::Test {
 protected:
  std::vector<std::string> server_options() const {
    return {"--certificate", server_.certificate, "--key", server_.key};
  }
  /// `lariat send` of one sample to `url`, to its end.
  struct Sent {
    int status = -1;
    std::string err;
  };
  Sent send(const std::string& url, std::vector<std::string> options = {}) const {
    std::vector<std::string> words = {LARIAT_BINARY, "send", url, "--ca", ca_.file()};
    words.insert(words.end(), options.begin(), options.end());
    words.insert(words.end(), {"sample", "load host=a", "0.42"});
    Process process(words);
    const auto status = process.wait();
    return {status.value_or(-1), process.text(Stream::kErr)};
  }
  /// To itself, with what follows.
  std::vector<std::string> bench_to(const std::string& url, std::vector<std::string> more) const {
    std::vector<std::string> words = {url, "--ca", ca_.file()};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }

  TemporaryDirectory folder_;
  TestCa ca_{folder_.path(), "ca"};
  CertificateFiles server_ = ca_.issue("server");
};

TEST_F(Tls, ReceivesWhatIsSent) {
  ReceiveRun receive(kAnyPort, server_options());
  const auto sent = send(receive.url());
  EXPECT_EQ(sent.status, 0) << sent.err;
  const auto line = receive.process().wait_for_line(Stream::kOut, "sample ");
  ASSERT_TRUE(line);
  EXPECT_THAT(*line, HasSubstr("load host=a 0.42"));
}

TEST_F(Tls, WantsClientCertificatesWhenItIsGivenTheirCa) {
  auto options = server_options();
  options.insert(options.end(), {"--client-ca", ca_.file()});
  ReceiveRun receive(kAnyPort, options);
  const auto without = send(receive.url(), {"--timeout", "1s"});
  EXPECT_EQ(without.status, 1);
  EXPECT_THAT(without.err, HasSubstr("wants a client certificate"));
  EXPECT_TRUE(receive.process().wait_for_text(Stream::kErr, "gave no client certificate"));
  const auto mine = ca_.issue("mine", {.names = {}});
  const auto with = send(receive.url(), {"--certificate", mine.certificate, "--key", mine.key});
  EXPECT_EQ(with.status, 0) << with.err;
  EXPECT_TRUE(receive.process().wait_for_line(Stream::kOut, "sample "));
}

TEST_F(Tls, RefusesWhatIsUnsafeOrMakesNoSense) {
  const auto refused = [](std::vector<std::string> words, int status, const char* why) {
    words.insert(words.begin(), LARIAT_BINARY);
    Process process(words);
    EXPECT_EQ(process.wait(), status);
    EXPECT_THAT(process.text(Stream::kErr), HasSubstr(why));
  };
  refused({"receive", kAnyPort}, 2, "--certificate FILE and --key FILE");
  refused({"receive", "tsdp://127.0.0.1:0", "--key", server_.key}, 2, "tsdp+tls://");
  refused({"send", "tsdp://127.0.0.1:1", "--ca", ca_.file(), "sample", "a b=c", "1"}, 2,
          "tsdp+tls://");
  ::chmod(server_.key.c_str(), 0644);
  refused({"receive", kAnyPort, "--certificate", server_.certificate, "--key", server_.key}, 1,
          "chmod 600");
}

TEST_F(Tls, TellsAWrongNameAndAnUnknownCa) {
  ReceiveRun receive(kAnyPort, server_options());
  const auto name = send(receive.url(), {"--server-name", "agg.example", "--timeout", "1s"});
  EXPECT_EQ(name.status, 1);
  EXPECT_THAT(name.err, HasSubstr("is for localhost, 127.0.0.1, not for agg.example"));
  const TestCa other(folder_.path(), "other");
  Process process({LARIAT_BINARY, "send", receive.url(), "--ca", other.file(), "--timeout", "1s",
                   "sample", "a b=c", "1"});
  EXPECT_EQ(process.wait(), 1);
  EXPECT_THAT(process.text(Stream::kErr), HasSubstr("signed by \"ca\""));
}

TEST_F(Tls, UsesANewCertificateForTheNextConnectionAndDropsNone) {
  ReceiveRun receive(kAnyPort, server_options());
  BenchRun bench(bench_to(receive.url(), {"--rate", "1000", "--seconds", "600s"}));
  bench.wait_connected(1);
  ca_.issue("server", {.names = {"DNS:new.example"}});
  const auto sent = send(receive.url(), {"--server-name", "new.example"});
  EXPECT_EQ(sent.status, 0) << sent.err;
  EXPECT_TRUE(receive.process().wait_for_text(Stream::kErr, "has read its TLS files anew"));
  const auto before = bench.metrics();
  const auto delivered = ledger_of(before, 0).delivered;
  const auto after = bench.metrics_when(
      [&](const MetricsText& now) { return ledger_of(now, 0).delivered > delivered; });
  EXPECT_GT(ledger_of(after, 0).delivered, delivered) << "the one that lives goes on";
  EXPECT_EQ(after.sum("lariat_endpoint_disconnects_total"), 0);
  EXPECT_EQ(bench.stop().status, 0);
}

TEST_F(Tls, AnEndWithoutTheWordOfTlsIsAReset) {
  TlsReceiver receiver(server_);
  BenchRun bench(bench_to(receiver.url(),
                          {"--idle", "600s", "--back-off-min", "5ms", "--back-off-max", "20ms"}));
  ASSERT_TRUE(receiver.accept());
  bench.wait_connected(1);
  receiver.close(true);
  ASSERT_TRUE(receiver.accept());
  bench.wait_connected(1);
  receiver.close(false);
  ASSERT_TRUE(receiver.accept());
  bench.wait_connected(1);
  const auto metrics = bench.metrics();
  EXPECT_EQ(endpoint_count(metrics, "disconnects", 0, "closed"), 1U);
  EXPECT_EQ(endpoint_count(metrics, "disconnects", 0, "reset"), 1U);
  EXPECT_THAT(bench.log(), HasSubstr("without the close of TLS"));
  bench.process().signal(SIGTERM);
  EXPECT_TRUE(receiver.read_to_end());
  EXPECT_TRUE(receiver.ended_cleanly()) << "and says it itself";
}

// The sender stands still while the receiver reads all that its kernel has acknowledged, up to the
// middle of a record: that record's frames have to come again.
TEST_F(Tls, AConnectionKilledInMidStreamLosesNothing) {
  const auto seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  constexpr int kKills = 10;
  TlsReceiver receiver(server_);
  BenchRun bench(
      bench_to(receiver.url(), {"--rate", "200000", "--seconds", "600s", "--memory", "256MiB",
                                "--back-off-min", "5ms", "--back-off-max", "20ms"}));
  for (int i = 0; i < kKills; ++i) {
    ASSERT_TRUE(receiver.accept()) << bench.log();
    receiver.read_for(milliseconds(std::uniform_int_distribution(0, 20)(random)));
    // Behind: what the socket does not take of a record waits inside.
    bench.process().wait(milliseconds(std::uniform_int_distribution(0, 200)(random)));
    bench.process().stop();
    receiver.drain();
    receiver.reset();
    bench.process().go_on();
  }
  ASSERT_TRUE(receiver.accept());
  bench.process().signal(SIGTERM);
  ASSERT_TRUE(receiver.read_to_end());
  EXPECT_TRUE(receiver.ended_cleanly());
  const auto ended = bench.end();
  const auto published = ended.metrics.count("lariat_log_frames_total");
  EXPECT_EQ(receiver.bad(), 0U);
  EXPECT_EQ(receiver.numbers().size(), published) << "each came";
  EXPECT_GE(receiver.cut_in_record(), 1U) << "else this shows little";
  const auto ledger = ledger_of(ended.metrics, 0);
  EXPECT_TRUE(ledger.balances());
  EXPECT_EQ(ledger.delivered, published);
  EXPECT_LE(receiver.frames() - published, endpoint_count(ended.metrics, "frames_resent", 0))
      << "what came twice was resent";
  EXPECT_EQ(endpoint_count(ended.metrics, "disconnects", 0, "reset"), std::uint64_t{kKills});
}

TEST_F(Tls, ASlowReceiverIsWaitedForByTheWatcherAlone) {
  TlsReceiver receiver(server_);
  BenchRun bench(bench_to(receiver.url(), {"--rate", "200000", "--seconds", "600s"}));
  ASSERT_TRUE(receiver.accept());
  const auto behind = bench.metrics_when(
      [](const MetricsText& now) { return now.sum("lariat_endpoint_write_watcher_active") == 1; });
  EXPECT_EQ(behind.sum("lariat_endpoint_write_watcher_active"), 1);
  bench.process().signal(SIGTERM);
  ASSERT_TRUE(receiver.read_to_end());
  const auto ended = bench.end();
  EXPECT_EQ(ended.metrics.sum("lariat_endpoint_write_wakeups_empty_total"), 0);
  EXPECT_GT(ended.metrics.sum("lariat_endpoint_write_wakeups_total"), 0);
  EXPECT_EQ(receiver.numbers().size(), ended.metrics.count("lariat_log_frames_total"));
}

TEST_F(Tls, AnIdleConnectionWakesNobody) {
  ReceiveRun receive(kAnyPort, server_options());
  BenchRun bench(bench_to(receive.url(), {"--wait", "--idle", "1h", "--heartbeat", "0s"}));
  bench.wait_connected(1);
  constexpr milliseconds kSettled{300};
  bench.process().wait(kSettled);
  const auto before = bench.metrics();
  bench.process().wait(kSettled);
  const auto again = bench.metrics();
  bench.process().wait(lasting(std::chrono::seconds(5), std::chrono::seconds(2)));
  const auto after = bench.metrics();
  const auto change = [](const MetricsText& from, const MetricsText& to, const char* name) {
    return to.sum(name) - from.sum(name);
  };
  for (const auto* name : {"lariat_loop_wakeups_total", "lariat_loop_iterations_total"}) {
    EXPECT_EQ(change(again, after, name), change(before, again, name)) << name;
  }
  EXPECT_EQ(change(again, after, "lariat_loop_wakeups_idle_total"), 0);
  EXPECT_EQ(after.sum("lariat_endpoint_write_watcher_active"), 0);
  EXPECT_EQ(after.sum("lariat_endpoint_write_wakeups_empty_total"), 0);
}

TEST_F(Tls, SpeaksToOpenSslOfEitherVersion) {
  for (const auto* version : {"-tls1_2", "-tls1_3"}) {
    Process peer({"openssl", "s_server", version, "-4", "-accept", "127.0.0.1:0", "-cert",
                  server_.certificate, "-key", server_.key});
    const auto line = peer.wait_for_line(Stream::kOut, "ACCEPT ");
    ASSERT_TRUE(line) << peer.text(Stream::kErr);
    const auto port = line->substr(line->rfind(':') + 1);
    const auto sent = send("tsdp+tls://localhost:" + port);
    EXPECT_EQ(sent.status, 0) << sent.err;
    EXPECT_TRUE(peer.wait_for_text(Stream::kOut, "load host=a")) << version;
  }
}

TEST_F(Tls, SpeaksToPython) {
  constexpr auto kProgram = R"(
import socket, ssl, sys
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1], sys.argv[2])
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
with context.wrap_socket(listener.accept()[0], server_side=True) as peer:
    got = b""
    while piece := peer.recv(65536):
        got += piece
print("got", got.count(b"load host=a"), flush=True)
)";
  Process peer({"python3", "-c", kProgram, server_.certificate, server_.key});
  const auto port = peer.line(Stream::kOut);
  ASSERT_TRUE(port) << peer.text(Stream::kErr);
  const auto sent = send("tsdp+tls://127.0.0.1:" + *port);
  EXPECT_EQ(sent.status, 0) << sent.err;
  EXPECT_EQ(peer.line(Stream::kOut), "got 1") << "to a clean end: " << peer.text(Stream::kErr);
}

TEST_F(Tls, TakesConnectionsOfOthersAndSurvivesWhatIsNoTls) {
  ReceiveRun receive(kAnyPort, server_options());
  const auto place = receive.url().substr(receive.url().find("//") + 2);
  const auto port = place.substr(place.find(':') + 1);
  Process plain(
      {LARIAT_BINARY, "send", "tsdp://" + place, "--timeout", "1s", "sample", "a b=c", "1"});
  plain.wait();
  EXPECT_TRUE(receive.process().wait_for_text(Stream::kErr, "it speaks no TLS"));
  Process other({"openssl", "s_client", "-connect", place, "-CAfile", ca_.file(), "-quiet",
                 "-verify_return_error"});
  EXPECT_TRUE(other.write("no message of TSDP, but over TLS\n"));
  EXPECT_TRUE(receive.process().wait_for_text(Stream::kErr, "begins no TSDP message"));
  EXPECT_EQ(send(receive.url()).status, 0);
}

}  // namespace
}  // namespace lariat::test
