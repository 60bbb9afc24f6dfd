#include "collectors/process/groups.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <set>

namespace lariat::processes {
namespace {

// The kernel keeps so many octets of a process's name.
constexpr std::size_t kNameOctets = 15;

// `nginx` of `/usr/sbin/nginx -g …`.
std::string_view program_of(std::string_view command_line) {
  command_line = command_line.substr(0, command_line.find(' '));
  return command_line.substr(command_line.rfind('/') + 1);
}

bool is_called(const Process& process, const std::string& name, const Table& table) {
  if (process.name == name) return true;
  const bool cut = name.size() > kNameOctets && process.name.size() == kNameOctets;
  return cut && name.starts_with(process.name) &&
         program_of(table.command_line(process.stat.pid)) == name;
}

bool matches(const Group& group, const Process& process, const Table& table) {
  if (group.user && *group.user != process.user) return false;
  if (!group.match.is_set()) return is_called(process, group.name, table);
  const std::string command_line = table.command_line(process.stat.pid);
  // A thread of the kernel has none, but a name.
  return group.match.found_in(command_line.empty() ? process.name : command_line);
}

void add_descendants(const std::vector<Process>& all, std::set<pid_t>& pids) {
  for (bool grown = true; grown;) {
    grown = false;
    for (const Process& process : all) {
      if (pids.contains(process.stat.parent)) grown |= pids.insert(process.stat.pid).second;
    }
  }
}

}  // namespace

std::vector<std::size_t> members_of(const Group& group, const Table& table) {
  const std::vector<Process>& all = table.all();
  std::set<pid_t> pids;
  // A pattern is found in our own arguments, too.
  const pid_t own = ::getpid();
  for (const Process& process : all) {
    const bool other = !group.match.is_set() || process.stat.pid != own;
    if (other && matches(group, process, table)) pids.insert(process.stat.pid);
  }
  if (group.children) add_descendants(all, pids);
  std::vector<std::size_t> members;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (pids.contains(all[i].stat.pid)) members.push_back(i);
  }
  return members;
}

/// What the members of a group have now, all together.
struct Groups::Sums {
  double threads = 0;
  double resident = 0;
  double in_address_space = 0;
  double unreadable = 0;
  double oldest_ticks = 0;
  std::array<std::optional<double>, 4> optional;  // Open files, peak, swap, PSS.

  void add(const Stat& stat, const Details& details) {
    threads += static_cast<double>(stat.threads);
    resident += static_cast<double>(stat.resident_bytes);
    in_address_space += static_cast<double>(stat.virtual_bytes);
    const auto start = static_cast<double>(stat.start_ticks);
    oldest_ticks = oldest_ticks == 0 ? start : std::min(oldest_ticks, start);
    if (!details.open_files) ++unreadable;
    const std::array values = {details.open_files, details.peak_bytes, details.swap_bytes,
                               details.pss_bytes};
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (values[i]) optional[i] = optional[i].value_or(0) + static_cast<double>(*values[i]);
    }
  }
};

Groups::Groups(std::vector<Group> groups, bool with_pss) : with_pss_(with_pss) {
  for (Group& group : groups) {
    Kept& kept = groups_.emplace_back();
    kept.group = std::move(group);
    const std::string& name = kept.group.name;
    kept.tags = sdk::Tags{{"process", name}}.text();
    kept.tags_of_growing = {sdk::Tags{{"process", name}, {"mode", "user"}}.text(),
                            sdk::Tags{{"process", name}, {"mode", "system"}}.text()};
    kept.tags_of_growing.resize(Growing{}.size(), kept.tags);
  }
}

void Groups::put(const Table& table, sdk::Answer& answer) {
  for (Kept& kept : groups_) put_group(kept, table, answer);
}

void Groups::put_group(Kept& kept, const Table& table, sdk::Answer& answer) const {
  const auto members = members_of(kept.group, table);
  Sums sums;
  for (auto& [pid, life] : kept.lives) life.seen = false;
  for (const std::size_t place : members) {
    const Stat& stat = table.all()[place].stat;
    const Details details = table.details(stat.pid, with_pss_);
    sums.add(stat, details);
    kept.any_io |= details.read_bytes.has_value();
    Life& life = kept.lives[stat.pid];
    if (life.start_ticks != stat.start_ticks) life = {.start_ticks = stat.start_ticks};
    life.seen = true;
    const auto octets = [](const auto& value) { return static_cast<double>(value.value_or(0)); };
    const Growing now = {stat.user_seconds,
                         stat.system_seconds,
                         octets(details.read_bytes),
                         octets(details.written_bytes),
                         octets(details.storage_read_bytes),
                         octets(details.storage_written_bytes)};
    for (std::size_t i = 0; i < now.size(); ++i) {
      kept.totals[i] += std::max(now[i] - life.last[i], 0.0);
      life.last[i] = std::max(now[i], life.last[i]);
    }
  }
  std::erase_if(kept.lives, [](const auto& life) { return !life.second.seen; });

  put_state(kept, table, members, answer);
  answer.sample("process_group_count", static_cast<double>(members.size()), kept.tags);
  put_growing(kept, answer);
  if (members.empty()) return;
  answer.sample("process_group_threads", sums.threads, kept.tags);
  answer.sample("process_group_resident_memory_bytes", sums.resident, kept.tags);
  answer.sample("process_group_virtual_memory_bytes", sums.in_address_space, kept.tags);
  answer.sample("process_group_unreadable", sums.unreadable, kept.tags);
  static const auto ticks = static_cast<double>(std::max(::sysconf(_SC_CLK_TCK), 1L));
  answer.sample("process_group_start_time_seconds", table.boot_time() + sums.oldest_ticks / ticks,
                kept.tags);
  constexpr std::array kOptional = {
      "process_group_open_files", "process_group_peak_resident_memory_bytes",
      "process_group_swap_bytes", "process_group_proportional_memory_bytes"};
  for (std::size_t i = 0; i < kOptional.size(); ++i) {
    if (sums.optional[i]) answer.sample(kOptional[i], *sums.optional[i], kept.tags);
  }
}

void Groups::put_state(const Kept& kept, const Table& table, std::span<const std::size_t> members,
                       sdk::Answer& answer) {
  std::set<pid_t> pids;
  for (const std::size_t place : members) pids.insert(table.all()[place].stat.pid);
  const auto parents = std::ranges::count_if(
      members, [&](std::size_t place) { return !pids.contains(table.all()[place].stat.parent); });
  if (parents == 0) {
    answer.state("process_group_state", proto::Status::kCritical, "does not run", kept.tags);
    return;
  }
  const bool good = parents == 1 || kept.group.several;
  answer.state("process_group_state", good ? proto::Status::kOk : proto::Status::kWarning,
               parents == 1 ? "runs" : "runs " + std::to_string(parents) + " times", kept.tags);
}

void Groups::put_growing(const Kept& kept, sdk::Answer& answer) {
  constexpr std::array kNames = {
      "process_group_cpu_seconds_total",        "process_group_cpu_seconds_total",
      "process_group_read_bytes_total",         "process_group_written_bytes_total",
      "process_group_storage_read_bytes_total", "process_group_storage_written_bytes_total"};
  const std::size_t count = kept.any_io ? kNames.size() : 2;
  for (std::size_t i = 0; i < count; ++i) {
    answer.delta(kNames.at(i), kept.totals.at(i), kept.tags_of_growing[i]);
  }
}

}  // namespace lariat::processes
