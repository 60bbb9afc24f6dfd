#include "agent/config/notes.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace lariat::config {
namespace {

constexpr std::size_t kMostNotes = 1000;
constexpr std::size_t kMostText = 600;
constexpr std::size_t kMostPath = 200;
constexpr std::size_t kMostFile = 4096;
constexpr std::size_t kMostQuoted = 60;

unsigned octet(std::string_view text, std::size_t at) noexcept {
  return at < text.size() ? static_cast<unsigned char>(text[at]) : 0U;
}

// How many octets of a character that no terminal should get begin the text; 0: none does.
std::size_t steering(std::string_view text) noexcept {
  const unsigned first = octet(text, 0);
  const unsigned second = octet(text, 1);
  const unsigned third = octet(text, 2);
  if (first < 0x20 || first == 0x7f) return 1;
  if (first == 0xc2 && second >= 0x80 && second <= 0x9f) return 2;
  if (first != 0xe2) return 0;
  const bool lines_and_directions = second == 0x80 && third >= 0xa8 && third <= 0xae;
  const bool isolates = second == 0x81 && third >= 0xa6 && third <= 0xa9;
  return lines_and_directions || isolates ? 3 : 0;
}

bool continues(char c) noexcept { return (static_cast<unsigned char>(c) & 0xc0U) == 0x80U; }

// Notes of the whole file come first.
void sort(std::vector<Mistake>& list) {
  std::stable_sort(list.begin(), list.end(), [](const Mistake& a, const Mistake& b) {
    return a.line != b.line ? a.line < b.line : a.column < b.column;
  });
}

}  // namespace

std::string shown(std::string_view text, std::size_t most) {
  const bool cut = text.size() > most;
  if (cut) {
    while (most > 0 && continues(text[most])) --most;
    text = text.substr(0, most);
  }
  std::string out;
  while (!text.empty()) {
    const std::size_t bad = steering(text);
    for (std::size_t i = 0; i < bad; ++i) out += fmt::format("\\x{:02x}", octet(text, i));
    if (bad == 0) out += text.front();
    text.remove_prefix(std::max<std::size_t>(1, bad));
  }
  if (cut) out += "...";
  return out;
}

std::string quoted(std::string_view text) { return '"' + shown(text, kMostQuoted) + '"'; }

void Notes::add(std::vector<Mistake>& list, Mistake note) const {
  if (list.size() > kMostNotes) return;
  if (list.size() == kMostNotes) {
    note = {.file = file_,
            .line = note.line,
            .column = note.column,
            .text = fmt::format("there is more; these are the first {}", kMostNotes)};
  }
  list.push_back(std::move(note));
}

void Notes::mistake(Place place, std::string_view path, std::string_view text) {
  add(mistakes_, {file_, place.line, place.column, shown(path, kMostPath), shown(text, kMostText)});
}

void Notes::warning(Place place, std::string_view path, std::string_view text) {
  add(warnings_, {file_, place.line, place.column, shown(path, kMostPath), shown(text, kMostText)});
}

// The line that shows it begins with the path already.
void Notes::unreadable(std::string_view sentence) {
  if (sentence.starts_with(file_ + ' ')) sentence.remove_prefix(file_.size() + 1);
  mistake({}, {}, sentence);
}

std::vector<Mistake> Notes::take_mistakes() {
  sort(mistakes_);
  return std::move(mistakes_);
}

std::vector<Mistake> Notes::take_warnings() {
  sort(warnings_);
  for (Mistake& warning : others_) add(warnings_, std::move(warning));
  return std::move(warnings_);
}

void Notes::add_warnings(std::vector<Mistake> warnings) { others_ = std::move(warnings); }

std::string to_string(const Mistake& mistake) {
  std::string text = shown(mistake.file, kMostFile);
  if (mistake.line != 0) text += fmt::format(":{}:{}", mistake.line, mistake.column);
  if (!text.empty()) text += ": ";
  if (!mistake.path.empty()) text += mistake.path + ": ";
  return text + mistake.text;
}

}  // namespace lariat::config
