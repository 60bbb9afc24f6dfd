#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "agent/expose/control_command.h"
#include "agent/expose/control_socket.h"
#include "agent/net/address.h"
#include "tests/fuzz/claim.h"
#include "tests/fuzz/visit.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/expose/exposed_agent.h"

namespace lariat::expose {
namespace {

using test::claim;
using test::Speech;
using test::Visit;

constexpr std::size_t kMaxLine = 256;
constexpr std::string_view kTooLong = "error: the line is too long";

/// The control socket of an agent, in a folder of its own.
struct Served {
  Served() {
    agent.fill(2'000, {.interval = std::chrono::hours(24)});
    agent.status.endpoints.push_back({.name = "east", .url = "tsdp://192.0.2.1:2600"});
    const auto listening = control.listen(folder / "control");
    claim(static_cast<bool>(listening), "the control socket listens");
    address = *net::Address::from_path(*listening);
  }

  test::TemporaryDirectory folder;
  test::ExposedAgent agent;
  ControlSocket control{agent.loop, agent.sources()};
  net::Address address;
};

/// What the line is answered with; nothing if there is none, or none yet.
std::optional<std::string> expected(const Speech& speech, Served& served) {
  const auto end = speech.text.find('\n');
  if (end > kMaxLine && speech.text.size() > kMaxLine) return std::string(kTooLong);
  if (end == speech.text.npos && (!speech.ends || speech.text.empty())) return std::nullopt;
  auto answer =
      control_answer(speech.text.substr(0, end), served.agent.sources(), served.agent.loop.now());
  if (auto* text = std::get_if<std::string>(&answer)) return *text;
  std::string text(std::size_t{1} << 20U, '\0');
  std::size_t size = 0;
  while (const auto count = std::get<Scrape>(answer).read(text.data() + size, text.size() - size)) {
    size += count;
  }
  claim(size < text.size(), "there was room for all metrics");
  text.resize(size);
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Served served;
  const test::Leftovers leftovers;
  const Speech speech(data, size);
  const auto answer = expected(speech, served);
  Visit visit(served.agent.loop, served.address);
  visit.say(speech);
  if (answer) {
    claim(visit.hear_until([&] { return visit.closed(); }), "an answer ends with the connection");
    claim(visit.heard().starts_with(answer->substr(0, kTooLong.size())), "the answer to this line");
    claim(visit.heard().ends_with('\n'), "it ends with a line");
    claim(visit.heard().size() == answer->size() || *answer == kTooLong, "it is whole");
  } else {
    claim(visit.heard().empty(), "without a line there is no answer");
    claim(visit.closed() == speech.ends, "it waits for the rest, if that can come");
  }
  visit.leave();
  claim(visit.hear_until([] { return served.control.clients() == 0; }), "none is left behind");
  return 0;
}

}  // namespace lariat::expose
