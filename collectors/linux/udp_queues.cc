#include <array>
#include <cstdint>
#include <string>

#include "collectors/linux/all.h"
#include "collectors/linux/fault.h"
#include "collectors/sdk/scan.h"

namespace lariat::host {
namespace {

constexpr std::string_view kMetric = "node_udp_queues";

struct Queues {
  std::uint64_t transmit = 0;
  std::uint64_t receive = 0;
};

// `NUMBER: LOCAL REMOTE STATE TRANSMIT:RECEIVE …`, in hexadecimal.
bool add_socket(std::string_view line, Queues& queues) {
  constexpr std::size_t kBefore = 4;
  for (std::size_t i = 0; i < kBefore; ++i) {
    if (sdk::take_word(line).empty()) return false;
  }
  const std::string_view both = sdk::take_word(line);
  const std::size_t colon = both.find(':');
  if (colon == both.npos) return false;
  const auto transmit = sdk::parse_hexadecimal(both.substr(0, colon));
  const auto receive = sdk::parse_hexadecimal(both.substr(colon + 1));
  if (!transmit || !receive) return false;
  queues.transmit += *transmit;
  queues.receive += *receive;
  return true;
}

// Octets that wait in the sockets of one protocol.
struct Protocol {
  std::string file;
  sdk::Tags receive;
  sdk::Tags transmit;
};

Protocol protocol(const char* file, std::string_view version) {
  return {file, sdk::Tags{{"ip", version}, {"queue", "rx"}},
          sdk::Tags{{"ip", version}, {"queue", "tx"}}};
}

class UdpQueuesSource : public sdk::Source {
 public:
  explicit UdpQueuesSource(sdk::Host& host) : host_(host) {}

  std::string collect(sdk::Answer& answer) override {
    bool any = false;
    for (const Protocol& of : protocols_) {
      std::string error;
      const auto content = host_.read_proc(of.file, error, sdk::ProcFile::Shape::kShortRecords);
      // A kernel may lack one of them.
      if (!content) continue;
      any = true;
      Queues queues;
      std::string_view rest = *content;
      std::string_view line;
      const bool headed = sdk::take_line(rest, line);
      while (headed && sdk::take_line(rest, line)) {
        if (!add_socket(line, queues)) return not_understood("/proc/" + of.file, line);
      }
      answer.sample(kMetric, static_cast<double>(queues.transmit), of.transmit.text());
      answer.sample(kMetric, static_cast<double>(queues.receive), of.receive.text());
    }
    return any ? std::string() : not_here();
  }

 private:
  sdk::Host& host_;
  std::array<Protocol, 2> protocols_ = {protocol("net/udp", "v4"), protocol("net/udp6", "v6")};
};

}  // namespace

std::unique_ptr<sdk::Source> make_udp_queues(sdk::Host& host) {
  return std::make_unique<UdpQueuesSource>(host);
}

}  // namespace lariat::host
