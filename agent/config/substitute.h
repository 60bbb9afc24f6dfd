#pragma once

#include <string>
#include <string_view>

#include "agent/base/result.h"
#include "agent/config/load.h"

namespace lariat::config {

/// What a string value of the configuration stands for: itself, unless it begins with `@`.
///
/// `@hostname`, `@env:NAME`, `@file:/path` without one line end at its end, `@cred:NAME` the same
/// of a file in `$CREDENTIALS_DIRECTORY`. They stand for a whole value; what they give is not
/// looked at again. `@@x` is the text `@x`; any other text with `@` before it is an error, so that
/// a slip of the pen does not become a value.
[[nodiscard]] base::Result<std::string> substitute(const std::string& text,
                                                   const Surroundings& surroundings);
/// How to write a text so that it stands for itself.
[[nodiscard]] std::string as_written(const std::string& text);

}  // namespace lariat::config
