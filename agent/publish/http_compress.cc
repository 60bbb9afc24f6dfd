#include "agent/publish/http_compress.h"

#include <snappy.h>
#include <zlib.h>

#include <cassert>
#include <cstdlib>

namespace lariat::publish {

struct HttpCompressor::Gzip {
  Gzip() {
    constexpr int kWindow = 15;
    constexpr int kWithGzipHead = 16;
    constexpr int kMemory = 8;
    // Level 1: lines that are alike become a tenth, at a third of the usual level's cost.
    if (::deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, kWindow + kWithGzipHead, kMemory,
                       Z_DEFAULT_STRATEGY) != Z_OK) {
      std::abort();  // Out of memory.
    }
  }
  ~Gzip() { ::deflateEnd(&stream); }
  Gzip(const Gzip&) = delete;
  Gzip& operator=(const Gzip&) = delete;

  z_stream stream{};
};

HttpCompressor::HttpCompressor(Compression kind) : kind_(kind) {}
HttpCompressor::~HttpCompressor() = default;

void HttpCompressor::compress(std::span<const char> from, std::vector<char>& out) {
  switch (kind_) {
    case Compression::kNone:
      out.assign(from.begin(), from.end());
      return;
    case Compression::kGzip:
      gzip(from, out);
      return;
    case Compression::kSnappy:
      break;
  }
  out.resize(snappy::MaxCompressedLength(from.size()));
  std::size_t size = 0;
  snappy::RawCompress(from.data(), from.size(), out.data(), &size);
  out.resize(size);
}

void HttpCompressor::gzip(std::span<const char> from, std::vector<char>& out) {
  if (!gzip_) gzip_ = std::make_unique<Gzip>();
  auto& stream = gzip_->stream;
  ::deflateReset(&stream);
  out.resize(::deflateBound(&stream, static_cast<uLong>(from.size())));
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(from.data()));
  stream.avail_in = static_cast<uInt>(from.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  [[maybe_unused]] const int code = ::deflate(&stream, Z_FINISH);
  assert(code == Z_STREAM_END);
  out.resize(out.size() - stream.avail_out);
}

}  // namespace lariat::publish
