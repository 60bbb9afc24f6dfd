#include <chrono>
#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "collectors/scrape/exporter.h"
#include "collectors/sdk/fetch.h"
#include "collectors/sdk/options.h"
#include "collectors/sdk/program.h"
#include "collectors/sdk/scan.h"

namespace {

namespace sdk = lariat::sdk;
using lariat::scrape::Exporter;

struct Options {
  Exporter defaults;
  std::vector<Exporter> exporters;
  std::deque<std::pair<std::string, std::string>> labels;  // What exporters borrow from.

  /// What an option is about: the URL before it, or all when there is none yet.
  [[nodiscard]] Exporter& current() { return exporters.empty() ? defaults : exporters.back(); }
};

std::string take_octets(std::string_view text, std::size_t& most) {
  const auto octets = sdk::parse<std::size_t>(text);
  if (!octets || *octets == 0) return "--max-body needs a number of octets";
  most = *octets;
  return {};
}

std::string take_label(std::string_view text, Options& options) {
  const std::size_t equals = text.find('=');
  if (equals == 0 || equals == text.npos) return "--label needs NAME=VALUE";
  const auto& [name, value] =
      options.labels.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  options.current().labels.push_back({name, value});
  return {};
}

// An option that sets a text, or a flag without one.
template <typename Take>
sdk::Option option(std::string_view name, std::string_view value, std::string_view help,
                   Options& options, Take take) {
  return {name, value, help, [&options, take](std::string_view text) -> std::string {
            take(options.current(), std::string(text));
            return {};
          }};
}

std::vector<sdk::Option> describe(Options& options) {
  return {
      {"--url", "URL", "of an exporter, as http://127.0.0.1:9100/metrics; may be repeated",
       [&options](std::string_view text) {
         options.exporters.push_back(options.defaults);
         options.exporters.back().request.url = text;
         return sdk::check_url(options.exporters.back().request.url);
       }},
      option("--unix", "PATH", "connect to this socket in place of the URL's host", options,
             [](Exporter& exporter, std::string text) {
               exporter.request.unix_socket = std::move(text);
             }),
      option("--prefix", "TEXT", "put before each metric", options,
             [](Exporter& exporter, std::string text) { exporter.prefix = std::move(text); }),
      {"--label", "NAME=VALUE", "set on each value; may be repeated",
       [&options](std::string_view text) { return take_label(text, options); }},
      {"--keep", "REGEX", "only metrics in which this is found",
       [&options](std::string_view text) { return options.current().keep.set(std::string(text)); }},
      {"--drop", "REGEX", "no metrics in which this is found",
       [&options](std::string_view text) { return options.current().drop.set(std::string(text)); }},
      {"--timeout", "SECONDS", "5 unless given",
       [&options](std::string_view text) {
         return sdk::parse_seconds("--timeout", text, options.current().request.timeout);
       }},
      {"--max-body", "OCTETS", "an answer that is longer is none; 10485760 unless given",
       [&options](std::string_view text) {
         return take_octets(text, options.current().request.most_octets);
       }},
      option("--header", "LINE", "`Name: value`; may be repeated", options,
             [](Exporter& exporter, std::string text) {
               exporter.request.headers.push_back(std::move(text));
             }),
      option("--ca", "FILE", "certificates to trust, in place of the system's", options,
             [](Exporter& exporter, std::string text) { exporter.request.ca = std::move(text); }),
      option("--insecure", "", "whoever the certificate is of", options,
             [](Exporter& exporter, const std::string&) { exporter.request.insecure = true; }),
  };
}

// One exporter, and whether it was well the last time.
struct Told {
  std::string tags;
  bool failing = false;
};

}  // namespace

int main(int argc, char** argv) {
  const sdk::Program program{
      "scrape",
      "what exporters of Prometheus' format tell; options behind a URL are about it alone, those "
      "before the first about all"};
  Options options;
  std::vector<sdk::FetchRequest> requests;
  std::vector<Told> told;
  const auto own = describe(options);
  const auto collect = [&](sdk::Answer& answer) {
    const auto responses = sdk::fetch(requests);
    for (std::size_t i = 0; i < responses.size(); ++i) {
      const std::string fault =
          lariat::scrape::put(options.exporters[i], responses[i], told[i].tags, answer);
      if (fault.empty() != told[i].failing) continue;
      told[i].failing = !told[i].failing;
      sdk::complain(program.name,
                    requests[i].url + ": " + (fault.empty() ? "is well again" : fault));
    }
  };
  return sdk::run(sdk::arguments_of(argc, argv), program, collect, own, [&] {
    if (options.exporters.empty()) {
      sdk::complain(program.name, "needs an exporter: --url URL");
      return 2;
    }
    for (Exporter& exporter : options.exporters) {
      exporter.request.headers.emplace_back("Accept: text/plain;version=0.0.4");
      exporter.request.compressed = exporter.request.unix_socket.empty();
      requests.push_back(exporter.request);
      told.push_back({sdk::Tags{{"target", exporter.request.url}}.text()});
    }
    return -1;
  });
}
