#include "proto/graphite_line.h"

#include <algorithm>
#include <optional>

namespace lariat::proto {
namespace {

std::string_view take_piece(std::string_view& path) noexcept {
  const std::size_t end = std::min(path.find(';'), path.size());
  const std::string_view piece = path.substr(0, end);
  path.remove_prefix(std::min(end + 1, path.size()));
  return piece;
}

Reason read_path(std::string_view path, SeriesName& name) noexcept {
  name.clear();
  name.put_metric(take_piece(path));
  while (!path.empty()) {
    const std::string_view piece = take_piece(path);
    const std::size_t equals = piece.find('=');
    if (equals == piece.npos || equals == 0 || equals + 1 == piece.size()) return Reason::kBadName;
    name.put_tag(piece.substr(0, equals), piece.substr(equals + 1));
  }
  return Reason::kNone;
}

std::optional<std::uint64_t> read_time(std::string_view text, std::uint64_t now) noexcept {
  return text.empty() || text == "-1" ? now : parse_time(text);
}

}  // namespace

ParsedLine read_graphite(std::string_view line, std::uint64_t now, SeriesName& name) noexcept {
  const std::string_view path = take_field(line);
  const std::string_view number = take_field(line);
  if (number.empty()) return {{}, Reason::kMissingField};
  const auto value = parse_number(number);
  if (!value) return {{}, Reason::kBadNumber};
  const auto time = read_time(line, now);
  if (!time) return {{}, Reason::kBadTime};

  ParsedLine parsed{
      {.type = Record::Type::kData, .kind = Payload::kSample, .time = *time, .value = *value}};
  parsed.reason = read_path(path, name);
  if (parsed) parsed.reason = name.name(parsed.record);
  return parsed;
}

}  // namespace lariat::proto
