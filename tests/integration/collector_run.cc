#include "tests/integration/collector_run.h"

#include <gtest/gtest.h>

#include <charconv>
#include <filesystem>
#include <sstream>
#include <stdexcept>

namespace lariat::test {
namespace {

constexpr std::string_view kGoodScript =
    R"(n=0; while read -r word time; do echo "sample $time good $n"; echo done; n=$((n+1)); done)";

std::string json_text(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '\n') {
      quoted += "\\n";
    } else {
      if (c == '"' || c == '\\') quoted += '\\';
      quoted += c;
    }
  }
  return quoted + "\"";
}

std::string members(const std::string& url, const std::vector<std::string>& run,
                    std::string_view more) {
  std::string text = endpoints_member({url});
  text += R"(, "interval": "1s", "collectors": {"directories": ["@DIR@/collectors.d"], "run": {)";
  for (std::size_t i = 0; i < run.size(); ++i) text += (i == 0 ? "\n" : ",\n") + run[i];
  text += "}}";
  if (!more.empty()) text.append(",\n").append(more);
  return text;
}

// State and parent stand behind the name, which is in parentheses and may have any octet.
std::optional<std::pair<char, pid_t>> state_and_parent(pid_t pid) {
  const auto text = [pid]() -> std::string {
    try {
      return read_file("/proc/" + std::to_string(pid) + "/stat");
    } catch (const std::runtime_error&) {
      return {};  // It has gone.
    }
  }();
  const auto name_end = text.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream rest(text.substr(name_end + 1));
  char state = 0;
  pid_t parent = 0;
  rest >> state >> parent;
  return std::pair(state, parent);
}

}  // namespace

std::string shell_description(std::string_view script, std::string_view more) {
  std::string text = R"({"command": ["/bin/sh", "-c", )" + json_text(script) + "]";
  if (!more.empty()) text.append(", ").append(more);
  return text + "}";
}

std::string shell_collector(std::string_view name, std::string_view script, std::string_view more) {
  return json_text(name) + ": " + shell_description(script, more);
}

std::string good_collector() { return shell_collector("good", kGoodScript, R"("mode": "stream")"); }

CollectorRun::CollectorRun(const std::vector<std::string>& run, std::string_view more,
                           const std::vector<std::string>& wrapper)
    : agent_(members(receiver_.url(), run, more), wrapper) {}

MetricsText CollectorRun::metrics() const {
  auto reading = agent_.metrics();
  expect_balance(reading, 1);
  EXPECT_EQ(endpoint_count(reading, "write_wakeups_empty", 0), 0U);
  EXPECT_EQ(reading.count("lariat_loop_spins_total"), 0U);
  return reading;
}

MetricsText CollectorRun::metrics_after(const std::string& name, const std::string& result,
                                        std::uint64_t runs) const {
  return metrics_when([&](const MetricsText& now) { return runs_of(now, name, result) >= runs; });
}

std::string CollectorRun::status(std::string_view name, std::string_view key) const {
  const auto text = agent_.get("/status").body;
  const auto begin = text.find("\"name\": " + json_text(name) + ",");
  if (begin == std::string::npos) return {};
  const std::string member = json_text(key) + ": ";
  const auto at = text.find(member, begin);
  if (at == std::string::npos) return {};
  auto value = text.substr(at + member.size());
  value.resize(value.find('\n'));
  if (value.ends_with(',')) value.pop_back();
  return value;
}

std::optional<double> CollectorRun::exposed(const std::string& metric) const {
  return agent_.metrics("host").find(metric);
}

void CollectorRun::expect_good_unharmed() {
  const auto reading = metrics();
  if (kSanitized) {
    // Its start alone may take longer than its deadline, so it may have begun anew.
    EXPECT_GT(frames_of(reading, "good"), 0U);
    return;
  }
  EXPECT_EQ(reading.sum("lariat_collector_runs_total", {{"collector", "good"}}),
            static_cast<double>(runs_of(reading, "good", "ok")));
  EXPECT_EQ(reading.count("lariat_collector_restarts_total", {{"collector", "good"}}), 0U);
  const auto frames = frames_of(reading, "good");
  EXPECT_GT(frames, 0U);
  EXPECT_TRUE(wait_until([&] { return receiver_.numbers().missing_count(frames) == 0; }));
}

void CollectorRun::expect_clean_end() {
  const auto before = metrics();
  EXPECT_EQ(agent_.end(), 0) << agent_.log();
  EXPECT_TRUE(wait_until([&] { return receiver_.record().open == 0; }));
  const auto& record = receiver_.record();
  EXPECT_GE(record.frames, before.count("lariat_log_frames_total"));
  EXPECT_EQ(record.connections, 1U);
  EXPECT_EQ(record.bad, 0U);
  EXPECT_EQ(record.cut, 0U);
  EXPECT_EQ(record.heartbeats_wrong, 0U);
}

std::uint64_t runs_of(const MetricsText& metrics, const std::string& name,
                      const std::string& result) {
  const auto runs =
      metrics.find("lariat_collector_runs_total", {{"collector", name}, {"result", result}});
  return static_cast<std::uint64_t>(runs.value_or(0));
}

std::uint64_t rejected_of(const MetricsText& metrics, const std::string& name,
                          const std::string& reason) {
  return metrics.count("lariat_collector_rejected_total",
                       {{"collector", name}, {"reason", reason}});
}

std::uint64_t frames_of(const MetricsText& metrics, const std::string& name) {
  return metrics.count("lariat_collector_frames_total", {{"collector", name}});
}

std::vector<Child> children_of(pid_t parent) {
  std::vector<Child> children;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const auto name = entry.path().filename().string();
    pid_t pid = 0;
    const auto read = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (read.ec != std::errc() || read.ptr != name.data() + name.size()) continue;
    const auto found = state_and_parent(pid);
    if (found && found->second == parent) children.push_back({pid, found->first == 'Z'});
  }
  return children;
}

bool alive(pid_t pid) {
  const auto found = state_and_parent(pid);
  return found && found->first != 'Z' && found->first != 'X';
}

pid_t pid_in(const std::string& path) {
  pid_t pid = 0;
  const bool came = wait_until([&] {
    std::error_code missing;
    if (!std::filesystem::exists(path, missing)) return false;
    const auto text = read_file(path);
    std::from_chars(text.data(), text.data() + text.size(), pid);
    return pid > 0 && text.ends_with('\n');
  });
  if (!came) throw std::runtime_error("no number comes to stand in " + path);
  return pid;
}

}  // namespace lariat::test
