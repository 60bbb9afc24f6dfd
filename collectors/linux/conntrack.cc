#include <array>
#include <cstdint>
#include <string>

#include "collectors/linux/all.h"
#include "collectors/linux/fault.h"
#include "collectors/sdk/scan.h"

namespace lariat::host {
namespace {

// Columns of /proc/net/stat/nf_conntrack, which has a line for each CPU, in hexadecimal. Newer
// kernels give some of them other names.
struct Column {
  std::size_t number;
  std::string_view metric;
};
constexpr std::array kColumns = {
    Column{2, "node_nf_conntrack_stat_found"},
    Column{4, "node_nf_conntrack_stat_invalid"},
    Column{5, "node_nf_conntrack_stat_ignore"},
    Column{8, "node_nf_conntrack_stat_insert"},
    Column{9, "node_nf_conntrack_stat_insert_failed"},
    Column{10, "node_nf_conntrack_stat_drop"},
    Column{11, "node_nf_conntrack_stat_early_drop"},
    Column{16, "node_nf_conntrack_stat_search_restart"},
};
// The oldest lack the last one.
constexpr std::size_t kFewestColumns = 16;
constexpr std::size_t kMostColumns = 17;
constexpr std::string_view kStat = "/proc/net/stat/nf_conntrack";

using Sums = std::array<std::uint64_t, kMostColumns>;

bool add_line(std::string_view line, Sums& sums) {
  std::size_t count = 0;
  for (std::string_view word; count < kMostColumns && !(word = sdk::take_word(line)).empty();) {
    const auto value = sdk::parse_hexadecimal(word);
    if (!value) return false;
    sums[count++] += *value;
  }
  return count >= kFewestColumns;
}

class ConntrackSource : public sdk::Source {
 public:
  explicit ConntrackSource(sdk::Host& host)
      : host_(host),
        entries_(host.paths().proc + "/sys/net/netfilter/nf_conntrack_count", host.descriptors()),
        limit_(host.paths().proc + "/sys/net/netfilter/nf_conntrack_max", host.descriptors()) {}

  std::string collect(sdk::Answer& answer) override {
    const auto entries = entries_.number<std::uint64_t>();
    if (!entries) return entries_.is_absent() ? not_here() : entries_.error();
    const auto limit = limit_.number<std::uint64_t>();
    if (!limit) return limit_.is_absent() ? not_here() : limit_.error();
    answer.sample("node_nf_conntrack_entries", static_cast<double>(*entries));
    answer.sample("node_nf_conntrack_entries_limit", static_cast<double>(*limit));
    return put_stat(answer);
  }

 private:
  std::string put_stat(sdk::Answer& answer) {
    std::string error;
    const auto content =
        host_.read_proc("net/stat/nf_conntrack", error, sdk::ProcFile::Shape::kRecords);
    // A kernel may be built without it.
    if (!content) return {};
    std::string_view rest = *content;
    std::string_view line;
    if (!sdk::take_line(rest, line)) return std::string(kStat) + " is empty";
    Sums sums{};
    while (sdk::take_line(rest, line)) {
      if (!add_line(line, sums)) return not_understood(kStat, line);
    }
    for (const Column& column : kColumns) {
      answer.sample(column.metric, static_cast<double>(sums[column.number]));
    }
    return {};
  }

  sdk::Host& host_;
  sdk::SysFile entries_;
  sdk::SysFile limit_;
};

}  // namespace

std::unique_ptr<sdk::Source> make_conntrack(sdk::Host& host) {
  return std::make_unique<ConntrackSource>(host);
}

}  // namespace lariat::host
