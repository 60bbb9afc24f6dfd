#pragma once

#include <memory>
#include <span>
#include <vector>

#include "agent/publish/output_options.h"

namespace lariat::publish {

/// Makes the body of a request smaller: gzip, or the block format of snappy. Keeps its state, so
/// that a body costs no allocation once there was one as large.
class HttpCompressor {
 public:
  explicit HttpCompressor(Compression kind);
  ~HttpCompressor();
  HttpCompressor(const HttpCompressor&) = delete;
  HttpCompressor& operator=(const HttpCompressor&) = delete;

  /// Replaces what `out` holds.
  void compress(std::span<const char> from, std::vector<char>& out);

 private:
  struct Gzip;
  void gzip(std::span<const char> from, std::vector<char>& out);

  Compression kind_;
  std::unique_ptr<Gzip> gzip_;
};

}  // namespace lariat::publish
