#include "agent/collect/intake.h"

#include <fmt/format.h>

#include <numeric>
#include <utility>

#include "agent/collect/error_lines.h"
#include "proto/message.h"

namespace lariat::collect {
namespace {

IngestOptions ingest_options(const config::Collector& collector) {
  IngestOptions options{.max_line = collector.max_line, .tell_each = true};
  switch (collector.format) {
    case config::OutputFormat::kAuto:
      break;
    case config::OutputFormat::kTsdp:
      options.format = Format::kTsdp;
      break;
    case config::OutputFormat::kText:
      options.format = Format::kText;
      break;
  }
  // 0 is "unknown", which the wire says for what it has no room for.
  if (std::in_range<std::uint32_t>(collector.interval.count())) {
    options.interval_milliseconds = static_cast<std::uint32_t>(collector.interval.count());
  }
  return options;
}

}  // namespace

Intake::Intake(const Supervision& supervision, const config::Collector& collector,
               FrameOrigin origin, std::function<void()> answered)
    : supervision_(supervision),
      collector_(collector),
      origin_(origin),
      answered_(std::move(answered)),
      series_(collector.max_series) {}

void Intake::begin_stream() {
  lost_ = false;
  ingest_.emplace(
      supervision_.tags, ingest_options(collector_),
      Ingest::Handlers{.frame = [this](auto frame) { return take(frame); },
                       .refused = [this](auto reason, auto excerpt) { refuse(reason, excerpt); },
                       .answered = answered_});
}

void Intake::begin_run() noexcept {
  over_ = false;
  frames_in_run_ = 0;
  octets_in_run_ = 0;
  series_.next_interval();
}

Intake::Verdict Intake::feed(std::span<const std::byte> octets) {
  if (lost_) return Verdict::kLost;
  if (over_) return Verdict::kOver;
  // Those that go over are still taken: whoever reads on later goes on in the stream's middle.
  const auto verdict = spend(octets.size());
  lost_ = !ingest_->feed(octets);
  return lost_ ? Verdict::kLost : verdict;
}

Intake::Verdict Intake::spend(std::size_t octets) {
  if (over_) return Verdict::kOver;
  octets_in_run_ += octets;
  if (octets_in_run_ <= collector_.max_output) return Verdict::kGood;
  over_ = true;
  refuse(proto::Reason::kLimit, "more output than max_output");
  return Verdict::kOver;
}

void Intake::finish() {
  if (ingest_) ingest_->finish();
  ingest_.reset();
}

std::uint64_t Intake::rejected_total() const noexcept {
  return std::accumulate(rejected_.begin(), rejected_.end(), std::uint64_t{0});
}

bool Intake::take(std::span<const std::byte> frame) {
  if (frames_in_run_ >= collector_.max_frames || !series_.admit(proto::submit_name(frame)) ||
      !supervision_.sink.take(frame, origin_)) {
    return false;
  }
  ++frames_in_run_;
  ++frames_;
  return true;
}

void Intake::refuse(proto::Reason reason, std::string_view excerpt) {
  const auto index = static_cast<std::size_t>(reason);
  ++rejected_[index];
  if (supervision_.on_refused) {
    supervision_.on_refused(reason, excerpt);
    return;
  }
  const auto now = supervision_.loop.now();
  const auto last = std::exchange(last_refused_[index], now);
  if (last && now - *last < supervision_.waits.tell_again) return;
  supervision_.lines.warning(fmt::format(
      "collector {}: refused ({}){}{}; more of these are counted, not told", collector_.name,
      to_string(reason), excerpt.empty() ? "" : ": ", printable(excerpt)));
}

}  // namespace lariat::collect
