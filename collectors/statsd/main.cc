#include <sys/random.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/sdk/program.h"
#include "collectors/sdk/scan.h"
#include "collectors/statsd/server.h"
#include "collectors/statsd/store.h"

namespace {

namespace sdk = lariat::sdk;
namespace statsd = lariat::statsd;

constexpr std::string_view kName = "statsd";

struct Options {
  std::vector<statsd::Address> listen;
  statsd::StoreOptions store;
  std::uint64_t once_seconds = 10;
};

std::string take_quantiles(std::string_view text, std::vector<double>& quantiles) {
  quantiles.clear();
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(','), text.size());
    const auto quantile = sdk::parse<double>(text.substr(0, end));
    if (!quantile || *quantile < 0 || *quantile > 1) {
      return "--quantiles needs numbers from 0 to 1 with commas between, as 0.5,0.99";
    }
    quantiles.push_back(*quantile);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return {};
}

template <typename Number>
sdk::Option number(std::string_view name, Number least, Number& number, std::string_view help) {
  return {name, "N", help, [name, least, &number](std::string_view text) {
            const auto read = sdk::parse<Number>(text);
            if (read && *read >= least) {
              number = *read;
              return std::string();
            }
            return std::string(name) + " needs a whole number, " + std::to_string(least) +
                   " or more";
          }};
}

// Draws what the hashes of names begin with.
std::uint64_t draw() {
  std::uint64_t seed = 0;
  // Without it names from outside could be made to collide; that costs time, in bounded tables.
  [[maybe_unused]] const ssize_t got = ::getrandom(&seed, sizeof seed, GRND_NONBLOCK);
  return seed;
}

/// The program: what comes in by the server is added up by the store.
class Statsd {
 public:
  explicit Statsd(const Options& options)
      : store_(options.store, draw()),
        server_([this](std::string_view text) { store_.take(text); }) {
    for (int i = 1; i < statsd::kRefusals; ++i) {
      const auto reason = statsd::to_string(static_cast<statsd::Refusal>(i));
      reasons_.push_back(sdk::Tags{{"reason", reason}}.text());
    }
  }

  [[nodiscard]] int listen(const std::vector<statsd::Address>& addresses) {
    for (const statsd::Address& address : addresses) {
      std::string told;
      const std::string fault = server_.listen(address, told);
      sdk::complain(kName, fault.empty() ? "listens at " + told : fault);
      if (!fault.empty()) return 1;
    }
    return -1;
  }

  void put(sdk::Answer& answer) {
    store_.put(answer);
    const statsd::Traffic& traffic = server_.traffic();
    answer.delta("statsd_lines_total", static_cast<double>(store_.lines()));
    for (int i = 1; i < statsd::kRefusals; ++i) {
      const auto refused = store_.refused(static_cast<statsd::Refusal>(i));
      answer.delta("statsd_lines_refused_total", static_cast<double>(refused),
                   reasons_[static_cast<std::size_t>(i) - 1]);
    }
    answer.delta("statsd_packets_total", static_cast<double>(traffic.packets));
    answer.delta("statsd_packets_dropped_total", static_cast<double>(traffic.dropped));
    answer.delta("statsd_connections_total", static_cast<double>(traffic.connections));
    answer.delta("statsd_connections_refused_total", static_cast<double>(traffic.refused));
    answer.sample("statsd_connections", static_cast<double>(traffic.connected));
    answer.sample("statsd_series", static_cast<double>(store_.series()));
  }

  [[nodiscard]] statsd::Server& server() noexcept { return server_; }

 private:
  statsd::Store store_;
  statsd::Server server_;
  std::vector<std::string> reasons_;
};

std::vector<sdk::Option> describe(Options& options) {
  return {
      {"--listen", "URL",
       "udp://IP:PORT, tcp://IP:PORT or unixgram:///PATH; may be repeated, in place of "
       "udp://127.0.0.1:8125 and tcp://127.0.0.1:8125",
       [&options](std::string_view text) {
         return statsd::parse_address(text, options.listen.emplace_back());
       }},
      {"--quantiles", "LIST", "of timers and distributions; 0.5,0.9,0.99 unless given",
       [&options](std::string_view text) { return take_quantiles(text, options.store.quantiles); }},
      number("--max-series", std::size_t{1}, options.store.most_series,
             "names at a time; 10000 unless given"),
      number("--expire", std::uint64_t{0}, options.store.expire,
             "seconds after which a name without lines goes, 0: never; 3600 unless given"),
      number("--listen-for", std::uint64_t{1}, options.once_seconds,
             "seconds with --once; 10 unless given"),
  };
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  std::optional<Statsd> program;
  const std::vector<sdk::Option> own = describe(options);
  const auto wait = [&](int input) {
    constexpr std::uint64_t kMostSeconds = 86'400;
    const std::chrono::seconds once(std::min(options.once_seconds, kMostSeconds));
    input >= 0 ? program->server().serve(input) : program->server().serve_for(once);
  };
  const auto begin = [&] {
    if (options.listen.empty()) {
      options.listen = {{statsd::Address::Transport::kUdp, "127.0.0.1", "8125"},
                        {statsd::Address::Transport::kTcp, "127.0.0.1", "8125"}};
    }
    program.emplace(options);
    return program->listen(options.listen);
  };
  return sdk::run(
      sdk::arguments_of(argc, argv),
      {kName, "what programs send in the way of StatsD, added up", wait},
      [&program](sdk::Answer& answer) { program->put(answer); }, own, begin);
}
