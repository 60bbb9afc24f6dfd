#include <string>
#include <string_view>
#include <vector>

#include "collectors/http/probe.h"
#include "collectors/sdk/fetch.h"
#include "collectors/sdk/options.h"
#include "collectors/sdk/program.h"

namespace {

namespace sdk = lariat::sdk;
using lariat::http::Target;

struct Options {
  Target defaults;
  std::vector<Target> targets;
  std::string tag = "target";

  /// What an option is about: the URL before it, or all when there is none yet.
  [[nodiscard]] Target& current() { return targets.empty() ? defaults : targets.back(); }
};

template <typename Take>
sdk::Option option(std::string_view name, std::string_view value, std::string_view help,
                   Options& options, Take take) {
  return {name, value, help, [&options, take](std::string_view text) -> std::string {
            return take(options.current(), std::string(text));
          }};
}

std::vector<sdk::Option> describe(Options& options) {
  return {
      {"--url", "URL", "what to ask for; may be repeated",
       [&options](std::string_view text) {
         options.targets.push_back(options.defaults);
         options.targets.back().request.url = text;
         return sdk::check_url(std::string(text));
       }},
      option("--expect", "STATUS", "good ones, as 200,301 or 2xx; 2xx unless given", options,
             [](Target& target, const std::string& text) { return target.statuses.set(text); }),
      option("--match", "REGEX", "has to be found in the body", options,
             [](Target& target, const std::string& text) { return target.match.set(text); }),
      option("--match-not", "REGEX", "may not be found there", options,
             [](Target& target, const std::string& text) { return target.match_not.set(text); }),
      option("--method", "METHOD", "GET unless given", options,
             [](Target& target, const std::string& text) {
               target.request.method = text;
               return std::string();
             }),
      option("--header", "LINE", "`Name: value`; may be repeated", options,
             [](Target& target, const std::string& text) {
               if (text.find(':') == text.npos) return "'" + text + "' is not `Name: value`";
               target.request.headers.push_back(text);
               return std::string();
             }),
      option("--timeout", "SECONDS", "5 unless given", options,
             [](Target& target, const std::string& text) {
               return sdk::parse_seconds("--timeout", text, target.request.timeout);
             }),
      option("--ca", "FILE", "certificates to trust, in place of the system's", options,
             [](Target& target, const std::string& text) {
               target.request.ca = text;
               return std::string();
             }),
      option("--insecure", "", "whoever the certificate is of", options,
             [](Target& target, const std::string&) {
               target.request.insecure = true;
               return std::string();
             }),
      option("--follow", "", "follow redirects, up to 10", options,
             [](Target& target, const std::string&) {
               target.request.follow = true;
               return std::string();
             }),
      {"--tag", "NAME", "the tag that has the URL; `target` unless given",
       [&options](std::string_view text) {
         options.tag = text;
         return std::string();
       }},
  };
}

}  // namespace

int main(int argc, char** argv) {
  const sdk::Program program{"http",
                             "what servers of HTTP answer, how soon, and until when their "
                             "certificates are good; options behind a URL are about it "
                             "alone, those before the first about all"};
  Options options;
  std::vector<sdk::FetchRequest> requests;
  std::vector<lariat::http::ProbeTags> tags;
  const auto own = describe(options);
  const auto collect = [&](sdk::Answer& answer) {
    const auto responses = sdk::fetch(requests);
    for (std::size_t i = 0; i < responses.size(); ++i) {
      lariat::http::put(options.targets[i], responses[i], tags[i], answer);
    }
  };
  return sdk::run(sdk::arguments_of(argc, argv), program, collect, own, [&] {
    if (options.targets.empty()) {
      sdk::complain(program.name, "needs something to ask for: --url URL");
      return 2;
    }
    for (const Target& target : options.targets) {
      requests.push_back(target.request);
      tags.push_back(lariat::http::make_tags(options.tag, target.request.url));
    }
    return -1;
  });
}
