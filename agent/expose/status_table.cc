#include "agent/expose/status_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <vector>

#include "agent/base/units.h"
#include "agent/expose/words.h"

namespace lariat::expose {
namespace {

/// What controls a terminal is spelled, and nothing else is changed.
std::string shown(std::string_view text) {
  std::string out;
  for (const char octet : text) {
    const auto value = static_cast<unsigned char>(octet);
    out += value < 0x20 || value == 0x7f ? fmt::format("\\x{:02x}", value) : std::string(1, octet);
  }
  return out;
}

/// Columns as they stand on a terminal: octets that go on a UTF-8 character have none.
std::size_t width(std::string_view text) noexcept {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char octet) {
    return (static_cast<unsigned char>(octet) & 0xc0U) != 0x80U;
  }));
}

struct Row {
  std::vector<std::string> cells;
  std::string note;  // On a line of its own below.
};

/// A table whose first row is its head; text to the left, numbers (from `numbers` on) to the right.
void append_table(const std::vector<Row>& rows, std::size_t numbers, std::string& out) {
  std::vector<std::size_t> widths(rows.front().cells.size());
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < widths.size(); ++i) {
      widths[i] = std::max(widths[i], width(row.cells[i]));
    }
  }
  for (const Row& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < widths.size(); ++i) {
      const std::string blanks(widths[i] - width(row.cells[i]), ' ');
      line += i == 0 ? "  " : "   ";
      line += i < numbers ? row.cells[i] + blanks : blanks + row.cells[i];
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
    if (!row.note.empty()) out += "    " + row.note + "\n";
  }
}

std::string state_of(const std::string& state, bool healthy) {
  return (healthy ? "" : "! ") + shown(state);
}

void append_endpoints(const Status& status, base::WallTime now, std::string& out) {
  if (status.endpoints.empty()) {
    out += "No endpoints: nothing is sent; add one under \"endpoints\" in the configuration.\n";
    return;
  }
  std::vector<Row> rows = {{{"endpoint", "state", "url", "last success", "delivered", "queued",
                             "bytes queued", "oldest", "dropped", "resent"},
                            ""}};
  for (const auto* endpoint : unhealthy_first(status.endpoints)) {
    rows.push_back(
        {{shown(endpoint->name), state_of(endpoint->state, endpoint->healthy), shown(endpoint->url),
          ago(endpoint->last_success, now), grouped(endpoint->frames_delivered),
          grouped(endpoint->frames_queued), base::format_size(endpoint->bytes_queued),
          duration_words(endpoint->oldest_unsent_age), grouped(endpoint->frames_dropped),
          grouped(endpoint->frames_resent)},
         shown(endpoint->last_error)});
  }
  append_table(rows, 4, out);
}

void append_collectors(const Status& status, base::WallTime now, std::string& out) {
  if (status.collectors.empty()) {
    out += "No collectors: put a program into a folder of \"collectors.directories\".\n";
    return;
  }
  std::vector<Row> rows = {{{"collector", "state", "mode", "last success", "interval", "took",
                             "good", "bad", "frames", "rejected", "restarts", "late"},
                            ""}};
  for (const auto* collector : unhealthy_first(status.collectors)) {
    rows.push_back(
        {{shown(collector->name), state_of(collector->state, collector->healthy),
          shown(collector->mode), ago(collector->last_success, now),
          base::format_duration(collector->interval),
          collector->last_duration ? duration_words(*collector->last_duration) : "-",
          grouped(collector->runs_good), grouped(collector->runs_bad), grouped(collector->frames),
          grouped(collector->rejected), grouped(collector->restarts), grouped(collector->late)},
         shown(collector->last_error)});
  }
  append_table(rows, 4, out);
}

}  // namespace

std::string status_table(const Status& status, base::WallTime now) {
  const std::string revision = status.revision.empty() ? "" : " (" + shown(status.revision) + ")";
  std::string out =
      fmt::format("lariat {}{} on {}, process {}, up {}: {}\n", shown(status.version), revision,
                  shown(status.host), status.pid, duration_words(status.uptime),
                  status.ready ? "ready" : "not ready: " + shown(status.not_ready_because));
  out +=
      fmt::format("configuration: {}, loaded {}\n",
                  status.config_file.empty() ? "the built-in default" : shown(status.config_file),
                  ago(status.config_loaded, now));
  if (!status.reload_error.empty()) {
    out += fmt::format("  ! the last reload was refused: {}\n", shown(status.reload_error));
  }
  out += status.http.empty() ? "http: none\n"
                             : fmt::format("http: {}://{}/\n", status.http_tls ? "https" : "http",
                                           shown(status.http));
  out += fmt::format("log: {} frames held in {}, {} since the start\n", grouped(status.log_frames),
                     base::format_size(status.log_memory_bytes), grouped(status.log_frames_total));
  out += fmt::format("series: {}, {} refused; wake-ups: {}\n\n", grouped(status.series),
                     grouped(status.series_refused), grouped(status.wakeups));
  append_endpoints(status, now, out);
  out += "\n";
  append_collectors(status, now, out);
  return out;
}

}  // namespace lariat::expose
