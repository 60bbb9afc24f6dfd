#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "collectors/linux/all.h"
#include "collectors/linux/fault.h"
#include "collectors/linux/round_cache.h"
#include "collectors/sdk/scan.h"

namespace lariat::host {
namespace {

constexpr std::array<std::string_view, 5> kStates = {"active", "inactive", "recovering", "resync",
                                                     "check"};
constexpr std::string_view kPath = "/proc/mdstat";

// What the lines of one array say.
struct Array {
  std::string_view name;
  std::string_view state;
  std::uint64_t active = 0;
  std::uint64_t required = 0;
  std::uint64_t failed = 0;
  std::uint64_t spare = 0;
  std::uint64_t blocks = 0;
  std::uint64_t synced = 0;
};

struct ArrayTags {
  std::string device;
  std::array<std::string, kStates.size()> states;
  std::string active;
  std::string failed;
  std::string spare;
};

ArrayTags make_tags(std::string_view name) {
  const auto with_state = [name](std::string_view state) {
    return sdk::Tags{{"device", name}, {"state", state}}.text();
  };
  ArrayTags tags{.device = sdk::Tags{{"device", name}}.text(),
                 .states = {},
                 .active = with_state("active"),
                 .failed = with_state("failed"),
                 .spare = with_state("spare")};
  std::ranges::transform(kStates, tags.states.begin(), with_state);
  return tags;
}

bool contains(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

// Takes the two numbers of the first `(1/2)` or `[1/2]` in `text`, in that order.
bool take_pair(std::string_view text, char opening, std::uint64_t& first, std::uint64_t& second) {
  for (std::size_t at = text.find(opening); at != text.npos; at = text.find(opening, at + 1)) {
    const std::string_view pair = text.substr(at + 1, text.find_first_of(")]", at) - at - 1);
    const std::size_t slash = pair.find('/');
    if (slash == pair.npos) continue;
    const auto one = sdk::parse<std::uint64_t>(pair.substr(0, slash));
    const auto other = sdk::parse<std::uint64_t>(pair.substr(slash + 1));
    if (!one || !other) continue;
    first = *one;
    second = *other;
    return true;
  }
  return false;
}

// `md0 : active raid1 sdb1[1] sda1[0](F) …`; between `active` and the kind may stand a remark.
bool take_heading(std::string_view line, Array& array, std::uint64_t& disks) {
  array.name = sdk::take_word(line);
  if (sdk::take_word(line) != ":") return false;
  array.state = sdk::take_word(line);
  if (array.state != "active" && array.state != "inactive") return false;
  for (std::string_view word; !(word = sdk::take_word(line)).empty();) {
    if (!contains(word, "[")) continue;
    ++disks;
    array.failed += word.ends_with("(F)") ? 1 : 0;
    array.spare += word.ends_with("(S)") ? 1 : 0;
  }
  return true;
}

// `248896 blocks super 1.2 [2/1] [U_]`. What has no copies (raid0, linear) says no numbers.
bool take_blocks(std::string_view line, std::uint64_t disks, Array& array) {
  const std::string_view whole = line;
  const auto blocks = sdk::parse<std::uint64_t>(sdk::take_word(line));
  if (!blocks) return false;
  array.blocks = *blocks;
  array.synced = *blocks;
  if (array.state != "active") return true;
  if (!take_pair(whole, '[', array.required, array.active)) array.required = array.active = disks;
  return true;
}

// `[=>…]  recovery = 8.5% (16775552/195310144) …`, or `resync=PENDING`.
void take_progress(std::string_view line, Array& array) {
  std::string_view state;
  if (contains(line, "recovery")) state = "recovering";
  if (contains(line, "reshape")) state = "recovering";
  if (contains(line, "resync")) state = "resync";
  if (contains(line, "check")) state = "check";
  if (state.empty()) return;
  array.state = state;
  array.synced = 0;
  std::uint64_t all = 0;
  take_pair(line, '(', array.synced, all);
}

class MdadmSource : public sdk::Source {
 public:
  explicit MdadmSource(sdk::Host& host)
      : file_(host.paths().proc + "/mdstat", sdk::ProcFile::Shape::kRecords) {}

  std::string collect(sdk::Answer& answer) override {
    const auto content = file_.read();
    if (!content) return file_.is_absent() ? not_here() : file_.error();
    std::string_view rest = *content;
    std::string_view line;
    std::string fault;
    arrays_.begin();
    while (fault.empty() && sdk::take_line(rest, line)) {
      if (line.empty() || sdk::is_blank(line.front()) || line.starts_with("Personalities") ||
          line.starts_with("unused")) {
        continue;
      }
      if (!take_array(line, rest, answer)) fault = not_understood(kPath, line);
    }
    arrays_.end();
    return fault;
  }

 private:
  bool take_array(std::string_view heading, std::string_view& rest, sdk::Answer& answer) {
    Array array;
    std::uint64_t disks = 0;
    std::string_view line;
    if (!take_heading(heading, array, disks) || !sdk::take_line(rest, line) ||
        !take_blocks(line, disks, array)) {
      return false;
    }
    while (!rest.empty() && sdk::is_blank(rest.front()) && sdk::take_line(rest, line)) {
      if (!contains(line, "bitmap:")) take_progress(line, array);
    }
    put(array, answer);
    return true;
  }

  void put(const Array& array, sdk::Answer& answer) {
    const ArrayTags& tags = arrays_.at(array.name, make_tags);
    for (std::size_t i = 0; i < kStates.size(); ++i) {
      answer.sample("node_md_state", array.state == kStates[i] ? 1 : 0, tags.states[i]);
    }
    answer.sample("node_md_disks", static_cast<double>(array.active), tags.active);
    answer.sample("node_md_disks", static_cast<double>(array.failed), tags.failed);
    answer.sample("node_md_disks", static_cast<double>(array.spare), tags.spare);
    answer.sample("node_md_disks_required", static_cast<double>(array.required), tags.device);
    answer.sample("node_md_blocks", static_cast<double>(array.blocks), tags.device);
    answer.sample("node_md_blocks_synced", static_cast<double>(array.synced), tags.device);
  }

  sdk::ProcFile file_;
  RoundCache<ArrayTags> arrays_;
};

}  // namespace

std::unique_ptr<sdk::Source> make_mdadm(sdk::Host& host) {
  return std::make_unique<MdadmSource>(host);
}

}  // namespace lariat::host
