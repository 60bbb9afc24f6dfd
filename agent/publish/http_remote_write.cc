// Remote write 1.0 of Prometheus.

#include <xxhash.h>

#include <algorithm>
#include <bit>
#include <chrono>
#include <limits>
#include <string_view>
#include <unordered_map>

#include "agent/publish/http_format.h"
#include "agent/publish/http_series.h"
#include "proto/qname.h"
#include "proto/remote_write.h"
#include "proto/remote_write_sample.h"

namespace lariat::publish {
namespace {

// Types are told in a request a minute at most, and each again after so long.
constexpr std::int64_t kMetadataPause = 60;
constexpr std::int64_t kMetadataAgain = 600;
constexpr std::int64_t kNeverTold = std::numeric_limits<std::int64_t>::min() / 2;
constexpr std::uint32_t kMostFamilies = 50'000;

std::int64_t seconds_of(base::WallTime time) noexcept {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

class RemoteWriteFormat final : public HttpFormat {
 public:
  explicit RemoteWriteFormat(const OutputOptions& options)
      : encoder_({.labels = options.labels, .hostname = options.hostname}),
        headers_{"Content-Encoding: snappy", "Content-Type: application/x-protobuf",
                 "X-Prometheus-Remote-Write-Version: 0.1.0"},
        part_(encoder_.room()) {}

  [[nodiscard]] std::span<const std::string> headers() const noexcept override { return headers_; }
  [[nodiscard]] bool stores_part() const noexcept override { return false; }

  [[nodiscard]] bool append(const proto::Point& point, base::WallTime appended,
                            std::vector<char>& octets, HttpItem& item) override {
    const auto key = HttpSeries::key_of(point);
    auto* series = series_.find(key);
    const auto bits = std::bit_cast<std::uint64_t>(point.value);
    if (series == nullptr) {
      const auto written = encoder_.write(point, part_);
      if (written.size == 0) return false;
      series = series_.add(key, written.labels, point.kind);
      if (series == nullptr) {  // No room: it is sent, and never ended.
        item = {.series = ::XXH3_64bits(written.labels.data(), written.labels.size()),
                .from = octets.size(),
                .size = written.size};
        octets.insert(octets.end(), part_.begin(),
                      part_.begin() + static_cast<std::ptrdiff_t>(written.size));
        return true;
      }
      series->family = family_of(point);
    }
    const auto seen = seconds_of(appended);
    series_.see(*series, point.seconds, seen);
    tell_type(series->family, point, seen);
    put(*series, bits, point.seconds * 1000, octets, item);
    return true;
  }

  [[nodiscard]] std::string name_of(std::span<const char> item) const override {
    return proto::series_text({item.data(), item.size()});
  }

  void append_metadata(std::vector<char>& octets) override {
    if (metadata_.empty()) return;
    octets.insert(octets.end(), metadata_.begin(), metadata_.end());
    metadata_.clear();
  }

  // A millisecond after its last sample: what comes later, also of a next agent, is in order.
  void append_ended(base::WallTime now, bool all, const BatchLimits& limits,
                    std::vector<char>& octets, std::vector<HttpItem>& items) override {
    while (items.size() < limits.samples && octets.size() < limits.bytes) {
      const auto ended = series_.take_ended(seconds_of(now), all);
      if (!ended) break;
      auto& item = items.emplace_back(HttpItem{.seconds = ended->seconds, .ours = true});
      put(*ended, proto::kStaleMark, ended->seconds * 1000 + 1, octets, item);
    }
  }
  [[nodiscard]] std::optional<base::WallTime> next_end() const noexcept override {
    const auto end = series_.next_end();
    if (!end) return {};
    return base::WallTime(std::chrono::seconds(*end));
  }
  [[nodiscard]] bool has_open() const noexcept override { return series_.size() > 0; }

 private:
  static void put(const HttpSeries::Entry& series, std::uint64_t bits, std::int64_t milliseconds,
                  std::vector<char>& octets, HttpItem& item) {
    item.series = series.hash;
    item.from = octets.size();
    octets.resize(item.from + series.labels.size() + proto::kLabelledRoom);
    item.size = proto::write_labelled(series.labels, bits, milliseconds,
                                      std::span(octets).subspan(item.from));
    octets.resize(item.from + item.size);
  }

  std::uint32_t family_of(const proto::Point& point) {
    const auto metric = proto::metric_of(point.name);
    const auto kind = static_cast<XXH64_hash_t>(point.kind);
    const auto hash = ::XXH3_64bits_withSeed(metric.data(), metric.size(), kind);
    if (const auto known = family_places_.find(hash); known != family_places_.end()) {
      return known->second;
    }
    const auto last = static_cast<std::uint32_t>(families_.size());
    if (last == kMostFamilies) return last;  // Of those beyond it no type is told.
    family_places_.emplace(hash, last);
    families_.push_back(kNeverTold);
    return last;
  }

  void tell_type(std::uint32_t family, const proto::Point& point, std::int64_t now) {
    if (family >= families_.size() || now - families_[family] < kMetadataAgain) return;
    if (metadata_.empty() && now - told_ < kMetadataPause) return;
    families_[family] = told_ = now;
    const auto size = encoder_.write_metadata(point, part_);
    metadata_.insert(metadata_.end(), part_.begin(),
                     part_.begin() + static_cast<std::ptrdiff_t>(size));
  }

  proto::RemoteWriteEncoder encoder_;
  std::vector<std::string> headers_;
  std::vector<char> part_;
  HttpSeries series_;
  std::vector<std::int64_t> families_;  // When the type of each was told.
  std::unordered_map<std::uint64_t, std::uint32_t> family_places_;
  std::vector<char> metadata_;  // Of the batch that is being made.
  std::int64_t told_ = kNeverTold;
};

}  // namespace

std::unique_ptr<HttpFormat> make_remote_write_format(const OutputOptions& options) {
  return std::make_unique<RemoteWriteFormat>(options);
}

}  // namespace lariat::publish
