#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace lariat::bench {

/// Ends the program with a line on standard error: its name, `what`, and the text of `error` unless
/// that is 0.
[[noreturn]] void fail(std::string_view what, int error = 0);

/// The words of a benchmark's command line: `--name value` pairs of whole numbers, or of lists of
/// them with commas. Anything else ends the program with status 2.
class Arguments {
 public:
  Arguments(int argc, char** argv, std::initializer_list<std::string_view> known);

  [[nodiscard]] std::uint64_t number(std::string_view name, std::uint64_t otherwise) const;
  [[nodiscard]] std::vector<std::uint64_t> numbers(std::string_view name,
                                                   std::vector<std::uint64_t> otherwise) const;
  /// Of `--ports`; at least one.
  [[nodiscard]] std::vector<std::uint16_t> ports() const;
  /// Runs this process on the processor of `--pin` alone, if it was given.
  void pin() const;

 private:
  std::map<std::string, std::vector<std::uint64_t>, std::less<>> values_;
};

}  // namespace lariat::bench
