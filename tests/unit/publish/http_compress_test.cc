#include "agent/publish/http_compress.h"

#include <gtest/gtest.h>
#include <snappy.h>
#include <zlib.h>

#include <string>

namespace lariat::publish {
namespace {

std::string gunzip(const std::vector<char>& body) {
  std::string out(1U << 22U, '\0');
  z_stream stream{};
  EXPECT_EQ(::inflateInit2(&stream, 15 + 16), Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));
  stream.avail_in = static_cast<uInt>(body.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(::inflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  ::inflateEnd(&stream);
  return out;
}

std::string unsnappy(const std::vector<char>& body) {
  std::string out;
  EXPECT_TRUE(snappy::Uncompress(body.data(), body.size(), &out));
  return out;
}

TEST(HttpCompress, ComesBackAsItWas) {
  std::string large;
  for (int i = 0; i < 20'000; ++i) large += "node_cpu_seconds_total " + std::to_string(i) + "\n";
  HttpCompressor gzip(Compression::kGzip);
  HttpCompressor snappy(Compression::kSnappy);
  HttpCompressor none(Compression::kNone);
  std::vector<char> out;
  for (const auto& text : {std::string("a"), large, std::string(), std::string("b")}) {
    gzip.compress(text, out);
    EXPECT_EQ(gunzip(out), text);
    snappy.compress(text, out);
    EXPECT_EQ(unsnappy(out), text);
    none.compress(text, out);
    EXPECT_EQ(std::string(out.data(), out.size()), text);
  }
  gzip.compress(large, out);
  EXPECT_LT(out.size(), large.size() / 4);
}

}  // namespace
}  // namespace lariat::publish
