#include "collectors/linux/link_digests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include <array>

#include "tests/unit/collectors/source_run.h"

namespace lariat::host {
namespace {

/// The body of a message about an interface.
struct Body {
  std::vector<std::byte> bytes;

  explicit Body(std::string_view name, unsigned flags = 0) {
    ifinfomsg link{};
    link.ifi_flags = flags;
    put(&link, sizeof link);
    if (!name.empty()) attribute(IFLA_IFNAME, std::string(name));
  }
  Body& attribute(std::uint16_t type, const std::string& text) {
    const rtattr head{static_cast<std::uint16_t>(sizeof(rtattr) + text.size() + 1), type};
    put(&head, sizeof head);
    put(text.c_str(), text.size() + 1);
    bytes.resize(route_aligned(bytes.size()));
    return *this;
  }
  void put(const void* data, std::size_t size) {
    const auto* const from = static_cast<const std::byte*>(data);
    bytes.insert(bytes.end(), from, from + size);
  }
};

std::optional<std::uint64_t> digest(const Body& body, std::string_view name = "eth0") {
  LinkDigests digests;
  digests.take(RTM_NEWLINK, body.bytes);
  return digests.of(name);
}

TEST(LinkDigests, AreAlikeForWhatIsAlike) {
  const auto one = digest(Body("eth0", 3).attribute(IFLA_IFALIAS, "uplink"));
  ASSERT_TRUE(one);
  EXPECT_EQ(one, digest(Body("eth0", 3).attribute(IFLA_IFALIAS, "uplink")));
  EXPECT_NE(one, digest(Body("eth0", 3).attribute(IFLA_IFALIAS, "uplinks")));
  EXPECT_NE(one, digest(Body("eth0", 2).attribute(IFLA_IFALIAS, "uplink")));
  EXPECT_NE(one, digest(Body("eth0", 3)));
}

TEST(LinkDigests, TakeNoNoteOfCounters) {
  EXPECT_EQ(digest(Body("eth0").attribute(IFLA_STATS64, "1")),
            digest(Body("eth0").attribute(IFLA_STATS64, "2").attribute(IFLA_STATS, "3")));
}

TEST(LinkDigests, TrustNoLength) {
  auto cut = Body("eth0").attribute(IFLA_IFALIAS, "uplink");
  for (std::size_t size = 0; size <= cut.bytes.size(); ++size) {
    LinkDigests digests;
    const std::vector<std::byte> exact(cut.bytes.data(), cut.bytes.data() + size);
    digests.take(RTM_NEWLINK, exact);
  }
  Body wrong("");
  const std::array<std::uint16_t, 2> heads = {2, 0xffff};
  for (const auto length : heads) {
    const rtattr head{length, IFLA_IFNAME};
    wrong.put(&head, sizeof head);
    EXPECT_EQ(digest(wrong), std::nullopt);
  }
  EXPECT_EQ(digest(Body("eth0"), "eth"), std::nullopt);
}

TEST(LinkDigests, OfThisHostStandStill) {
  LinkDigests digests;
  ASSERT_TRUE(digests.read());
  const auto loopback = digests.of("lo");
  ASSERT_TRUE(loopback);
  ASSERT_TRUE(digests.read());
  EXPECT_EQ(digests.of("lo"), loopback);
  EXPECT_EQ(digests.of("no such interface"), std::nullopt);
}

TEST(Netclass, TellsTheSameWithoutReadingAgain) {
  test::SourceRun run("netclass", {});
  const auto of_loopback = [&run] {
    auto lines = run.collect();
    std::erase_if(lines, [](const std::string& line) {
      return line.find("device=lo ") == line.npos && line.find("device=lo,") == line.npos;
    });
    return lines;
  };
  const auto first = of_loopback();
  EXPECT_GT(first.size(), 10U);
  EXPECT_EQ(of_loopback(), first);
  EXPECT_EQ(of_loopback(), first);
}

}  // namespace
}  // namespace lariat::host
