#pragma once

#include <cstddef>
#include <string_view>

namespace lariat::test {

/// What a server sent on one connection, as HTTP/1.1 answers one after the other. The heads are
/// claimed to be well formed, and the status lines to be of those that are known.
struct HttpAnswers {
  std::size_t whole = 0;     ///< Answers, each with its body; one to HEAD has none.
  std::string_view rest;     ///< Of one that has begun.
  bool until_close = false;  ///< The last has neither length nor chunks.
};

[[nodiscard]] HttpAnswers read_answers(std::string_view octets);

}  // namespace lariat::test
