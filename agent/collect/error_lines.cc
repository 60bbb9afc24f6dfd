#include "agent/collect/error_lines.h"

#include <fmt/format.h>

#include <algorithm>

namespace lariat::collect {
namespace {

constexpr std::size_t kShown = 200;  // Octets of a line.

}  // namespace

std::string printable(std::string_view text, std::size_t limit) {
  std::string line;
  for (const char c : text.substr(0, limit)) {
    const auto octet = static_cast<unsigned char>(c);
    if (octet == '\t') {
      line += ' ';
    } else if (octet < 0x20 || octet >= 0x7f) {
      line += fmt::format("\\x{:02x}", octet);
    } else {
      line += c;
    }
  }
  if (text.size() > limit) line += "…";
  return line;
}

void ErrorLines::feed(std::span<const std::byte> octets) {
  std::string_view text(reinterpret_cast<const char*>(octets.data()), octets.size());
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    line_.append(text.substr(0, std::min(end, kShown + 1 - line_.size())));
    if (end == text.size()) return;
    end_line();
    text.remove_prefix(end + 1);
  }
}

void ErrorLines::end_run() {
  if (left_out_ > 0) tell_(fmt::format("{} more lines were left out", left_out_));
  told_ = 0;
  left_out_ = 0;
}

void ErrorLines::finish() {
  if (!line_.empty()) end_line();
  end_run();
}

void ErrorLines::end_line() {
  if (line_.ends_with('\r')) line_.pop_back();
  if (!line_.empty() && told_++ < kLinesPerRun) {
    tell_(printable(line_, kShown));
  } else if (!line_.empty()) {
    ++left_out_;
  }
  line_.clear();
}

}  // namespace lariat::collect
