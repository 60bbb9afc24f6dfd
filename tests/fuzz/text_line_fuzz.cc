#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "proto/line_encoder.h"
#include "proto/line_splitter.h"
#include "proto/print.h"
#include "tests/fuzz/claim.h"

namespace lariat::proto {
namespace {

using test::claim;

std::vector<std::string> split(std::string_view text, std::size_t size) {
  LineSplitter splitter(100);
  std::vector<std::string> lines;
  const auto note = [&lines](const LineSplitter::Line& line) {
    lines.push_back((line.too_long ? "!" : "=") + std::string(line.text));
  };
  while (!text.empty()) {
    const std::string piece(text.substr(0, size));
    text.remove_prefix(piece.size());
    splitter.feed(piece);
    while (const auto line = splitter.next()) note(*line);
  }
  if (const auto line = splitter.finish()) note(*line);
  return lines;
}

/// What a line gives; `reason` is why it gives nothing.
std::vector<std::string> encode(std::string_view line, LineEncoder& encoder, Reason& reason) {
  std::vector<std::string> messages;
  const auto parsed = parse_line(line);
  reason = parsed.reason;
  if (!parsed) return messages;
  reason = encoder.encode(parsed.record, [&messages](std::span<const std::byte> bytes) {
    claim(check(MessageView(bytes)) == Reason::kNone, "what a line gives is valid");
    messages.emplace_back(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  });
  claim(reason == Reason::kNone || messages.empty(), "a rejected line gives nothing");
  return messages;
}

/// A line can say this message: see `print_line`.
bool expressible(const MessageView& message, std::string_view printed) {
  const Submit submit(message);
  const std::string_view metric = metric_of(submit.name());
  const std::string_view tags = tags_of(submit.name());
  if (metric.find_first_of("=*\t") != metric.npos || tags.find_first_of(" \t") != tags.npos) {
    return false;
  }
  if (printed.find("\\x") != printed.npos) return false;
  std::string_view text;
  if (message.payload() == mask(Payload::kState)) {
    text = submit.summary().value_or("");
  } else if (message.payload() >= mask(Payload::kEvent)) {
    text = submit.text();
  }
  const auto blank = [](char octet) { return octet == ' ' || octet == '\t'; };
  return text.empty() || (!blank(text.front()) && !blank(text.back()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto lines = split(text, text.size());
  claim(split(text, 1) == lines, "octet by octet is as whole");
  claim(split(text, 7) == lines, "cut is as whole");

  DefaultTags tags;
  (void)tags.set("host", "h");
  const DefaultTags none;
  const auto encoder = std::make_unique<LineEncoder>(tags, 0);
  const auto reader = std::make_unique<LineEncoder>(none, 0);
  for (const std::string& line : lines) {
    Reason reason = Reason::kNone;
    for (const std::string& octets : encode(line.substr(1), *encoder, reason)) {
      const MessageView message(std::as_bytes(std::span(octets)));
      std::string printed;
      print_line(message, printed);
      claim(printed.find('\n') == printed.npos, "a printed message is one line");
      if (!expressible(message, printed)) continue;
      const auto again = encode(printed, *reader, reason);
      claim(again.size() == 1 && again.front() == octets, "what is printed is read back the same");
    }
  }
  return 0;
}

}  // namespace lariat::proto
