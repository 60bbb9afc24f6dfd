#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "proto/default_tags.h"
#include "proto/filter.h"
#include "proto/legal_name.h"
#include "proto/pattern.h"
#include "tests/fuzz/claim.h"

namespace lariat::proto {
namespace {

using test::claim;

void check_canonical(std::string_view name) {
  std::array<char, kMaxNameLength> room;
  const NameResult clean = canonical(name, room);
  claim(is_canonical(name) == (clean && clean.name == name), "canonical is itself");
  if (!clean) return;
  claim(is_canonical(clean.name), "the canonical form is canonical");
  claim(clean.name.size() <= name.size(), "it is no longer than the name");

  std::array<char, kMaxNameLength> again;
  NameResult twice = canonical(' ' + std::string(clean.name), again);
  if (clean.name.size() < kMaxNameLength) claim(twice && twice.name == clean.name, "idempotent");
  claim(same_name(name, clean.name), "a name equals its canonical form");

  std::array<Label, kMaxNameEntries> labels;
  std::array<char, kLabelStorage> storage;
  for (const auto& label : prometheus_labels(clean.name, labels, storage)) {
    claim(!label.name.empty() && label.name.find_first_of("=,:\\ *") == label.name.npos,
          "a label's name is legal");
  }
}

void check_tags(std::string_view name) {
  DefaultTags tags;
  (void)tags.set("host", "h");
  (void)tags.set("a,", "*");
  std::array<char, kMaxNameLength> room;
  const NameResult full = add_tags(name, tags, room);
  if (!full) return;
  claim(is_canonical(full.name), "a name with its tags is canonical");
  claim(!has_wildcard(full.name), "it is no pattern");
  const std::string copy(full.name);
  claim(add_tags(copy, tags, {}).name.data() == copy.data(), "there is nothing more to add");
  const auto same = Pattern::parse(copy);
  claim(std::holds_alternative<Pattern>(same), "each name is a pattern");
}

void check_pattern(std::string_view pattern, std::string_view name) {
  std::array<char, kMaxNameLength> room;
  const NameResult clean = canonical(name, room);
  const std::string target(clean ? clean.name : name);  // It may not crash on any text.
  const std::array<std::string, 1> patterns{std::string(pattern)};
  const auto parsed = Pattern::parse(pattern);
  const auto filter = Filter::parse(patterns);
  claim(std::holds_alternative<Pattern>(parsed) == std::holds_alternative<Filter>(filter),
        "a filter takes what a pattern takes");
  const auto* plain = std::get_if<Pattern>(&parsed);
  if (plain == nullptr) return;
  const bool passed = std::get<Filter>(filter).matches(target);
  claim(passed || !plain->matches(target), "a glob takes all that the plain metric takes");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t line_end = text.find('\n');
  const std::string_view name = text.substr(0, line_end);
  check_canonical(text);
  check_canonical(name);
  check_tags(text);
  check_tags(name);
  check_pattern(name, line_end == text.npos ? name : text.substr(line_end + 1));
  return 0;
}

}  // namespace lariat::proto
