#include "tests/bench/arguments.h"

#include <sched.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <utility>

namespace lariat::bench {
namespace {

[[noreturn]] void wrong_use(std::string_view what, std::string_view word) {
  std::fprintf(stderr, "%s: %.*s: %.*s\n", program_invocation_short_name,
               static_cast<int>(what.size()), what.data(), static_cast<int>(word.size()),
               word.data());
  std::exit(2);  // NOLINT(concurrency-mt-unsafe): there is one thread.
}

std::vector<std::uint64_t> parse_numbers(std::string_view text) {
  std::vector<std::uint64_t> numbers;
  const char* at = text.data();
  const char* const end = at + text.size();
  for (;;) {
    std::uint64_t number = 0;
    const auto parsed = std::from_chars(at, end, number);
    if (parsed.ec != std::errc()) wrong_use("not a number", text);
    numbers.push_back(number);
    if (parsed.ptr == end) return numbers;
    if (*parsed.ptr != ',') wrong_use("not a list of numbers", text);
    at = parsed.ptr + 1;
  }
}

}  // namespace

void fail(std::string_view what, int error) {
  std::fprintf(stderr, "%s: %.*s%s%s\n", program_invocation_short_name,
               static_cast<int>(what.size()), what.data(), error == 0 ? "" : ": ",
               error == 0 ? "" : std::strerror(error));  // NOLINT(concurrency-mt-unsafe)
  std::exit(1);                                          // NOLINT(concurrency-mt-unsafe)
}

Arguments::Arguments(int argc, char** argv, std::initializer_list<std::string_view> known) {
  for (int i = 1; i < argc; i += 2) {
    const std::string_view name = argv[i];
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      wrong_use("unknown option", name);
    }
    if (i + 1 == argc) wrong_use("needs a value", name);
    values_[std::string(name)] = parse_numbers(argv[i + 1]);
  }
}

std::uint64_t Arguments::number(std::string_view name, std::uint64_t otherwise) const {
  const auto found = values_.find(name);
  return found == values_.end() ? otherwise : found->second.front();
}

std::vector<std::uint64_t> Arguments::numbers(std::string_view name,
                                              std::vector<std::uint64_t> otherwise) const {
  const auto found = values_.find(name);
  return found == values_.end() ? std::move(otherwise) : found->second;
}

std::vector<std::uint16_t> Arguments::ports() const {
  std::vector<std::uint16_t> ports;
  for (const auto port : numbers("--ports", {})) {
    if (port == 0 || port > std::numeric_limits<std::uint16_t>::max()) {
      wrong_use("not a port", std::to_string(port));
    }
    ports.push_back(static_cast<std::uint16_t>(port));
  }
  if (ports.empty()) wrong_use("needs the ports of the sinks", "--ports");
  return ports;
}

void Arguments::pin() const {
  const auto found = values_.find("--pin");
  if (found == values_.end()) return;
  cpu_set_t processors;
  CPU_ZERO(&processors);
  CPU_SET(found->second.front(), &processors);
  if (::sched_setaffinity(0, sizeof processors, &processors) != 0) fail("--pin", errno);
}

}  // namespace lariat::bench
