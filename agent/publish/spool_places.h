#pragma once

#include "agent/base/clock.h"
#include "agent/publish/reader_state.h"
#include "agent/publish/spool_cursors.h"

namespace lariat::publish {

/// What a file keeps of a reader: all it has still to send, but not what it sent twice.
[[nodiscard]] SpoolCursor to_cursor(const ReaderState& state, base::WallTime last_configured);
/// The same again, of another run.
[[nodiscard]] ReaderState to_state(const SpoolCursor& cursor);

}  // namespace lariat::publish
