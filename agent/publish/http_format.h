#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "agent/base/clock.h"
#include "agent/publish/output_options.h"
#include "proto/point.h"

namespace lariat::publish {

/// One sample of a request, as it was encoded, and what has to be known of it.
struct HttpItem {
  std::uint64_t series = 0;  ///< A hash: two of one series are alike to the server.
  std::int64_t seconds = 0;
  double value = 0;
  std::size_t from = 0;  ///< Where it lies among the octets of the batch.
  std::size_t size = 0;
  bool ours = false;  ///< Stands for no frame: says that a series has ended.
};

/// How samples are written for one kind of server. A body is items, one behind the other, in any
/// number and order: so a part of one is encoded by leaving the others out.
class HttpFormat {
 public:
  HttpFormat() = default;
  virtual ~HttpFormat() = default;
  HttpFormat(const HttpFormat&) = delete;
  HttpFormat& operator=(const HttpFormat&) = delete;

  /// Of each request, `Name: value`; the user's do not win over them.
  [[nodiscard]] virtual std::span<const std::string> headers() const noexcept = 0;
  /// A refusal may mean that the good part is stored.
  [[nodiscard]] virtual bool stores_part() const noexcept = 0;
  /// Appends an item to `octets` and fills in its place and series. `appended`: about when its
  /// frame was appended to the log. False, and nothing appended, if the format cannot express it.
  [[nodiscard]] virtual bool append(const proto::Point& point, base::WallTime appended,
                                    std::vector<char>& octets, HttpItem& item) = 0;
  /// For a person: the series of an item.
  [[nodiscard]] virtual std::string name_of(std::span<const char> item) const = 0;

  /// What the server should know of the items appended since the last call, if anything: goes into
  /// the same body.
  virtual void append_metadata(std::vector<char>& octets) = 0;
  /// Appends items that end the series which have not come for so long that they have ended; with
  /// `all` each that has not ended yet; the rest next time, if there are more than `limits` allow.
  virtual void append_ended(base::WallTime now, bool all, const BatchLimits& limits,
                            std::vector<char>& octets, std::vector<HttpItem>& items) = 0;
  /// Series are open that it could end.
  [[nodiscard]] virtual bool has_open() const noexcept = 0;
  /// When the next series will have ended, if it does not come, as of the last `append_ended`.
  /// Nothing: none will.
  [[nodiscard]] virtual std::optional<base::WallTime> next_end() const noexcept = 0;
};

[[nodiscard]] std::unique_ptr<HttpFormat> make_influx_format(const OutputOptions& options);
[[nodiscard]] std::unique_ptr<HttpFormat> make_remote_write_format(const OutputOptions& options);

}  // namespace lariat::publish
