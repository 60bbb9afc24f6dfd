// One endpoint over TLS, against a program that does nothing but plain OpenSSL.
//
//   bench_tls sink FOLDER [--pin N]       makes certificates there, takes connections and discards
//   bench_tls ceiling FOLDER --ports P --frames N --blocks 16,64,256 --pin N
//
// The sink prints what the sink of the other measures prints, and takes one connection at a time.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <limits>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "agent/base/unique_fd.h"
#include "agent/net/peer.h"
#include "agent/net/socket_options.h"
#include "tests/bench/arguments.h"
#include "tests/bench/frames.h"
#include "tests/bench/usage.h"
#include "tests/support/certificates.h"

namespace lariat::bench {
namespace {

struct Free {
  void operator()(SSL* ssl) const noexcept { SSL_free(ssl); }
  void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
};
using Context = std::unique_ptr<SSL_CTX, Free>;
using Session = std::unique_ptr<SSL, Free>;

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

/// Takes one connection after the other, and tells at SIGUSR1 what came.
class Sink {
 public:
  explicit Sink(const std::string& folder) : context_(SSL_CTX_new(TLS_server_method())) {
    const test::TestCa ca(folder, "ca");
    const auto files = ca.issue("server");
    if (SSL_CTX_use_certificate_chain_file(context_.get(), files.certificate.c_str()) != 1 ||
        SSL_CTX_use_PrivateKey_file(context_.get(), files.key.c_str(), SSL_FILETYPE_PEM) != 1) {
      fail("the certificate cannot be used");
    }
    listener_.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    auto address = loopback(0);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener_.get(), generic, size) != 0 || ::listen(listener_.get(), 16) != 0 ||
        ::getsockname(listener_.get(), generic, &size) != 0) {
      fail("listen", errno);
    }
    std::printf("{\"ports\":[%u]}\n", unsigned{ntohs(address.sin_port)});
    std::fflush(stdout);
  }

  [[noreturn]] void run() {
    std::vector<char> room(std::size_t{64} << 10U);
    for (;;) {
      const base::UniqueFd socket(::accept(listener_.get(), nullptr, nullptr));
      if (!socket) fail("accept", errno);
      ++connections_;
      const Session session(SSL_new(context_.get()));
      SSL_set_fd(session.get(), socket.get());
      if (SSL_accept(session.get()) != 1) continue;
      int got = 0;
      while ((got = SSL_read(session.get(), room.data(), static_cast<int>(room.size()))) > 0) {
        received_ += static_cast<std::uint64_t>(got);
      }
    }
  }

  void print_counts() const {
    std::printf("{\"connections\":[%lu],\"received\":[%lu]}\n", connections_.load(),
                received_.load());
    std::fflush(stdout);
  }

 private:
  Context context_;
  base::UniqueFd listener_;
  std::atomic<std::uint64_t> connections_ = 0;
  std::atomic<std::uint64_t> received_ = 0;
};

[[noreturn]] void run_sink(const std::string& folder) {
  sigset_t usr1;
  ::sigemptyset(&usr1);
  ::sigaddset(&usr1, SIGUSR1);
  ::pthread_sigmask(SIG_BLOCK, &usr1, nullptr);
  Sink sink(folder);
  std::thread([&sink, usr1] {
    for (int number = 0; ::sigwait(&usr1, &number) == 0;) sink.print_counts();
  }).detach();
  std::thread([&sink] {
    char octet = 0;
    while (::read(STDIN_FILENO, &octet, 1) > 0) {
    }
    sink.print_counts();
    ::_exit(0);
  }).detach();
  sink.run();
}

/// A connection as the agent has one, in the hands of plain OpenSSL.
class Plain {
 public:
  Plain(SSL_CTX* context, std::uint16_t port)
      : socket_(net::stream_socket(AF_INET)), session_(SSL_new(context)) {
    net::set_peer_options(socket_.get(), {});
    const auto address = loopback(port);
    const auto* generic = reinterpret_cast<const sockaddr*>(&address);
    if (::connect(socket_.get(), generic, sizeof address) != 0 && errno != EINPROGRESS) {
      fail("connect", errno);
    }
    SSL_set_fd(session_.get(), socket_.get());
    for (int result = 0; (result = SSL_connect(session_.get())) != 1;) await(result);
  }

  void write(const std::vector<std::byte>& block, std::size_t size) {
    for (;;) {
      const int result = SSL_write(session_.get(), block.data(), static_cast<int>(size));
      if (result > 0) return;
      await(result);
    }
  }

  void wait_acknowledged() const {
    while (net::unacknowledged(socket_.get()).value_or(0) != 0) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    SSL_shutdown(session_.get());
  }

 private:
  void await(int result) const {
    const int wants = SSL_get_error(session_.get(), result);
    if (wants != SSL_ERROR_WANT_READ && wants != SSL_ERROR_WANT_WRITE) fail("TLS has failed");
    pollfd ready{.fd = socket_.get(),
                 .events = static_cast<short>(wants == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT)};
    if (::poll(&ready, 1, 10'000) != 1) fail("poll", ETIMEDOUT);
  }

  base::UniqueFd socket_;
  Session session_;
};

// Returns CPU seconds a million frames.
double measure(SSL_CTX* context, std::uint16_t port, std::size_t most_bytes, std::uint64_t frames) {
  const auto frame = make_frame("series=0", 1.0);
  std::vector<std::byte> block;
  while (block.size() + frame.size() <= most_bytes) {
    block.insert(block.end(), frame.begin(), frame.end());
  }
  Plain peer(context, port);
  const double cpu_before = cpu_seconds();
  for (auto left = frames * kFrameBytes; left > 0;) {
    const auto size = std::min<std::uint64_t>(left, block.size());
    peer.write(block, static_cast<std::size_t>(size));
    left -= size;
  }
  peer.wait_acknowledged();
  const double per_million = (cpu_seconds() - cpu_before) * 1e6 / static_cast<double>(frames);
  std::printf("{\"block_bytes\":%zu,\"cpu_seconds_per_million\":%.6f}", block.size(), per_million);
  return per_million;
}

int run_ceiling(const std::string& folder, const Arguments& arguments) {
  const Context context(SSL_CTX_new(TLS_client_method()));
  if (SSL_CTX_load_verify_locations(context.get(), (folder + "/ca.pem").c_str(), nullptr) != 1) {
    fail("the CA cannot be used");
  }
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  const auto frames = std::max<std::uint64_t>(1, arguments.number("--frames", 3'000'000));
  const auto blocks = arguments.numbers("--blocks", {16, 64, 256});  // KiB.
  std::printf("{\"frames\":%lu,\"blocks\":[", frames);
  double best = std::numeric_limits<double>::max();
  for (const auto& kib : blocks) {
    if (&kib != blocks.data()) std::printf(",");
    best = std::min(best, measure(context.get(), arguments.ports().front(),
                                  static_cast<std::size_t>(kib) << 10U, frames));
  }
  std::printf("],\"cpu_seconds_per_million\":%.6f}\n", best);
  return 0;
}

int run(int argc, char** argv) {
  if (argc < 3) fail("say sink or ceiling, and a folder");
  const std::string role = argv[1];
  const std::string folder = argv[2];
  argv[2] = argv[0];
  const Arguments arguments(argc - 2, argv + 2, {"--ports", "--frames", "--blocks", "--pin"});
  arguments.pin();
  if (role == "sink") run_sink(folder);
  return run_ceiling(folder, arguments);
}

}  // namespace
}  // namespace lariat::bench

int main(int argc, char** argv) { return lariat::bench::run(argc, argv); }
