#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lariat::test {

/// One of the files in `tests/fixtures/vectors`, such as `tsdp-valid.json`.
[[nodiscard]] nlohmann::json read_vectors(std::string_view file);

/// `1000…` as octets.
[[nodiscard]] std::vector<std::byte> from_hex(std::string_view hex);
[[nodiscard]] std::string to_hex(std::span<const std::byte> bytes);

[[nodiscard]] std::string as_text(std::span<const std::byte> bytes);
[[nodiscard]] std::span<const std::byte> as_octets(std::string_view text);

/// The text under `key`, or under `key_hex`, or spelled `hex:…`; nothing if it is null.
[[nodiscard]] std::optional<std::string> text_of(const nlohmann::json& vector,
                                                 const std::string& key);

}  // namespace lariat::test
