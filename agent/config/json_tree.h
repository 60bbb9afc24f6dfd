#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/config/notes.h"

namespace lariat::config {

/// A value of a JSON text, and where it stands.
struct Node {
  enum class Kind : std::uint8_t { kNull, kBoolean, kNumber, kString, kArray, kObject };

  Kind kind = Kind::kNull;
  bool boolean = false;
  Place place;
  std::string text;  ///< Of a string what it stands for, of a number what is written.
  std::string key;   ///< Of a member of an object.
  Place key_place;
  std::vector<Node> children;  ///< Repeated keys too.
};

/// Reads JSON in UTF-8 with `//` and `/* */` comments, at most 32 levels deep; or tells `notes` the
/// one mistake behind which nothing can be understood.
[[nodiscard]] std::optional<Node> parse_json(std::string_view text, Notes& notes);

}  // namespace lariat::config
