#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "agent/base/log.h"
#include "agent/net/tls_channel.h"
#include "agent/net/tls_context.h"
#include "tests/support/certificates.h"
#include "tests/support/temporary_directory.h"

namespace lariat::test {

/// Certificates of a test, contexts made with them, and the lines they wrote.
class TlsFixture {
 public:
  TlsFixture();

  [[nodiscard]] std::shared_ptr<net::TlsContext> client(net::TlsOptions options);
  [[nodiscard]] std::shared_ptr<net::TlsContext> client() { return client({.ca = ca.file()}); }
  [[nodiscard]] std::shared_ptr<net::TlsContext> server(net::TlsOptions options);
  [[nodiscard]] std::shared_ptr<net::TlsContext> server() {
    return server({.certificate = own.certificate, .key = own.key});
  }

  TemporaryDirectory folder;
  TestCa ca{folder.path(), "ca"};
  CertificateFiles own;  ///< For localhost and 127.0.0.1.
  std::vector<std::string> lines;
  base::Log log{[this](base::Level, std::string_view line) { lines.emplace_back(line); }};
};

/// Both ends of one connection over loopback.
struct TlsPair {
  std::unique_ptr<net::TlsChannel> client;
  std::unique_ptr<net::TlsChannel> server;
  net::TlsChannel::Step client_step = net::TlsChannel::Step::kMore;
  net::TlsChannel::Step server_step = net::TlsChannel::Step::kMore;
};

/// Begins at both ends, without a handshake.
TlsPair begin_pair(net::TlsContext& client, net::TlsContext& server,
                   const std::string& host = "127.0.0.1");
/// Goes on at both ends until each is done or one has failed.
TlsPair shake_hands(net::TlsContext& client, net::TlsContext& server,
                    const std::string& host = "127.0.0.1");

/// All that `channel` gets until `enough` of it is there, or it ends; `end` is where it says so.
std::string receive(net::Channel& channel, std::size_t enough, net::Received* end = nullptr);
/// Whether it can be read within some seconds.
[[nodiscard]] bool wait_readable(int fd);

}  // namespace lariat::test
