#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "agent/app/commands.h"
#include "agent/app/output.h"
#include "agent/app/progress.h"
#include "agent/app/receiver.h"
#include "agent/base/log.h"
#include "agent/base/unique_fd.h"
#include "agent/base/url.h"
#include "agent/loop/loop.h"
#include "agent/loop/signal.h"
#include "agent/loop/timer.h"
#include "agent/net/tls_context.h"

namespace lariat::app {
namespace {

// How long, after a signal, output may still go to a reader that does not read.
constexpr std::chrono::seconds kGrace{1};
constexpr mode_t kFileMode = 0666;  // Less the umask.

struct ReceiveOptions {
  std::string url;
  bool json = false;
  std::string raw;
  std::uint64_t count = 0;
  bool quiet = false;
  net::TlsOptions tls;

  [[nodiscard]] bool raw_to_file() const { return !raw.empty() && raw != "-"; }
  [[nodiscard]] Receiver::Form form() const {
    if (!raw.empty()) return Receiver::Form::kRaw;
    if (quiet) return Receiver::Form::kNothing;
    return json ? Receiver::Form::kJson : Receiver::Form::kLines;
  }
};

/// One run of `lariat receive`.
class Receive {
 public:
  Receive(const ReceiveOptions& options, int output, bool over_tls)
      : options_(options),
        tls_(over_tls ? std::make_shared<net::TlsContext>(net::TlsSide::kServer, options.tls, log_,
                                                          "receive")
                      : nullptr),
        output_(loop_, output,
                {.on_drained = [this] { drained(); },
                 .on_failed = [this](int error) { output_failed(error); }}),
        receiver_(loop_, output_, {.form = options.form(), .count = options.count, .tls = tls_},
                  {.on_trouble = [this](std::string_view line) { tell(line); },
                   .on_count = [this] { finish(); }}),
        progress_(loop_, [this] { return progress(); }),
        grace_(loop_, [this] { give_up(); }),
        interrupt_(loop_, SIGINT, [this] { interrupted(); }),
        terminate_(loop_, SIGTERM, [this] { interrupted(); }) {}

  int run(const base::Url& url) {
    if (tls_) {
      if (const auto good = tls_->refresh(); !good) {
        log_.error(good.error().text);
        return kFailed;
      }
    }
    const auto where = receiver_.listen(url);
    if (!where) {
      log_.error(where.error().text);
      return kFailed;
    }
    listened_ = true;
    std::fputs(fmt::format("listening on {}\n", where->text()).c_str(), stderr);
    if (options_.quiet || options_.raw_to_file()) progress_.start();
    loop_.run();
    progress_.stop();
    return status_;
  }

  [[nodiscard]] bool listened() const noexcept { return listened_; }
  [[nodiscard]] const Receiver::Counts& counts() const noexcept { return receiver_.counts(); }

 private:
  void tell(std::string_view line) {
    progress_.clear();
    log_.warning(line);
  }

  void drained() {
    if (ending_) {
      loop_.stop();
    } else {
      receiver_.resume();
    }
  }

  // A reader that has had enough, as `head` has, is no failure.
  void output_failed(int error) {
    if (error != EPIPE) {
      progress_.clear();
      log_.error(fmt::format("cannot write to {}: {}",
                             options_.raw_to_file() ? options_.raw : "standard output",
                             std::strerror(error)));
      status_ = kFailed;
    }
    receiver_.close();
    loop_.stop();
  }

  // What was received still goes out.
  void finish() {
    ending_ = true;
    receiver_.close();
    output_.flush();
    if (output_.pending() == 0) loop_.stop();
  }

  void interrupted() {
    finish();
    if (output_.pending() != 0 && !grace_.active()) grace_.start(kGrace);
  }

  void give_up() {
    tell(fmt::format("{} octets of output were not taken by their reader", output_.pending()));
    output_.drop();
    loop_.stop();
  }

  [[nodiscard]] ProgressCounts progress() const {
    const auto& counts = receiver_.counts();
    return {counts.frames, counts.bytes, receiver_.connections()};
  }

  const ReceiveOptions& options_;
  base::Log log_;
  loop::Loop loop_;
  std::shared_ptr<net::TlsContext> tls_;
  Output output_;
  Receiver receiver_;
  Progress progress_;
  loop::Timer grace_;
  loop::Signal interrupt_;
  loop::Signal terminate_;
  bool listened_ = false;
  bool ending_ = false;
  int status_ = kGood;
};

// To standard output only if nothing else is there.
void print_summary(const ReceiveOptions& options, const Receiver::Counts& counts) {
  std::FILE* to = options.quiet && options.raw != "-" ? stdout : stderr;
  std::fputs(
      fmt::format("received {} frames, {} bytes, {} heartbeats, {} invalid, {} truncated\n",
                  counts.frames, counts.bytes, counts.heartbeats, counts.invalid, counts.truncated)
          .c_str(),
      to);
  std::fflush(to);
}

/// The URL, if the options are right for it.
base::Result<base::Url> checked_url(const ReceiveOptions& options) {
  auto url = base::parse_url(options.url);
  if (!url) return url;
  if (!url->is_tsdp()) {
    return base::Error{
        fmt::format("{}: only TSDP is received, write tsdp://127.0.0.1:2600", options.url)};
  }
  const bool has_both = !options.tls.certificate.empty() && !options.tls.key.empty();
  if (url->is_tls() && !has_both) {
    return base::Error{fmt::format("{}: TLS needs --certificate FILE and --key FILE", options.url)};
  }
  if (!url->is_tls() && options.tls != net::TlsOptions()) {
    return base::Error{
        "--certificate, --key and --client-ca are for a URL with TLS: write tsdp+tls://host:port"};
  }
  return url;
}

int receive(const ReceiveOptions& options) {
  const base::Log log;
  const auto url = checked_url(options);
  if (!url) {
    log.error(url.error().text);
    return kWrongUse;
  }
  base::UniqueFd file;
  if (options.raw_to_file()) {
    file.reset(::open(options.raw.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY,
                      kFileMode));
    if (!file) {
      log.error(fmt::format("cannot write {}: {}", options.raw, std::strerror(errno)));
      return kFailed;
    }
  }

  Receiver::Counts counts;
  int status = kGood;
  bool listened = false;
  {
    Receive command(options, file ? file.get() : STDOUT_FILENO, url->is_tls());
    status = command.run(*url);
    counts = command.counts();
    listened = command.listened();
  }
  // The signals are free again: a reader who keeps us from ending here can be left.
  if (listened) print_summary(options, counts);
  return status;
}

}  // namespace

void add_receive(CLI::App& app, Run& run) {
  auto options = std::make_shared<ReceiveOptions>();
  auto* command = app.add_subcommand("receive", "listen, and print what agents send");
  command
      ->add_option("URL", options->url,
                   "tsdp://127.0.0.1:2600 (port 0: any), tsdp+tls://127.0.0.1:2600 or "
                   "tsdp+unix:///path")
      ->required();
  auto* json = command->add_flag("--json", options->json, "one JSON object a line, nothing lost");
  command
      ->add_option("--raw", options->raw, "write the octets of whole messages to FILE; - is stdout")
      ->option_text("FILE")
      ->excludes(json);
  command->add_option("--count", options->count, "end after N observations")
      ->option_text("N")
      ->check(CLI::Range(std::uint64_t{1}, std::numeric_limits<std::uint64_t>::max()));
  command->add_flag("-q,--quiet", options->quiet, "print only a count at the end");
  const auto file = [command](const char* name, std::string& value, const char* help) {
    command->add_option(name, value, help)->option_text("FILE");
  };
  file("--certificate", options->tls.certificate, "for TLS: ours, and those up to its CA, in PEM");
  file("--key", options->tls.key, "for TLS: of the certificate, readable by nobody else");
  file("--client-ca", options->tls.ca, "for TLS: take only clients with a certificate of this CA");
  command->callback([options, &run] { run = [options] { return receive(*options); }; });
}

}  // namespace lariat::app
