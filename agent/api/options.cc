#include "agent/api/options.h"

#include <fmt/format.h>

#include <chrono>
#include <span>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "agent/base/url.h"
#include "proto/filter.h"

namespace lariat::api {
namespace {

using std::chrono::milliseconds;

constexpr std::uint64_t kLeastSegment = 4096;
constexpr std::uint64_t kMostSegment = std::uint64_t{1} << 30U;
constexpr std::uint64_t kMostSegments = std::uint64_t{1} << 20U;
constexpr std::uint64_t kLeastLag = 4096;
constexpr std::uint32_t kLeastHeartbeat = 100;
// As far as a count of milliseconds goes without harm in sums: a hundred years.
constexpr std::uint64_t kMostAge = std::uint64_t{100} * 365 * 24 * 3600 * 1000;
constexpr double kMostTimes = 1000;

int refuse(Refusal& refusal, int result, std::string sentence) {
  refusal = {result, std::move(sentence)};
  return result;
}

int refuse(Refusal& refusal, std::string sentence) {
  return refuse(refusal, LARIAT_BAD_ARGUMENT, std::move(sentence));
}

int read_log(const lariat_options& given, publish::LogLimits& log, Refusal& refusal) {
  if (given.segment_bytes != 0) log.segment_bytes = given.segment_bytes;
  if (given.memory_bytes != 0) log.memory_bytes = given.memory_bytes;
  if (log.segment_bytes < kLeastSegment || log.segment_bytes > kMostSegment) {
    return refuse(refusal, "segment_bytes: write 4096 to 1073741824");
  }
  if (log.memory_bytes / log.segment_bytes > kMostSegments) {
    return refuse(refusal,
                  "memory_bytes: over a million segments; lower it or raise segment_bytes");
  }
  if (log.memory_bytes < 2 * log.segment_bytes) {
    return refuse(refusal,
                  "memory_bytes: the log needs room for two segments; raise it or lower "
                  "segment_bytes");
  }
  return LARIAT_OK;
}

int read_spool(const lariat_options& given, EngineOptions& out, Refusal& refusal) {
  if (given.spool_directory == nullptr) {
    if (given.spool_bytes == 0 && given.spool_sync_ms == 0) return LARIAT_OK;
    return refuse(refusal, "spool_bytes and spool_sync_ms: give a spool_directory too");
  }
  publish::SpoolOptions spool{.directory = given.spool_directory};
  if (!spool.directory.starts_with('/')) {
    return refuse(refusal,
                  fmt::format("spool_directory: {:?} is no absolute path", spool.directory));
  }
  if (given.spool_bytes != 0) spool.max_bytes = given.spool_bytes;
  if (given.spool_sync_ms != 0) spool.sync = milliseconds(given.spool_sync_ms);
  if (spool.max_bytes < 2 * out.log.segment_bytes) {
    return refuse(refusal, "spool_bytes: the spool needs room for two segments");
  }
  out.spool = std::move(spool);
  return LARIAT_OK;
}

int read_tags(std::string_view text, proto::DefaultTags& tags, Refusal& refusal) {
  while (!text.empty()) {
    const auto pair = text.substr(0, text.find(','));
    text.remove_prefix(std::min(pair.size() + 1, text.size()));
    const auto equals = pair.find('=');
    const auto value =
        equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1);
    const auto error = tags.set(pair.substr(0, equals), value);
    if (error == proto::NameError::kNone) continue;
    return refuse(refusal, LARIAT_BAD_NAME,
                  fmt::format("tags: {:?}: {}", pair, proto::to_string(error)));
  }
  return LARIAT_OK;
}

int read_drive(const lariat_options& given, Drive& drive, Refusal& refusal) {
  const bool watches = given.on_watch != nullptr;
  if (watches != (given.on_timeout != nullptr)) {
    return refuse(refusal, "on_watch and on_timeout belong together: give both");
  }
  if (watches && given.loop != nullptr) {
    return refuse(refusal, "loop: either a libev loop or on_watch and on_timeout");
  }
  drive = watches ? Drive::kHost : given.loop != nullptr ? Drive::kLibev : Drive::kOwn;
  return LARIAT_OK;
}

int read_filter(const lariat_endpoint_options& given, publish::CursorLimits& limits,
                Refusal& refusal) {
  if (given.match_count == 0) return LARIAT_OK;
  if (given.match == nullptr) return refuse(refusal, "match: NULL, with a match_count");
  std::vector<std::string> patterns;
  for (const char* pattern : std::span(given.match, given.match_count)) {
    if (pattern == nullptr) return refuse(refusal, "match: a pattern is NULL");
    patterns.emplace_back(pattern);
  }
  auto filter = proto::Filter::parse(patterns);
  if (const auto* why = std::get_if<std::string>(&filter)) {
    return refuse(refusal, LARIAT_BAD_NAME, fmt::format("match: {}", *why));
  }
  limits.filter = std::get<proto::Filter>(std::move(filter));
  return LARIAT_OK;
}

int read_limits(const lariat_endpoint_options& given, bool spooled, publish::CursorLimits& limits,
                Refusal& refusal) {
  if (given.start != LARIAT_START_END && given.start != LARIAT_START_BEGIN) {
    return refuse(refusal, "start: LARIAT_START_END or LARIAT_START_BEGIN");
  }
  if (given.start == LARIAT_START_BEGIN) limits.start = publish::Start::kBegin;
  if (given.order < LARIAT_ORDER_DEFAULT || given.order > LARIAT_ORDER_FRESH_FIRST) {
    return refuse(refusal, "order: LARIAT_ORDER_FIFO or LARIAT_ORDER_FRESH_FIRST");
  }
  limits.fresh_first =
      given.order == LARIAT_ORDER_FRESH_FIRST || (given.order == LARIAT_ORDER_DEFAULT && spooled);
  if (given.max_bytes != 0 && given.max_bytes < kLeastLag) {
    return refuse(refusal, "max_bytes: write 4096 or more");
  }
  if (given.max_bytes != 0) limits.max_bytes = given.max_bytes;
  if (given.max_age_ms > kMostAge) return refuse(refusal, "max_age_ms: over a hundred years");
  if (given.max_age_ms != 0) limits.max_age = milliseconds(given.max_age_ms);
  return read_filter(given, limits, refusal);
}

int read_times(const lariat_endpoint_options& given, publish::EndpointConfig& out,
               Refusal& refusal) {
  const std::pair<std::uint32_t, milliseconds*> times[] = {
      {given.connect_timeout_ms, &out.connect_timeout},
      {given.stall_timeout_ms, &out.stall_timeout},
      {given.back_off_min_ms, &out.back_off_min},
      {given.back_off_max_ms, &out.back_off_max},
  };
  for (const auto& [value, place] : times) {
    if (value != 0) *place = milliseconds(value);
  }
  out.heartbeat = milliseconds(given.heartbeat_ms);
  if (given.heartbeat_ms != 0 && given.heartbeat_ms < kLeastHeartbeat) {
    return refuse(refusal, "heartbeat_ms: write 100 or more, or 0 for none");
  }
  if (out.back_off_min > out.back_off_max) {
    return refuse(refusal, "back_off_max_ms: below back_off_min_ms");
  }
  // Written so that NaN is refused too.
  if (!(given.catch_up <= kMostTimes)) return refuse(refusal, "catch_up: write 1000 at most");
  if (given.catch_up != 0) out.catch_up = given.catch_up < 0 ? 0 : given.catch_up;
  return LARIAT_OK;
}

}  // namespace

// What a program of today was compiled with: members are added at the end, or in what is reserved.
static_assert(sizeof(void*) != 8 ||
              (sizeof(lariat_options) == 104 && sizeof(lariat_endpoint_options) == 88 &&
               sizeof(lariat_endpoint_stats) == 240 && sizeof(lariat_stats) == 88));

int read_options(const lariat_options& given, EngineOptions& out, Refusal& refusal) {
  out.callbacks = given;
  refusal.result = LARIAT_OK;
  if (given.reserved != 0) return refuse(refusal, "reserved: write 0");
  if (const int result = read_drive(given, out.drive, refusal)) return result;
  if (const int result = read_log(given, out.log, refusal)) return result;
  if (const int result = read_spool(given, out, refusal)) return result;
  return given.tags == nullptr ? LARIAT_OK : read_tags(given.tags, out.tags, refusal);
}

int read_endpoint(const char* url, const lariat_endpoint_options& given, bool spooled,
                  publish::EndpointConfig& out, Refusal& refusal) {
  refusal.result = LARIAT_OK;
  if (given.reserved != 0) return refuse(refusal, "reserved: write 0");
  auto parsed = base::parse_url(url);
  if (!parsed) return refuse(refusal, LARIAT_BAD_URL, parsed.error().text);
  if (parsed->scheme != "tsdp" && parsed->scheme != "tsdp+unix") {
    return refuse(refusal, LARIAT_BAD_URL,
                  fmt::format("{}://: this library speaks tsdp://host:port and tsdp+unix:///path",
                              parsed->scheme));
  }
  if (!parsed->is_unix() && parsed->port == 0) {
    return refuse(refusal, LARIAT_BAD_URL,
                  fmt::format("{}: port 0 is no place to send to; give a real one", url));
  }
  out.url = *std::move(parsed);
  out.name = given.name == nullptr ? url : given.name;
  if (out.name.empty() || out.name.size() > publish::kMaxCursorName) {
    return refuse(refusal, fmt::format("name: write 1 to {} octets", publish::kMaxCursorName));
  }
  if (const int result = read_limits(given, spooled, out.limits, refusal)) return result;
  return read_times(given, out, refusal);
}

}  // namespace lariat::api
