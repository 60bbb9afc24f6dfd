#include "tests/integration/receive_run.h"

#include <span>
#include <stdexcept>

#include "proto/decode.h"
#include "proto/message.h"

namespace lariat::test {
namespace {

constexpr std::string_view kListening = "listening on ";

std::vector<std::string> command(const std::string& url, const std::vector<std::string>& options) {
  std::vector<std::string> words = {LARIAT_BINARY, "receive", url};
  words.insert(words.end(), options.begin(), options.end());
  return words;
}

void take(RawStream& stream, const proto::MessageView& message, std::uint64_t before) {
  if (message.opcode() == proto::Opcode::kHeartbeat) {
    ++stream.heartbeats;
    std::uint64_t count = 0;
    for (const auto& field : message.fields()) count = field.number();
    if (count != before) ++stream.heartbeats_wrong;
    return;
  }
  stream.frames.append(reinterpret_cast<const char*>(message.bytes().data()), message.size());
  const proto::Submit submit(message);
  if (submit.kind() == proto::Payload::kSample) {
    const auto value = submit.value(0);
    stream.numbers.push_back(value >= 0 && value < 0x1p63 ? static_cast<std::uint64_t>(value) : 0);
  }
}

}  // namespace

ReceiveRun::ReceiveRun(const std::string& url, const std::vector<std::string>& options)
    : process_(command(url, options)) {
  const auto line = process_.wait_for_line(Process::Stream::kErr, kListening);
  if (!line) {
    throw std::runtime_error("receive does not listen: " + process_.text(Process::Stream::kErr));
  }
  url_ = line->substr(kListening.size());
}

RawStream read_raw(const std::string& file) {
  const auto octets = read_file(file);
  RawStream stream;
  proto::Decoder decoder;
  decoder.feed(std::as_bytes(std::span(octets)));
  std::uint64_t messages = 0;
  while (const auto event = decoder.next()) {
    if (event->outcome == proto::Decoder::Outcome::kMessage) {
      take(stream, event->message, messages);
    } else {
      ++stream.bad;
    }
    ++messages;
  }
  if (decoder.end() != proto::Decoder::End::kClean) ++stream.bad;
  return stream;
}

}  // namespace lariat::test
