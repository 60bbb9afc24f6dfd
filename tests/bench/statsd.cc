// Sends lines of StatsD to a port of this host, as fast as its kernel takes them: datagrams of one
// line, or of as many as go into a packet of Ethernet. Prints how many lines and packets that were.

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "tests/bench/arguments.h"

namespace lariat::bench {
namespace {

constexpr std::size_t kBatch = 64;
// What is left of an Ethernet packet of 1500 octets, as clients of StatsD fill them.
constexpr std::size_t kPacketBytes = 1432;

struct Packet {
  std::string text;
  std::uint64_t lines = 0;
};

// A service's requests, in turn: counters, timers, gauges and sets with two tags.
std::string make_line(std::uint64_t number, std::uint64_t series) {
  constexpr std::array<const char*, 4> kEnds = {":1|c|@0.5", ":12.5|ms", ":42|g", ":visitor|s"};
  constexpr std::array<const char*, 4> kNames = {"requests", "latency", "connections", "visitors"};
  const std::uint64_t which = number % kEnds.size();
  return std::string("web.api.") + kNames[which] + kEnds[which] + "|#route:/v1/items/" +
         std::to_string(number % series) + ",method:get\n";
}

std::vector<Packet> make_packets(std::uint64_t series, bool single) {
  constexpr std::uint64_t kLines = 20'000;
  std::vector<Packet> packets(1);
  for (std::uint64_t number = 0; number < kLines; ++number) {
    const std::string line = make_line(number, series);
    const std::size_t most = single ? 1 : kPacketBytes;
    if (packets.back().lines > 0 && packets.back().text.size() + line.size() > most) {
      packets.emplace_back();
    }
    packets.back().text += line;
    ++packets.back().lines;
  }
  return packets;
}

int connect_to(std::uint16_t port) {
  const int socket = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    fail("cannot connect", errno);
  }
  return socket;
}

int run(int argc, char** argv) {
  const Arguments arguments(argc, argv, {"--ports", "--lines", "--series", "--single", "--pin"});
  arguments.pin();
  const auto packets = make_packets(std::max<std::uint64_t>(arguments.number("--series", 1000), 1),
                                    arguments.number("--single", 0) != 0);
  const int socket = connect_to(arguments.ports().front());
  const std::uint64_t wanted = arguments.number("--lines", 1'000'000);
  std::uint64_t lines = 0;
  std::uint64_t sent_packets = 0;
  std::size_t next = 0;
  while (lines < wanted) {
    std::array<iovec, kBatch> parts{};
    std::array<mmsghdr, kBatch> headers{};
    for (std::size_t i = 0; i < kBatch; ++i) {
      const std::string& text = packets[(next + i) % packets.size()].text;
      parts[i] = {const_cast<char*>(text.data()), text.size()};  // sendmmsg() does not write to it.
      headers[i].msg_hdr.msg_iov = &parts[i];
      headers[i].msg_hdr.msg_iovlen = 1;
    }
    const int sent = ::sendmmsg(socket, headers.data(), kBatch, 0);
    if (sent < 0 && errno != EINTR) fail("cannot send", errno);
    for (int i = 0; i < sent; ++i) lines += packets[next++ % packets.size()].lines;
    sent_packets += static_cast<std::uint64_t>(std::max(sent, 0));
  }
  ::close(socket);
  std::printf("{\"lines\": %llu, \"packets\": %llu}\n", static_cast<unsigned long long>(lines),
              static_cast<unsigned long long>(sent_packets));
  return 0;
}

}  // namespace
}  // namespace lariat::bench

int main(int argc, char** argv) { return lariat::bench::run(argc, argv); }
