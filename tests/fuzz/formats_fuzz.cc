#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/decode.h"
#include "proto/line_splitter.h"
#include "proto/qname.h"
#include "proto/text_reader.h"
#include "tests/fuzz/claim.h"

namespace lariat::proto {
namespace {

using test::claim;

constexpr std::uint64_t kNow = 1'700'000'000;

/// Messages one behind the other, and each refusal as its reason.
struct Said {
  std::string octets;
  std::vector<std::string> refused;
  std::size_t answers = 0;
  friend bool operator==(const Said&, const Said&) = default;
};

// The first octet chooses the format: those of `TextFormat` in their order, any other finds out.
std::optional<TextFormat> format_of(std::uint8_t octet) {
  constexpr std::uint8_t kFormats = 7;
  const auto number = static_cast<std::uint8_t>(octet - '0');
  return number < kFormats ? std::optional(static_cast<TextFormat>(number)) : std::nullopt;
}

void take_message(std::span<const std::byte> message, Said& said) {
  claim(check(MessageView(message)) == Reason::kNone, "what comes out is a valid message");
  const Submit submit{MessageView(message)};
  claim(submit.finite(), "its values are finite");
  claim(is_canonical(submit.name()) && !has_wildcard(submit.name()), "its name is canonical");
  said.octets.append(reinterpret_cast<const char*>(message.data()), message.size());
}

/// A plugin ends with the status that the text's length says.
Said read(std::optional<TextFormat> format, std::string_view text, std::size_t piece_size) {
  static const DefaultTags tags = [] {
    DefaultTags made;
    (void)made.set("host", "h");
    return made;
  }();
  Said said;
  const auto sink = [&said](std::span<const std::byte> message) { take_message(message, said); };
  const auto reader = std::make_unique<TextReader>(tags, 0, format, "check");
  const PluginEnd end{static_cast<int>(text.size() % 5), {}};
  LineSplitter splitter(1000);
  const auto take = [&](const LineSplitter::Line& line) {
    if (line.too_long) return;
    const std::size_t before = said.octets.size();
    const auto result = reader->take(line.text, kNow, sink);
    if (result.done) ++said.answers;
    if (result.reason == Reason::kNone) return;
    said.refused.emplace_back(to_string(result.reason));
    // Of several names of one line the first may be good, and another too long.
    claim(said.octets.size() == before || result.reason == Reason::kBadName,
          "a line that is refused gives nothing");
  };
  while (!text.empty()) {
    const std::string piece(text.substr(0, piece_size));
    text.remove_prefix(piece.size());
    splitter.feed(piece);
    while (const auto line = splitter.next()) take(*line);
  }
  if (const auto line = splitter.finish()) take(*line);
  reader->finish(end, kNow, sink, [&said](Reason reason, std::string_view) {
    said.refused.emplace_back(to_string(reason));
  });
  return said;
}

// What came out of all lines is a stream that a decoder reads to its end.
void decode(const std::string& octets) {
  Decoder decoder;
  decoder.feed(std::as_bytes(std::span(octets)));
  while (const auto event = decoder.next()) {
    claim(event->outcome == Decoder::Outcome::kMessage, "a decoder takes it");
    claim(event->message.opcode() == Opcode::kSubmit, "it is a SUBMIT");
  }
  claim(decoder.end() != Decoder::End::kTruncated, "it is whole");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto format = format_of(data[0]);
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Said whole = read(format, text, size);
  decode(whole.octets);
  claim(read(format, text, 1) == whole, "octet by octet it says the same");
  claim(read(format, text, 7) == whole, "cut it says the same");
  return 0;
}

}  // namespace lariat::proto
