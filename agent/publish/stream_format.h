#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agent/publish/endpoint_config.h"
#include "agent/publish/log_reader.h"

namespace lariat::publish {

/// A format that is sent as a stream of octets over one connection, in place of TSDP.
///
/// What it writes is appended to the caller's buffer. Threads: loop thread only.
class StreamFormat {
 public:
  virtual ~StreamFormat() = default;

  /// A connection begins: appends what goes out before anything else.
  virtual void begin(std::vector<char>& /*out*/) {}
  /// Frames may be sent on this connection.
  [[nodiscard]] virtual bool open() const noexcept { return true; }
  /// The peer said this. Appends an answer, if there is to be one. A sentence: it cannot be talked
  /// to, and why.
  [[nodiscard]] virtual std::optional<std::string> receive(std::span<const std::byte> /*octets*/,
                                                           std::vector<char>& /*out*/) {
    return std::nullopt;
  }
  /// Appends what stands for a frame, a valid SUBMIT. False, with nothing appended: the format
  /// cannot carry it.
  [[nodiscard]] virtual bool encode(std::span<const std::byte> frame, const Gathered& about,
                                    std::vector<char>& out) = 0;
  /// For people: `Graphite`.
  [[nodiscard]] virtual std::string_view name() const noexcept = 0;
};

/// The format that the URL's scheme asks for; null: frames go out as they lie in the log.
[[nodiscard]] std::unique_ptr<StreamFormat> make_stream_format(const EndpointConfig& config);

}  // namespace lariat::publish
