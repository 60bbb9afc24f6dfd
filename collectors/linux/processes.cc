#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>

#include "collectors/linux/all.h"
#include "collectors/sdk/scan.h"

namespace lariat::host {
namespace {

// States are letters.
constexpr std::size_t kLetters = 128;
using Counts = std::array<std::uint64_t, kLetters>;

struct Stat {
  char state = 0;
  std::uint64_t threads = 0;
};

// `PID (NAME) STATE …`: the name may hold anything. 17 words further stands how many threads.
std::optional<Stat> parse_stat(std::string_view text) {
  constexpr std::size_t kBetween = 16;
  const std::size_t end = text.rfind(')');
  if (end == text.npos) return std::nullopt;
  text.remove_prefix(end + 1);
  const std::string_view state = sdk::take_word(text);
  if (state.size() != 1 || state.front() < 0) return std::nullopt;
  for (std::size_t i = 0; i < kBetween; ++i) (void)sdk::take_word(text);
  const auto threads = sdk::parse<std::uint64_t>(sdk::take_word(text));
  return threads ? std::optional(Stat{state.front(), *threads}) : std::nullopt;
}

std::optional<Stat> read_stat(const char* path) {
  constexpr std::size_t kRoom = 1024;
  std::array<char, kRoom> room;
  const int descriptor = ::open(path, O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return std::nullopt;
  const ssize_t got = ::read(descriptor, room.data(), room.size());
  ::close(descriptor);
  if (got <= 0) return std::nullopt;
  return parse_stat({room.data(), static_cast<std::size_t>(got)});
}

// Processes and threads by state. Asks for each of them: that is why it is off by default.
class ProcessesSource : public sdk::Source {
 public:
  explicit ProcessesSource(sdk::Host& host)
      : proc_(host.paths().proc),
        folder_(proc_),
        most_threads_(proc_ + "/sys/kernel/threads-max", host.descriptors()),
        most_processes_(proc_ + "/sys/kernel/pid_max", host.descriptors()) {}

  std::string collect(sdk::Answer& answer) override {
    processes_.fill(0);
    threads_.fill(0);
    all_ = 0;
    all_threads_ = 0;
    const bool good = folder_.list([this](std::string_view name) { count_process(name); });
    if (!good) return folder_.error();
    const auto most_threads = most_threads_.number<std::uint64_t>();
    if (!most_threads) return most_threads_.error();
    const auto most_processes = most_processes_.number<std::uint64_t>();
    if (!most_processes) return most_processes_.error();
    answer.sample("node_processes_threads", static_cast<double>(all_threads_));
    answer.sample("node_processes_max_threads", static_cast<double>(*most_threads));
    answer.sample("node_processes_pids", static_cast<double>(all_));
    answer.sample("node_processes_max_processes", static_cast<double>(*most_processes));
    put("node_processes_state", "state", processes_, process_tags_, answer);
    put("node_processes_threads_state", "thread_state", threads_, thread_tags_, answer);
    return {};
  }

 private:
  using AllTags = std::array<sdk::Tags, kLetters>;

  void count_process(std::string_view name) {
    if (!sdk::parse<std::uint32_t>(name)) return;
    constexpr std::size_t kLongest = 512;
    std::array<char, kLongest> path;
    const auto size = static_cast<int>(name.size());
    (void)std::snprintf(path.data(), path.size(), "%s/%.*s/stat", proc_.c_str(), size, name.data());
    const auto stat = read_stat(path.data());
    // Ended meanwhile.
    if (!stat) return;
    ++all_;
    ++processes_[static_cast<std::size_t>(stat->state)];
    all_threads_ += stat->threads;
    if (stat->threads <= 1) {
      ++threads_[static_cast<std::size_t>(stat->state)];
      return;
    }
    (void)std::snprintf(path.data(), path.size(), "%s/%.*s/task", proc_.c_str(), size, name.data());
    count_threads(path.data());
  }

  void count_threads(const char* folder) {
    task_folder_.point_to(folder);
    task_folder_.list([this, folder](std::string_view name) {
      constexpr std::size_t kLongest = 1024;
      std::array<char, kLongest> path;
      (void)std::snprintf(path.data(), path.size(), "%s/%.*s/stat", folder,
                          static_cast<int>(name.size()), name.data());
      const auto stat = read_stat(path.data());
      if (stat) ++threads_[static_cast<std::size_t>(stat->state)];
    });
  }

  static void put(std::string_view metric, std::string_view key, const Counts& counts,
                  AllTags& tags, sdk::Answer& answer) {
    for (std::size_t letter = 0; letter < counts.size(); ++letter) {
      if (counts[letter] == 0) continue;
      const char state = static_cast<char>(letter);
      if (tags[letter].text().empty()) tags[letter] = sdk::Tags{{key, {&state, 1}}};
      answer.sample(metric, static_cast<double>(counts[letter]), tags[letter].text());
    }
  }

  std::string proc_;
  sdk::Folder folder_;
  sdk::Folder task_folder_{""};
  sdk::SysFile most_threads_;
  sdk::SysFile most_processes_;
  Counts processes_{};
  Counts threads_{};
  std::uint64_t all_ = 0;
  std::uint64_t all_threads_ = 0;
  AllTags process_tags_;
  AllTags thread_tags_;
};

}  // namespace

std::unique_ptr<sdk::Source> make_processes(sdk::Host& host) {
  return std::make_unique<ProcessesSource>(host);
}

}  // namespace lariat::host
