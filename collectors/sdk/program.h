#pragma once

#include <functional>
#include <span>
#include <string_view>

#include "collectors/sdk/answer.h"
#include "collectors/sdk/options.h"

namespace lariat::sdk {

/// What a collector is called, and what it tells, in one sentence for its help.
struct Program {
  std::string_view name;
  std::string_view summary;
  /// Of a program that has more to do than to wait for ticks: called whenever it would wait,
  /// returns when `input` can be read. With -1 before the only answer of `--once`.
  std::function<void(int input)> wait;
};

/// Puts into the answer what there is to say now.
using Collect = std::function<void(Answer& answer)>;

/// The main function of a collector: answers each tick on standard input until that ends, or once,
/// at the present time, with `--once` or at a terminal. Messages are binary; with `--text`, and on
/// a terminal, they are lines. Returns the exit status: 2 is a wrong option, told on standard
/// error.
///
/// `own` are options besides `--once`, `--text` and `--help`; `begin` is called when all are read,
/// and may end the program with an exit status of 0 or more.
[[nodiscard]] int run(std::span<const char* const> arguments, const Program& program,
                      const Collect& collect, std::span<const Option> own = {},
                      const std::function<int()>& begin = {});

/// Of a main function's `argc` and `argv`: the arguments without the program's name.
[[nodiscard]] inline std::span<const char* const> arguments_of(int argc, char** argv) noexcept {
  return argc < 1 ? std::span<const char* const>()
                  : std::span<const char* const>(argv + 1, static_cast<std::size_t>(argc - 1));
}

/// One line on standard error, which the agent logs.
void complain(std::string_view program, std::string_view sentence);

}  // namespace lariat::sdk
