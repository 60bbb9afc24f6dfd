#include "agent/net/tls_wire.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <vector>

namespace lariat::net {
namespace {

TEST(TlsWire, ReadsSoMuchInATurnOfAPeerThatSendsWithoutEnd) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), 0);
  const base::UniqueFd peer(ends[0]);
  TlsWire wire{base::UniqueFd(ends[1])};
  const auto bio = wire.make_bio();
  std::vector<std::byte> octets(20'000);
  ASSERT_EQ(::send(peer.get(), octets.data(), octets.size(), MSG_DONTWAIT), 20'000);

  const auto read_all = [&] {
    std::array<char, 4096> room;
    int total = 0;
    for (int got = 0; (got = BIO_read(bio.get(), room.data(), room.size())) > 0;) total += got;
    EXPECT_TRUE(BIO_should_read(bio.get())) << "it comes back when the socket is readable";
    return total;
  };
  EXPECT_EQ(read_all(), 0) << "nothing was allowed";
  wire.allow(15'000);
  EXPECT_EQ(read_all(), 15'000);
  EXPECT_EQ(read_all(), 0);
  wire.allow(15'000);
  EXPECT_EQ(read_all(), 5'000);
  EXPECT_EQ(wire.error(), 0);
  EXPECT_FALSE(wire.ended());
}

}  // namespace
}  // namespace lariat::net
