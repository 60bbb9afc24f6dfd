#include "agent/app/endpoint_options.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <utility>
#include <variant>

#include "agent/app/settings.h"
#include "agent/base/units.h"
#include "agent/base/url.h"
#include "proto/filter.h"

namespace lariat::app {
namespace {

constexpr std::uint64_t kLeastSegment = 4096;
constexpr std::uint64_t kMostSegment = std::uint64_t{1} << 30U;

// Nobody waits longer at a command than it takes to gather what comes at once.
constexpr std::chrono::milliseconds kBatchAge{100};

std::string own_hostname() {
  std::array<char, 256> host{};
  return ::gethostname(host.data(), host.size() - 1) == 0 ? host.data() : std::string();
}

base::Error of_option(std::string_view option, const base::Error& error) {
  return {fmt::format("{}: {}", option, error.text)};
}

base::Result<std::uint64_t> size_option(std::string_view option, std::string_view text) {
  auto size = base::parse_size(text);
  if (!size) return of_option(option, size.error());
  return size;
}

base::Result<publish::CursorLimits> cursor_limits(const EndpointOptions& options) {
  publish::CursorLimits limits{.start = publish::Start::kBegin};
  if (!options.max_bytes.empty()) {
    const auto size = size_option("--max-bytes", options.max_bytes);
    if (!size) return size.error();
    limits.max_bytes = *size;
  }
  if (!options.max_age.empty()) {
    const auto age = duration_option("--max-age", options.max_age);
    if (!age) return age.error();
    limits.max_age = *age;
  }
  if (!options.match.empty()) {
    auto filter = proto::Filter::parse(options.match);
    if (const auto* why = std::get_if<std::string>(&filter)) {
      return base::Error{fmt::format("--match: {}", *why)};
    }
    limits.filter = std::get<proto::Filter>(std::move(filter));
  }
  return limits;
}

}  // namespace

base::Result<std::chrono::milliseconds> duration_option(std::string_view option,
                                                        std::string_view text) {
  auto duration = base::parse_duration(text);
  if (!duration) return of_option(option, duration.error());
  return duration;
}

void EndpointOptions::add_to(CLI::App& command) {
  const auto time = [&command](const char* name, std::string& value, const char* help) {
    command.add_option(name, value, help)->type_name("TIME")->capture_default_str();
  };
  const auto size = [&command](const char* name, std::string& value, const char* help) {
    command.add_option(name, value, help)->type_name("SIZE")->capture_default_str();
  };
  time("--connect-timeout", connect_timeout, "for each address of an endpoint");
  time("--stall-timeout", stall_timeout, "no progress for so long: slow or dead");
  time("--back-off-min", back_off_min, "before the first attempt to reconnect");
  time("--back-off-max", back_off_max, "the longest wait between attempts");
  time("--heartbeat", heartbeat, "how often an endpoint hears from us; 0s: never");
  size("--max-bytes", max_bytes, "lag allowed; older unsent frames are dropped");
  time("--max-age", max_age, "age allowed; older unsent frames are dropped");
  command
      .add_option("--match", match, "METRIC-GLOB TAGS-PATTERN of the frames to send; repeatable")
      ->type_name("PATTERN")
      ->allow_extra_args(false);
  const auto file = [&command](const char* name, std::string& value, const char* help) {
    command.add_option(name, value, help)->type_name("FILE");
  };
  file("--ca", tls.ca, "CAs that a server's certificate may be of; else the system's");
  file("--certificate", tls.certificate, "shown to servers that want one");
  file("--key", tls.key, "of the certificate");
  command
      .add_option("--server-name", tls.server_name, "that a server must have, if not its host's")
      ->type_name("NAME");
  size("--memory", memory, "budget of the log");
  size("--segment", segment, "size of a piece of the log");
}

base::Result<std::vector<publish::EndpointConfig>> EndpointOptions::endpoints(
    const std::vector<std::string>& urls) const {
  const auto limits = cursor_limits(*this);
  if (!limits) return limits.error();
  publish::EndpointConfig common{.limits = *limits};
  const std::pair<std::string_view, std::pair<const std::string*, std::chrono::milliseconds*>>
      durations[] = {
          {"--connect-timeout", {&connect_timeout, &common.connect_timeout}},
          {"--stall-timeout", {&stall_timeout, &common.stall_timeout}},
          {"--back-off-min", {&back_off_min, &common.back_off_min}},
          {"--back-off-max", {&back_off_max, &common.back_off_max}},
          {"--heartbeat", {&heartbeat, &common.heartbeat}},
      };
  for (const auto& [option, place] : durations) {
    const auto duration = duration_option(option, *place.first);
    if (!duration) return duration.error();
    if (duration->count() == 0 && option != "--heartbeat") {
      return base::Error{fmt::format("{}: 0 is no time to wait; write 1ms or more", option)};
    }
    *place.second = *duration;
  }
  const std::string hostname = own_hostname();
  std::vector<publish::EndpointConfig> configs;
  bool any_tls = false;
  for (const auto& text : urls) {
    auto url = base::parse_url(text);
    if (!url) return url.error();
    any_tls = any_tls || url->is_tls();
    if (!url->is_unix() && url->port == 0) {
      return base::Error{fmt::format("{}://{}:0: port 0 is no place to send to; give a real one",
                                     url->scheme, url->host)};
    }
    configs.push_back(common);
    auto& config = configs.back();
    config.name = fmt::format("e{}", configs.size() - 1);
    config.url = *url;
    if (!url->is_tsdp()) config.heartbeat = std::chrono::milliseconds(0);
    config.output = output_options(config::default_output(*url), *url, hostname);
    config.output.batch.age = kBatchAge;
    config.output.tls = tls;
  }
  if (!any_tls && tls != publish::TlsOptions()) {
    return base::Error{
        "--ca, --certificate, --key and --server-name are for URLs with TLS: write "
        "tsdp+tls://host:port"};
  }
  return configs;
}

base::Result<publish::LogLimits> EndpointOptions::log_limits() const {
  const auto budget = size_option("--memory", memory);
  if (!budget) return budget.error();
  const auto piece = size_option("--segment", segment);
  if (!piece) return piece.error();
  if (*piece < kLeastSegment || *piece > kMostSegment) {
    return base::Error{"--segment: write a size from 4KiB to 1GiB"};
  }
  if (*budget < 2 * *piece) {
    return base::Error{
        "--memory: the log needs room for two segments; raise --memory or lower "
        "--segment"};
  }
  return publish::LogLimits{.memory_bytes = *budget, .segment_bytes = *piece};
}

}  // namespace lariat::app
