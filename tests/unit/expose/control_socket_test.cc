#include "agent/expose/control_socket.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <list>
#include <string>

#include "agent/net/address.h"
#include "tests/support/loop_driver.h"
#include "tests/unit/expose/exposed_agent.h"

namespace lariat::expose {
namespace {

using std::chrono::milliseconds;
using test::Client;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

class ControlSocketTest : public testing::Test {
 protected:
  ControlSocketTest() {
    mask_ = ::umask(022);
    std::string name = testing::TempDir() + "lariat-XXXXXX";
    folder_ = ::mkdtemp(name.data());
    path_ = folder_ + "/control";
    const auto listening = control_.listen(path_);
    if (!listening) throw std::runtime_error(listening.error().text);
  }
  ~ControlSocketTest() override {
    std::filesystem::remove_all(folder_);
    ::umask(mask_);
  }

  Client connect() { return Client::unix_path(agent_.loop, path_); }
  std::string ask(std::string_view line) {
    auto client = connect();
    client.send(line);
    return client.until_closed();
  }
  bool until_clients(std::size_t count) {
    return test::run_until(agent_.loop, [&] { return control_.clients() == count; });
  }

  test::ExposedAgent agent_;
  ControlSocket control_{agent_.loop,
                         agent_.sources(),
                         {.clients = 4, .line = milliseconds(200), .answer = milliseconds(300)}};
  mode_t mask_ = 0;
  std::string folder_;
  std::string path_;
};

TEST_F(ControlSocketTest, AnswersALineAndCloses) {
  EXPECT_EQ(ask("metrics agent\n"), agent_.agent_text);
  EXPECT_THAT(ask("what\n"), StartsWith("error: "));
  EXPECT_EQ(control_.clients(), 0U);
}

TEST_F(ControlSocketTest, ALineMayComeInPieces) {
  auto client = connect();
  for (const auto* piece : {"met", "rics ag", "ent", "\n"}) {
    client.send(piece);
    agent_.loop.run_ready();
  }
  EXPECT_EQ(client.until_closed(), agent_.agent_text);
}

TEST_F(ControlSocketTest, TheEndOfInputEndsALine) {
  auto client = connect();
  client.send("metrics agent");
  client.end_sending();
  EXPECT_EQ(client.until_closed(), agent_.agent_text);
}

TEST_F(ControlSocketTest, ALargeAnswerIsWhole) {
  agent_.fill(50'000);
  const auto text = ask("metrics\n");
  EXPECT_THAT(text, StartsWith(agent_.agent_text));
  EXPECT_THAT(text, EndsWith("host_value_of_something{series=\"149999\"} 49999\n"));
}

TEST_F(ControlSocketTest, ALongLineIsRefused) {
  EXPECT_THAT(ask(std::string(300, 'x') + "\n"), StartsWith("error: the line is too long"));
  EXPECT_THAT(ask(std::string(100'000, 'x')), StartsWith("error: the line is too long"));
}

TEST_F(ControlSocketTest, WhatFollowsTheLineIsNotLookedAt) {
  EXPECT_EQ(ask("metrics agent\nmetrics host\nwhat\n"), agent_.agent_text);
}

TEST_F(ControlSocketTest, AClientThatSaysNothingIsLeft) {
  auto client = connect();
  ASSERT_TRUE(until_clients(1));
  EXPECT_EQ(client.until_closed(), "");
}

TEST_F(ControlSocketTest, AClientThatDoesNotReadIsLeftWithoutASpin) {
  agent_.fill(100'000);
  auto client = connect();
  client.send("metrics\n");
  ASSERT_TRUE(until_clients(1));
  test::run_for(agent_.loop, milliseconds(100));
  const auto before = agent_.loop.stats().iterations;
  ASSERT_TRUE(until_clients(0));
  EXPECT_LT(agent_.loop.stats().iterations - before, 20U);
}

TEST_F(ControlSocketTest, AClientThatGoesLeavesNothing) {
  agent_.fill(100'000);
  auto client = connect();
  client.send("metrics\n");
  ASSERT_TRUE(until_clients(1));
  client.close();
  EXPECT_TRUE(until_clients(0));
  auto silent = connect();
  ASSERT_TRUE(until_clients(1));
  silent.close();
  EXPECT_TRUE(until_clients(0));
}

TEST_F(ControlSocketTest, OneTooManyIsToldSo) {
  std::list<Client> silent;
  for (int i = 0; i < 4; ++i) silent.push_back(connect());
  ASSERT_TRUE(until_clients(4));
  auto refused = connect();
  refused.send("status\n");
  EXPECT_THAT(refused.until_closed(), StartsWith("error: too many clients"));
  EXPECT_FALSE(refused.reset()) << "an error would take the place of the answer";
  ASSERT_TRUE(until_clients(0));
  EXPECT_EQ(ask("metrics agent\n"), agent_.agent_text);
}

TEST_F(ControlSocketTest, NothingWakesWhileNobodyAsks) {
  ask("status\n");
  agent_.loop.run_ready();
  const auto before = agent_.loop.stats().wakeups;
  test::run_for(agent_.loop, milliseconds(300));
  EXPECT_EQ(agent_.loop.stats().wakeups - before, 1U) << "the test's own timer is the one";
}

TEST_F(ControlSocketTest, OnlyOwnerAndGroupMayAsk) {
  struct stat state {};
  ASSERT_EQ(::stat(path_.c_str(), &state), 0);
  EXPECT_EQ(state.st_mode & 0777U, 0660U);
  std::ofstream(folder_ + "/later") << "x";
  ASSERT_EQ(::stat((folder_ + "/later").c_str(), &state), 0);
  EXPECT_NE(state.st_mode & 0007U, 0U) << "files made later are as open as they were";
}

TEST_F(ControlSocketTest, ALivingAgentsSocketIsNotTaken) {
  ControlSocket other(agent_.loop, agent_.sources());
  const auto refused = other.listen(path_);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().text, HasSubstr(path_));
  EXPECT_THAT(refused.error().text, HasSubstr("another program answers there"));
  EXPECT_THAT(refused.error().text, HasSubstr("control.socket"));
  EXPECT_EQ(ask("metrics agent\n"), agent_.agent_text);
}

TEST_F(ControlSocketTest, ADeadAgentsSocketIsReplacedAndAFileIsNot) {
  const std::string stale = folder_ + "/stale";
  {
    const auto address = net::Address::from_path(stale);
    const base::UniqueFd dead(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ASSERT_EQ(::bind(dead.get(), address->data(), address->size), 0);
  }
  ControlSocket other(agent_.loop, agent_.sources());
  EXPECT_TRUE(other.listen(stale));
  std::ofstream(folder_ + "/file") << "mine";
  EXPECT_FALSE(control_.listen(folder_ + "/file"));
  EXPECT_TRUE(std::filesystem::is_regular_file(folder_ + "/file"));
  EXPECT_EQ(ask("metrics agent\n"), agent_.agent_text) << "the old one answers on";
}

TEST_F(ControlSocketTest, AFileThatIsGoneIsMadeAnew) {
  std::filesystem::remove(path_);
  ASSERT_TRUE(control_.listen(path_));
  EXPECT_TRUE(std::filesystem::is_socket(path_));
  EXPECT_THAT(ask("help\n"), HasSubstr("status"));
}

TEST_F(ControlSocketTest, MovesAndCleansUp) {
  const auto old = path_;
  path_ = folder_ + "/other";
  ASSERT_TRUE(control_.listen(path_));
  EXPECT_FALSE(std::filesystem::exists(old));
  EXPECT_EQ(ask("metrics agent\n"), agent_.agent_text);
  ASSERT_TRUE(control_.listen(path_)) << "no change is no error";
  control_.close();
  EXPECT_FALSE(std::filesystem::exists(path_));
}

}  // namespace
}  // namespace lariat::expose
