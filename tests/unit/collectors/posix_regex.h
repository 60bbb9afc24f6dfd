#pragma once

#include <regex.h>

#include <stdexcept>
#include <string>

namespace lariat::test {

/// An extended regular expression as the C library has it: what node_exporter's are held against.
class PosixRegex {
 public:
  explicit PosixRegex(const std::string& text) {
    if (::regcomp(&compiled_, text.c_str(), REG_EXTENDED | REG_NOSUB) != 0) {
      throw std::invalid_argument("no regular expression: " + text);
    }
  }
  PosixRegex(const PosixRegex&) = delete;
  PosixRegex& operator=(const PosixRegex&) = delete;
  ~PosixRegex() { ::regfree(&compiled_); }

  [[nodiscard]] bool finds(const char* text) const {
    return ::regexec(&compiled_, text, 0, nullptr, 0) == 0;
  }

 private:
  regex_t compiled_{};
};

}  // namespace lariat::test
