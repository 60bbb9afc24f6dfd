#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace lariat::app {

/// How a name looks on one kind of output.
struct NameOutput {
  std::string_view output;  ///< `prometheus`
  std::string name;
  friend bool operator==(const NameOutput&, const NameOutput&) = default;
};

/// A *canonical* name, which is no pattern, on each output. Characters that an output does not
/// allow are `_`; of two tags that are then alike the first stays.
[[nodiscard]] std::vector<NameOutput> name_outputs(std::string_view canonical_name);

/// The first octet of a name that is not good, counted from 1, from which on it cannot become one
/// without the same fault; one behind its end if something is missing there.
[[nodiscard]] std::size_t fault_position(std::string_view bad_name);

}  // namespace lariat::app
