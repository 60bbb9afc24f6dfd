#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "agent/config/load.h"

namespace lariat::config {

/// A host that a test describes: nothing of this machine gets in.
struct FakeHost {
  std::map<std::string, std::string> variables;
  std::map<std::string, std::string> files;

  [[nodiscard]] Surroundings surroundings() const {
    return {.hostname = "web1",
            .variable = [this](const std::string& name) -> std::optional<std::string> {
              const auto found = variables.find(name);
              if (found == variables.end()) return std::nullopt;
              return found->second;
            },
            .read_file = [this](const std::string& path) -> base::Result<std::string> {
              const auto found = files.find(path);
              if (found == files.end()) return base::Error{path + " cannot be opened: gone"};
              return found->second;
            },
            .shipped_collectors = "/usr/lib/lariat/collectors",
            .runtime_directory = "/run/lariat"};
  }
};

/// As a user sees them.
inline std::vector<std::string> lines(const std::vector<Mistake>& notes) {
  std::vector<std::string> list;
  for (const auto& note : notes) list.push_back(to_string(note));
  return list;
}

inline Loaded parse_on(std::string_view text, const FakeHost& host = {}) {
  return parse(text, "c.json", host.surroundings());
}

/// A text and the mistakes that it has.
struct Bad {
  std::string_view text;
  std::vector<std::string> mistakes;
};

}  // namespace lariat::config
