#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <unordered_set>

#include "proto/default_tags.h"
#include "proto/message.h"

namespace lariat::app {

/// What somebody who writes a collector would like to know of the names in its frames: how many
/// series there are, and what `/metrics` has to change in them.
class CollectReport {
 public:
  /// Borrows `tags`, those that the agent adds.
  explicit CollectReport(const proto::DefaultTags& tags) : tags_(tags) {}

  void take(const proto::MessageView& submit);

  [[nodiscard]] std::size_t series() const noexcept { return series_.size(); }
  /// A line for each name that is changed, and for those that become one series; a few of a kind.
  [[nodiscard]] std::string changes() const;

 private:
  void note_changes(std::string_view name);

  const proto::DefaultTags& tags_;
  std::unordered_set<std::string> series_;                // Kind and name.
  std::map<std::string, std::set<std::string>> exposed_;  // By what `/metrics` has.
  std::map<std::string, std::string> metrics_;            // What becomes of those that change.
  std::map<std::string, std::string> labels_;
};

}  // namespace lariat::app
