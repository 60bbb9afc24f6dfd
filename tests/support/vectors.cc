#include "tests/support/vectors.h"

#include <fstream>
#include <stdexcept>

namespace lariat::test {

nlohmann::json read_vectors(std::string_view file) {
  const std::string path = std::string(LARIAT_FIXTURES "/vectors/").append(file);
  std::ifstream in(path);
  if (!in) throw std::runtime_error("cannot read " + path);
  return nlohmann::json::parse(in);
}

std::vector<std::byte> from_hex(std::string_view hex) {
  std::vector<std::byte> bytes;
  bytes.reserve(hex.size() / 2);
  for (; hex.size() >= 2; hex.remove_prefix(2)) {
    bytes.push_back(static_cast<std::byte>(std::stoi(std::string(hex.substr(0, 2)), nullptr, 16)));
  }
  return bytes;
}

std::string to_hex(std::span<const std::byte> bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  for (const std::byte octet : bytes) {
    hex += kDigits[std::to_integer<std::size_t>(octet >> 4U)];
    hex += kDigits[std::to_integer<std::size_t>(octet & std::byte{0x0f})];
  }
  return hex;
}

std::string as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::span<const std::byte> as_octets(std::string_view text) {
  return std::as_bytes(std::span(text));
}

std::optional<std::string> text_of(const nlohmann::json& vector, const std::string& key) {
  constexpr std::string_view kHexMark = "hex:";
  const std::string hex_key = key + "_hex";
  if (vector.contains(hex_key) && !vector.at(hex_key).is_null()) {
    return as_text(from_hex(vector.at(hex_key).get<std::string>()));
  }
  if (!vector.contains(key) || vector.at(key).is_null()) return std::nullopt;
  auto text = vector.at(key).get<std::string>();
  if (text.starts_with(kHexMark)) return as_text(from_hex(text.substr(kHexMark.size())));
  return text;
}

}  // namespace lariat::test
