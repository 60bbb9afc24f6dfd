#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "proto/legal_name.h"

namespace lariat::proto {

/// Prometheus' text format 0.0.4, piece by piece. A family's lines are written together, the TYPE
/// line first; names are legal already. Everything is appended to `out`.

enum class FamilyType : std::uint8_t { kCounter, kGauge };

/// `a="b",c="d"`, as it stands between braces: sorted by name, so that the same labels are the same
/// text. One without a value is left out, as to Prometheus both are the same.
void append_labels(std::span<const Label> labels, std::string& out);
/// With what needs an escape escaped. Octets that are no UTF-8, for which a whole scrape would be
/// refused, and NUL become `_`.
void append_label_value(std::string_view value, std::string& out);

/// `# TYPE family gauge` and a line end.
void append_type(std::string_view family, FamilyType type, std::string& out);

/// `family{labels} value` and a line end, without braces if there are no labels. The value has as
/// many digits as it needs to be read back exactly.
void append_sample(std::string_view family, std::string_view labels, double value,
                   std::string& out);
void append_sample(std::string_view family, std::string_view labels, std::uint64_t value,
                   std::string& out);

}  // namespace lariat::proto
