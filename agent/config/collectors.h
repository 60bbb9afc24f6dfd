#pragma once

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "agent/config/collector.h"
#include "agent/config/reader.h"

namespace lariat::config {

/// How modes and formats are written, in the order of their enumerators. The last format is an
/// older word for `bolo`.
inline constexpr std::array<std::string_view, 3> kModeWords{"oneshot", "stream", "feed"};
inline constexpr std::array<std::string_view, 10> kFormatWords{
    "auto",   "tsdp",     "bolo",     "nagios", "prometheus",
    "influx", "graphite", "collectd", "json",   "text"};
/// Of one of these words, or nothing.
[[nodiscard]] std::optional<OutputFormat> format_of(std::string_view word);

/// A collector as its file or its member of `collectors.run` describes it, or nothing and mistakes.
/// `interval` is the one that it has unless it says another.
[[nodiscard]] std::optional<Collector> read_collector(const Value& value, std::string_view name,
                                                      std::chrono::milliseconds interval,
                                                      std::string origin);

}  // namespace lariat::config
