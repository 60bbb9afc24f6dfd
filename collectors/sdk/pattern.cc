#include "collectors/sdk/pattern.h"

#include <array>

namespace lariat::sdk {

std::string Pattern::set(const std::string& text) {
  auto compiled = std::make_unique<regex_t>();
  const int fault = ::regcomp(compiled.get(), text.c_str(), REG_EXTENDED | REG_NOSUB);
  if (fault != 0) {
    std::array<char, 128> why{};
    ::regerror(fault, compiled.get(), why.data(), why.size());
    return "'" + text + "' is no regular expression: " + why.data();
  }
  compiled_ = {compiled.release(), [](regex_t* gone) {
                 ::regfree(gone);
                 delete gone;
               }};
  return {};
}

bool Pattern::found_in(const std::string& text) const {
  return compiled_ != nullptr && ::regexec(compiled_.get(), text.c_str(), 0, nullptr, 0) == 0;
}

}  // namespace lariat::sdk
