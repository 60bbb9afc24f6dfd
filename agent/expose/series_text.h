#pragma once

#include <string>
#include <string_view>

#include "proto/default_tags.h"
#include "proto/exposition.h"
#include "proto/message.h"

namespace lariat::expose {

/// How a series looks on `/metrics`.
struct SeriesText {
  std::string family;
  proto::FamilyType type = proto::FamilyType::kGauge;
  std::string labels;  ///< Without braces, and without the text of a FACT.
};

/// Writes to `out`. Tags that the agent adds are left out where name and value are the agent's.
/// The label `value` of a FACT is its text: a tag of that name goes. A label beginning with `__`,
/// which belongs to Prometheus, loses octets there until it begins with one.
void describe(std::string_view canonical_name, proto::Payload kind,
              const proto::DefaultTags& agent_tags, SeriesText& out);

/// The text of a FACT as a further label behind `labels`: `,value="Debian"`.
void append_fact(std::string_view labels, std::string_view text, std::string& out);

}  // namespace lariat::expose
