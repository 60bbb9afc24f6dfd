#include "agent/net/address.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <string>

#include "agent/base/unique_fd.h"

namespace lariat::net {
namespace {

TEST(Address, OfALiteralIsWrittenAsOne) {
  EXPECT_EQ(Address::from_literal("192.0.2.1", 80)->text(), "192.0.2.1:80");
  EXPECT_EQ(Address::from_literal("2001:DB8:0::1", 80)->text(), "[2001:db8::1]:80");
  EXPECT_EQ(Address::from_literal("::ffff:192.0.2.1", 80)->text(), "192.0.2.1:80");
}

TEST(Address, IsOfLiteralsOnly) {
  for (const auto* host :
       {"", "localhost", "1.2.3", "999.1.1.1", "[::1]", "fe80::1%lo", "1.2.3.4 "}) {
    EXPECT_FALSE(Address::from_literal(host, 80)) << host;
  }
}

TEST(Address, ChangesItsPort) {
  for (const auto* host : {"192.0.2.1", "::1"}) {
    auto address = *Address::from_literal(host, 80);
    EXPECT_EQ(address.port(), 80);
    address.set_port(65535);
    EXPECT_EQ(address.port(), 65535);
  }
}

TEST(Address, OfAPathIsThePath) {
  const auto address = Address::from_path("/run/a.sock");
  ASSERT_TRUE(address);
  EXPECT_EQ(address->family(), AF_UNIX);
  EXPECT_EQ(address->text(), "/run/a.sock");
  EXPECT_EQ(address->port(), 0);
}

TEST(Address, HasNoRoomForALongPath) {
  EXPECT_EQ(Address::from_path(std::string(107, 'a'))->text(), std::string(107, 'a'));
  EXPECT_FALSE(Address::from_path(std::string(108, 'a')));
  EXPECT_FALSE(Address::from_path(""));
}

TEST(Address, OfAnUnnamedSocketSaysSo) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), 0);
  const base::UniqueFd one(ends[0]);
  const base::UniqueFd two(ends[1]);
  EXPECT_EQ(Address::peer(one.get())->text(), "unix");
}

TEST(Address, IsNothingForWhatHasNone) {
  EXPECT_FALSE(Address::local(-1));
  EXPECT_FALSE(Address::peer(-1));
  EXPECT_FALSE(Address::from_kernel(nullptr, 16));
}

}  // namespace
}  // namespace lariat::net
