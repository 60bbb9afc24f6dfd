#include "tests/unit/net/tls_pair.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <span>

#include "tests/unit/net/loopback.h"

namespace lariat::test {

using Step = net::TlsChannel::Step;

TlsFixture::TlsFixture() : own(ca.issue("own")) {}

std::shared_ptr<net::TlsContext> TlsFixture::client(net::TlsOptions options) {
  return std::make_shared<net::TlsContext>(net::TlsSide::kClient, std::move(options), log,
                                           "endpoint east");
}

std::shared_ptr<net::TlsContext> TlsFixture::server(net::TlsOptions options) {
  return std::make_shared<net::TlsContext>(net::TlsSide::kServer, std::move(options), log,
                                           "receive");
}

bool wait_readable(int fd) {
  pollfd readable{.fd = fd, .events = POLLIN};
  return ::poll(&readable, 1, 10'000) == 1;
}

TlsPair begin_pair(net::TlsContext& client, net::TlsContext& server, const std::string& host) {
  const auto listener = listen_on("127.0.0.1");
  auto [near, far] = connect_pair(listener.get());
  TlsPair pair;
  auto begun = client.begin(std::move(near), host);
  auto accepted = server.begin(std::move(far), "");
  if (!begun || !accepted) {
    ADD_FAILURE() << (begun ? accepted.error().text : begun.error().text);
    return pair;
  }
  pair.client = std::move(*begun);
  pair.server = std::move(*accepted);
  return pair;
}

TlsPair shake_hands(net::TlsContext& client, net::TlsContext& server, const std::string& host) {
  auto pair = begin_pair(client, server, host);
  if (!pair.client) return pair;
  const auto ended = [](Step step) { return step == Step::kDone || step == Step::kFailed; };
  for (int turn = 0; turn < 1000; ++turn) {
    if (!ended(pair.client_step)) pair.client_step = pair.client->handshake();
    if (!ended(pair.server_step)) pair.server_step = pair.server->handshake();
    if (ended(pair.client_step) && ended(pair.server_step)) return pair;
    // What one has said may be on its way.
    pollfd either[2] = {{.fd = pair.client->fd(), .events = POLLIN},
                        {.fd = pair.server->fd(), .events = POLLIN}};
    ::poll(either, 2, 20);
    if (pair.client_step == Step::kAnswered && pair.server_step == Step::kDone) return pair;
  }
  return pair;
}

std::string receive(net::Channel& channel, std::size_t enough, net::Received* end) {
  std::vector<std::byte> room(net::Channel::kLeastRoom);
  std::string all;
  while (all.size() < enough || end) {
    if (!channel.input_waiting() && !wait_readable(channel.fd())) break;
    const auto got = channel.recv(room);
    all.append(reinterpret_cast<const char*>(room.data()), got.octets);
    if (got.end == net::Received::End::kNone) continue;
    if (end) *end = got;
    break;
  }
  return all;
}

}  // namespace lariat::test
