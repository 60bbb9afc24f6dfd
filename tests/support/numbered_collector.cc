// A collector of mode `feed` that prints numbered frames at an even pace.
//
//   numbered_collector FILE RATE
//
// It adds a line with its process id to FILE.pids once it can be told to stop. At SIGUSR1 it prints
// no more, writes how many frames it has printed to FILE.count, and lives on.

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <span>
#include <string>
#include <vector>

#include "tests/support/frames.h"

namespace {

volatile sig_atomic_t stop_printing = 0;

// Not more at once than a pipe takes, so that an order to stop is soon heard.
constexpr std::uint64_t kBatch = 512;

bool print(std::span<const std::byte> octets) {
  while (!octets.empty()) {
    const ssize_t written = ::write(STDOUT_FILENO, octets.data(), octets.size());
    if (written < 0 && errno != EINTR) return false;
    if (written > 0) octets = octets.subspan(static_cast<std::size_t>(written));
  }
  return true;
}

bool print_numbers(std::uint64_t from, std::uint64_t to) {
  std::vector<std::byte> octets;
  for (auto number = from; number < to; ++number) {
    const auto frame = lariat::test::numbered_frame(number);
    octets.insert(octets.end(), frame.begin(), frame.end());
  }
  return print(octets);
}

void write_count(const std::string& file, std::uint64_t count) {
  const auto draft = file + ".draft";
  std::ofstream(draft) << count << '\n';
  std::rename(draft.c_str(), file.c_str());
}

}  // namespace

int main(int argc, char** argv) {
  const std::span<char* const> words(argv, static_cast<std::size_t>(argc));
  if (words.size() != 3) return 2;
  const std::string file = words[1];
  const double rate = std::atof(words[2]);
  ::signal(SIGUSR1, [](int) { stop_printing = 1; });
  std::ofstream(file + ".pids", std::ios::app) << ::getpid() << '\n';

  const auto began = std::chrono::steady_clock::now();
  std::uint64_t printed = 0;
  while (stop_printing == 0) {
    const std::chrono::duration<double> since = std::chrono::steady_clock::now() - began;
    const auto due = static_cast<std::uint64_t>(since.count() * rate);
    const auto next = std::min(due, printed + kBatch);
    if (next > printed && !print_numbers(printed, next)) return 1;
    printed = next;
    if (printed >= due) ::poll(nullptr, 0, 1);
  }
  write_count(file + ".count", printed);
  while (true) ::pause();
}
