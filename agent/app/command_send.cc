#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "agent/app/commands.h"
#include "agent/app/endpoint_options.h"
#include "agent/app/ledger_table.h"
#include "agent/app/progress.h"
#include "agent/app/send_source.h"
#include "agent/loop/signal.h"
#include "agent/net/resolver.h"
#include "agent/publish/http_endpoint.h"
#include "proto/bolo_text.h"
#include "proto/default_tags.h"
#include "proto/encode.h"

namespace lariat::app {
namespace {

constexpr std::chrono::milliseconds kFlushTurn{50};

struct SendOptions {
  std::vector<std::string> words;  // URLs, then what to send.
  std::string timeout = "5s";
  std::string time;
  std::vector<std::string> tags;
  bool json = false;
  bool quiet = false;
  EndpointOptions endpoints{.back_off_max = "1s"};
};

/// The command line, taken apart.
struct Order {
  std::vector<std::string> urls;
  bool from_stdin = false;
  std::vector<std::byte> message;
  proto::DefaultTags tags;
  std::chrono::milliseconds timeout{};
};

base::Result<proto::DefaultTags> default_tags(const std::vector<std::string>& pairs) {
  proto::DefaultTags tags;
  for (const auto& pair : pairs) {
    const auto equals = pair.find('=');
    const auto error = tags.set(pair.substr(0, equals),
                                equals == std::string::npos ? "" : pair.substr(equals + 1));
    if (error != proto::NameError::kNone) {
      return base::Error{fmt::format("--tag {}: {}", pair, to_string(error))};
    }
  }
  if (tags.empty()) {
    std::array<char, 256> host{};
    if (::gethostname(host.data(), host.size() - 1) != 0 ||
        tags.set("host", host.data()) != proto::NameError::kNone) {
      return base::Error{"this host has no name; give one with --tag host=NAME"};
    }
  }
  return tags;
}

base::Result<std::vector<double>> numbers(const std::vector<std::string>& values) {
  std::vector<double> result;
  for (const auto& text : values) {
    const auto number = proto::parse_number(text);
    if (!number) {
      return base::Error{fmt::format("'{}' is no number; write one like 1.5 or -2e3", text)};
    }
    result.push_back(*number);
  }
  return result;
}

std::string joined(const std::vector<std::string>& words, std::size_t from) {
  std::string text;
  for (std::size_t i = from; i < words.size(); ++i) text += (i == from ? "" : " ") + words[i];
  return text;
}

base::Result<proto::Status> parse_status(const std::string& word) {
  // One parser knows the words: that of the lines.
  const auto line = proto::parse_line("state 0 x " + word);
  if (!line || word.empty()) {
    return base::Error{
        fmt::format("'{}' is no status; write ok, warning, critical or unknown", word)};
  }
  return line.record.status;
}

// `words`: KIND NAME VALUE…
base::Result<proto::Encoded> encode(const std::vector<std::string>& words, std::string_view name,
                                    std::uint64_t time, std::span<std::byte> out) {
  const auto& kind = words[0];
  const std::vector<std::string> values(words.begin() + 2, words.end());
  if (kind == "sample" || kind == "delta") {
    const auto parsed = numbers(values);
    if (!parsed) return parsed.error();
    if (kind == "sample") return proto::encode_sample(out, name, time, *parsed);
    if (parsed->size() == 1) return proto::encode_delta(out, name, time, parsed->front());
    return base::Error{"delta takes one number: the reading"};
  }
  if (kind == "tally") {
    if (values.empty()) return proto::encode_tally(out, name, time, std::nullopt);
    const auto count = proto::parse_count(values.front());
    if (values.size() == 1 && count) return proto::encode_tally(out, name, time, count);
    return base::Error{"tally takes one whole number that is not negative, or none for 1"};
  }
  if (kind == "state") {
    if (values.empty()) return base::Error{"state takes a status: ok, warning, critical, unknown"};
    const auto status = parse_status(values.front());
    if (!status) return status.error();
    const auto text = joined(values, 1);
    proto::StateReport report{.status = *status};
    if (values.size() > 1) report.summary = text;
    return proto::encode_state(out, name, time, report);
  }
  if (kind == "event") return proto::encode_event(out, name, time, joined(values, 0));
  if (kind == "fact") {
    if (values.empty()) return base::Error{"fact takes a value"};
    return proto::encode_fact(out, name, joined(values, 0));
  }
  return base::Error{
      fmt::format("'{}' is no kind; write sample, tally, delta, state, event or fact", kind)};
}

base::Result<std::vector<std::byte>> make_message(const std::vector<std::string>& words,
                                                  const proto::DefaultTags& tags,
                                                  const std::string& time_text) {
  if (words.size() < 2) {
    return base::Error{"after the URLs comes KIND NAME VALUE…, or - for lines from standard input"};
  }
  auto time = static_cast<std::uint64_t>(
      std::chrono::floor<std::chrono::seconds>(base::wall_now()).time_since_epoch().count());
  if (!time_text.empty()) {
    const auto given = proto::parse_time(time_text);
    if (!given) return base::Error{"--time: write seconds since 1970"};
    time = *given;
  }
  std::array<char, proto::kMaxNameLength> buffer;
  const auto name = proto::add_tags(words[1], tags, buffer);
  if (!name) return base::Error{fmt::format("'{}': {}", words[1], to_string(name.error))};
  std::vector<std::byte> message(proto::kEncodeBufferSize);
  const auto encoded = encode(words, name.name, time, message);
  if (!encoded) return encoded.error();
  if (!*encoded) return base::Error{fmt::format("{}: {}", words[0], to_string(encoded->error))};
  message.resize(encoded->size);
  return message;
}

base::Result<Order> take_apart(const SendOptions& options) {
  Order order;
  auto word = options.words.begin();
  for (; word != options.words.end() && word->find("://") != std::string::npos; ++word) {
    order.urls.push_back(*word);
  }
  const std::vector<std::string> rest(word, options.words.end());
  if (order.urls.empty())
    return base::Error{"first comes where to: tsdp://host:port or another URL, any number"};
  const auto timeout = duration_option("--timeout", options.timeout);
  if (!timeout) return timeout.error();
  order.timeout = *timeout;
  auto tags = default_tags(options.tags);
  if (!tags) return tags.error();
  order.tags = std::move(*tags);
  order.from_stdin = rest.size() == 1 && rest.front() == "-";
  if (order.from_stdin) return order;
  if (options.json) return base::Error{"--json reads standard input: write - behind the URLs"};
  auto message = make_message(rest, order.tags, options.time);
  if (!message) return message.error();
  order.message = std::move(*message);
  return order;
}

class Send {
 public:
  Send(const SendOptions& options, const Order& order, publish::LogLimits limits)
      : options_(options),
        order_(order),
        lines_([this](base::Level level, std::string_view line) { tell(level, line); }),
        publisher_(loop_, resolver_, lines_, limits),
        patience_(publisher_, order.timeout),
        source_(loop_, publisher_, order.tags, lines_, patience_),
        progress_(loop_, [this] { return counts(); }),
        term_(loop_, SIGTERM, [this] { interrupted(); }),
        interrupt_(loop_, SIGINT, [this] { interrupted(); }) {
    publisher_.make_others_with(publish::make_http_endpoint);
  }

  int run(const std::vector<publish::EndpointConfig>& endpoints) {
    for (const auto& endpoint : endpoints) publisher_.add(endpoint);
    patience_.look();
    if (order_.from_stdin) {
      source_.start(STDIN_FILENO, options_.json, [this] { flush(); });
      progress_.start();
    } else {
      taken_ = publisher_.publish(order_.message);
      flush();
    }
    loop_.run();
    progress_.stop();
    const bool all = taken_ && all_delivered(publisher_);
    if (!options_.quiet && (order_.from_stdin || !all)) {
      const auto table = ledger_table(publisher_);
      std::fwrite(table.data(), 1, table.size(), stdout);
    }
    if (source_.refused() != 0) {
      lines_.warning(fmt::format("{} lines or messages were refused", source_.refused()));
    }
    return all && source_.refused() == 0 ? kGood : kFailed;
  }

 private:
  // The connections are no news here: the table at the end tells of them.
  void tell(base::Level level, std::string_view line) {
    if (level == base::Level::kInfo) return;
    progress_.clear();
    stderr_.warning(line);
  }

  void interrupted() {
    // The first time what was read is still delivered.
    if (!std::exchange(interrupted_, true) && order_.from_stdin && !flushing_) {
      source_.stop();
    } else {
      loop_.stop();
    }
  }

  // In short turns, as long as an endpoint that is waited for still gets something.
  void flush() {
    flushing_ = true;
    publisher_.flush(kFlushTurn, [this](bool all) {
      patience_.look();
      if (all || patience_.exhausted()) {
        loop_.stop();
      } else {
        flush();
      }
    });
  }

  ProgressCounts counts() const {
    const auto endpoints = publisher_.endpoints();
    const auto connected = std::count_if(endpoints.begin(), endpoints.end(),
                                         [](const auto& e) { return e->connected(); });
    const auto& log = publisher_.log();
    return {log.end_sequence(), log.end(), static_cast<std::uint64_t>(connected)};
  }

  const SendOptions& options_;
  const Order& order_;
  base::Log stderr_;
  base::Log lines_;
  loop::Loop loop_;
  net::Resolver resolver_{loop_};
  publish::Publisher publisher_;
  Patience patience_;
  SendSource source_;
  Progress progress_;
  loop::Signal term_;
  loop::Signal interrupt_;
  bool taken_ = true;
  bool flushing_ = false;
  bool interrupted_ = false;
};

int wrong_use(const base::Error& error) {
  std::fprintf(stderr, "lariat: send: %s\n", error.text.c_str());
  return kWrongUse;
}

int run_send(const SendOptions& options) {
  const auto order = take_apart(options);
  if (!order) return wrong_use(order.error());
  const auto limits = options.endpoints.log_limits();
  if (!limits) return wrong_use(limits.error());
  auto endpoints = options.endpoints.endpoints(order->urls);
  if (!endpoints) return wrong_use(endpoints.error());
  Send send(options, *order, *limits);
  return send.run(*endpoints);
}

// An option that we do not have looks like a word to the parser, which must let `-5` pass.
base::Result<std::vector<std::string>> words_of(const CLI::App& command) {
  auto words = command.remaining();
  for (const auto& word : words) {
    const bool option = word.size() > 1 && word[0] == '-' && !proto::parse_number(word);
    if (option) return base::Error{fmt::format("unknown option {}; see --help", word)};
  }
  return words;
}

}  // namespace

void add_send(CLI::App& app, Run& run) {
  auto options = std::make_shared<SendOptions>();
  auto* command = app.add_subcommand(
      "send",
      "send to every URL one message, or lines, TSDP octets or JSON from standard input\n"
      "  lariat send URL… sample|tally|delta|state|event|fact NAME VALUE…\n"
      "  lariat send URL… [--json] -");
  command->allow_extras();
  command
      ->add_option("--timeout", options->timeout,
                   "give an endpoint up after no progress for so long")
      ->type_name("TIME")
      ->capture_default_str();
  command
      ->add_option("--time", options->time, "of the observation, seconds since 1970; default now")
      ->type_name("SECONDS");
  command->add_option("--tag", options->tags, "KEY=VALUE for names without; default host=HOSTNAME")
      ->type_name("TAG")
      ->allow_extra_args(false);
  command->add_flag("--json", options->json, "standard input is what receive --json prints");
  command->add_flag("-q,--quiet", options->quiet, "no table at the end");
  options->endpoints.add_to(*command);
  command->callback([options, command, &run] {
    run = [options, command] {
      auto words = words_of(*command);
      if (!words) return wrong_use(words.error());
      options->words = std::move(*words);
      return run_send(*options);
    };
  });
}

}  // namespace lariat::app
