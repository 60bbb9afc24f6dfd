#include "agent/publish/stream_format.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <utility>

#include "proto/bolo_pdu.h"
#include "proto/graphite.h"
#include "proto/influx.h"
#include "proto/message.h"
#include "proto/point.h"
#include "proto/totals.h"
#include "proto/zmtp.h"

namespace lariat::publish {
namespace {

std::int64_t seconds_of(base::WallTime time) noexcept {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

proto::Submit submit_of(std::span<const std::byte> frame) noexcept {
  return proto::Submit(proto::MessageView(frame));
}

void append(std::span<const char> text, std::size_t length, std::vector<char>& out) {
  out.insert(out.end(), text.begin(), text.begin() + static_cast<std::ptrdiff_t>(length));
}

/// A line a frame, and no answer ever.
template <typename Encoder>
class LineFormat final : public StreamFormat {
 public:
  LineFormat(Encoder encoder, std::string_view name)
      : encoder_(std::move(encoder)), name_(name), line_(encoder_.room()) {}

  bool encode(std::span<const std::byte> frame, const Gathered& about,
              std::vector<char>& out) override {
    const auto point =
        proto::point_of(submit_of(frame), totals_, about.resend, seconds_of(about.oldest));
    if (!point) return false;
    const auto length = encoder_.write(*point, line_);
    append(line_, length, out);
    return length != 0;
  }
  [[nodiscard]] std::string_view name() const noexcept override { return name_; }

 private:
  Encoder encoder_;
  std::string_view name_;
  std::vector<char> line_;  // Room for one.
  proto::Totals totals_;
};

/// The messages of classic Bolo over ZMTP.
class BoloFormat final : public StreamFormat {
 public:
  explicit BoloFormat(proto::DefaultTags labels) : encoder_(std::move(labels)) {}

  void begin(std::vector<char>& out) override {
    peer_ = proto::ZmtpPeer();
    const auto hello = proto::zmtp_hello();
    out.insert(out.end(), hello.begin(), hello.end());
  }
  [[nodiscard]] bool open() const noexcept override {
    return peer_.state() == proto::ZmtpPeer::State::kReady;
  }
  std::optional<std::string> receive(std::span<const std::byte> octets,
                                     std::vector<char>& out) override {
    const auto state = peer_.feed({reinterpret_cast<const char*>(octets.data()), octets.size()});
    if (state == proto::ZmtpPeer::State::kFault) return peer_.fault();
    // Whole messages only stand in the buffer: it may follow them.
    std::array<char, proto::kZmtpAnswerRoom> answer;
    append(answer, peer_.take_answer(answer), out);
    return std::nullopt;
  }
  bool encode(std::span<const std::byte> frame, const Gathered& /*about*/,
              std::vector<char>& out) override {
    const auto submit = submit_of(frame);
    messages_.resize(std::max(messages_.size(), proto::BoloEncoder::room(submit)));
    const auto length = encoder_.write(submit, messages_);
    append(messages_, length, out);
    return length != 0;
  }
  [[nodiscard]] std::string_view name() const noexcept override { return "classic Bolo"; }

 private:
  proto::BoloEncoder encoder_;
  proto::ZmtpPeer peer_;
  std::vector<char> messages_;  // Room for those of one frame.
};

}  // namespace

std::unique_ptr<StreamFormat> make_stream_format(const EndpointConfig& config) {
  const auto& output = config.output;
  if (config.url.scheme == "graphite") {
    return std::make_unique<LineFormat<proto::GraphiteEncoder>>(
        proto::GraphiteEncoder(output.graphite, output.labels), "Graphite");
  }
  if (config.url.scheme == "influx") {
    return std::make_unique<LineFormat<proto::InfluxEncoder>>(
        proto::InfluxEncoder(output.influx, output.labels), "InfluxDB's lines");
  }
  if (config.url.scheme == "bolo") return std::make_unique<BoloFormat>(output.labels);
  return nullptr;
}

}  // namespace lariat::publish
