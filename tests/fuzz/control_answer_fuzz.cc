#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <thread>

#include "agent/app/control_client.h"
#include "agent/base/unique_fd.h"
#include "agent/net/address.h"
#include "tests/fuzz/claim.h"
#include "tests/fuzz/visit.h"
#include "tests/support/temporary_directory.h"

namespace lariat::app {
namespace {

using test::claim;
using test::Speech;

/// A socket on which the fuzzer plays the agent.
struct Stage {
  Stage() : listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const auto address = *net::Address::from_path(path);
    claim(::bind(listener.get(), address.data(), address.size) == 0, "there is a socket");
    claim(::listen(listener.get(), 1) == 0, "it listens");
  }

  /// Takes one client, reads its line and answers in pieces.
  void play(const Speech& speech) const {
    const base::UniqueFd client(::accept(listener.get(), nullptr, nullptr));
    std::array<char, 64> line;
    claim(::recv(client.get(), line.data(), line.size(), 0) == 7, "it asks for its status");
    for (auto rest = speech.text; !rest.empty();) {
      const auto piece = rest.substr(0, speech.piece);
      const auto sent = ::send(client.get(), piece.data(), piece.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      rest.remove_prefix(static_cast<std::size_t>(sent));
    }
  }

  test::TemporaryDirectory folder;
  std::string path = folder / "control";
  base::UniqueFd listener;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Stage stage;
  const test::Leftovers leftovers;
  const Speech speech(data, size);
  std::thread agent([&] { stage.play(speech); });
  const auto answer = ask_agent({&stage.path, 1}, "status", std::chrono::seconds(5));
  agent.join();
  const bool refused = speech.text.empty() || speech.text.starts_with("error: ");
  claim(answer.has_value() != refused, "what does not begin with error: is an answer");
  if (answer) {
    claim(*answer == speech.text, "it is handed on as it came");
  } else {
    claim(answer.error().text.find('\n') == std::string::npos, "an error is one line");
  }
  return 0;
}

}  // namespace lariat::app
