#include <signal.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "agent/expose/http_server.h"
#include "agent/net/address.h"
#include "tests/fuzz/claim.h"
#include "tests/fuzz/http_answers.h"
#include "tests/fuzz/visit.h"
#include "tests/unit/expose/exposed_agent.h"

namespace lariat::expose {
namespace {

using test::claim;
using test::Visit;

// More than one block of /metrics, so that it comes in chunks.
constexpr std::size_t kSeries = 800;
// Whatever is asked on one connection; `GET /metrics` takes 14 octets and brings 40 KiB.
constexpr std::size_t kMostHeard = std::size_t{64} << 20U;

/// The server of an agent, on a port of loopback.
struct Served {
  Served() {
    ::signal(SIGPIPE, SIG_IGN);
    agent.fill(kSeries, {.interval = std::chrono::hours(24)});
    agent.not_ready = "the collector linux has not run";
    const auto listening = server.listen("127.0.0.1", 0);
    claim(static_cast<bool>(listening), "the server listens on loopback");
    address = *net::Address::from_literal("127.0.0.1", test::port_of(*listening));
  }

  test::ExposedAgent agent;
  HttpServer server{agent.loop, agent.sources()};
  net::Address address;
};

void check_answers(const Visit& visit) {
  claim(visit.heard().size() <= kMostHeard, "answers are bounded");
  const auto answers = test::read_answers(visit.heard());
  if (visit.reset()) return;  // It may have cut an answer short.
  claim(answers.rest.empty() || (answers.until_close && visit.closed()), "an answer is whole");
}

bool whole(const Visit& visit) {
  return visit.closed() || test::read_answers(visit.heard()).rest.empty();
}

void check_that_it_serves(Served& served) {
  constexpr std::string_view kRequest = "\0GET /-/healthy HTTP/1.0\r\n\r\n";
  const std::string request(std::string_view(kRequest.data(), 1 + 28));
  Visit visit(served.agent.loop, served.address);
  visit.say({reinterpret_cast<const std::uint8_t*>(request.data()), request.size()});
  claim(visit.hear_until([&] { return visit.closed(); }), "the server closes after HTTP/1.0");
  claim(test::code_of(visit.heard()) == "200", "others are served");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Served served;
  const test::Leftovers leftovers;
  const auto series = served.agent.snapshot.series();
  {
    Visit visit(served.agent.loop, served.address);
    visit.say({data, size});
    claim(visit.hear_until([&] { return whole(visit); }), "an answer that has begun ends");
    check_answers(visit);
    check_that_it_serves(served);
    visit.leave();
    claim(visit.hear_until([&] { return served.server.connections() == 0; }),
          "a client that has gone leaves no connection");
  }
  claim(served.agent.snapshot.series() == series, "nobody adds series by asking");
  return 0;
}

}  // namespace lariat::expose
