// What the encoders of the outputs cost: names and values of an ordinary host, in CPU time a frame.

#include "proto/encode.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "proto/graphite.h"
#include "proto/influx.h"
#include "proto/message.h"
#include "proto/point.h"
#include "proto/remote_write.h"
#include "tests/bench/arguments.h"
#include "tests/bench/usage.h"

namespace lariat::bench {
namespace {

constexpr std::uint64_t kTime = 1'700'000'000;

/// SUBMIT messages, one behind the other, as the log holds them.
struct Frames {
  std::vector<std::byte> bytes;
  std::size_t count = 0;
};

void add(Frames& frames, const std::string& name, double value, bool counter) {
  std::array<std::byte, proto::kEncodeBufferSize> buffer;
  const std::array<double, 1> values = {value};
  const auto encoded = counter ? proto::encode_delta(buffer, name, kTime, value)
                               : proto::encode_sample(buffer, name, kTime, values);
  if (!encoded) fail("cannot make a frame");
  frames.bytes.insert(frames.bytes.end(), buffer.begin(),
                      buffer.begin() + static_cast<std::ptrdiff_t>(encoded.size));
  ++frames.count;
}

// As `linux` reports a host of eight processors and a few devices.
Frames host_frames() {
  Frames frames;
  for (int cpu = 0; cpu < 8; ++cpu) {
    for (const char* mode : {"idle", "iowait", "irq", "nice", "softirq", "steal", "system"}) {
      add(frames,
          "node_cpu_seconds_total cpu=" + std::to_string(cpu) + ",host=web01.example,mode=" + mode,
          12345.67 * (cpu + 1) + 0.01 * static_cast<double>(mode[0]), true);
    }
  }
  for (const char* field : {"MemTotal", "MemFree", "MemAvailable", "Buffers", "Cached", "Dirty"}) {
    add(frames, std::string("node_memory_") + field + "_bytes host=web01.example", 16'777'216'000,
        false);
  }
  for (const char* load : {"1", "5", "15"}) {
    add(frames, std::string("node_load") + load + " host=web01.example", 0.37, false);
  }
  for (const char* device : {"eth0", "lo", "nvme0n1"}) {
    for (const char* what : {"receive_bytes", "receive_packets", "transmit_bytes", "read_time"}) {
      add(frames,
          std::string("node_device_") + what + "_total device=" + device + ",host=web01.example",
          987'654'321'012, true);
    }
  }
  for (int zone = 0; zone < 4; ++zone) {
    add(frames,
        "node_filesystem_used_ratio device=/dev/sda" + std::to_string(zone) +
            ",fstype=ext4,host=web01.example,mountpoint=/srv/data",
        1.0 / (zone + 3), false);
  }
  return frames;
}

using Encode = std::function<std::size_t(const proto::Point&, std::span<char>)>;

// Nanoseconds a frame, from a message in the log to a line, and the octets of all lines.
double measure(const Frames& frames, const Encode& encode, std::uint64_t rounds,
               std::size_t& octets) {
  proto::Totals totals;
  std::vector<char> out(std::size_t{64} << 10U);
  std::vector<double> costs;
  for (int repetition = 0; repetition < 7; ++repetition) {
    const double before = cpu_seconds();
    octets = 0;
    for (std::uint64_t round = 0; round < rounds; ++round) {
      std::span<const std::byte> rest(frames.bytes);
      while (const std::size_t size = proto::message_size(rest)) {
        const proto::Submit submit(proto::MessageView(rest.first(size)));
        rest = rest.subspan(size);
        if (const auto point = proto::point_of(submit, totals, false, 0)) {
          octets += encode(*point, out);
        }
      }
    }
    costs.push_back((cpu_seconds() - before) * 1e9 / static_cast<double>(rounds * frames.count));
  }
  std::sort(costs.begin(), costs.end());
  octets /= rounds;
  return costs[costs.size() / 2];
}

int run(int argc, char** argv) {
  const Arguments arguments(argc, argv, {"--rounds", "--pin"});
  arguments.pin();
  const auto rounds = std::max<std::uint64_t>(1, arguments.number("--rounds", 5'000));
  const Frames frames = host_frames();
  proto::DefaultTags labels;
  if (labels.set("dc", "east") != proto::NameError::kNone) fail("cannot set a label");

  proto::GraphiteEncoder graphite({}, {});
  proto::GraphiteEncoder tagged({.tags = true}, {});
  proto::InfluxEncoder influx({}, {});
  proto::InfluxEncoder labelled({}, labels);
  const proto::RemoteWriteEncoder remote_write({.hostname = "web01.example"});
  const std::vector<std::pair<const char*, Encode>> formats = {
      {"graphite", [&](const auto& point, auto out) { return graphite.write(point, out); }},
      {"graphite_tagged", [&](const auto& point, auto out) { return tagged.write(point, out); }},
      {"influx", [&](const auto& point, auto out) { return influx.write(point, out); }},
      {"influx_labels", [&](const auto& point, auto out) { return labelled.write(point, out); }},
      {"remote_write",
       [&](const auto& point, auto out) { return remote_write.write(point, out).size; }},
  };
  std::printf("{\"frames\":%zu,\"frame_bytes\":%zu,\"runs\":[", frames.count,
              frames.bytes.size() / frames.count);
  for (const auto& [name, encode] : formats) {
    std::size_t octets = 0;
    const double cost = measure(frames, encode, rounds, octets);
    std::printf("%s{\"format\":\"%s\",\"nanoseconds\":%.1f,\"bytes\":%zu}",
                name == formats.front().first ? "" : ",", name, cost, octets / frames.count);
  }
  std::printf("]}\n");
  return 0;
}

}  // namespace
}  // namespace lariat::bench

int main(int argc, char** argv) { return lariat::bench::run(argc, argv); }
