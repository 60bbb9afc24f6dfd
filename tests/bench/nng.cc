// The same with nng's pub0. It drops what is over the buffer of a peer, and cannot be told to wait:
// `--window` keeps the publisher within both buffers, `--limit` messages each.

#include <nng/nng.h>
#include <nng/protocol/pubsub0/pub.h>
#include <nng/protocol/pubsub0/sub.h>

#include <string>

#include "tests/bench/arguments.h"
#include "tests/bench/rival.h"

namespace lariat::bench {
namespace {

void check(const char* what, int result) {
  if (result != 0) fail(std::string(what) + ": " + ::nng_strerror(result));
}

class Nng final : public Rival {
 public:
  explicit Nng(int limit) : limit_(limit) {}

  [[nodiscard]] const char* name() const noexcept override { return "nng"; }

  void sink(SinkCount& sink) override {
    nng_socket socket;
    nng_listener listener;
    check("nng_sub0_open", ::nng_sub0_open(&socket));
    check("NNG_OPT_RECVBUF", ::nng_socket_set_int(socket, NNG_OPT_RECVBUF, limit_));
    check("subscribe", ::nng_socket_set(socket, NNG_OPT_SUB_SUBSCRIBE, "", 0));
    check("nng_listen", ::nng_listen(socket, "tcp://127.0.0.1:0", &listener, 0));
    int port = 0;
    check("port", ::nng_listener_get_int(listener, NNG_OPT_TCP_BOUND_PORT, &port));
    sink.port = static_cast<std::uint32_t>(port);
    for (;;) {
      nng_msg* message = nullptr;
      check("nng_recvmsg", ::nng_recvmsg(socket, &message, 0));
      count(sink, ::nng_msg_len(message));
      ::nng_msg_free(message);
    }
  }

  void connect(std::uint16_t port) override {
    if (!open_) {
      check("nng_pub0_open", ::nng_pub0_open(&publisher_));
      check("NNG_OPT_SENDBUF", ::nng_socket_set_int(publisher_, NNG_OPT_SENDBUF, limit_));
      open_ = true;
    }
    const auto address = "tcp://127.0.0.1:" + std::to_string(port);
    check("nng_dial", ::nng_dial(publisher_, address.c_str(), nullptr, 0));
  }

  void publish(std::span<const std::byte> message) override {
    // It does not write to what it copies.
    auto* octets = const_cast<std::byte*>(message.data());
    check("nng_send", ::nng_send(publisher_, octets, message.size(), 0));
  }

 private:
  int limit_;
  bool open_ = false;
  nng_socket publisher_ = NNG_SOCKET_INITIALIZER;
};

}  // namespace
}  // namespace lariat::bench

int main(int argc, char** argv) {
  const lariat::bench::Arguments words(
      argc, argv, {"--peers", "--frames", "--window", "--limit", "--pin", "--sink-pin"});
  lariat::bench::Nng rival(static_cast<int>(words.number("--limit", 8'192)));
  return lariat::bench::run_rival(argc, argv, rival);
}
