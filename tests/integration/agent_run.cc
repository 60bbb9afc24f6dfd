#include "tests/integration/agent_run.h"

#include <signal.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdio>
#include <stdexcept>

#include "tests/integration/bench_run.h"

namespace lariat::test {
namespace {

constexpr std::string_view kServes = "metrics at http://127.0.0.1:";
constexpr std::string_view kReloaded = "configuration loaded again";
constexpr std::string_view kRefused = "the old configuration stays";

std::uint64_t times(std::string_view text, std::string_view piece) {
  std::uint64_t count = 0;
  for (auto at = text.find(piece); at != std::string_view::npos; at = text.find(piece, at + 1)) {
    ++count;
  }
  return count;
}

std::string replaced(std::string text, std::string_view what, std::string_view with) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size())) {
    text.replace(at, what.size(), with);
  }
  return text;
}

}  // namespace

AgentRun::AgentRun(std::string_view members, const std::vector<std::string>& wrapper)
    : wrapper_(wrapper) {
  ::mkdir(path("collectors.d").c_str(), 0755);
  write_configuration(members);
  start();
}

void AgentRun::start() {
  auto words = wrapper_;
  words.insert(words.end(), {LARIAT_BINARY, "agent", "--config", path("lariat.json")});
  process_ = std::make_unique<Process>(words);
  wait_for_start();
}

void AgentRun::kill() {
  process_->signal(SIGKILL);
  process_->wait();
}

void AgentRun::start_again() { start(); }

AgentRun::~AgentRun() {
  // So that it can end its collectors.
  process_->signal(SIGTERM);
  process_->wait();
}

void AgentRun::wait_for_start() {
  if (!process_->wait_for_text(Process::Stream::kErr, kServes)) {
    throw std::runtime_error("it does not start; it says: " + log());
  }
  const auto& text = process_->text(Process::Stream::kErr);
  port_ = static_cast<std::uint16_t>(std::stoi(text.substr(text.find(kServes) + kServes.size())));
}

std::string AgentRun::log() {
  process_->wait(std::chrono::milliseconds(1));  // Takes in what has been said.
  return process_->text(Process::Stream::kErr);
}

bool AgentRun::says(std::string_view text, std::chrono::milliseconds patience) {
  return process_->wait_for_text(Process::Stream::kErr, text, patience);
}

MetricsText AgentRun::metrics(std::string_view scope) const {
  const auto answer = get(scope.empty() ? "/metrics" : "/metrics?scope=" + std::string(scope));
  if (answer.status != 200) throw std::runtime_error("/metrics gives no answer");
  return MetricsText(answer.body);
}

MetricsText AgentRun::ledgers() const {
  auto reading = metrics();
  for (const auto& endpoint :
       reading.label_values("lariat_endpoint_frames_accepted_total", "endpoint")) {
    expect_balance(reading, endpoint);
  }
  return reading;
}

MetricsText AgentRun::watch_ledgers(std::chrono::milliseconds duration) {
  const Deadline end(duration);
  MetricsText reading;
  do {
    const Deadline next(std::chrono::milliseconds(200));
    reading = ledgers();
    process_->wait(std::chrono::milliseconds(std::min(next.left(), end.left())));
  } while (!end.passed());
  return reading;
}

MetricsText AgentRun::ledgers_at_rest() const {
  MetricsText reading;
  const bool at_rest = wait_until(
      [&] {
        reading = ledgers();
        return reading.sum("lariat_endpoint_frames_queued") == 0;
      },
      kPatience, std::chrono::milliseconds(20));
  if (!at_rest) throw std::runtime_error("frames stay queued");
  return reading;
}

std::string AgentRun::filled(std::string_view text) const {
  const std::string binary = LARIAT_BINARY;
  const auto collectors = binary.substr(0, binary.rfind('/')) + "/collectors";
  return replaced(replaced(std::string(text), "@DIR@", path("")), "@COLLECTORS@", collectors);
}

void AgentRun::write_configuration(std::string_view members) {
  std::string text = "{\n";
  text += R"("http": {"listen": "127.0.0.1:0"}, "control": {"socket": "@DIR@/control.sock"})";
  if (!members.empty()) text += ",\n";
  text += members;
  write_whole_configuration(text + "\n}\n");
}

// The name that the agent reads is there with the whole text, or not at all.
void AgentRun::write_whole_configuration(std::string_view text) {
  write_file(path("lariat.json.new"), filled(text));
  std::rename(path("lariat.json.new").c_str(), path("lariat.json").c_str());
}

bool AgentRun::reload() {
  const auto before = log();
  const auto loaded = times(before, kReloaded);
  const auto refused = times(before, kRefused);
  process_->signal(SIGHUP);
  const bool answered = wait_until([&] {
    const auto now = log();
    return times(now, kReloaded) > loaded || times(now, kRefused) > refused;
  });
  if (!answered) throw std::runtime_error("it does not reload; it says: " + log());
  return times(log(), kReloaded) > loaded;
}

void AgentRun::drop_in(std::string_view name, std::string_view text) const {
  const auto draft = path("draft");
  write_file(draft, text);
  ::chmod(draft.c_str(), 0755);
  std::rename(draft.c_str(), path("collectors.d/" + std::string(name)).c_str());
}

int AgentRun::end() {
  process_->signal(SIGTERM);
  const auto status = process_->wait();
  if (!status) throw std::runtime_error("it does not end; it says: " + log());
  return *status;
}

std::string endpoints_member(const std::vector<std::string>& urls, std::string_view more) {
  std::string text = "\"endpoints\": {";
  for (std::size_t i = 0; i < urls.size(); ++i) {
    text += i == 0 ? "" : ", ";
    text +=
        "\"e" + std::to_string(i) + "\": {\"url\": \"" + urls[i] + "\"" + std::string(more) + "}";
  }
  return text + "}";
}

}  // namespace lariat::test
