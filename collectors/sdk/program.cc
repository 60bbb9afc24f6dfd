#include "collectors/sdk/program.h"

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <ctime>
#include <string>
#include <utility>
#include <vector>

#include "collectors/sdk/start_pages.h"
#include "collectors/sdk/ticks.h"

namespace lariat::sdk {
namespace {

constexpr int kWrongUse = 2;

struct Manner {
  bool once = false;
  bool text = false;
  bool help = false;
};

Option flag(std::string_view name, bool& set, std::string_view help) {
  return {name, {}, help, [&set](std::string_view) {
            set = true;
            return std::string();
          }};
}

bool write_text(std::string_view text) {
  return write_all(STDOUT_FILENO, std::as_bytes(std::span(text)));
}

// The collector's values on their way to standard output.
class Output {
 public:
  Output(const Program& program, const Collect& collect, bool text)
      : program_(program), collect_(collect), text_(text) {}

  [[nodiscard]] bool answer(std::uint64_t time) {
    const std::uint64_t refused = answer_.refused();
    answer_.begin(time);
    collect_(answer_);
    answer_.end();
    if (refused == 0 && answer_.refused() > 0) {
      complain(program_.name,
               "left out what no message can hold: a number that is not finite, or a name that is "
               "empty, too long or has a NUL");
    }
    if (!text_) return write_all(STDOUT_FILENO, answer_.bytes());
    lines_.clear();
    print(answer_, lines_);
    return write_text(lines_);
  }

 private:
  const Program& program_;
  const Collect& collect_;
  bool text_;
  Answer answer_;
  std::string lines_;
};

}  // namespace

int run(std::span<const char* const> arguments, const Program& program, const Collect& collect,
        std::span<const Option> own, const std::function<int()>& begin) {
  Manner manner;
  std::vector<Option> options(own.begin(), own.end());
  options.push_back(flag("--once", manner.once, "answer at once, and end"));
  options.push_back(flag("--text", manner.text, "lines, not binary messages, as on a terminal"));
  options.push_back(flag("--help", manner.help, "this text"));
  if (const std::string fault = parse_options(arguments, options); !fault.empty()) {
    complain(program.name, fault);
    return kWrongUse;
  }
  // Who has gone is seen by the write.
  std::signal(SIGPIPE, SIG_IGN);
  if (manner.help) {
    const std::string usage = std::string(program.name) + ": " + std::string(program.summary) +
                              "\n\nAnswers each line `tick <unix seconds>` on standard input.\n\n" +
                              describe(options);
    return write_text(usage) ? 0 : 1;
  }
  if (const int status = begin ? begin() : -1; status >= 0) return status;

  Output output(program, collect, manner.text || ::isatty(STDOUT_FILENO) == 1);
  if (manner.once || ::isatty(STDIN_FILENO) == 1) {
    if (program.wait) program.wait(-1);
    return output.answer(static_cast<std::uint64_t>(std::time(nullptr))) ? 0 : 1;
  }
  bool first = true;
  Ticks ticks(STDIN_FILENO, program.wait);
  while (const auto time = ticks.next()) {
    if (!output.answer(*time)) return 1;
    if (std::exchange(first, false)) give_back_start_pages();
  }
  return 0;
}

void complain(std::string_view program, std::string_view sentence) {
  std::string line;
  line.append(program).append(": ").append(sentence);
  // It may hold a piece of what was read.
  std::ranges::replace_if(
      line, [](char c) { return (c >= 0 && c < ' ') || c == 0x7f; }, ' ');
  line.push_back('\n');
  // A line that nobody takes has no other place to go.
  [[maybe_unused]] const bool told = write_all(STDERR_FILENO, std::as_bytes(std::span(line)));
}

}  // namespace lariat::sdk
