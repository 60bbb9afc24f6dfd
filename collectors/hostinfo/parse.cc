#include "collectors/hostinfo/parse.h"

#include <algorithm>
#include <array>

#include "collectors/sdk/scan.h"

namespace lariat::hostinfo {
namespace {

constexpr std::string_view kBlanks = " \t";

std::string_view trim(std::string_view text) noexcept {
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
  const std::size_t last = text.find_last_not_of(kBlanks);
  return text.substr(0, last == text.npos ? 0 : last + 1);
}

// `key<blanks>: value`
bool split_line(std::string_view line, std::string_view& key, std::string_view& value) noexcept {
  const std::size_t colon = line.find(':');
  if (colon == line.npos) return false;
  key = trim(line.substr(0, colon));
  value = trim(line.substr(colon + 1));
  return true;
}

bool contains(std::string_view text, std::string_view part) noexcept {
  return text.find(part) != text.npos;
}

}  // namespace

// What stands behind `key` the first time that anything does.
std::optional<std::string> value_of(std::string_view key, std::string_view cpuinfo) {
  std::string_view line;
  while (sdk::take_line(cpuinfo, line)) {
    std::string_view name;
    std::string_view value;
    if (split_line(line, name, value) && name == key && !value.empty()) return std::string(value);
  }
  return std::nullopt;
}

// x86 says `model name`, others `cpu model`, `Processor`, `cpu` or, of the board, `Model`.
std::optional<std::string> cpu_model(std::string_view cpuinfo) {
  for (const std::string_view key : {"model name", "cpu model", "Processor", "cpu", "Model"}) {
    if (auto value = value_of(key, cpuinfo)) return value;
  }
  return std::nullopt;
}

bool has_hypervisor_flag(std::string_view cpuinfo) noexcept {
  std::string_view line;
  while (sdk::take_line(cpuinfo, line)) {
    std::string_view key;
    std::string_view value;
    if (!split_line(line, key, value) || key != "flags") continue;
    for (std::string_view word; !(word = sdk::take_word(value)).empty();) {
      if (word == "hypervisor") return true;
    }
    return false;
  }
  return false;
}

std::size_t count_cpus(std::string_view list) noexcept {
  constexpr std::uint32_t kMost = 1U << 20U;
  std::size_t count = 0;
  while (!list.empty()) {
    const std::string_view range = list.substr(0, list.find(','));
    list.remove_prefix(std::min(range.size() + 1, list.size()));
    const std::size_t dash = range.find('-');
    const auto first = sdk::parse<std::uint32_t>(range.substr(0, dash));
    const auto last =
        dash == range.npos ? first : sdk::parse<std::uint32_t>(range.substr(dash + 1));
    if (!first || !last || *last < *first || *last > kMost) return 0;
    count += *last - *first + 1;
  }
  return count;
}

std::optional<std::uint64_t> memory_total(std::string_view meminfo) noexcept {
  std::string_view line;
  while (sdk::take_line(meminfo, line)) {
    std::string_view key;
    std::string_view value;
    if (!split_line(line, key, value) || key != "MemTotal") continue;
    const auto kibibytes = sdk::parse<std::uint64_t>(sdk::take_word(value));
    constexpr std::uint64_t kKibibyte = 1024;
    if (!kibibytes || *kibibytes > UINT64_MAX / kKibibyte) return std::nullopt;
    return *kibibytes * kKibibyte;
  }
  return std::nullopt;
}

std::optional<std::string> full_name(std::string_view hosts, std::string_view host) {
  std::string_view line;
  while (sdk::take_line(hosts, line)) {
    line = line.substr(0, line.find('#'));
    if (sdk::take_word(line).empty()) continue;
    bool named = false;
    std::string_view full;
    for (std::string_view name; !(name = sdk::take_word(line)).empty();) {
      named |= name == host;
      const bool belongs = name.starts_with(host) && name.substr(host.size()).starts_with('.');
      if (full.empty() && belongs) full = name;
    }
    if (named && !full.empty()) return std::string(full);
  }
  return std::nullopt;
}

std::optional<std::string> zone_of_link(std::string_view target) {
  constexpr std::string_view kFolder = "zoneinfo/";
  const std::size_t at = target.rfind(kFolder);
  if (at == target.npos || at + kFolder.size() == target.size()) return std::nullopt;
  return std::string(target.substr(at + kFolder.size()));
}

std::optional<std::string_view> virtualization_of(std::string_view vendor,
                                                  std::string_view product) noexcept {
  struct Sign {
    std::string_view part;
    std::string_view kind;
  };
  constexpr std::array kSigns = {
      Sign{"VMware", "vmware"},
      Sign{"VirtualBox", "oracle"},
      Sign{"innotek", "oracle"},
      Sign{"Virtual Machine", "microsoft"},
      Sign{"Xen", "xen"},
      Sign{"Parallels", "parallels"},
      Sign{"BHYVE", "bhyve"},
      Sign{"Amazon EC2", "amazon"},
      Sign{"Google Compute", "google"},
      Sign{"DigitalOcean", "kvm"},
      Sign{"OpenStack", "kvm"},
      Sign{"KVM", "kvm"},
      Sign{"QEMU", "qemu"},
  };
  for (const Sign& sign : kSigns) {
    if (contains(product, sign.part) || contains(vendor, sign.part)) return sign.kind;
  }
  return std::nullopt;
}

}  // namespace lariat::hostinfo
