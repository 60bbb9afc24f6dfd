#include "agent/expose/status_json.h"

#include <nlohmann/json.hpp>

#include "agent/expose/words.h"

namespace lariat::expose {
namespace {

using Json = nlohmann::ordered_json;

double seconds(std::chrono::milliseconds duration) {
  return std::chrono::duration<double>(duration).count();
}

Json time_or_null(const std::optional<base::WallTime>& time) {
  return time ? Json(rfc3339(*time)) : Json(nullptr);
}

Json text_or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

Json of(const RejectedStatus& sample) {
  return {
      {"series", sample.series},
      {"value", sample.value},
      {"time", rfc3339(sample.time)},
      {"why", sample.why},
  };
}

template <typename Element>
Json list(const std::vector<Element>& elements);

Json of(const EndpointStatus& endpoint) {
  return {
      {"name", endpoint.name},
      {"url", endpoint.url},
      {"state", endpoint.state},
      {"healthy", endpoint.healthy},
      {"last_error", text_or_null(endpoint.last_error)},
      {"frames",
       {{"accepted", endpoint.frames_accepted},
        {"delivered", endpoint.frames_delivered},
        {"dropped", endpoint.frames_dropped},
        {"resent", endpoint.frames_resent},
        {"queued", endpoint.frames_queued}}},
      {"bytes_queued", endpoint.bytes_queued},
      {"oldest_unsent_age_seconds", seconds(endpoint.oldest_unsent_age)},
      {"last_success", time_or_null(endpoint.last_success)},
      {"rejected", list(endpoint.rejected)},
  };
}

Json of(const CollectorStatus& collector) {
  return {
      {"name", collector.name},
      {"command", collector.command},
      {"origin", collector.origin},
      {"mode", collector.mode},
      {"state", collector.state},
      {"healthy", collector.healthy},
      {"last_error", text_or_null(collector.last_error)},
      {"interval_seconds", seconds(collector.interval)},
      {"runs", {{"good", collector.runs_good}, {"bad", collector.runs_bad}}},
      {"frames", collector.frames},
      {"rejected", collector.rejected},
      {"restarts", collector.restarts},
      {"late", collector.late},
      {"cpu_seconds", std::chrono::duration<double>(collector.cpu).count()},
      {"max_resident_memory_bytes", collector.max_resident},
      {"last_duration_seconds",
       collector.last_duration ? Json(seconds(*collector.last_duration)) : Json(nullptr)},
      {"last_success", time_or_null(collector.last_success)},
  };
}

template <typename Element>
Json list(const std::vector<Element>& elements) {
  Json all = Json::array();
  for (const Element& element : elements) all.push_back(of(element));
  return all;
}

}  // namespace

std::string status_json(const Status& status) {
  const Json json = {
      {"version", status.version},
      {"revision", status.revision},
      {"host", status.host},
      {"pid", status.pid},
      {"uptime_seconds", status.uptime.count()},
      {"config",
       {{"file", text_or_null(status.config_file)},
        {"loaded", rfc3339(status.config_loaded)},
        {"reload_error", text_or_null(status.reload_error)}}},
      {"http", text_or_null(status.http)},
      {"ready", status.ready},
      {"not_ready_because", text_or_null(status.not_ready_because)},
      {"log",
       {{"frames", status.log_frames},
        {"frames_total", status.log_frames_total},
        {"memory_bytes", status.log_memory_bytes}}},
      {"series", status.series},
      {"series_refused", status.series_refused},
      {"wakeups", status.wakeups},
      {"endpoints", list(status.endpoints)},
      {"collectors", list(status.collectors)},
  };
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace lariat::expose
