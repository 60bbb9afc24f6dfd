#include "collectors/sdk/source.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "collectors/sdk/ticks.h"

namespace lariat::sdk {
namespace {

using Names = std::vector<std::string>;

// The sources' names, and those that options have named.
class Choice {
 public:
  explicit Choice(std::span<const SourceEntry> entries) : entries_(entries) {}

  [[nodiscard]] std::string add(Names& names, std::string_view name) const {
    if (std::ranges::find(entries_, name, &SourceEntry::name) == entries_.end()) {
      std::string known;
      for (const SourceEntry& entry : entries_) known.append(" ").append(entry.name);
      return "'" + std::string(name) + "' is no source; these are:" + known;
    }
    names.emplace_back(name);
    return {};
  }
  [[nodiscard]] std::vector<SourceEntry> chosen() const {
    std::vector<SourceEntry> chosen;
    const auto has = [](const Names& names, std::string_view name) {
      return std::ranges::find(names, name) != names.end();
    };
    for (const SourceEntry& entry : entries_) {
      const bool wanted =
          only.empty() ? entry.by_default || has(with, entry.name) : has(only, entry.name);
      if (wanted && !has(without, entry.name)) chosen.push_back(entry);
    }
    return chosen;
  }

  Names only;
  Names with;
  Names without;

 private:
  std::span<const SourceEntry> entries_;
};

Option folder(std::string_view name, std::string& path, std::string_view help) {
  return {name, "DIR", help, [name, &path](std::string_view value) {
            if (!value.starts_with('/')) {
              return "'" + std::string(name) + "' needs a path that begins with /";
            }
            path = value;
            while (path.size() > 1 && path.ends_with('/')) path.pop_back();
            return std::string();
          }};
}

int list(std::span<const SourceEntry> entries) {
  constexpr std::size_t kColumn = 14;
  std::string text;
  for (const SourceEntry& entry : entries) {
    std::string line(entry.name);
    line.resize(std::max(kColumn, line.size() + 1), ' ');
    text.append(line).append(entry.help);
    text.append(entry.by_default ? "\n" : " (off by default)\n");
  }
  return write_all(STDOUT_FILENO, std::as_bytes(std::span(text))) ? 0 : 1;
}

}  // namespace

std::string Paths::in_root(std::string_view path) const {
  return root == "/" ? std::string(path) : root + std::string(path);
}

std::optional<std::string_view> Host::read_proc(std::string_view file, std::string& error,
                                                ProcFile::Shape shape) {
  auto found = files_.find(file);
  if (found == files_.end()) {
    Shared shared{ProcFile(paths_.proc + '/' + std::string(file), shape), std::nullopt, false};
    found = files_.emplace(file, std::move(shared)).first;
  }
  Shared& shared = found->second;
  if (!shared.read) {
    shared.content = shared.file.read();
    shared.read = true;
  }
  if (!shared.content) error = shared.file.error();
  return shared.content;
}

void Host::next_round() noexcept {
  for (auto& [name, shared] : files_) shared.read = false;
}

SourceSet::SourceSet(Host& host, std::span<const SourceEntry> entries, Told told, Report report)
    : host_(host), told_(std::move(told)), report_(std::move(report)) {
  for (const SourceEntry& entry : entries) {
    members_.push_back({entry.name, Tags{{"collector", entry.name}}, entry.make(host)});
  }
}

void SourceSet::collect(Answer& answer) {
  using Clock = std::chrono::steady_clock;
  host_.next_round();
  Clock::time_point begin = Clock::now();
  for (Member& member : members_) {
    const bool success = collect_one(member, answer);
    const Clock::time_point end = Clock::now();
    const double seconds = std::chrono::duration<double>(end - begin).count();
    if (report_) report_(answer, {member.name, member.tags.text(), seconds, success});
    begin = end;
  }
}

bool SourceSet::collect_one(Member& member, Answer& answer) const {
  const Answer::Mark mark = answer.mark();
  std::string fault = member.source->collect(answer);
  if (!fault.empty()) answer.roll_back(mark);
  // A host without such a thing has no fault, and one that has lost it is told of the same way.
  if (fault == kNotHere) return false;
  // The words of a fault may change each time, with what was read: they are no news.
  if (fault.empty() == member.failing) {
    member.failing = !member.failing;
    told_(std::string(member.name) + ": " + (fault.empty() ? "is well again" : fault));
  }
  return fault.empty();
}

int run_sources(std::span<const char* const> arguments, const Program& program,
                std::span<const SourceEntry> entries, const SourceSet::Report& report) {
  Choice choice(entries);
  Paths paths;
  bool only_list = false;
  std::vector<Option> options = {
      {"--only", "NAME", "this source and no other; may be repeated",
       [&choice](std::string_view name) { return choice.add(choice.only, name); }},
      {"--no", "NAME", "not this source; may be repeated",
       [&choice](std::string_view name) { return choice.add(choice.without, name); }},
      {"--with", "NAME", "this source, too, which is off by default; may be repeated",
       [&choice](std::string_view name) { return choice.add(choice.with, name); }},
      {"--list", "", "the sources' names",
       [&only_list](std::string_view) {
         only_list = true;
         return std::string();
       }},
      folder("--procfs", paths.proc, "in place of /proc"),
      folder("--sysfs", paths.sys, "in place of /sys"),
      folder("--rootfs", paths.root, "what all other paths stand below"),
  };
  if (std::ranges::find(entries, "textfile", &SourceEntry::name) != entries.end()) {
    options.push_back(folder("--textfiles", paths.textfiles, "where files *.prom are read"));
  }
  std::optional<Host> host;
  std::optional<SourceSet> sources;
  const auto begin = [&] {
    if (only_list) return list(entries);
    host.emplace(paths);
    sources.emplace(
        *host, choice.chosen(),
        [&program](std::string_view sentence) { complain(program.name, sentence); }, report);
    return -1;
  };
  return run(
      arguments, program, [&sources](Answer& answer) { sources->collect(answer); }, options, begin);
}

}  // namespace lariat::sdk
