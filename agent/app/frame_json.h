#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "agent/base/result.h"
#include "proto/message.h"

namespace lariat::app {

/// A message as one JSON object, and back, octet for octet. Keys that have their default are left
/// out, any order is read, an unknown or repeated key is an error.
///
/// | message | keys |
/// | --- | --- |
/// | SUBMIT SAMPLE | `kind` `name` `time` `values` |
/// | SUBMIT TALLY | `kind` `name` `time` [`increment`] |
/// | SUBMIT DELTA | `kind` `name` `time` `value` |
/// | SUBMIT STATE | `kind` `status` `name` `time` [`interval_ms`] [`summary`] |
/// | EVENT | `kind` `name` `time` `text` |
/// | FACT | `kind` `name` `text` |
/// | BROADCAST | `opcode`, then as above, and `window_ms` `closed` of a SAMPLE, TALLY (`total`) and
/// | | | DELTA, `freshness_ms` `fresh` of a STATE; `previous_status` `previous_time` | | |
/// `previous_summary` make it a transition | | HEARTBEAT | `opcode` `time` `count` | | FORGET,
/// SUBSCRIBE | `opcode` `kinds` `pattern`, and `unsubscribe` | | REPLAY | `opcode` `kinds` |
///
/// `flags` has the bits that have no key of their own, if one is set. A text is a string; as an
/// object it is `{"text":…}` or, if it is not UTF-8, `{"hex":…}`, with `"nul":false` where it does
/// not end in the one NUL that is usual. A value is a number, `"NaN"`, `"Infinity"`, `"-Infinity"`,
/// or for all other NaNs `{"bits":"7ff8000000000001"}`.

/// Appends a *valid* message as one line of printable UTF-8, without a line end.
void append_json(const proto::MessageView& message, std::string& out);
[[nodiscard]] std::string to_json(const proto::MessageView& message);

/// Room for any message that a line may say.
inline constexpr std::size_t kJsonMessageSize = std::size_t{64} << 10U;
/// A longer line is refused before it is looked at.
inline constexpr std::size_t kMaxJsonLine = std::size_t{1} << 20U;

/// Writes the message to the start of `out`; gives its size, or what is wrong in the line and what
/// to write. Names are not judged, as in `proto::check`.
[[nodiscard]] base::Result<std::size_t> from_json(std::string_view line, std::span<std::byte> out);

}  // namespace lariat::app
