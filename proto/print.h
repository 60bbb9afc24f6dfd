#pragma once

#include <string>

#include "proto/message.h"

namespace lariat::proto {

/// Appends a *valid* message to `out` as one line for people, without a line end: a SUBMIT in the
/// newer spelling of collectors, `sample 1700000000 cpu host=a 1.5`; any other as a comment that
/// begins with `#`. Reading a SUBMIT's line back gives the same message, the interval of a STATE
/// aside, if its name is canonical with neither blanks in its tags nor `=` or `*` in its metric,
/// and its text is printable and has no blanks at its ends. Octets that no terminal should get are
/// spelled `\xNN`.
void print_line(const MessageView& message, std::string& out);

}  // namespace lariat::proto
