#include "agent/app/name_outputs.h"

#include <array>
#include <span>

#include "proto/bolo_pdu.h"
#include "proto/exposition.h"
#include "proto/graphite.h"
#include "proto/influx.h"
#include "proto/legal_name.h"
#include "proto/qname.h"

namespace lariat::app {
namespace {

std::string prometheus(std::string_view name) {
  const std::string metric(proto::metric_of(name));
  std::string room(metric.size() + 1, '\0');
  std::array<proto::Label, proto::kMaxNameEntries> labels;
  std::array<char, proto::kLabelStorage> storage;
  const auto found =
      std::span(labels).first(proto::prometheus_labels(name, labels, storage).size());
  std::string out(proto::prometheus_name(metric, room));
  out += '{';
  proto::append_labels(found.first(proto::mend_labels(found, {})), out);
  return out + '}';
}

// What an encoder with `room()` writes.
template <typename Write>
std::string written(std::size_t room, Write write) {
  std::string out(room, '\0');
  out.resize(write(std::span(out)));
  return out;
}

std::string graphite(std::string_view name, bool tags) {
  const proto::GraphiteEncoder encoder({.tags = tags}, {});
  return written(encoder.room(),
                 [&](std::span<char> out) { return encoder.write_path(name, {}, out); });
}

std::string influx(std::string_view name) {
  const proto::InfluxEncoder encoder({}, {});
  return written(encoder.room(),
                 [&](std::span<char> out) { return encoder.write_series({.name = name}, out); });
}

std::string bolo(std::string_view name) {
  const proto::BoloEncoder encoder({});
  return written(proto::BoloEncoder::kNameRoom, [&](std::span<char> out) {
    return encoder.write_name(name, out.first<proto::BoloEncoder::kNameRoom>());
  });
}

}  // namespace

std::vector<NameOutput> name_outputs(std::string_view canonical_name) {
  return {{"tsdp", std::string(canonical_name)},
          {"prometheus", prometheus(canonical_name)},
          {"graphite", graphite(canonical_name, false)},
          {"graphite, tagged", graphite(canonical_name, true)},
          {"influx", influx(canonical_name)},
          {"bolo", bolo(canonical_name)}};
}

std::size_t fault_position(std::string_view bad_name) {
  std::array<char, proto::kMaxNameLength> room;
  const proto::NameError error = proto::canonical(bad_name, room).error;
  if (error == proto::NameError::kNoTags || error == proto::NameError::kNoMetric) {
    return bad_name.size() + 1;
  }
  if (error == proto::NameError::kTooLong) return proto::kMaxNameLength + 1;
  std::size_t good = bad_name.size();
  while (good > 0 && proto::canonical(bad_name.substr(0, good), room).error == error) --good;
  return good + 1;
}

}  // namespace lariat::app
