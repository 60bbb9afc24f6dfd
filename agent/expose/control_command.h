#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <variant>

#include "agent/base/clock.h"
#include "agent/expose/scrape.h"
#include "agent/expose/sources.h"

namespace lariat::expose {

/// What a line to the control socket gets: a text, or metrics in pieces.
using ControlAnswer = std::variant<std::string, Scrape>;

/// `line` is without its line end; a CR and blanks at its ends do not matter. One that is no
/// command gets a sentence that begins with `error: `, and the list of commands.
[[nodiscard]] ControlAnswer control_answer(std::string_view line, const Sources& sources,
                                           base::Monotonic now);

}  // namespace lariat::expose
