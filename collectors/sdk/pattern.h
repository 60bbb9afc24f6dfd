#pragma once

#include <regex.h>

#include <memory>
#include <string>

namespace lariat::sdk {

/// An extended regular expression of POSIX. Copies share what was compiled.
class Pattern {
 public:
  /// What is wrong with it as one sentence, or nothing.
  [[nodiscard]] std::string set(const std::string& text);
  /// False if none was set.
  [[nodiscard]] bool found_in(const std::string& text) const;
  [[nodiscard]] bool is_set() const noexcept { return compiled_ != nullptr; }

 private:
  std::shared_ptr<regex_t> compiled_;
};

}  // namespace lariat::sdk
