#include "tests/support/write_request.h"

#include <snappy.h>

#include <bit>
#include <protozero/pbf_reader.hpp>
#include <stdexcept>

#include "proto/remote_write_sample.h"

namespace lariat::test {
namespace {

void read_sample(protozero::pbf_reader sample, WriteRequest::Sample& out) {
  while (sample.next()) {
    if (sample.tag() == 1) {
      out.value = sample.get_double();
      out.stale = std::bit_cast<std::uint64_t>(out.value) == proto::kStaleMark;
      if (out.stale) out.value = 0;
    } else if (sample.tag() == 2) {
      out.milliseconds = sample.get_int64();
    } else {
      sample.skip();
    }
  }
}

WriteRequest::Sample read_series(protozero::data_view part, std::string_view whole) {
  WriteRequest::Sample out{.series = proto::series_text(whole)};
  protozero::pbf_reader series(part);
  while (series.next()) {
    if (series.tag() == 2) {
      read_sample(series.get_message(), out);
    } else {
      series.skip();
    }
  }
  return out;
}

WriteRequest::Metadata read_metadata(protozero::pbf_reader metadata) {
  WriteRequest::Metadata out;
  while (metadata.next()) {
    if (metadata.tag() == 1) {
      out.type = metadata.get_enum();
    } else if (metadata.tag() == 2) {
      out.family = metadata.get_string();
    } else {
      metadata.skip();
    }
  }
  return out;
}

}  // namespace

WriteRequest read_write_request(std::string_view compressed) {
  std::string body;
  if (!snappy::Uncompress(compressed.data(), compressed.size(), &body)) {
    throw std::runtime_error("not snappy");
  }
  WriteRequest out;
  protozero::pbf_reader request(body);
  while (true) {
    const auto* begin = body.data() + (body.size() - request.length());
    if (!request.next()) return out;
    if (request.tag() == 1) {
      const auto part = request.get_view();
      const auto size = static_cast<std::size_t>(part.data() + part.size() - begin);
      out.samples.push_back(read_series(part, {begin, size}));
    } else if (request.tag() == 3) {
      out.metadata.push_back(read_metadata(request.get_message()));
    } else {
      throw std::runtime_error("a field that we do not send");
    }
  }
}

}  // namespace lariat::test
