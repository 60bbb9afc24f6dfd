#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agent/collect/known_names.h"
#include "agent/config/collector.h"
#include "proto/decode.h"
#include "proto/default_tags.h"
#include "proto/line_splitter.h"
#include "proto/text_reader.h"

namespace lariat::collect {

struct IngestOptions {
  /// Of kAuto the first octet decides: 0x1_ is TSDP, anything else lines, whose format
  /// `proto::TextReader` finds out.
  config::OutputFormat format = config::OutputFormat::kAuto;
  std::uint32_t interval_milliseconds = 0;  ///< Of STATEs that come as text; 0 is unknown.
  std::size_t max_line = proto::LineSplitter::kDefaultLimit;
  bool tell_each = false;  ///< Every refusal is told, not only the first of its reason.
  /// What a plugin's STATE is called; if it is empty, the lines are not guessed to be a plugin's.
  std::string check;
  bool plugin_expected = false;  ///< It was one before: one that prints nothing is one.
};

/// Turns what a collector prints, TSDP or lines, into frames for the log.
///
/// What comes out are valid SUBMIT messages with finite values and canonical names, the default
/// tags added. All else is refused by itself, counted with its reason, and costs nothing else.
/// Takes any cut of the stream; `tags` may change between pieces of it. A frame that needs no
/// change is handed on where it lies. Ownership: borrows `tags`. Threads: one at a time.
class Ingest {
 public:
  struct Handlers {
    /// Takes a frame; false if it is too large for whoever it was for.
    std::function<bool(std::span<const std::byte> frame)> frame;
    /// The first refusal of each reason, or each, with the line's first 200 octets or nothing.
    std::function<void(proto::Reason reason, std::string_view excerpt)> refused;
    /// The end of the answer to a tick: a HEARTBEAT or the line `done`.
    std::function<void()> answered;
  };

  Ingest(const proto::DefaultTags& tags, IngestOptions options, Handlers handlers);

  /// The time of what has none of its own, in seconds since 1970, until another is set.
  void set_time(std::uint64_t now) noexcept { now_ = now; }
  /// The octets that follow. False once a binary stream is lost: then nothing more is read of it.
  bool feed(std::span<const std::byte> octets);
  /// The output has ended: a last line without LF counts, half a message is refused. Of a plugin
  /// it is said now what it has found; `end` is how it ended, `time` when.
  void finish(const proto::PluginEnd& end = {}, std::uint64_t time = 0);

  /// As far as it is known: `kAuto` if it has not been found out.
  [[nodiscard]] config::OutputFormat format() const noexcept;

  [[nodiscard]] std::uint64_t frames() const noexcept { return frames_; }
  [[nodiscard]] std::uint64_t refused(proto::Reason reason) const noexcept {
    return refused_[static_cast<std::size_t>(reason)];
  }
  [[nodiscard]] std::uint64_t refused_total() const noexcept;
  /// Not all octets of a message have come.
  [[nodiscard]] bool mid_message() const noexcept { return decoder_.mid_message(); }

 private:
  bool feed_messages(std::span<const std::byte> octets);
  void feed_lines(std::string_view text);
  void begin_lines();
  void take_message(const proto::MessageView& message);
  void take_submit(const proto::MessageView& message);
  [[nodiscard]] bool find_name(std::string_view printed, KnownNames::Known& known);
  void take_line(const proto::LineSplitter::Line& line);
  void hand_on(std::span<const std::byte> frame);
  void refuse(proto::Reason reason, std::string_view excerpt = {});

  const proto::DefaultTags& tags_;
  IngestOptions options_;
  Handlers handlers_;
  bool lost_ = false;
  proto::Decoder decoder_;
  KnownNames names_;
  proto::DefaultTags names_tags_;  // Those in the names.
  proto::LineSplitter splitter_;
  std::unique_ptr<proto::TextReader> reader_;  // Of lines, once there are any.
  std::uint64_t now_ = 0;
  std::array<char, proto::kMaxNameLength> name_;
  std::vector<std::byte> renamed_;
  std::uint64_t frames_ = 0;
  std::array<std::uint64_t, proto::kReasonCount> refused_{};
};

}  // namespace lariat::collect
