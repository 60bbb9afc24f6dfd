#include <chrono>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/files/walk.h"
#include "collectors/sdk/program.h"
#include "collectors/sdk/scan.h"

namespace {

namespace sdk = lariat::sdk;
using lariat::files::Query;
using Queries = std::vector<Query>;

// An option about the path that was named last.
template <typename Take>
sdk::Option of_path(Queries& queries, std::string_view name, std::string_view value,
                    std::string_view help, Take take) {
  return {name, value, help, [&queries, name, take](std::string_view text) -> std::string {
            if (queries.empty()) return std::string(name) + " stands behind the --path it is about";
            return take(queries.back(), text)
                       ? ""
                       : std::string(name) + " cannot be '" + std::string(text) + "': see --help";
          }};
}

bool take_type(Query& query, std::string_view text) {
  constexpr std::string_view kTypes = "fdla";
  if (text.size() != 1 || kTypes.find(text.front()) == kTypes.npos) return false;
  query.type = text.front();
  return true;
}

template <typename Value>
auto age_or_size(std::optional<Value> Query::*member,
                 std::optional<Value> (*parse)(std::string_view)) {
  return [member, parse](Query& query, std::string_view text) {
    query.*member = parse(text);
    return (query.*member).has_value();
  };
}

std::vector<sdk::Option> describe(Queries& queries) {
  using lariat::files::parse_age;
  using lariat::files::parse_size;
  return {
      {"--path", "PATH", "a folder, or one file; may be repeated",
       [&queries](std::string_view path) -> std::string {
         if (!path.starts_with('/')) return "--path needs a path that begins with /";
         while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
         queries.emplace_back().path = path;
         return {};
       }},
      of_path(queries, "--name", "NAME", "what these files are called; the path unless given",
              [](Query& query, std::string_view text) {
                query.name = text;
                return !text.empty();
              }),
      of_path(queries, "--glob", "GLOB", "only files with such a name, as *.log; may be repeated",
              [](Query& query, std::string_view text) {
                query.globs.emplace_back(text);
                return !text.empty();
              }),
      of_path(queries, "--recursive", "", "in all folders below, too",
              [](Query& query, std::string_view) {
                query.depth = std::numeric_limits<std::size_t>::max();
                return true;
              }),
      of_path(queries, "--depth", "N", "in so many levels of folders; 1 unless given",
              [](Query& query, std::string_view text) {
                query.depth = sdk::parse<std::size_t>(text).value_or(0);
                return query.depth > 0;
              }),
      of_path(queries, "--type", "TYPE", "f file (unless given), d folder, l link, a any of them",
              take_type),
      of_path(queries, "--older", "AGE", "written so long ago or longer, as 90s, 5m, 12h, 1d",
              age_or_size(&Query::older, parse_age)),
      of_path(queries, "--newer", "AGE", "written no longer ago than that",
              age_or_size(&Query::newer, parse_age)),
      of_path(queries, "--larger", "SIZE", "of so many octets or more, as 512, 64KiB, 1MiB, 2GiB",
              age_or_size(&Query::larger, parse_size)),
      of_path(queries, "--smaller", "SIZE", "of so many octets or fewer",
              age_or_size(&Query::smaller, parse_size)),
  };
}

}  // namespace

int main(int argc, char** argv) {
  const sdk::Program program{"files", "how many files there are, how large and how old"};
  Queries queries;
  std::vector<std::string> tags;
  const auto own = describe(queries);
  const auto collect = [&](sdk::Answer& answer) {
    for (std::size_t i = 0; i < queries.size(); ++i) {
      const auto since = std::chrono::system_clock::now().time_since_epoch();
      const double now = std::chrono::duration<double>(since).count();
      put(lariat::files::walk(queries[i], now), now, tags[i], answer);
    }
  };
  return sdk::run(sdk::arguments_of(argc, argv), program, collect, own, [&] {
    if (queries.empty()) {
      sdk::complain(program.name, "needs somewhere to look: --path PATH");
      return 2;
    }
    for (const Query& query : queries) {
      tags.push_back(sdk::Tags{{"files", query.name.empty() ? query.path : query.name}}.text());
    }
    return -1;
  });
}
