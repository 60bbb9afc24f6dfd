#include "agent/publish/encoded_reader.h"

#include <algorithm>
#include <array>
#include <utility>

#include "proto/message.h"

namespace lariat::publish {
namespace {

// Between two marks, about.
constexpr std::uint64_t kMarkEvery = 1024;
// What is asked of the reader behind at once.
constexpr std::size_t kSpans = 16;
constexpr std::size_t kInput = std::size_t{1} << 20U;
// Below so much unsent output more is encoded.
constexpr std::size_t kLow = EncodedReader::kBuffer / 2;

}  // namespace

EncodedReader::EncodedReader(std::unique_ptr<LogReader> reader, StreamFormat& format,
                             std::function<void(std::span<const std::byte>)> unsupported)
    : reader_(std::move(reader)), format_(format), unsupported_(std::move(unsupported)) {
  reader_->serve_encoder(true);
  reader_->forget_resends();
}

void EncodedReader::replace(std::unique_ptr<LogReader> reader) {
  reader_ = std::move(reader);
  reader_->serve_encoder(true);
}

void EncodedReader::forget_connection() noexcept {
  buffer_.clear();
  sent_ = 0;
  written_ = 0;
  acked_ = 0;
  marks_.clear();
  marked_ = 0;
  unsupported_frames_ = 0;
}

void EncodedReader::begin_connection(base::WallTime now) {
  forget_connection();
  reader_->begin_connection(now);
  format_.begin(buffer_);
}

std::optional<std::string> EncodedReader::receive(std::span<const std::byte> octets) {
  auto fault = format_.receive(octets, buffer_);
  // It asks for answers and reads none.
  if (!fault && buffer_.size() - sent_ > 2 * kBuffer) fault = "it takes no answer to what it says";
  return fault;
}

// What is encoded stays as it is: a half-sent line is never followed by another one.
std::size_t EncodedReader::gather(std::span<iovec> spans, std::size_t /*max_bytes*/,
                                  std::span<std::byte> scratch) {
  if (sent_ == buffer_.size() || sent_ >= kLow) {
    buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(sent_));
    sent_ = 0;
  }
  // What it reads in one call is bounded too, if nothing comes of it.
  const auto from = reader_->bytes_written();
  while (buffer_.size() - sent_ < kLow && reader_->bytes_written() - from < kInput &&
         format_.open() && reader_->behind() && fill(scratch)) {
  }
  // What is done with frames of which nothing goes out.
  acknowledge(acked_);
  if (sent_ == buffer_.size()) return 0;
  spans.front() = {buffer_.data() + sent_, buffer_.size() - sent_};
  return 1;
}

// Encodes what the reader has next. False: it has nothing, at least for now.
bool EncodedReader::fill(std::span<std::byte> scratch) {
  std::array<iovec, kSpans> spans;
  const auto count = reader_->gather(spans, kInput, scratch);
  if (count == 0) return false;
  const auto about = reader_->gathered();
  const auto before = reader_->bytes_written();
  auto taken = before;
  for (std::size_t i = 0; i < count; ++i) {
    const auto* bytes = static_cast<const std::byte*>(spans[i].iov_base);
    const auto from = taken;
    taken = encode_some({bytes, spans[i].iov_len}, about, from);
    if (taken - from < spans[i].iov_len) break;
  }
  if (taken == before) return false;
  reader_->wrote(static_cast<std::size_t>(taken - before));
  mark(taken);
  return true;
}

// Whole frames only. `at` is where they begin by the reader's count, and the result where it
// stopped.
std::uint64_t EncodedReader::encode_some(std::span<const std::byte> frames, const Gathered& about,
                                         std::uint64_t at) {
  while (buffer_.size() - sent_ < kBuffer) {
    const auto size = proto::message_size(frames);
    if (size == 0) break;
    const auto frame = frames.first(size);
    frames = frames.subspan(size);
    at += size;
    if (!format_.encode(frame, about, buffer_)) {
      ++unsupported_frames_;
      unsupported_(frame);
    }
    if (encoded_end() - marked_ >= kMarkEvery) mark(at);
  }
  return at;
}

void EncodedReader::mark(std::uint64_t reader_end) {
  const auto end = encoded_end();
  marked_ = end;
  marks_.push_back({end, reader_end, std::exchange(unsupported_frames_, 0)});
}

void EncodedReader::wrote(std::size_t bytes) {
  sent_ += bytes;
  written_ += bytes;
}

void EncodedReader::acknowledge(std::uint64_t bytes) {
  acked_ = std::max(acked_, std::min(bytes, written_));
  while (!marks_.empty() && marks_.front().end <= acked_) {
    const auto& done = marks_.front();
    reader_->acknowledge(done.reader_end);
    if (done.unsupported != 0) reader_->refuse(DropReason::kUnsupported, done.unsupported);
    marks_.pop_front();
  }
}

void EncodedReader::end_connection() {
  reader_->end_connection();
  forget_connection();
}

}  // namespace lariat::publish
