#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "agent/config/load.h"
#include "tests/fuzz/claim.h"

namespace lariat::config {
namespace {

using test::claim;

Surroundings surroundings(std::string_view text) {
  return {.hostname = "host",
          .variable = [](const std::string& name) -> std::optional<std::string> {
            if (name.size() % 2 == 0) return std::nullopt;
            return "@value of " + name;
          },
          // The schedule file and all others hold what is read.
          .read_file = [text](const std::string& path) -> base::Result<std::string> {
            if (path.size() % 2 == 0) return base::Error{path + " cannot be opened"};
            return std::string(text);
          },
          .shipped_collectors = "/usr/lib/lariat/collectors",
          .runtime_directory = "/run/lariat"};
}

void check(const std::vector<Mistake>& notes) {
  for (const Mistake& note : notes) {
    claim(!note.text.empty(), "a mistake says what is wrong");
    claim((note.line == 0) == (note.column == 0), "a place has a line and a column");
    const std::string line = to_string(note);
    claim(line.find_first_of(std::string_view("\n\r\0\x1b\x7f", 5)) == line.npos,
          "a mistake is one line and steers no terminal");
    claim(line.size() < 8192, "a mistake is short");
  }
}

void check_config(std::string_view text) {
  const auto around = surroundings(text);
  const Loaded loaded = parse(text, "fuzz.json", around);
  claim(loaded.config.has_value() == loaded.mistakes.empty(), "a mistake, or a configuration");
  check(loaded.mistakes);
  check(loaded.warnings);
  if (!loaded.config) return;
  const std::string printed = print(*loaded.config);
  const Loaded again = parse(printed, "fuzz.json", around);
  claim(again.config == loaded.config, "what is printed loads as the same");
  claim(print(*again.config) == printed, "and is printed as the same");
}

void check_collector(std::string_view text) {
  const auto loaded = parse_collector(text, "/etc/lariat/collectors.d/fuzz.json", "fuzz",
                                      std::chrono::seconds(10), surroundings(text));
  claim(loaded.collector.has_value() == loaded.mistakes.empty(), "a mistake, or a collector");
  check(loaded.mistakes);
  if (loaded.collector) claim(!loaded.collector->command.empty(), "it has a command");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_config(text);
  check_collector(text);
  return 0;
}

}  // namespace lariat::config
