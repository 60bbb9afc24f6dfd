#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include "agent/api/engine.h"
#include "agent/api/include/lariat/lariat.h"
#include "agent/base/result.h"
#include "agent/publish/endpoint.h"

namespace lariat::api {

/// The structure of a program that knows fewer members, or more: those it has not are 0. False if
/// it uses some that we do not know, or has no size.
template <typename T>
[[nodiscard]] bool take_structure(const T* given, T& out) noexcept {
  out = T{};
  if (given == nullptr) return true;
  const std::size_t size = given->size;
  if (size < sizeof given->size) return false;
  const auto* octets = reinterpret_cast<const unsigned char*>(given);
  for (std::size_t i = sizeof(T); i < size; ++i) {
    if (octets[i] != 0) return false;
  }
  std::memcpy(&out, given, size < sizeof(T) ? size : sizeof(T));
  return true;
}

/// Hands out what fits in the structure of the caller, whose `size` stays.
template <typename T>
void give_structure(const T& filled, T* out) noexcept {
  const std::size_t size = out->size;
  std::memset(reinterpret_cast<unsigned char*>(out), 0, size);
  std::memcpy(out, &filled, size < sizeof(T) ? size : sizeof(T));
  out->size = size;
}

/// Why options are refused: a result of the interface, and a sentence.
struct Refusal {
  int result = LARIAT_BAD_ARGUMENT;
  std::string sentence;
};

/// Returns `refusal.result`, which is LARIAT_OK if `out` has what the options say.
[[nodiscard]] int read_options(const lariat_options& given, EngineOptions& out, Refusal& refusal);
[[nodiscard]] int read_endpoint(const char* url, const lariat_endpoint_options& given, bool spooled,
                                publish::EndpointConfig& out, Refusal& refusal);

}  // namespace lariat::api
