#include <unistd.h>

#include <cstdint>
#include <string>

#include "collectors/linux/all.h"
#include "collectors/linux/fault.h"
#include "collectors/linux/round_cache.h"
#include "collectors/sdk/scan.h"

namespace lariat::host {
namespace {

// `TCP: inuse 4 … mem 3`: the metrics of one word with a number behind it.
struct Metrics {
  std::string count;
  std::string bytes;  // Of memory, which the kernel counts in pages.
};

class SockstatSource : public sdk::Source {
 public:
  explicit SockstatSource(sdk::Host& host) : host_(host) {}

  std::string collect(sdk::Answer& answer) override {
    std::string fault;
    protocols_.begin();
    for (const char* const file : {"net/sockstat", "net/sockstat6"}) {
      if (fault.empty()) fault = collect_file(file, answer);
    }
    protocols_.end();
    return fault;
  }

 private:
  // A kernel may lack either protocol.
  std::string collect_file(std::string_view file, sdk::Answer& answer) {
    std::string error;
    const auto content = host_.read_proc(file, error, sdk::ProcFile::Shape::kWhole);
    std::string_view rest = content.value_or(std::string_view());
    std::string_view line;
    while (sdk::take_line(rest, line)) {
      const std::string_view whole = line;
      if (!take_protocol(line, answer)) return not_understood("/proc/" + std::string(file), whole);
    }
    return {};
  }

  bool take_protocol(std::string_view line, sdk::Answer& answer) {
    std::string_view protocol = sdk::take_word(line);
    if (!protocol.ends_with(':')) return false;
    protocol.remove_suffix(1);
    auto& metrics = protocols_.at(protocol, [](std::string_view) { return RoundCache<Metrics>(); });
    metrics.begin();
    for (std::string_view word; !(word = sdk::take_word(line)).empty();) {
      const auto value = sdk::parse<std::uint64_t>(sdk::take_word(line));
      if (!value) return false;
      const Metrics& of = metrics.at(word, [&](std::string_view) { return make(protocol, word); });
      answer.sample(of.count, static_cast<double>(*value));
      if (!of.bytes.empty()) answer.sample(of.bytes, static_cast<double>(*value) * page_);
    }
    metrics.end();
    return true;
  }

  static Metrics make(std::string_view protocol, std::string_view word) {
    const std::string name = "node_sockstat_" + std::string(protocol) + '_' + std::string(word);
    return {name, word == "mem" ? name + "_bytes" : std::string()};
  }

  sdk::Host& host_;
  RoundCache<RoundCache<Metrics>> protocols_;
  double page_ = static_cast<double>(::sysconf(_SC_PAGESIZE));
};

}  // namespace

std::unique_ptr<sdk::Source> make_sockstat(sdk::Host& host) {
  return std::make_unique<SockstatSource>(host);
}

}  // namespace lariat::host
