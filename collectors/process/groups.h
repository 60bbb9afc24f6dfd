#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "collectors/process/table.h"
#include "collectors/sdk/answer.h"
#include "collectors/sdk/pattern.h"

namespace lariat::processes {

/// Which processes are told of together, and under which name.
struct Group {
  std::string name;
  sdk::Pattern match;         ///< In the command line; if not set, the process is called `name`.
  std::optional<uid_t> user;  ///< Only those of this user.
  bool children = false;      ///< And all that descend from them.
  bool several = false;       ///< More than one that no other of them has started is no warning.
};

/// The members of a group among all processes, as places in these.
[[nodiscard]] std::vector<std::size_t> members_of(const Group& group, const Table& table);

/// Tells of groups of processes, tick by tick.
///
/// Times and octets of a group are totals of increases: one of its processes that ends takes
/// nothing away, and what one did between the last tick and its end is not in it.
class Groups {
 public:
  explicit Groups(std::vector<Group> groups, bool with_pss = false);

  /// Puts what there is to say of each group into `answer`.
  void put(const Table& table, sdk::Answer& answer);

 private:
  /// What only grows while a process lives: user and system seconds, octets read, written, read
  /// from storage, written there.
  using Growing = std::array<double, 6>;
  struct Life {
    std::uint64_t start_ticks = 0;
    Growing last{};
    bool seen = false;
  };
  struct Kept {
    Group group;
    std::string tags;
    std::vector<std::string> tags_of_growing;
    std::map<pid_t, Life> lives;
    Growing totals{};
    bool any_io = false;
  };
  struct Sums;

  void put_group(Kept& kept, const Table& table, sdk::Answer& answer) const;
  static void put_state(const Kept& kept, const Table& table, std::span<const std::size_t> members,
                        sdk::Answer& answer);
  static void put_growing(const Kept& kept, sdk::Answer& answer);

  std::vector<Kept> groups_;
  bool with_pss_;
};

}  // namespace lariat::processes
