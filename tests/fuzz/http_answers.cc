#include "tests/fuzz/http_answers.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string>

#include "tests/fuzz/claim.h"

namespace lariat::test {
namespace {

constexpr std::size_t kMostHead = 4096;
// Ours, and those by which the library refuses: 400, 413, 414, 431, 501,
// 505.
constexpr std::array<int, 10> kKnown = {200, 400, 404, 405, 413, 414, 431, 501, 503, 505};

void check_status_line(std::string_view line) {
  claim(line.starts_with("HTTP/1.1 ") || line.starts_with("HTTP/1.0 "), "an answer is HTTP/1");
  int code = 0;
  const auto digits = line.substr(9, 3);
  std::from_chars(digits.data(), digits.data() + digits.size(), code);
  claim(std::find(kKnown.begin(), kKnown.end(), code) != kKnown.end(), "the status is known");
  claim(line.size() > 13 && line[12] == ' ', "the status has its words");
}

/// The value of a field of the head.
std::optional<std::string_view> field(std::string_view head, std::string_view name) {
  const auto line = std::string("\r\n").append(name).append(": ");
  const auto at = head.find(line);
  if (at == head.npos) return std::nullopt;
  const auto value = head.substr(at + line.size());
  return value.substr(0, value.find("\r\n"));
}

void check_head(std::string_view head) {
  claim(head.size() <= kMostHead, "a head is short");
  check_status_line(head.substr(0, head.find("\r\n")));
  for (const char octet : head) {
    const auto value = static_cast<unsigned char>(octet);
    claim((value >= 0x20 && value < 0x7f) || octet == '\r' || octet == '\n', "a head is plain");
  }
  claim(!field(head, "Content-Length") || !field(head, "Transfer-Encoding"), "one way to its end");
}

/// Octets of a chunked body at the front; nothing if it is not all there.
std::optional<std::size_t> chunked_size(std::string_view text) {
  for (std::size_t at = 0;;) {
    const auto line = text.find("\r\n", at);
    if (line == text.npos) return std::nullopt;
    std::size_t size = 0;
    const auto digits = std::from_chars(text.data() + at, text.data() + line, size, 16);
    claim(digits.ec == std::errc() && digits.ptr == text.data() + line, "a chunk has its size");
    at = line + 2 + size + 2;
    if (at > text.size()) return std::nullopt;
    claim(text.substr(at - 2, 2) == "\r\n", "a chunk has its end");
    if (size == 0) return at;
  }
}

/// Octets of the body at the front of `text`; nothing if it is not all there.
std::optional<std::size_t> body_size(std::string_view head, std::string_view text) {
  // To HEAD: no body of ours begins like an answer.
  if (text.empty() || text.starts_with("HTTP/1.")) return 0;
  if (field(head, "Transfer-Encoding") == "chunked") return chunked_size(text);
  const auto length = field(head, "Content-Length");
  if (!length) return std::nullopt;
  std::size_t size = 0;
  const auto digits = std::from_chars(length->data(), length->data() + length->size(), size);
  claim(digits.ptr == length->data() + length->size(), "a length is a number");
  if (size > text.size()) return std::nullopt;
  return size;
}

}  // namespace

HttpAnswers read_answers(std::string_view octets) {
  HttpAnswers answers{.rest = octets};
  while (!answers.rest.empty()) {
    const auto end = answers.rest.find("\r\n\r\n");
    if (end == answers.rest.npos) return answers;
    const auto head = answers.rest.substr(0, end + 2);
    check_head(head);
    const auto body = answers.rest.substr(end + 4);
    answers.until_close =
        !field(head, "Transfer-Encoding") && !field(head, "Content-Length") && !body.empty();
    const auto size = body_size(head, body);
    if (!size) return answers;
    answers.rest = body.substr(*size);
    ++answers.whole;
  }
  return answers;
}

}  // namespace lariat::test
