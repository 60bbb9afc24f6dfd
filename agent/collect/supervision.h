#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agent/base/log.h"
#include "agent/collect/frame_sink.h"
#include "agent/collect/reaper.h"
#include "agent/collect/start_places.h"
#include "agent/loop/loop.h"
#include "proto/default_tags.h"
#include "proto/reason.h"

namespace lariat::collect {

/// How long the supervision waits for what.
struct Waits {
  std::chrono::milliseconds kill_grace{2'000};    ///< From SIGTERM to SIGKILL.
  std::chrono::milliseconds back_off_min{1'000};  ///< Until one that lives on is started again.
  std::chrono::milliseconds back_off_max{300'000};
  std::chrono::milliseconds steady{60'000};  ///< Lived so long, it begins with the least wait.
  std::chrono::milliseconds half_message{30'000};   ///< In a feed's message with nothing coming.
  std::chrono::milliseconds late{1'000};            ///< A run that begins so much later counts.
  std::chrono::milliseconds settle{200};            ///< After a change in a directory.
  std::chrono::milliseconds tell_again{3'600'000};  ///< A reason of refusals of one collector.
};

/// What all collectors of an agent share. Borrowed by each; outlives them.
struct Supervision {
  loop::Loop& loop;
  const base::Log& lines;
  FrameSink& sink;
  const proto::DefaultTags& tags;
  Reaper& reaper;
  std::string exec_program;    ///< `lariat`.
  std::string control_socket;  ///< `LARIAT_CONTROL`; empty: not set.
  std::vector<uid_t> owners;   ///< Whose files are trusted; empty: everybody's.
  Waits waits;
  std::span<std::byte> room;      ///< For one read.
  StartPlaces* places = nullptr;  ///< If it is set, it is told of each program's start and end.
  /// If it is set, it is told every refusal instead of the log.
  std::function<void(proto::Reason reason, std::string_view excerpt)> on_refused;
  /// If it is set, it gets what collectors write to their standard error instead of the log.
  std::function<void(std::span<const std::byte> octets)> on_errors;
};

}  // namespace lariat::collect
