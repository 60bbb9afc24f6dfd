#include "agent/expose/status_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <string_view>

#include "agent/base/units.h"
#include "agent/expose/words.h"

namespace lariat::expose {
namespace {

constexpr std::string_view kHead = R"(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
:root { color-scheme: light dark; --bad: #b3261e; --good: #1b6e3c; --dim: #666; --line: #8884; }
@media (prefers-color-scheme: dark) { :root { --bad: #ff8a80; --good: #7fd99a; --dim: #aaa; } }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem; }
h1 { font-size: 1.4rem; margin-bottom: 0; } h2 { font-size: 1.1rem; margin-top: 2rem; }
p.dim, .dim { color: var(--dim); } .bad { color: var(--bad); font-weight: 600; }
.good { color: var(--good); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .3rem .8rem .3rem 0; vertical-align: top;
  border-top: 1px solid var(--line); white-space: nowrap; }
th { border-top: 0; font-weight: 600; color: var(--dim); }
.n { text-align: right; font-variant-numeric: tabular-nums; }
tr.why td { border-top: 0; padding-top: 0; white-space: normal; overflow-wrap: anywhere; }
nav a { margin-right: 1rem; }
</style>
)";

std::string escaped(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    const auto value = static_cast<unsigned char>(c);
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += value < 0x20 && c != '\t' && c != '\n' ? '?' : c;
    }
  }
  return out;
}

std::string cell(std::string_view text) { return fmt::format("<td>{}</td>", escaped(text)); }
std::string number(std::string_view text) {
  return fmt::format("<td class=\"n\">{}</td>", escaped(text));
}
std::string state_cell(std::string_view state, bool healthy) {
  return fmt::format("<td class=\"{}\">{}</td>", healthy ? "good" : "bad", escaped(state));
}

void begin_table(std::initializer_list<std::string_view> texts,
                 std::initializer_list<std::string_view> numbers, std::string& out) {
  out += "<div class=\"scroll\"><table>\n<tr>";
  for (const auto text : texts) out += fmt::format("<th>{}</th>", text);
  for (const auto text : numbers) out += fmt::format("<th class=\"n\">{}</th>", text);
  out += "</tr>\n";
}
void append_error(const std::string& error, bool healthy, int columns, std::string& out) {
  if (error.empty()) return;
  out += fmt::format("<tr class=\"why\"><td></td><td colspan=\"{}\" class=\"{}\">{}</td></tr>\n",
                     columns - 1, healthy ? "dim" : "bad", escaped(error));
}

template <typename Element>
std::string count_of(const std::vector<Element>& all) {
  const auto bad = std::count_if(all.begin(), all.end(), [](const auto& e) { return !e.healthy; });
  return bad == 0 ? fmt::format("{}", all.size())
                  : fmt::format("{}, <span class=\"bad\">{} in trouble</span>", all.size(), bad);
}

void append_endpoints(const Status& status, base::WallTime now, std::string& out) {
  out += fmt::format("<h2>Endpoints: {}</h2>\n", count_of(status.endpoints));
  if (status.endpoints.empty()) {
    out += "<p>None: nothing is sent. Add one under \"endpoints\" in the configuration.</p>\n";
    return;
  }
  begin_table({"endpoint", "state", "URL", "last success"},
              {"delivered", "queued", "bytes queued", "oldest", "dropped", "resent"}, out);
  for (const auto* endpoint : unhealthy_first(status.endpoints)) {
    out += "<tr>" + cell(endpoint->name) + state_cell(endpoint->state, endpoint->healthy) +
           cell(endpoint->url) + cell(ago(endpoint->last_success, now)) +
           number(grouped(endpoint->frames_delivered)) + number(grouped(endpoint->frames_queued)) +
           number(base::format_size(endpoint->bytes_queued)) +
           number(duration_words(endpoint->oldest_unsent_age)) +
           number(grouped(endpoint->frames_dropped)) + number(grouped(endpoint->frames_resent)) +
           "</tr>\n";
    append_error(endpoint->last_error, endpoint->healthy, 10, out);
  }
  out += "</table></div>\n";
}

void append_collectors(const Status& status, base::WallTime now, std::string& out) {
  out += fmt::format("<h2>Collectors: {}</h2>\n", count_of(status.collectors));
  if (status.collectors.empty()) {
    out += "<p>None. Put a program into a folder of \"collectors.directories\".</p>\n";
    return;
  }
  begin_table({"collector", "state", "mode", "last success", "described in"},
              {"interval", "took", "good", "bad", "frames", "rejected", "restarts", "late"}, out);
  for (const auto* collector : unhealthy_first(status.collectors)) {
    const auto took = collector->last_duration ? duration_words(*collector->last_duration) : "-";
    out += "<tr>" + cell(collector->name) + state_cell(collector->state, collector->healthy) +
           cell(collector->mode) + cell(ago(collector->last_success, now)) +
           cell(collector->origin) + number(base::format_duration(collector->interval)) +
           number(took) + number(grouped(collector->runs_good)) +
           number(grouped(collector->runs_bad)) + number(grouped(collector->frames)) +
           number(grouped(collector->rejected)) + number(grouped(collector->restarts)) +
           number(grouped(collector->late)) + "</tr>\n";
    append_error(collector->last_error, collector->healthy, 13, out);
  }
  out += "</table></div>\n";
}

void append_agent(const Status& status, base::WallTime now, std::string& out) {
  out += fmt::format(
      "<h1>lariat on {}</h1>\n<p class=\"dim\">{} {} &middot; process {} &middot; "
      "up {}</p>\n",
      escaped(status.host), escaped(status.version), escaped(status.revision), status.pid,
      duration_words(status.uptime));
  out += status.ready ? "<p class=\"good\">Ready.</p>\n"
                      : fmt::format("<p class=\"bad\">Not ready: {}</p>\n",
                                    escaped(status.not_ready_because));
  if (!status.reload_error.empty()) {
    out += fmt::format("<p class=\"bad\">The last reload was refused: {}</p>\n",
                       escaped(status.reload_error));
  }
  out +=
      "<nav><a href=\"/metrics\">metrics</a><a href=\"/metrics?scope=host\">of the host</a>"
      "<a href=\"/metrics?scope=agent\">of the agent</a><a href=\"/status\">status as JSON</a>"
      "<a href=\"/-/healthy\">healthy</a><a href=\"/-/ready\">ready</a></nav>\n";
  out += fmt::format(
      "<p>Configuration: {}, loaded {}. Log: {} frames held in {}, {} since the start. Series: {}, "
      "{} refused. Wake-ups: {}.</p>\n",
      status.config_file.empty() ? "the built-in default" : escaped(status.config_file),
      ago(status.config_loaded, now), grouped(status.log_frames),
      base::format_size(status.log_memory_bytes), grouped(status.log_frames_total),
      grouped(status.series), grouped(status.series_refused), grouped(status.wakeups));
}

}  // namespace

std::string status_page(const Status& status, base::WallTime now) {
  std::string out(kHead);
  out += fmt::format("<title>lariat on {}</title>\n</head>\n<body>\n", escaped(status.host));
  append_agent(status, now, out);
  append_endpoints(status, now, out);
  append_collectors(status, now, out);
  out += "</body>\n</html>\n";
  return out;
}

}  // namespace lariat::expose
