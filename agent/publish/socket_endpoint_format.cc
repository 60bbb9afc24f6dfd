// What an endpoint has to do with the format of its frames, and with the reader behind it.

#include <fmt/format.h>

#include <utility>

#include "agent/base/units.h"
#include "agent/publish/socket_endpoint.h"
#include "proto/message.h"

namespace lariat::publish {

// The same format, and with it the same totals; TSDP has no options.
bool SocketEndpoint::can_become(const EndpointConfig& next) const {
  const auto is_tsdp = [](const base::Url& url) { return url.scheme.starts_with("tsdp"); };
  if (!format_) return is_tsdp(next.url);
  return next.url.scheme == config_.url.scheme && next.output == config_.output;
}

void SocketEndpoint::take_reader(std::unique_ptr<LogReader> reader) {
  if (!format_) format_ = make_stream_format(config_);
  if (!format_) {
    reader->serve_encoder(false);
    cursor_ = std::move(reader);
    return;
  }
  auto encoded = std::make_unique<EncodedReader>(
      std::move(reader), *format_, [this](auto frame) noexcept { tell_unsupported(frame); });
  encoded_ = encoded.get();
  cursor_ = std::move(encoded);
}

std::unique_ptr<LogReader> SocketEndpoint::give_reader() {
  return encoded_ == nullptr ? std::move(cursor_) : encoded_->release();
}

// Between two connections, when nothing is on a wire.
void SocketEndpoint::change_reader() {
  if (encoded_ == nullptr) {
    cursor_ = with_lanes(std::move(cursor_));
  } else {
    encoded_->replace(with_lanes(encoded_->release()));
  }
}

void SocketEndpoint::take_answer(std::span<const std::byte> octets) {
  if (const auto fault = encoded_->receive(octets)) {
    end(EndReason::kLocal, fmt::format("{}: {}", peer_, *fault));
    return;
  }
  if (format_->open()) open_.stop();
  if (cursor_->behind() && !writable_.active()) flush();
}

void SocketEndpoint::look_for_answer() {
  end(EndReason::kTimeout,
      fmt::format("{} takes the connection and does not say within {} that it is {}: is that its "
                  "port?",
                  peer_, base::format_duration(config_.connect_timeout), format_->name()));
}

// Once: the ledger counts them all.
void SocketEndpoint::tell_unsupported(std::span<const std::byte> frame) {
  if (std::exchange(told_unsupported_, true)) return;
  const proto::Submit submit{proto::MessageView(frame)};
  context_.lines.warning(
      fmt::format("endpoint {}: {} cannot carry the {} {}; such frames are dropped as unsupported",
                  config_.name, format_->name(), to_string(submit.kind()), submit.name()));
}

}  // namespace lariat::publish
