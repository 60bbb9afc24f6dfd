#include "agent/app/control_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>

#include "agent/base/unique_fd.h"
#include "agent/net/address.h"

namespace lariat::app {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

/// A socket in a folder of its own, and an agent that says one thing to one client.
class ControlClientTest : public testing::Test {
 protected:
  ControlClientTest() {
    std::string name = testing::TempDir() + "lariat-XXXXXX";
    folder_ = ::mkdtemp(name.data());
    path_ = folder_ + "/control";
  }
  ~ControlClientTest() override {
    if (agent_.joinable()) agent_.join();
    std::filesystem::remove_all(folder_);
  }

  base::UniqueFd listen() {
    const auto address = net::Address::from_path(path_);
    base::UniqueFd listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::bind(listener.get(), address->data(), address->size), 0);
    EXPECT_EQ(::listen(listener.get(), 1), 0);
    return listener;
  }
  void answer_with(std::string text) {
    agent_ = std::thread([this, text = std::move(text), listener = listen()] {
      const base::UniqueFd client(::accept(listener.get(), nullptr, nullptr));
      std::array<char, 100> line;
      asked_.assign(line.data(),
                    static_cast<std::size_t>(::recv(client.get(), line.data(), line.size(), 0)));
      static_cast<void>(::send(client.get(), text.data(), text.size(), MSG_NOSIGNAL));
    });
  }

  std::string folder_;
  std::string path_;
  std::string asked_;
  std::thread agent_;
};

TEST_F(ControlClientTest, AsksTheFirstThatAnswers) {
  answer_with("all is well\n");
  const std::array<std::string, 2> paths = {folder_ + "/none", path_};
  const auto answer = ask_agent(paths, "status", std::chrono::seconds(10));
  ASSERT_TRUE(answer) << answer.error().text;
  EXPECT_EQ(*answer, "all is well\n");
  agent_.join();
  EXPECT_EQ(asked_, "status\n");
}

TEST_F(ControlClientTest, SaysWhatItTriedAndWhatToDo) {
  { const auto stale = listen(); }
  const std::array<std::string, 2> paths = {folder_ + "/none", path_};
  const auto answer = ask_agent(paths, "status", std::chrono::seconds(10));
  ASSERT_FALSE(answer);
  EXPECT_THAT(answer.error().text, HasSubstr(folder_ + "/none: there is no such socket"));
  EXPECT_THAT(answer.error().text, HasSubstr(path_ + ": nobody answers there"));
  EXPECT_THAT(answer.error().text, HasSubstr("--socket"));
}

TEST_F(ControlClientTest, ARefusalOfTheAgentIsAnError) {
  answer_with("error: too many clients ask at this time; try it later\nmore\n");
  const auto answer = ask_agent({&path_, 1}, "status", std::chrono::seconds(10));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().text, "too many clients ask at this time; try it later");
}

TEST_F(ControlClientTest, DoesNotWaitForAnAgentThatHangs) {
  const auto listener = listen();
  const auto answer = ask_agent({&path_, 1}, "status", milliseconds(50));
  ASSERT_FALSE(answer);
  EXPECT_THAT(answer.error().text, HasSubstr("no answer in time"));
}

TEST_F(ControlClientTest, NoSocketAtAllIsSaid) {
  const auto answer = ask_agent({}, "status", milliseconds(50));
  ASSERT_FALSE(answer);
  EXPECT_THAT(answer.error().text, HasSubstr("has no control socket"));
}

}  // namespace
}  // namespace lariat::app
