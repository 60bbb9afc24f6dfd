#include "agent/net/resolver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/loop_driver.h"
#include "tests/unit/net/fake_dns.h"
#include "tests/unit/net/loopback.h"

namespace lariat::net {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

std::size_t open_descriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

/// A resolver that asks a name server of the test, and what the last look-up brought.
class ResolverTest : public testing::Test {
 protected:
  ResolverTest() {
    std::ofstream(resolv_conf_) << "options ndots:0\n";
    options_.resolv_conf = resolv_conf_;
    options_.name_servers = dns_.text();
    options_.timeout = milliseconds(100);
  }

  Resolver::Callback store() {
    return [this](auto found) {
      ++calls_;
      addresses_.clear();
      error_.clear();
      if (!found) {
        error_ = found.error().text;
        return;
      }
      for (const auto& address : *found) addresses_.push_back(address.text());
    };
  }

  void look_up(Resolver& resolver, const std::string& host) {
    const int before = calls_;
    const auto lookup = resolver.lookup(host, 2600, store());
    EXPECT_EQ(calls_, before) << "not from within";
    EXPECT_TRUE(lookup.active());
    EXPECT_TRUE(test::run_until(loop_, [&] { return calls_ > before; }));
    EXPECT_FALSE(lookup.active());
    EXPECT_EQ(calls_, before + 1);
  }

  loop::Loop loop_;
  test::TemporaryFolder folder_;
  std::string resolv_conf_ = folder_.path("resolv.conf");
  test::FakeDns dns_{loop_};
  ResolverOptions options_;

  int calls_ = 0;
  std::vector<std::string> addresses_;
  std::string error_;
};

TEST_F(ResolverTest, AsksNobodyAboutLiterals) {
  Resolver resolver(loop_, options_);
  look_up(resolver, "192.0.2.1");
  EXPECT_THAT(addresses_, ElementsAre("192.0.2.1:2600"));
  look_up(resolver, "2001:db8::1");
  EXPECT_THAT(addresses_, ElementsAre("[2001:db8::1]:2600"));
  EXPECT_EQ(dns_.queries(), 0);
  EXPECT_EQ(resolver.channels_made(), 0U);
}

TEST_F(ResolverTest, FindsAllAddressesOfBothFamilies) {
  dns_.set("agg.example", {.addresses = {"127.0.0.1", "127.0.0.2", "::1"}});
  Resolver resolver(loop_, options_);
  look_up(resolver, "agg.example");
  EXPECT_THAT(addresses_, UnorderedElementsAre("127.0.0.1:2600", "127.0.0.2:2600", "[::1]:2600"));
  EXPECT_EQ(dns_.queries(), 2);
}

TEST_F(ResolverTest, IsContentWithOneFamily) {
  dns_.set("four.example", {.addresses = {"127.0.0.1"}});
  dns_.set("six.example", {.addresses = {"::1"}});
  Resolver resolver(loop_, options_);
  look_up(resolver, "four.example");
  EXPECT_THAT(addresses_, ElementsAre("127.0.0.1:2600"));
  look_up(resolver, "six.example");
  EXPECT_THAT(addresses_, ElementsAre("[::1]:2600"));
}

TEST_F(ResolverTest, FindsNamesOfTheHostsFile) {
  Resolver resolver(loop_, options_);
  look_up(resolver, "localhost");
  EXPECT_THAT(addresses_, testing::Contains(testing::AnyOf("127.0.0.1:2600", "[::1]:2600")));
  EXPECT_EQ(dns_.queries(), 0);
}

TEST_F(ResolverTest, SaysThatANameDoesNotExist) {
  Resolver resolver(loop_, options_);
  look_up(resolver, "nobody.example");
  EXPECT_EQ(error_, "cannot find an address of \"nobody.example\": Domain name not found");
}

TEST_F(ResolverTest, SaysThatANameHasNoAddress) {
  dns_.set("empty.example", {});
  Resolver resolver(loop_, options_);
  look_up(resolver, "empty.example");
  EXPECT_THAT(error_, HasSubstr("cannot find an address of \"empty.example\""));
}

TEST_F(ResolverTest, GivesUpASilentServerAfterItsTries) {
  dns_.set("agg.example", {.silent = true});
  Resolver resolver(loop_, options_);
  const auto began = base::monotonic_now();
  look_up(resolver, "agg.example");
  EXPECT_THAT(error_, HasSubstr("Timeout"));
  EXPECT_GE(base::monotonic_now() - began, milliseconds(300)) << "100 ms, then 200 ms";
  EXPECT_LT(base::monotonic_now() - began, milliseconds(2000));
  EXPECT_EQ(dns_.queries(), 4) << "two tries for each family";
}

TEST_F(ResolverTest, FailsAtOnceIfTheServerRefuses) {
  options_.name_servers = "127.0.0.1:" + std::to_string(test::free_port());
  options_.timeout = milliseconds(5000);
  Resolver resolver(loop_, options_);
  const auto began = base::monotonic_now();
  look_up(resolver, "agg.example");
  EXPECT_NE(error_, "");
  EXPECT_LT(base::monotonic_now() - began, milliseconds(2000));
}

TEST_F(ResolverTest, IsAskedAnewEachTime) {
  dns_.set("agg.example", {.addresses = {"127.0.0.1"}});
  Resolver resolver(loop_, options_);
  look_up(resolver, "agg.example");
  dns_.set("agg.example", {.addresses = {"127.0.0.2"}});
  look_up(resolver, "agg.example");
  EXPECT_THAT(addresses_, ElementsAre("127.0.0.2:2600"));
  EXPECT_EQ(resolver.channels_made(), 1U) << "resolv.conf has not changed";
}

TEST_F(ResolverTest, FollowsAChangedResolvConf) {
  test::FakeDns other(loop_, "127.0.0.2", dns_.port());
  dns_.set("agg.example", {.addresses = {"192.0.2.1"}});
  other.set("agg.example", {.addresses = {"192.0.2.2"}});
  options_.name_servers.clear();
  options_.port = dns_.port();
  std::ofstream(resolv_conf_) << "nameserver 127.0.0.1\n";
  Resolver resolver(loop_, options_);
  look_up(resolver, "agg.example");
  EXPECT_THAT(addresses_, ElementsAre("192.0.2.1:2600"));

  std::ofstream(folder_.path("new")) << "nameserver 127.0.0.2\n";
  std::filesystem::rename(folder_.path("new"), resolv_conf_);
  look_up(resolver, "agg.example");
  EXPECT_THAT(addresses_, ElementsAre("192.0.2.2:2600"));
  EXPECT_EQ(resolver.channels_made(), 2U);
}

TEST_F(ResolverTest, FinishesALookUpThatBeganBeforeTheChange) {
  dns_.set("agg.example", {.addresses = {"192.0.2.1"}});
  dns_.set("slow.example", {.silent = true});
  Resolver resolver(loop_, options_);
  std::string slow;
  const auto early = resolver.lookup(
      "slow.example", 1, [&](auto found) { slow = found ? "found" : found.error().text; });
  std::ofstream(resolv_conf_) << "options ndots:0 attempts:2\n";
  look_up(resolver, "agg.example");
  EXPECT_THAT(addresses_, ElementsAre("192.0.2.1:2600"));
  EXPECT_EQ(resolver.channels_made(), 2U);
  EXPECT_TRUE(test::run_until(loop_, [&] { return !slow.empty(); }));
  EXPECT_THAT(slow, HasSubstr("Timeout"));
}

TEST_F(ResolverTest, DoesNotCallBackACancelledLookUp) {
  dns_.set("agg.example", {.addresses = {"127.0.0.1"}});
  Resolver resolver(loop_, options_);
  for (const auto* host : {"agg.example", "localhost", "192.0.2.1"}) {
    auto lookup = resolver.lookup(host, 2600, store());
    lookup.cancel();
    EXPECT_FALSE(lookup.active());
  }
  { const auto gone = resolver.lookup("agg.example", 2600, store()); }
  test::run_for(loop_, milliseconds(50));
  EXPECT_EQ(calls_, 0);
  EXPECT_EQ(resolver.pending(), 0U);
}

TEST_F(ResolverTest, CancelledLookUpsDoNotDisturbOthers) {
  dns_.set("agg.example", {.addresses = {"127.0.0.1"}});
  Resolver resolver(loop_, options_);
  auto other = resolver.lookup("agg.example", 2600, store());
  const auto kept = resolver.lookup("agg.example", 2600, store());
  other.cancel();
  EXPECT_TRUE(test::run_until(loop_, [&] { return calls_ == 1; }));
  EXPECT_THAT(addresses_, ElementsAre("127.0.0.1:2600"));
}

TEST_F(ResolverTest, MayBeUsedFromItsCallback) {
  dns_.set("agg.example", {.addresses = {"127.0.0.1"}});
  Resolver resolver(loop_, options_);
  Lookup second;
  Lookup first;
  first = resolver.lookup("agg.example", 1, [&](const auto&) {
    first.cancel();
    second = resolver.lookup("agg.example", 2600, store());
  });
  EXPECT_TRUE(test::run_until(loop_, [&] { return calls_ == 1; }));
  EXPECT_THAT(addresses_, ElementsAre("127.0.0.1:2600"));
}

TEST_F(ResolverTest, HoldsNothingWhileIdle) {
  dns_.set("agg.example", {.addresses = {"127.0.0.1", "::1"}});
  dns_.set("silent.example", {.silent = true});
  Resolver resolver(loop_, options_);
  const auto before = open_descriptors();
  look_up(resolver, "agg.example");
  EXPECT_EQ(open_descriptors(), before);
  {
    const auto cancelled = resolver.lookup("silent.example", 1, store());
    loop_.run_ready();
    EXPECT_GT(open_descriptors(), before);
  }
  EXPECT_EQ(open_descriptors(), before) << "nobody waits for the answer";

  test::run_for(loop_, milliseconds(5));
  const auto earlier = loop_.stats().wakeups;
  test::run_for(loop_, milliseconds(500));
  EXPECT_EQ(loop_.stats().wakeups, earlier + 1) << "that of the end of the wait";
}

TEST_F(ResolverTest, MayEndWithLookUpsUnderWay) {
  dns_.set("silent.example", {.silent = true});
  auto resolver = std::make_unique<Resolver>(loop_, options_);
  auto lookup = resolver->lookup("silent.example", 1, store());
  loop_.run_ready();
  lookup.cancel();
  auto unanswered = resolver->lookup("silent.example", 1, store());
  unanswered.cancel();
  resolver.reset();
  loop_.run_ready();
  EXPECT_EQ(calls_, 0);
}

TEST_F(ResolverTest, WorksWithoutAResolvConf) {
  options_.resolv_conf = folder_.path("missing");
  dns_.set("agg.example", {.addresses = {"127.0.0.1"}});
  Resolver resolver(loop_, options_);
  look_up(resolver, "agg.example");
  EXPECT_THAT(addresses_, ElementsAre("127.0.0.1:2600"));
  look_up(resolver, "agg.example");
  EXPECT_EQ(resolver.channels_made(), 1U) << "still missing is no change";
}

}  // namespace
}  // namespace lariat::net
