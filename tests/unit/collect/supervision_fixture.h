#pragma once

#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "agent/base/log.h"
#include "agent/collect/frame_sink.h"
#include "agent/collect/supervision.h"
#include "agent/config/collector.h"
#include "agent/loop/loop.h"
#include "proto/default_tags.h"
#include "proto/print.h"
#include "tests/support/loop_driver.h"

namespace lariat::collect {

/// Keeps each frame as the line that people see.
class KeepingSink final : public FrameSink {
 public:
  bool take(std::span<const std::byte> frame, const FrameOrigin& origin) override {
    std::string line;
    proto::print_line(proto::MessageView(frame), line);
    lines.push_back(std::move(line));
    origins.push_back(origin.collector);
    return true;
  }
  [[nodiscard]] bool has(std::string_view part) const {
    for (const auto& line : lines) {
      if (line.find(part) != std::string::npos) return true;
    }
    return false;
  }

  std::vector<std::string> lines;
  std::vector<std::uint32_t> origins;
};

/// What collectors need around them: a loop, a log, a sink, a folder for their programs.
class SupervisionTest : public testing::Test {
 protected:
  using milliseconds = std::chrono::milliseconds;

  SupervisionTest() {
    ::signal(SIGPIPE, SIG_IGN);  // As the agent does.
    std::string pattern = testing::TempDir() + "collect-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
    EXPECT_EQ(tags_.set("host", "web01"), proto::NameError::kNone);
  }
  ~SupervisionTest() override { std::filesystem::remove_all(folder_); }

  [[nodiscard]] std::string path(std::string_view name) const {
    return folder_ + "/" + std::string(name);
  }
  std::string write(std::string_view name, std::string_view text, mode_t mode = 0644) const {
    const std::string file = path(name);
    std::ofstream(file, std::ios::trunc) << text;
    ::chmod(file.c_str(), mode);
    return file;
  }
  /// A program: `body` behind the first line of a shell script.
  std::string script(std::string_view name, std::string_view body) const {
    return write(name, "#!/bin/sh\n" + std::string(body) + "\n", 0755);
  }
  [[nodiscard]] std::string read(std::string_view name) const {
    std::ifstream file(path(name));
    return {std::istreambuf_iterator<char>(file), {}};
  }
  [[nodiscard]] static config::Collector collector(std::string program,
                                                   config::Mode mode = config::Mode::kOneshot) {
    config::Collector collector;
    collector.name = "mine";
    collector.command = {std::move(program)};
    collector.mode = mode;
    collector.interval = milliseconds(60'000);
    collector.timeout = milliseconds(20'000);
    collector.origin = "a test";
    return collector;
  }
  [[nodiscard]] bool was_told(std::string_view part) const {
    for (const auto& line : told_) {
      if (line.find(part) != std::string::npos) return true;
    }
    return false;
  }
  template <typename Predicate>
  [[nodiscard]] bool until(Predicate done) {
    return test::run_until(loop_, done, std::chrono::seconds(30));
  }
  [[nodiscard]] static Waits quick() {
    return {.kill_grace = milliseconds(50),
            .back_off_min = milliseconds(10),
            .back_off_max = milliseconds(40),
            .settle = milliseconds(20)};
  }

  std::string folder_;
  std::vector<std::string> told_;
  base::Log lines_{[this](base::Level, std::string_view line) { told_.emplace_back(line); }};
  proto::DefaultTags tags_;
  KeepingSink sink_;
  loop::Loop loop_;
};

/// Whether a process is there and no zombie.
inline bool is_alive(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string line;
  std::getline(file, line);
  const auto behind = line.rfind(')');
  return behind != std::string::npos && behind + 2 < line.size() && line[behind + 2] != 'Z' &&
         line[behind + 2] != 'X';
}

}  // namespace lariat::collect
