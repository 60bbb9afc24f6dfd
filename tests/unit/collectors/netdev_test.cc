#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include <cstring>
#include <memory>
#include <set>
#include <vector>

#include "collectors/linux/link_dump.h"
#include "tests/support/process.h"
#include "tests/unit/collectors/source_run.h"

namespace lariat::host {
namespace {

using test::fixture_paths;
using test::SourceRun;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(Netdev, ReadsTheFileOfAnotherProcFolder) {
  SourceRun run("netdev");
  const auto lines = run.collect();
  ASSERT_EQ(lines.size(), 32U) << "two devices without lo";
  EXPECT_THAT(test::Lines(lines.begin(), lines.begin() + 16),
              ElementsAre("d node_network_receive_bytes_total device=eth0 68210035552",
                          "d node_network_receive_packets_total device=eth0 520993275",
                          "d node_network_receive_errs_total device=eth0 1",
                          "d node_network_receive_drop_total device=eth0 2",
                          "d node_network_receive_fifo_total device=eth0 3",
                          "d node_network_receive_frame_total device=eth0 4",
                          "d node_network_receive_compressed_total device=eth0 5",
                          "d node_network_receive_multicast_total device=eth0 6",
                          "d node_network_transmit_bytes_total device=eth0 9315587528",
                          "d node_network_transmit_packets_total device=eth0 43451486",
                          "d node_network_transmit_errs_total device=eth0 7",
                          "d node_network_transmit_drop_total device=eth0 8",
                          "d node_network_transmit_fifo_total device=eth0 9",
                          "d node_network_transmit_colls_total device=eth0 10",
                          "d node_network_transmit_carrier_total device=eth0 11",
                          "d node_network_transmit_compressed_total device=eth0 12"));
  EXPECT_EQ(lines.at(16), "d node_network_receive_bytes_total device=veth:1 648");
}

TEST(Netdev, ReadsOldAndNewKernels) {
  SourceRun old("netdev", fixture_paths("old"));
  EXPECT_EQ(old.collect().at(0), "d node_network_receive_bytes_total device=eth0 4294967296");
  SourceRun newer("netdev", fixture_paths("new"));
  EXPECT_EQ(newer.collect().size(), 16U);
}

TEST(Netdev, GarbageIsAFault) {
  SourceRun run("netdev", fixture_paths("garbage"));
  (void)run.collect();
  EXPECT_THAT(run.fault(), HasSubstr("eth0: 1 2 three"));
}

/// Datagrams as the kernel answers a dump.
class Datagram {
 public:
  void link(std::uint32_t index, const rtnl_link_stats64& stats,
            std::size_t stats_size = sizeof(rtnl_link_stats64)) {
    const std::size_t begin = open(RTM_NEWSTATS);
    if_stats_msg head{};
    head.ifindex = index;
    put(head);
    attribute(IFLA_STATS_LINK_XSTATS, "else", 4);
    attribute(IFLA_STATS_LINK_64, &stats, stats_size);
    close(begin);
  }
  void end(std::uint16_t type) {
    const std::size_t begin = open(type);
    put(std::uint32_t{0});
    close(begin);
  }

  std::vector<std::byte> bytes;
  std::uint32_t sequence = 7;

 private:
  std::size_t open(std::uint16_t type) {
    const std::size_t begin = bytes.size();
    put(nlmsghdr{.nlmsg_len = 0,
                 .nlmsg_type = type,
                 .nlmsg_flags = 0,
                 .nlmsg_seq = sequence,
                 .nlmsg_pid = 0});
    return begin;
  }
  void close(std::size_t begin) {
    const auto length = static_cast<std::uint32_t>(bytes.size() - begin);
    std::memcpy(bytes.data() + begin, &length, sizeof length);
  }
  template <typename Value>
  void put(const Value& value) {
    put(&value, sizeof value);
  }
  void put(const void* data, std::size_t size) {
    const auto* const from = static_cast<const std::byte*>(data);
    bytes.insert(bytes.end(), from, from + size);
  }
  void attribute(std::uint16_t type, const void* data, std::size_t size) {
    put(rtattr{static_cast<std::uint16_t>(sizeof(rtattr) + size), type});
    put(data, size);
    bytes.resize((bytes.size() + 3) & ~std::size_t{3});
  }
};

struct Seen {
  std::uint32_t index;
  rtnl_link_stats64 stats;
};

DumpParse parse(std::span<const std::byte> bytes, std::vector<Seen>& seen) {
  return parse_links(bytes, 7, [&seen](std::uint32_t index, const rtnl_link_stats64& stats) {
    seen.push_back({index, stats});
  });
}

TEST(Links, AreReadUntilTheDumpIsDone) {
  Datagram datagram;
  datagram.link(2, {.rx_packets = 1, .tx_bytes = 2, .rx_nohandler = 3});
  datagram.link(7, {.rx_packets = 4, .rx_nohandler = 5}, offsetof(rtnl_link_stats64, rx_nohandler));
  std::vector<Seen> seen;
  EXPECT_EQ(parse(datagram.bytes, seen), DumpParse::kMore);
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_EQ(seen[0].index, 2U);
  EXPECT_EQ(seen[0].stats.tx_bytes, 2U);
  EXPECT_EQ(seen[0].stats.rx_nohandler, 3U);
  EXPECT_EQ(seen[1].index, 7U);
  EXPECT_EQ(seen[1].stats.rx_packets, 4U);
  EXPECT_EQ(seen[1].stats.rx_nohandler, 0U) << "a kernel that has fewer counters";
  datagram.end(NLMSG_DONE);
  EXPECT_EQ(parse(datagram.bytes, seen), DumpParse::kDone);
}

std::set<std::string> names_of(LinkDump& dump) {
  std::set<std::string> names;
  EXPECT_TRUE(dump.read([&names](std::string_view name, const rtnl_link_stats64&) {
    names.emplace(name);
  })) << dump.error();
  return names;
}

std::set<std::string> names_by_library() {
  std::set<std::string> names;
  const std::unique_ptr<struct if_nameindex[], decltype(&::if_freenameindex)> all(
      ::if_nameindex(), &::if_freenameindex);
  for (std::size_t i = 0; all && all[i].if_index != 0; ++i) names.emplace(all[i].if_name);
  return names;
}

TEST(Links, OfThisHostHaveTheirNames) {
  LinkDump dump;
  // Other tests may add and remove some.
  EXPECT_TRUE(test::wait_until([&dump] {
    const auto names = names_of(dump);
    return !names.empty() && names == names_by_library();
  }));
}

TEST(Links, OfAnotherQuestionAreSkipped) {
  Datagram datagram;
  datagram.sequence = 6;
  datagram.link(1, {});
  datagram.end(NLMSG_DONE);
  std::vector<Seen> seen;
  EXPECT_EQ(parse(datagram.bytes, seen), DumpParse::kMore);
  EXPECT_THAT(seen, IsEmpty());
}

TEST(Links, ARefusalIsAFailure) {
  Datagram datagram;
  datagram.end(NLMSG_ERROR);
  std::vector<Seen> seen;
  EXPECT_EQ(parse(datagram.bytes, seen), DumpParse::kFailed);
}

TEST(Links, NoLengthIsTrusted) {
  Datagram whole;
  whole.link(2, {.rx_packets = 1});
  std::vector<Seen> seen;
  for (std::size_t at = 0; at < whole.bytes.size(); ++at) {
    for (const unsigned octet : {0U, 1U, 3U, 0x7fU, 0xffU}) {
      auto bytes = whole.bytes;
      bytes[at] = std::byte{static_cast<unsigned char>(octet)};
      (void)parse(bytes, seen);
    }
    // Copied, so that a sanitizer sees a read behind the end.
    const std::vector<std::byte> cut(whole.bytes.begin(),
                                     whole.bytes.begin() + static_cast<std::ptrdiff_t>(at));
    seen.clear();
    (void)parse(cut, seen);
    EXPECT_THAT(seen, IsEmpty()) << at;
  }
}

}  // namespace
}  // namespace lariat::host
