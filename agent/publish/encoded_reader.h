#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "agent/publish/log_reader.h"
#include "agent/publish/reader_state.h"
#include "agent/publish/stream_format.h"

namespace lariat::publish {

/// A reader whose frames go out in another format.
///
/// The reader behind it counts as ever, in frames and octets of the log: to it a frame is on the
/// wire when it is encoded, and acknowledged when all octets that stand for it are. How far that is
/// is noted about every KiB of output, so frames count as delivered in groups of that size. Octets
/// in a ledger are the log's.
/// Invariant: at most `kBuffer` octets and one frame's are encoded and not written.
/// Ownership: borrows the format. Threads: loop thread only.
class EncodedReader final : public LogReader {
 public:
  static constexpr std::size_t kBuffer = std::size_t{64} << 10U;

  /// `unsupported` runs for each frame that the format cannot carry.
  EncodedReader(std::unique_ptr<LogReader> reader, StreamFormat& format,
                std::function<void(std::span<const std::byte> frame)> unsupported);

  /// The reader behind it, to be asked for without a connection; it is given back by `replace`.
  [[nodiscard]] std::unique_ptr<LogReader> release() noexcept { return std::move(reader_); }
  void replace(std::unique_ptr<LogReader> reader);
  /// The peer said this. A sentence: the connection has to end, and why.
  [[nodiscard]] std::optional<std::string> receive(std::span<const std::byte> octets);

  /// Octets that it holds memory for.
  [[nodiscard]] std::size_t buffer_capacity() const noexcept { return buffer_.capacity(); }

  void judge() override { reader_->judge(); }
  void evict_before(std::uint64_t position) override { reader_->evict_before(position); }
  void lose(FramePlace from, FramePlace to) override { reader_->lose(from, to); }
  void enforce_limits(base::WallTime now) override { reader_->enforce_limits(now); }
  void change_limits(CursorLimits limits, base::WallTime now) override {
    reader_->change_limits(std::move(limits), now);
  }

  [[nodiscard]] bool has_lanes() const noexcept override { return reader_->has_lanes(); }
  void begin_connection(base::WallTime now) override;
  [[nodiscard]] bool behind() const noexcept override {
    return sent_ < buffer_.size() || (format_.open() && reader_->behind());
  }
  [[nodiscard]] bool paced() const noexcept override { return reader_->paced(); }
  void allow_backlog(std::int64_t bytes) override { reader_->allow_backlog(bytes); }
  [[nodiscard]] std::optional<std::chrono::milliseconds> judge_more() override {
    return reader_->judge_more();
  }
  /// Not as long as it has octets that were encoded before.
  [[nodiscard]] bool waits_for_disk() const noexcept override {
    return sent_ == buffer_.size() && reader_->waits_for_disk();
  }
  /// No format has any.
  void add_control(std::span<const std::byte> /*message*/) override {}
  [[nodiscard]] std::uint64_t messages_before_control() const noexcept override { return 0; }
  [[nodiscard]] std::size_t gather(std::span<iovec> spans, std::size_t max_bytes,
                                   std::span<std::byte> scratch) override;
  void serve_encoder(bool /*encoded*/) override {}
  void forget_resends() override { reader_->forget_resends(); }
  [[nodiscard]] Gathered gathered() const override { return reader_->gathered(); }
  void wrote(std::size_t bytes) override;
  void acknowledge(std::uint64_t bytes) override;
  [[nodiscard]] std::uint64_t bytes_written() const noexcept override { return written_; }
  void end_connection() override;

  [[nodiscard]] bool settled() const noexcept override { return reader_->settled(); }
  [[nodiscard]] std::uint64_t held_from() const noexcept override { return reader_->held_from(); }
  [[nodiscard]] std::uint64_t lag() const noexcept override { return reader_->lag(); }
  [[nodiscard]] ReaderState state() const override { return reader_->state(); }

 private:
  // All frames before `reader_end` stand before `end` on the wire.
  struct Mark {
    std::uint64_t end;
    std::uint64_t reader_end;
    std::uint64_t unsupported;  // Of the frames since the mark before.
  };

  [[nodiscard]] Ledger account(base::WallTime now) const noexcept override {
    return reader_->ledger(now);
  }
  [[nodiscard]] bool fill(std::span<std::byte> scratch);
  [[nodiscard]] std::uint64_t encode_some(std::span<const std::byte> frames, const Gathered& about,
                                          std::uint64_t at);
  void mark(std::uint64_t reader_end);
  [[nodiscard]] std::uint64_t encoded_end() const noexcept {
    return written_ + (buffer_.size() - sent_);
  }
  void forget_connection() noexcept;

  std::unique_ptr<LogReader> reader_;
  StreamFormat& format_;
  std::function<void(std::span<const std::byte>)> unsupported_;

  std::vector<char> buffer_;
  std::size_t sent_ = 0;       // Of it.
  std::uint64_t written_ = 0;  // On this connection.
  std::uint64_t acked_ = 0;
  std::deque<Mark> marks_;
  std::uint64_t marked_ = 0;              // Where the last one is.
  std::uint64_t unsupported_frames_ = 0;  // Since then.
};

}  // namespace lariat::publish
