#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "agent/base/unique_fd.h"
#include "tests/support/process.h"
#include "tests/support/temporary_directory.h"

namespace lariat {
namespace {

using test::Process;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using enum test::Process::Stream;

struct FakeUnit {
  const char* name;
  const char* load;
  const char* active;
};

constexpr FakeUnit kUnits[] = {
    {"ssh.service", "loaded", "active"}, {"gone.service", "not-found", "inactive"},
    {"bad.service", "loaded", "failed"}, {"-.mount", "loaded", "active"},
    {"daily.timer", "loaded", "active"}, {"in.socket", "loaded", "active"}};

base::UniqueFd listen_at(const std::string& path) {
  base::UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(socket.get(), 8) != 0) {
    throw std::runtime_error("no socket");
  }
  return socket;
}

/// Speaks D-Bus as systemd's manager does on its own socket, on a thread of its own, to one peer
/// after the other. A manager that is `mute` takes calls and says nothing.
class FakeManager {
 public:
  explicit FakeManager(bool mute = false) : path_(folder_.file("private")), mute_(mute) {
    listener_ = listen_at(path_);
    thread_ = std::thread([this] { run(); });
  }
  ~FakeManager() {
    stopping_ = true;
    ::shutdown(listener_.get(), SHUT_RDWR);
    thread_.join();
  }
  FakeManager(const FakeManager&) = delete;
  FakeManager& operator=(const FakeManager&) = delete;

  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  [[nodiscard]] int types_asked() const noexcept { return types_asked_; }

 private:
  void run() {
    while (!stopping_) {
      const int peer = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
      if (peer < 0) return;
      sd_bus* bus = nullptr;
      ::sd_bus_new(&bus);
      ::sd_bus_set_fd(bus, peer, peer);
      sd_id128_t identity{};
      identity.bytes[0] = 1;
      ::sd_bus_set_server(bus, 1, identity);
      ::sd_bus_set_anonymous(bus, 1);
      ::sd_bus_add_filter(bus, nullptr, &FakeManager::take, this);
      if (::sd_bus_start(bus) >= 0) serve(bus);
      ::sd_bus_flush_close_unref(bus);
    }
  }
  void serve(sd_bus* bus) const {
    constexpr std::uint64_t kMicroseconds = 20'000;
    while (!stopping_) {
      const int more = ::sd_bus_process(bus, nullptr);
      if (more < 0) return;
      if (more == 0 && ::sd_bus_wait(bus, kMicroseconds) < 0) return;
    }
  }

  static int take(sd_bus_message* call, void* self, sd_bus_error* /*error*/) {
    auto& manager = *static_cast<FakeManager*>(self);
    if (manager.mute_) return 1;
    sd_bus_message* reply = nullptr;
    ::sd_bus_message_new_method_return(call, &reply);
    if (::sd_bus_message_is_method_call(call, "org.freedesktop.systemd1.Manager", "ListUnits") >
        0) {
      put_units(reply);
    } else if (!manager.put_property(call, reply)) {
      ::sd_bus_message_unref(reply);
      return ::sd_bus_reply_method_errorf(call, SD_BUS_ERROR_UNKNOWN_PROPERTY, "no such property");
    }
    ::sd_bus_message_send(reply);
    ::sd_bus_message_unref(reply);
    return 1;
  }
  static void put_units(sd_bus_message* reply) {
    ::sd_bus_message_open_container(reply, 'a', "(ssssssouso)");
    for (std::size_t i = 0; i < std::size(kUnits); ++i) {
      const FakeUnit& unit = kUnits[i];
      const std::string path = "/unit/" + std::to_string(i);
      ::sd_bus_message_append(reply, "(ssssssouso)", unit.name, "what it is", unit.load,
                              unit.active, "running", "", path.c_str(), 0U, "", "/");
    }
    ::sd_bus_message_close_container(reply);
  }
  bool put_property(sd_bus_message* call, sd_bus_message* reply) {
    const char* interface = nullptr;
    const char* property = nullptr;
    if (::sd_bus_message_read(call, "ss", &interface, &property) < 0) return false;
    const std::string name = property;
    const std::string path = ::sd_bus_message_get_path(call);
    const auto text = [reply](const char* value) {
      return ::sd_bus_message_append(reply, "v", "s", value) >= 0;
    };
    if (name == "SystemState") return text("degraded");
    if (name == "Version") return text("252.39-1~deb12u2");
    if (name == "Type") {
      ++types_asked_;
      return text(path == "/unit/0" ? "notify" : "oneshot");
    }
    if (name == "NRestarts") return ::sd_bus_message_append(reply, "v", "u", 3U) >= 0;
    if (name == "NAccepted") return ::sd_bus_message_append(reply, "v", "u", 9U) >= 0;
    if (name == "NConnections") return ::sd_bus_message_append(reply, "v", "u", 2U) >= 0;
    const bool time = name == "LastTriggerUSec" || name == "ActiveEnterTimestamp";
    constexpr std::uint64_t kTime = 1'700'000'000'500'000;
    return time && ::sd_bus_message_append(reply, "v", "t", kTime) >= 0;
  }

  test::TemporaryDirectory folder_;
  std::string path_;
  bool mute_;
  std::atomic<bool> stopping_ = false;
  std::atomic<int> types_asked_ = 0;
  base::UniqueFd listener_;
  std::thread thread_;
};

Process start(std::vector<std::string> options) {
  options.insert(options.begin(), {std::string(LARIAT_COLLECTORS) + "/systemd", "--text"});
  return Process(options);
}

TEST(SystemdProgram, TellsOfUnitsByNodeExportersNames) {
  const FakeManager manager;
  Process program = start({"--peer", manager.path()});
  ASSERT_TRUE(program.write("tick 5\ntick 6\n"));
  program.close_input();
  EXPECT_EQ(program.wait(), 0);
  const std::string& text = program.text(kOut);
  EXPECT_EQ(program.text(kErr), "");
  for (const char* line :
       {"node_systemd_system_running 0", "node_systemd_version version=252.39-1~deb12u2 252.39",
        "node_systemd_unit_state name=ssh.service,state=active,type=notify 1",
        "node_systemd_unit_state name=ssh.service,state=failed,type=notify 0",
        "node_systemd_unit_state name=bad.service,state=failed,type=oneshot 1",
        "node_systemd_unit_state name=daily.timer,state=active 1",
        "node_systemd_timer_last_trigger_seconds name=daily.timer 1700000000.5",
        "node_systemd_socket_current_connections name=in.socket 2",
        "node_systemd_units state=active 4", "node_systemd_units state=inactive 1",
        "node_systemd_units state=failed 1", "node_systemd_units state=activating 0",
        "node_scrape_collector_success collector=systemd 1"}) {
    EXPECT_THAT(text, HasSubstr("sample 6 " + std::string(line) + "\n"));
  }
  EXPECT_THAT(text, HasSubstr("delta 6 node_systemd_socket_accepted_connections_total "
                              "name=in.socket 9\n"));
  EXPECT_THAT(text, Not(HasSubstr("refused_connections"))) << "which this one does not have";
  EXPECT_THAT(text, Not(HasSubstr("gone.service"))) << "it is not loaded";
  EXPECT_THAT(text, Not(HasSubstr("-.mount"))) << "left out by default";
  EXPECT_THAT(text, Not(HasSubstr("restart_total")));
  EXPECT_EQ(manager.types_asked(), 2) << "once for each service";
}

TEST(SystemdProgram, OptionsChooseUnitsAndMore) {
  const FakeManager manager;
  Process program = start({"--peer", manager.path(), "--unit-include", "(ssh|bad)\\.service|-.*",
                           "--unit-exclude", "bad.*", "--restarts", "--start-times"});
  ASSERT_TRUE(program.write("tick 5\n"));
  program.close_input();
  EXPECT_EQ(program.wait(), 0);
  EXPECT_THAT(program.text(kOut),
              AllOf(HasSubstr("name=ssh.service"), HasSubstr("name=-.mount"),
                    Not(HasSubstr("bad.service")), Not(HasSubstr("daily.timer")),
                    HasSubstr("delta 5 node_systemd_service_restart_total name=ssh.service 3\n"),
                    HasSubstr("sample 5 node_systemd_unit_start_time_seconds name=ssh.service "
                              "1700000000.5\n")));
}

TEST(SystemdProgram, WithoutSystemdItSaysSoOnceAndGoesOn) {
  const test::TemporaryDirectory folder;
  Process program = start({"--peer", folder.file("none")});
  ASSERT_TRUE(program.write("tick 5\ntick 6\n"));
  program.close_input();
  EXPECT_EQ(program.wait(), 0);
  EXPECT_THAT(program.text(kErr), StartsWith("systemd: cannot "));
  EXPECT_EQ(std::ranges::count(program.text(kErr), '\n'), 1) << program.text(kErr);
  EXPECT_THAT(program.text(kOut),
              HasSubstr("sample 6 node_scrape_collector_success collector=systemd 0\ndone\n"));
  EXPECT_THAT(program.text(kOut), Not(HasSubstr("node_systemd_")));
}

TEST(SystemdProgram, OneThatSaysNothingCostsTwoSecondsOfARound) {
  const FakeManager manager(true);
  // It listens, and nobody accepts.
  const test::TemporaryDirectory folder;
  const base::UniqueFd deaf = listen_at(folder.file("deaf"));
  Process first = start({"--peer", manager.path()});
  Process second = start({"--peer", folder.file("deaf")});
  const auto begin = std::chrono::steady_clock::now();
  for (Process* const program : {&first, &second}) {
    ASSERT_TRUE(program->write("tick 5\n"));
    program->close_input();
  }
  for (Process* const program : {&first, &second}) {
    EXPECT_EQ(program->wait(), 0);
    EXPECT_THAT(program->text(kOut),
                HasSubstr("node_scrape_collector_success collector=systemd 0\n"));
    EXPECT_EQ(std::ranges::count(program->text(kErr), '\n'), 1) << program->text(kErr);
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20))
      << "the library alone would wait for 25, or for 90";
}

TEST(SystemdProgram, WrongUseIsOneSentence) {
  Process program = start({"--unit-include", "["});
  EXPECT_EQ(program.wait(), 2);
  EXPECT_THAT(program.text(kErr), StartsWith("systemd: "));
}

}  // namespace
}  // namespace lariat
