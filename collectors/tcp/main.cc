#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/sdk/options.h"
#include "collectors/sdk/program.h"
#include "collectors/tcp/connect.h"

namespace {

namespace sdk = lariat::sdk;
namespace tcp = lariat::tcp;

struct Options {
  tcp::Target defaults;
  std::vector<tcp::Target> targets;
  std::string tag = "target";

  /// What an option is about: the address before it, or all when there is none yet.
  [[nodiscard]] tcp::Target& current() { return targets.empty() ? defaults : targets.back(); }
};

// `\r`, `\n`, `\t` and `\\` are what they are in C.
std::string unescaped(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      plain += text[i];
      continue;
    }
    constexpr std::string_view kLetters = "rnt";
    const std::size_t which = kLetters.find(text[++i]);
    plain += which == kLetters.npos ? text[i] : "\r\n\t"[which];
  }
  return plain;
}

std::vector<sdk::Option> describe(Options& options) {
  return {
      {"--connect", "HOST:PORT", "where to connect to; may be repeated",
       [&options](std::string_view text) {
         options.targets.push_back(options.defaults);
         options.targets.back().address = text;
         return tcp::check_address(options.targets.back().address);
       }},
      {"--expect", "REGEX", "has to be found in what comes from there",
       [&options](std::string_view text) {
         return options.current().expect.set(std::string(text));
       }},
      {"--send", "TEXT", "what to say first, with \\r and \\n",
       [&options](std::string_view text) {
         options.current().send = unescaped(text);
         return std::string();
       }},
      {"--timeout", "SECONDS", "for all of it; 5 unless given",
       [&options](std::string_view text) {
         return sdk::parse_seconds("--timeout", text, options.current().timeout);
       }},
      {"--tag", "NAME", "the tag that has the address; `target` unless given",
       [&options](std::string_view text) {
         options.tag = text;
         return std::string();
       }},
  };
}

void put(const tcp::Outcome& outcome, const std::string& tags, sdk::Answer& answer) {
  const bool good = outcome.fault.empty();
  answer.state("probe_state", good ? lariat::proto::Status::kOk : lariat::proto::Status::kCritical,
               good ? "connected" : outcome.fault, tags);
  answer.sample("probe_success", good ? 1 : 0, tags);
  answer.sample("probe_duration_seconds", outcome.total, tags);
  answer.sample("probe_dns_lookup_time_seconds", outcome.resolved, tags);
  answer.sample("probe_failed_due_to_regex", outcome.by_pattern ? 1 : 0, tags);
  // Of a connection that there was not there is no time.
  if (outcome.connected > 0) {
    answer.sample("probe_tcp_connect_seconds", outcome.connected - outcome.resolved, tags);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const sdk::Program program{
      "tcp",
      "whether ports take connections, how soon, and what they say; options behind an address are "
      "about it alone, those before the first about all"};
  Options options;
  std::vector<std::string> tags;
  const auto own = describe(options);
  const auto collect = [&](sdk::Answer& answer) {
    const auto outcomes = tcp::connect(options.targets);
    for (std::size_t i = 0; i < outcomes.size(); ++i) put(outcomes[i], tags[i], answer);
  };
  return sdk::run(sdk::arguments_of(argc, argv), program, collect, own, [&] {
    if (options.targets.empty()) {
      sdk::complain(program.name, "needs somewhere to connect to: --connect HOST:PORT");
      return 2;
    }
    for (const tcp::Target& target : options.targets) {
      tags.push_back(sdk::Tags{{options.tag, target.address}}.text());
    }
    return -1;
  });
}
