#include "agent/collect/intake.h"

#include <fmt/format.h>

#include <filesystem>
#include <numeric>
#include <string>
#include <system_error>
#include <utility>

#include "agent/collect/error_lines.h"
#include "proto/message.h"

namespace lariat::collect {
namespace {

// Its program lies where monitoring plugins of the Nagios kind lie, itself or by a link.
bool is_plugin(const config::Collector& collector) {
  if (collector.mode != config::Mode::kOneshot || collector.command.empty()) return false;
  std::error_code error;
  const auto path = std::filesystem::canonical(collector.command.front(), error);
  const std::string folder =
      (error ? std::filesystem::path(collector.command.front()) : path).parent_path().string();
  const auto ends = [&folder](std::string_view end) { return folder.ends_with(end); };
  return ends("/nagios/plugins") || ends("/monitoring-plugins") || ends("/libexec/nagios");
}

// `found`: what it was the last time.
IngestOptions ingest_options(const config::Collector& collector, config::OutputFormat found) {
  using enum config::OutputFormat;
  IngestOptions options{
      .format = collector.format, .max_line = collector.max_line, .tell_each = true};
  // Only of a program that ends it can be said how it ended.
  if (collector.mode == config::Mode::kOneshot && found != kBolo) options.check = collector.name;
  options.plugin_expected = collector.format == kAuto && found == kNagios;
  if (options.format == kAuto && is_plugin(collector)) options.format = kNagios;
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
      supervision_.tags, ingest_options(collector_, format_),
      Ingest::Handlers{.frame = [this](auto frame) { return take(frame); },
                       .refused = [this](auto reason, auto excerpt) { refuse(reason, excerpt); },
                       .answered = answered_});
}

void Intake::begin_run() noexcept {
  over_ = false;
  frames_in_run_ = 0;
  octets_in_run_ = 0;
  run_time_ = wall_seconds();
  series_.next_interval();
}

Intake::Verdict Intake::feed(std::span<const std::byte> octets) {
  if (lost_) return Verdict::kLost;
  if (over_) return Verdict::kOver;
  // Those that go over are still taken: whoever reads on later goes on in the stream's middle.
  const auto verdict = spend(octets.size());
  // What one run says has one time; a feed has no runs.
  ingest_->set_time(collector_.mode == config::Mode::kFeed ? wall_seconds() : run_time_);
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

void Intake::finish(const proto::PluginEnd& end) {
  if (!ingest_) return;
  ingest_->finish(end, wall_seconds());
  if (ingest_->format() != config::OutputFormat::kAuto) format_ = ingest_->format();
  ingest_.reset();
}

void Intake::never_began(std::string why) {
  begin_run();
  begin_stream();
  finish({{}, std::move(why)});
}

std::uint64_t Intake::wall_seconds() const noexcept {
  const auto now = std::chrono::floor<std::chrono::seconds>(supervision_.loop.wall_now());
  return static_cast<std::uint64_t>(now.time_since_epoch().count());
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
  auto& told = told_[index];
  if (told && now - *told < supervision_.waits.tell_again) return;
  told = now;
  supervision_.lines.warning(fmt::format(
      "collector {}: refused ({}){}{}; more of these are counted, not told", collector_.name,
      to_string(reason), excerpt.empty() ? "" : ": ", printable(excerpt)));
}

}  // namespace lariat::collect
