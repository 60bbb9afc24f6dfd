#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "agent/base/clock.h"
#include "agent/collect/frame_sink.h"
#include "agent/collect/ingest.h"
#include "agent/collect/series_limit.h"
#include "agent/collect/supervision.h"
#include "agent/config/collector.h"

namespace lariat::collect {

/// What a collector prints, from the octets to the sink: decoded, held to its limits, counted over
/// all of its runs. A reason to refuse is told in the log, and again only after an hour, so
/// garbage does not fill a disk.
class Intake {
 public:
  enum class Verdict : std::uint8_t {
    kGood,
    kLost,  ///< A binary stream that cannot go on: nothing more is read of it.
    kOver,  ///< `max_output` of this run is reached: the rest of it is dropped.
  };

  /// `answered`: the mark at the end of an answer has come. Borrows all.
  Intake(const Supervision& supervision, const config::Collector& collector, FrameOrigin origin,
         std::function<void()> answered);

  /// A new process: its first octet is the first of a stream.
  void begin_stream();
  /// A new run or interval: its budgets are whole again.
  void begin_run() noexcept;
  Verdict feed(std::span<const std::byte> octets);
  /// Octets that are not taken, as those of the standard error, use the budget too.
  [[nodiscard]] Verdict spend(std::size_t octets);
  /// The stream has ended, and how the program did.
  void finish(const proto::PluginEnd& end = {});

  /// The program could not be started, which a plugin's STATE says.
  void never_began(std::string why);

  /// Of the newest stream: see `Ingest::format`. Of one that has ended without having been found
  /// out, the one before.
  [[nodiscard]] config::OutputFormat format() const noexcept {
    return ingest_ ? ingest_->format() : format_;
  }
  [[nodiscard]] bool mid_message() const noexcept { return ingest_ && ingest_->mid_message(); }
  [[nodiscard]] std::uint64_t frames() const noexcept { return frames_; }
  [[nodiscard]] std::uint64_t rejected(proto::Reason reason) const noexcept {
    return rejected_[static_cast<std::size_t>(reason)];
  }
  [[nodiscard]] std::uint64_t rejected_total() const noexcept;

 private:
  [[nodiscard]] std::uint64_t wall_seconds() const noexcept;
  [[nodiscard]] bool take(std::span<const std::byte> frame);
  void refuse(proto::Reason reason, std::string_view excerpt);

  const Supervision& supervision_;
  const config::Collector& collector_;
  FrameOrigin origin_;
  std::function<void()> answered_;
  std::optional<Ingest> ingest_;
  SeriesLimit series_;
  config::OutputFormat format_ = config::OutputFormat::kAuto;  // Of streams that have ended.
  std::uint64_t run_time_ = 0;  // When the run began, in seconds since 1970.
  bool lost_ = false;
  bool over_ = false;
  std::uint64_t frames_ = 0;
  std::uint64_t frames_in_run_ = 0;
  std::uint64_t octets_in_run_ = 0;
  std::array<std::uint64_t, proto::kReasonCount> rejected_{};
  std::array<std::optional<base::Monotonic>, proto::kReasonCount> told_{};
};

}  // namespace lariat::collect
