// The same with libzmq's PUB: it copies each message once, and a thread of its own sends. PUB drops
// what is over its high-water mark, unless it is told to wait then, as it is here; `--limit` is
// that mark, in messages.

#include <zmq.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <string>

#include "tests/bench/arguments.h"
#include "tests/bench/rival.h"

namespace lariat::bench {
namespace {

class Zmq final : public Rival {
 public:
  explicit Zmq(int limit) : limit_(limit) {}

  [[nodiscard]] const char* name() const noexcept override { return "libzmq"; }

  void sink(SinkCount& sink) override {
    void* socket = open(ZMQ_SUB);
    set(socket, ZMQ_RCVHWM, 0);
    if (::zmq_setsockopt(socket, ZMQ_SUBSCRIBE, "", 0) != 0) stop("ZMQ_SUBSCRIBE");
    if (::zmq_bind(socket, "tcp://127.0.0.1:*") != 0) stop("zmq_bind");
    std::array<char, 64> address{};
    std::size_t size = address.size();
    if (::zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, address.data(), &size) != 0) stop("zmq_bind");
    sink.port = static_cast<std::uint32_t>(std::atoi(std::strrchr(address.data(), ':') + 1));
    zmq_msg_t message;
    ::zmq_msg_init(&message);
    for (;;) {
      const int got = ::zmq_msg_recv(&message, socket, 0);
      if (got < 0) stop("zmq_msg_recv");
      count(sink, static_cast<std::size_t>(got));
    }
  }

  void connect(std::uint16_t port) override {
    if (publisher_ == nullptr) {
      publisher_ = open(ZMQ_PUB);
      set(publisher_, ZMQ_SNDHWM, limit_);
      set(publisher_, ZMQ_XPUB_NODROP, 1);
    }
    const auto address = "tcp://127.0.0.1:" + std::to_string(port);
    if (::zmq_connect(publisher_, address.c_str()) != 0) stop("zmq_connect");
  }

  void publish(std::span<const std::byte> message) override {
    if (::zmq_send(publisher_, message.data(), message.size(), 0) < 0) stop("zmq_send");
  }

 private:
  [[noreturn]] static void stop(const char* what) { fail(what, ::zmq_errno()); }
  static void set(void* socket, int option, int value) {
    if (::zmq_setsockopt(socket, option, &value, sizeof value) != 0) stop("zmq_setsockopt");
  }
  // A context for each socket: only in the process that uses it, as it brings threads.
  static void* open(int type) {
    void* socket = ::zmq_socket(::zmq_ctx_new(), type);
    if (socket == nullptr) stop("zmq_socket");
    return socket;
  }

  int limit_;
  void* publisher_ = nullptr;
};

}  // namespace
}  // namespace lariat::bench

int main(int argc, char** argv) {
  const lariat::bench::Arguments words(
      argc, argv, {"--peers", "--frames", "--window", "--limit", "--pin", "--sink-pin"});
  lariat::bench::Zmq rival(static_cast<int>(words.number("--limit", 1'000)));
  return lariat::bench::run_rival(argc, argv, rival);
}
