#include <pwd.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "collectors/process/groups.h"
#include "collectors/process/table.h"
#include "collectors/sdk/program.h"
#include "collectors/sdk/scan.h"

namespace {

namespace sdk = lariat::sdk;
namespace processes = lariat::processes;

struct Options {
  std::vector<processes::Group> groups;
  std::string procfs = "/proc";
  bool pss = false;
};

std::string take_user(std::string_view text, std::optional<uid_t>& user) {
  user = sdk::parse<uid_t>(text);
  if (user) return {};
  const passwd* const entry = ::getpwnam(std::string(text).c_str());
  if (entry == nullptr) return "there is no user '" + std::string(text) + "'";
  user = entry->pw_uid;
  return {};
}

// An option about the group that was named last.
template <typename Take>
sdk::Option of_group(std::vector<processes::Group>& groups, std::string_view name,
                     std::string_view value, std::string_view help, Take take) {
  return {name, value, help, [&groups, name, take](std::string_view text) {
            if (groups.empty()) return std::string(name) + " stands behind the --name it is about";
            return take(groups.back(), text);
          }};
}

std::vector<sdk::Option> describe(Options& options) {
  using processes::Group;
  const auto none = [] { return std::string(); };
  return {{"--name", "NAME", "processes that are called so; may be repeated",
           [&options](std::string_view name) {
             options.groups.emplace_back().name = name;
             return std::string();
           }},
          of_group(options.groups, "--match", "REGEX",
                   "of that name are those instead in whose command line this is found",
                   [](Group& group, std::string_view text) {
                     return group.match.set(std::string(text));
                   }),
          of_group(options.groups, "--user", "USER", "of these those of this user",
                   [](Group& group, std::string_view text) { return take_user(text, group.user); }),
          of_group(options.groups, "--children", "", "and all that descend from them",
                   [none](Group& group, std::string_view) {
                     group.children = true;
                     return none();
                   }),
          of_group(options.groups, "--several", "", "that they run more than once is no warning",
                   [none](Group& group, std::string_view) {
                     group.several = true;
                     return none();
                   }),
          {"--pss", "", "tell proportional memory, which costs the kernel a walk over all pages",
           [&options, none](std::string_view) {
             options.pss = true;
             return none();
           }},
          {"--procfs", "DIR", "in place of /proc", [&options, none](std::string_view path) {
             options.procfs = path;
             return none();
           }}};
}

}  // namespace

int main(int argc, char** argv) {
  const sdk::Program program{"process", "processes by name: do they run, and what do they use"};
  Options options;
  std::optional<processes::Table> table;
  std::optional<processes::Groups> groups;
  const auto own = describe(options);
  bool failing = false;
  const auto collect = [&](sdk::Answer& answer) {
    const std::string fault = table->read();
    if (fault.empty()) groups->put(*table, answer);
    if (!fault.empty() && !failing) sdk::complain(program.name, fault);
    failing = !fault.empty();
  };
  return sdk::run(sdk::arguments_of(argc, argv), program, collect, own, [&] {
    if (options.groups.empty()) {
      sdk::complain(program.name, "needs a process to look for: --name NAME");
      return 2;
    }
    table.emplace(options.procfs);
    groups.emplace(std::move(options.groups), options.pss);
    return -1;
  });
}
