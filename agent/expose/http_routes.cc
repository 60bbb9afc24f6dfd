#include "agent/expose/http_routes.h"

#include <algorithm>

#include "agent/expose/status_json.h"
#include "agent/expose/status_page.h"

namespace lariat::expose {
namespace {

constexpr const char* kMetricsType = "text/plain; version=0.0.4; charset=utf-8";
constexpr const char* kJsonType = "application/json";
constexpr const char* kPageType = "text/html; charset=utf-8";

Path path_of(std::string_view text) noexcept {
  const auto last = kPaths.end() - 1;  // `other` is none.
  return static_cast<Path>(std::find(kPaths.begin(), last, text) - kPaths.begin());
}

void refuse(Code code, std::string_view why, HttpAnswer& answer) {
  answer.code = code;
  answer.body = why;
}

void answer_metrics(const HttpRequest& request, HttpAnswer& answer) {
  answer.scrape = request.scope ? parse_scope(*request.scope) : Scope::kAll;
  if (answer.scrape) {
    answer.content_type = kMetricsType;
  } else {
    refuse(Code::kBadRequest,
           "scope is \"agent\" or \"host\"; without it /metrics has both: /metrics?scope=host\n",
           answer);
  }
}

void answer_ready(const Sources& sources, HttpAnswer& answer) {
  if (const auto why = sources.not_ready()) {
    refuse(Code::kUnavailable, "not ready: " + *why + "\n", answer);
  } else {
    answer.body = "ready\n";
  }
}

}  // namespace

HttpAnswer answer(const HttpRequest& request, const Sources& sources) {
  HttpAnswer answer;
  answer.path = path_of(request.path);
  if (request.method != "GET" && request.method != "HEAD") {
    refuse(Code::kBadMethod, "only GET and HEAD are answered here\n", answer);
    return answer;
  }
  switch (answer.path) {
    case Path::kPage:
      answer.content_type = kPageType;
      answer.body = status_page(sources.status(), base::wall_now());
      break;
    case Path::kMetrics:
      answer_metrics(request, answer);
      break;
    case Path::kStatus:
      answer.content_type = kJsonType;
      answer.body = status_json(sources.status());
      break;
    case Path::kHealthy:
      answer.body = "the loop turns\n";
      break;
    case Path::kReady:
      answer_ready(sources, answer);
      break;
    case Path::kOther:
      refuse(Code::kNotFound,
             "there is nothing here; paths are:\n"
             "/                    the agent's state, as a page\n"
             "/metrics             metrics of host and agent\n"
             "/metrics?scope=host  metrics of the host\n"
             "/metrics?scope=agent metrics of the agent\n"
             "/status              the agent's state, as JSON\n"
             "/-/healthy           200 while the loop turns\n"
             "/-/ready             200 once every collector has run\n",
             answer);
      break;
  }
  return answer;
}

}  // namespace lariat::expose
