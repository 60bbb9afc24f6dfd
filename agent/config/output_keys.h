#pragma once

#include <string>
#include <string_view>

#include "agent/base/url.h"

namespace lariat::config {

/// Whether the scheme of `url` has a use for this key of an endpoint, of those that not all have. A
/// URL without a scheme, which was one, has a use for all.
[[nodiscard]] bool has_key(const base::Url& url, std::string_view key) noexcept;
/// The schemes that have a use for this key: `influx+http://, influx+https://`.
[[nodiscard]] std::string schemes_with(std::string_view key);

}  // namespace lariat::config
