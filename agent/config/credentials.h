#pragma once

#include <optional>

#include "agent/config/output.h"
#include "agent/config/reader.h"

namespace lariat::config {

/// The keys by which a request says who sends it, those that are there.
struct CredentialKeys {
  std::optional<Value> headers;
  std::optional<Value> bearer_token;
  std::optional<Value> username;
  std::optional<Value> password;
};

/// Reads them. No mistake shows a value.
void read_credentials(const CredentialKeys& keys, Output& output);

}  // namespace lariat::config
