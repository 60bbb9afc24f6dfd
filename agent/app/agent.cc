#include "agent/app/agent.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "agent/app/agent_status.h"
#include "agent/app/config_choice.h"
#include "agent/app/describe.h"
#include "agent/app/settings.h"
#include "agent/app/start_pages.h"
#include "agent/app/version.h"
#include "agent/base/units.h"
#include "agent/config/runtime_directory.h"
#include "agent/publish/http_endpoint.h"

namespace lariat::app {
namespace {

// With the disk, at the end.
constexpr std::chrono::milliseconds kLeastPatience{1'000};
// Until all parts have done what they do once.
constexpr std::chrono::milliseconds kStart{15'000};

// What cannot be changed while frames are on their way through it.
std::optional<std::string> needs_restart(const config::Log& now, const config::Log& next) {
  const std::string_view advice = "restart the agent to change it";
  if (now.spool != next.spool) return fmt::format("log.spool is another: {}", advice);
  if (now.spool && now.segment != next.segment) {
    return fmt::format("log.segment is another, and there is a spool: {}", advice);
  }
  return std::nullopt;
}

// Their first requests and handshakes have run through much code that is not needed again.
bool has_large_libraries(const config::Config& config) {
  return std::any_of(config.endpoints.begin(), config.endpoints.end(), [](const auto& endpoint) {
    const auto& scheme = endpoint.url.scheme;
    return scheme.ends_with("tls") || scheme.find("http") != std::string::npos;
  });
}

}  // namespace

Agent::Agent(std::string named, config::Surroundings surroundings, config::Config config,
             const base::Log& lines)
    : named_(std::move(named)),
      surroundings_(std::move(surroundings)),
      config_(std::move(config)),
      lines_(lines),
      began_(base::monotonic_now()),
      notify_(loop_),
      resolver_(loop_),
      publisher_(loop_, resolver_, lines, log_limits(config_)),
      snapshot_(config_.tags, {.max_series = config_.max_series}, lines),
      fan_(loop_, publisher_, snapshot_),
      collectors_(loop_, lines, fan_, config_.tags, collectors_options()),
      self_(loop_),
      http_(loop_, sources()),
      control_(loop_, sources()),
      hang_up_(loop_, SIGHUP, [this] { reload(); }),
      terminate_(loop_, SIGTERM, [this] { shut_down(); }),
      interrupt_(loop_, SIGINT, [this] { shut_down(); }),
      grace_(loop_, [this] { loop_.stop(); }),
      started_(loop_, [] { give_back_code(); }) {
  publisher_.make_others_with(publish::make_http_endpoint);
  const std::array<const metrics::Source*, 7> reporters = {
      &self_, &publisher_, &collectors_, &snapshot_, &reloads_, &http_, &process_};
  for (const auto* reporter : reporters) registry_.add(*reporter);
  loop_.on_spin([&lines](std::uint64_t turns) {
    lines.warning(
        fmt::format("the loop turned {} times in a second with nothing to do: this is a "
                    "fault of lariat, please report it with this line",
                    turns));
  });
}

Agent::~Agent() = default;

collect::Collectors::Options Agent::collectors_options() {
  return {.hostname = surroundings_.hostname,
          .describe = describe_with(surroundings_),
          .on_removed = [this](std::uint32_t collector) { snapshot_.forget(collector); }};
}

expose::Sources Agent::sources() {
  return {.agent_metrics = [this] { return registry_.text(); },
          .snapshot = snapshot_,
          .status = [this] { return status(); },
          .not_ready = [this]() -> std::optional<std::string> {
            if (collectors_.every_one_ran()) return std::nullopt;
            return collectors_.waiting_for();
          }};
}

base::Result<bool> Agent::open() {
  if (auto spool = spool_options(config_)) {
    if (auto opened = publisher_.open_spool(*std::move(spool)); !opened) return opened.error();
  }
  return open_doors(config_);
}

// Each opens where it is to be before it closes where it was; on an error all is as before.
base::Result<bool> Agent::open_doors(const config::Config& config) {
  const auto old_address = http_address_;
  auto tls = server_tls(config);
  if (!tls) return tls.error();
  if (config.http && (http_address_.empty() || config.http != config_.http)) {
    auto listening = http_.listen(config.http->host, config.http->port);
    if (!listening) return listening.error();
    http_address_ = std::move(*listening);
  }
  if (auto opened = open_control(config); !opened) {
    go_back_to(old_address);
    return opened;
  }
  if (*tls != http_tls_) {
    http_tls_ = *tls;
    http_.set_tls(http_tls_);
  }
  if (!config.http) {
    http_.close();
    http_address_.clear();
  }
  return true;
}

// The one in use if it is to be the same; none without `http.tls`. Its files can be read.
base::Result<std::shared_ptr<net::TlsContext>> Agent::server_tls(const config::Config& config) {
  if (!config.http || !config.http->tls) return std::shared_ptr<net::TlsContext>();
  const auto& files = *config.http->tls;
  net::TlsOptions options{
      .ca = files.client_ca, .certificate = files.certificate, .key = files.key};
  if (http_tls_ && http_tls_->options() == options) return http_tls_;
  auto tls = std::make_shared<net::TlsContext>(net::TlsSide::kServer, std::move(options), lines_,
                                               "http.tls");
  if (const auto good = tls->refresh(); !good) {
    return base::Error{fmt::format("http.tls: {}", good.error().text)};
  }
  return tls;
}

// The agent does its work without a control socket too: where nobody has said where it is to be,
// one that cannot be made is no reason to end.
base::Result<bool> Agent::open_control(const config::Config& config) {
  const auto& path = config.control_socket;
  if (path.empty()) {
    control_.close();
    return true;
  }
  const auto& folder = surroundings_.runtime_directory;
  std::optional<base::Error> fault;
  if (path.starts_with(folder + '/')) fault = config::prepare_runtime_directory(folder);
  if (!fault) {
    auto listening = control_.listen(path);
    if (listening) return true;
    fault = listening.error();
  }
  if (config.control_provenance.configured) return *fault;
  control_.close();
  lines_.warning(fmt::format("no control socket, so no `lariat status`: {}", fault->text));
  return true;
}

// The address was ours a moment ago; if it is another's now, HTTP is off until the next reload.
void Agent::go_back_to(const std::string& old_address) {
  if (http_address_ == old_address) return;
  http_address_.clear();
  if (!old_address.empty()) {
    const auto colon = old_address.rfind(':');
    const auto port = static_cast<std::uint16_t>(std::stoi(old_address.substr(colon + 1)));
    if (auto again = http_.listen(config_.http->host, port)) {
      http_address_ = std::move(*again);
      return;
    }
    lines_.error(fmt::format("HTTP is off: {} was taken by another program", old_address));
  }
  http_.close();
}

void Agent::run() {
  hand_out();
  tell_start();
  notify_.ready(summary());
  give_back_code();
  if (has_large_libraries(config_)) started_.start(kStart);
  loop_.run();
  for (const auto& line : publisher_.farewell()) lines_.warning(line);
  if (!publisher_.close_spool(std::max(config_.shutdown_grace, kLeastPatience))) {
    lines_.warning("the spool did not take everything: the next run may send some frames again");
  }
  lines_.info("ended");
}

// What all parts get of the configuration in force, each as a difference to what it has.
void Agent::hand_out() {
  reloads_.loaded(base::wall_now());
  publisher_.set_log_limits(log_limits(config_));
  publisher_.apply(endpoint_configs(config_));
  snapshot_.set_max_series(config_.max_series);
  snapshot_.tags_changed();
  collectors_.set_control_socket(config_.control_socket);
  collectors_.apply(collectors_config(config_));
}

void Agent::reload() {
  if (stopping_) return;
  notify_.reloading();
  if (auto why = try_reload()) {
    lines_.error(fmt::format("the old configuration stays in force: {}", *why));
    reloads_.refused(std::move(*why));
  } else {
    lines_.info(fmt::format("configuration loaded again: {}", summary()));
  }
  notify_.ready(summary());
}

// Why not, or nothing: then the new configuration is in force.
std::optional<std::string> Agent::try_reload() {
  auto loaded = load_choice(choose_config(named_), surroundings_);
  for (const auto& warning : loaded.warnings) lines_.warning(config::to_string(warning));
  if (!loaded.config) {
    for (const auto& mistake : loaded.mistakes) lines_.error(config::to_string(mistake));
    const auto count = loaded.mistakes.size();
    return fmt::format("{} {} in the new one, the first is {}", count,
                       count == 1 ? "mistake" : "mistakes",
                       config::to_string(loaded.mistakes.front()));
  }
  if (auto why = needs_restart(config_.log, loaded.config->log)) return why;
  const auto old_address = http_address_;
  if (const auto opened = open_doors(*loaded.config); !opened) return opened.error().text;
  if (http_address_ != old_address) lines_.info(where());
  // In place: the parts borrow the tags.
  config_ = std::move(*loaded.config);
  hand_out();
  return std::nullopt;
}

// Collectors end first: what they still print is delivered too. All of it has `shutdown_grace`.
void Agent::shut_down() {
  if (std::exchange(stopping_, true)) {
    loop_.stop();
    return;
  }
  notify_.stopping();
  lines_.info("ending; a second signal ends it at once");
  const auto end_by = base::monotonic_now() + config_.shutdown_grace;
  grace_.start(config_.shutdown_grace);
  collectors_.stop([this, end_by] {
    const auto left = std::max(end_by - base::monotonic_now(), std::chrono::nanoseconds(0));
    publisher_.drain(std::chrono::duration_cast<std::chrono::milliseconds>(left),
                     [this](bool /*all*/) { loop_.stop(); });
  });
}

void Agent::tell_start() const {
  if (config_.file.empty()) {
    lines_.info(
        fmt::format("no configuration: this host's numbers every {}, sent nowhere, {}; write {} to "
                    "change that",
                    base::format_duration(config_.interval), where(), kStandardConfig));
  }
  lines_.info(fmt::format("lariat {} runs: {}; {}", version(), summary(), where()));
}

std::string Agent::where() const {
  if (http_address_.empty()) return "HTTP is off";
  return fmt::format("metrics at {}://{}/metrics", http_tls_ ? "https" : "http", http_address_);
}

std::string Agent::summary() const {
  const auto count = [](std::size_t number, std::string_view what) {
    return fmt::format("{} {}{}", number, what, number == 1 ? "" : "s");
  };
  const auto from = config_.file.empty() ? "the built-in default" : config_.file;
  return fmt::format("{}, {}, from {}", count(config_.endpoints.size(), "endpoint"),
                     count(collectors_.states().size(), "collector"), from);
}

expose::Status Agent::status() const {
  const auto& log = publisher_.log();
  expose::Status status{
      .version = std::string(version()),
      .revision = std::string(revision()),
      .host = surroundings_.hostname,
      .pid = ::getpid(),
      .uptime = std::chrono::duration_cast<std::chrono::seconds>(base::monotonic_now() - began_),
      .config_file = config_.file,
      .config_loaded = reloads_.loaded_at(),
      .reload_error = reloads_.error(),
      .http = http_address_,
      .http_tls = http_tls_ != nullptr,
      .ready = collectors_.every_one_ran(),
      .log_frames = log.end_sequence() - log.oldest().sequence,
      .log_frames_total = publisher_.frames_published(),
      .log_memory_bytes = log.memory_bytes(),
      .series = snapshot_.series(),
      .series_refused = snapshot_.refused(),
      .wakeups = loop_.stats().wakeups};
  if (!status.ready) status.not_ready_because = collectors_.waiting_for();
  add_endpoints(publisher_, status);
  add_collectors(collectors_, status);
  return status;
}

}  // namespace lariat::app
