// InfluxDB's line protocol in requests of HTTP.

#include <xxhash.h>

#include <algorithm>
#include <string_view>

#include "agent/publish/http_format.h"
#include "proto/influx.h"

namespace lariat::publish {
namespace {

// The request says `precision=s`.
proto::InfluxOptions over_http(proto::InfluxOptions options) {
  options.precision = proto::InfluxOptions::Precision::kSeconds;
  return options;
}

class InfluxFormat final : public HttpFormat {
 public:
  explicit InfluxFormat(const OutputOptions& options)
      : encoder_(over_http(options.influx), options.labels), line_(encoder_.room()) {
    headers_.emplace_back("Content-Type: text/plain; charset=utf-8");
    if (options.compression == Compression::kGzip) {
      headers_.emplace_back("Content-Encoding: gzip");
    }
  }

  [[nodiscard]] std::span<const std::string> headers() const noexcept override { return headers_; }
  [[nodiscard]] bool stores_part() const noexcept override { return true; }

  [[nodiscard]] bool append(const proto::Point& point, base::WallTime /*appended*/,
                            std::vector<char>& octets, HttpItem& item) override {
    item.from = octets.size();
    item.size = encoder_.write(point, line_);
    if (item.size == 0) return false;
    octets.insert(octets.end(), line_.begin(),
                  line_.begin() + static_cast<std::ptrdiff_t>(item.size));
    const auto name = series_of({line_.data(), item.size});
    item.series = ::XXH3_64bits(name.data(), name.size());
    return true;
  }
  [[nodiscard]] std::string name_of(std::span<const char> item) const override {
    return std::string(series_of({item.data(), item.size()}));
  }

  void append_metadata(std::vector<char>& /*octets*/) override {}
  void append_ended(base::WallTime /*now*/, bool /*all*/, const BatchLimits& /*limits*/,
                    std::vector<char>& /*octets*/, std::vector<HttpItem>& /*items*/) override {}
  [[nodiscard]] bool has_open() const noexcept override { return false; }
  [[nodiscard]] std::optional<base::WallTime> next_end() const noexcept override { return {}; }

 private:
  /// Measurement and tags: up to the first blank without a backslash.
  static std::string_view series_of(std::string_view line) {
    auto end = line.find(' ');
    while (end != std::string_view::npos && end > 0 && line[end - 1] == '\\') {
      end = line.find(' ', end + 1);
    }
    return line.substr(0, end);
  }

  proto::InfluxEncoder encoder_;
  std::vector<char> line_;
  std::vector<std::string> headers_;
};

}  // namespace

std::unique_ptr<HttpFormat> make_influx_format(const OutputOptions& options) {
  return std::make_unique<InfluxFormat>(options);
}

}  // namespace lariat::publish
