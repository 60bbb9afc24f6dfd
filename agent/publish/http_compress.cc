#include "agent/publish/http_compress.h"

#include <snappy-sinksource.h>
#include <snappy.h>
#include <zlib.h>

#include <cassert>
#include <cstdlib>

namespace lariat::publish {
namespace {

/// Octets that come, at the end of a vector: it becomes as large as what there is, and never as
/// large as what there might have been.
class Tail : public snappy::Sink {
 public:
  explicit Tail(std::vector<char>& out) : out_(out) {}
  void Append(const char* octets, std::size_t count) override {
    out_.insert(out_.end(), octets, octets + count);
  }

 private:
  std::vector<char>& out_;
};

}  // namespace

struct HttpCompressor::Gzip {
  Gzip() {
    // Half of zlib's usual memory: lines that are alike stand close together.
    constexpr int kWindow = 14;
    constexpr int kWithGzipHead = 16;
    constexpr int kMemory = 7;
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
  out.clear();
  snappy::ByteArraySource source(from.data(), from.size());
  Tail tail(out);
  snappy::Compress(&source, &tail);
}

void HttpCompressor::gzip(std::span<const char> from, std::vector<char>& out) {
  constexpr std::size_t kStep = std::size_t{16} << 10U;
  if (!gzip_) gzip_ = std::make_unique<Gzip>();
  auto& stream = gzip_->stream;
  ::deflateReset(&stream);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(from.data()));
  stream.avail_in = static_cast<uInt>(from.size());
  out.clear();
  int code = Z_OK;
  while (code == Z_OK) {
    const std::size_t filled = out.size();
    out.resize(filled + kStep);
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + filled);
    stream.avail_out = static_cast<uInt>(kStep);
    code = ::deflate(&stream, Z_FINISH);
    out.resize(out.size() - stream.avail_out);
  }
  assert(code == Z_STREAM_END);
}

}  // namespace lariat::publish
