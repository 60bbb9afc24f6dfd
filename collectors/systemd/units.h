#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/sdk/answer.h"
#include "collectors/sdk/pattern.h"
#include "collectors/systemd/bus.h"

namespace lariat::systemd {

/// Which units are told of, and what beyond the usual.
struct Choice {
  sdk::Pattern include;  ///< Of the whole name; if not set, all.
  sdk::Pattern exclude;
  bool restarts = false;     ///< How often services were started again.
  bool start_times = false;  ///< Since when units are active.
};

/// Tells what node_exporter's collector `systemd` tells, by its names.
///
/// A service's type is asked for once, when it comes up.
class Units {
 public:
  Units(Manager& manager, Choice choice) : manager_(manager), choice_(std::move(choice)) {}

  /// What went wrong as one sentence, or nothing; then what is in `answer` of it counts for
  /// nothing.
  [[nodiscard]] std::string put(sdk::Answer& answer);

 private:
  struct Known {
    std::string type;  ///< Of a service, `oneshot`; empty for others.
    bool seen = false;
  };

  [[nodiscard]] bool is_chosen(const Unit& unit) const;
  void put_manager(sdk::Answer& answer);
  void put_unit(const Unit& unit, sdk::Answer& answer);
  void put_more(const Unit& unit, sdk::Answer& answer);

  Manager& manager_;
  Choice choice_;
  std::vector<Unit> units_;
  std::map<std::string, Known> known_;
};

}  // namespace lariat::systemd
