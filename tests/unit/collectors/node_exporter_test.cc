#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "proto/decode.h"
#include "proto/exposition_read.h"
#include "proto/legal_name.h"
#include "proto/qname.h"
#include "tests/support/http_client.h"
#include "tests/support/process.h"

// The real program against the real node_exporter, on this host and on fixtures.

namespace lariat {
namespace {

using test::Process;
using testing::IsEmpty;
using enum test::Process::Stream;

using Labels = std::map<std::string, std::string>;
using Key = std::pair<std::string, Labels>;
struct Series {
  bool counter = false;
  bool untyped = false;
  double value = 0;
};
using AllSeries = std::map<Key, Series>;

constexpr const char* kFamilies[] = {"arp",
                                     "bonding",
                                     "btrfs",
                                     "conntrack",
                                     "cpu",
                                     "cpufreq",
                                     "diskstats",
                                     "dmi",
                                     "edac",
                                     "entropy",
                                     "filefd",
                                     "filesystem",
                                     "hwmon",
                                     "loadavg",
                                     "mdadm",
                                     "meminfo",
                                     "netclass",
                                     "netdev",
                                     "netstat",
                                     "nfs",
                                     "nvme",
                                     "os",
                                     "powersupplyclass",
                                     "pressure",
                                     "rapl",
                                     "schedstat",
                                     "sockstat",
                                     "softnet",
                                     "stat",
                                     "textfile",
                                     "thermal_zone",
                                     "time",
                                     "timex",
                                     "udp_queues",
                                     "uname",
                                     "vmstat",
                                     "xfs",
                                     "zfs"};
// What the folders of other kernels have.
const std::set<std::string> kEarlyFamilies = {"cpu",    "diskstats", "loadavg", "meminfo",
                                              "netdev", "stat",      "time"};
// Asked of this host's kernel, not of files.
const std::set<std::string> kNotFiles = {"filesystem", "timex", "uname"};

std::string node_exporter() {
  return std::string(LARIAT_SOURCE) + "/build/unpacked/usr/bin/prometheus-node-exporter";
}

// What node_exporter tells of itself.
bool is_of_the_program(std::string_view name) {
  return name.starts_with("go_") || name.starts_with("process_") || name.starts_with("promhttp_") ||
         name == "node_exporter_build_info";
}

// Prometheus takes a label with an empty value for one that is not there.
AllSeries series_in(std::string_view exposition) {
  AllSeries all;
  proto::ExpositionReader reader(exposition);
  proto::ExpositionValue value;
  while (reader.next(value)) {
    if (is_of_the_program(value.name)) continue;
    Labels labels;
    proto::LabelWalk walk(value.labels);
    proto::ExpositionLabel label;
    while (walk.next(label)) {
      std::string room(label.value.size(), '\0');
      const std::string text(proto::unescape_label(label.value, room));
      if (!text.empty()) labels[std::string(label.name)] = text;
    }
    const bool counter = value.cumulative();
    const bool untyped = value.type == proto::ExpositionValue::Type::kUntyped;
    all[{std::string(value.name), labels}] = {counter, untyped, value.value};
  }
  EXPECT_EQ(reader.refused(), 0U);
  return all;
}

AllSeries series_of(std::string_view messages) {
  AllSeries all;
  proto::Decoder decoder;
  decoder.feed(std::as_bytes(std::span(messages)));
  while (const auto event = decoder.next()) {
    if (event->outcome != proto::Decoder::Outcome::kMessage) {
      ADD_FAILURE() << "no message";
      return all;
    }
    if (event->message.opcode() != proto::Opcode::kSubmit) continue;
    const proto::Submit submit(event->message);
    // A bare metric is no whole name: as the agent does, it gets a tag.
    const std::string name = std::string(submit.name()) +
                             (submit.name().find(' ') == std::string_view::npos ? " ?" : "");
    std::array<proto::Label, proto::kMaxNameEntries> room;
    std::array<char, proto::kLabelStorage> storage;
    Labels labels;
    for (const auto& label : proto::prometheus_labels(name, room, storage)) {
      if (!label.value.empty()) labels[std::string(label.name)] = label.value;
    }
    const Key key{std::string(proto::metric_of(name)), labels};
    EXPECT_FALSE(all.contains(key)) << "twice: " << name;
    all[key] = {submit.kind() == proto::Payload::kDelta, false, submit.value(0)};
  }
  return all;
}

std::string spelled(const Key& key) {
  std::string text = key.first + "{";
  for (const auto& [name, value] : key.second) text += name + "=\"" + value + "\",";
  return text + "}";
}

std::vector<std::string> only_in(const AllSeries& these, const AllSeries& others) {
  std::vector<std::string> only;
  for (const auto& [key, series] : these) {
    if (!others.contains(key)) only.push_back(spelled(key));
  }
  return only;
}

std::set<std::string> all_families() { return {std::begin(kFamilies), std::end(kFamilies)}; }

std::set<std::string> families_in_files() {
  std::set<std::string> families = all_families();
  for (const std::string& family : kNotFiles) families.erase(family);
  // Off by default, and on a host too restless to be compared.
  families.insert("processes");
  return families;
}

// What `linux` has of ZFS and this release of node_exporter has not, though the next one has: a
// file that goes by another name since, numbers below zero, a state of pools.
bool is_newer(const Key& key) {
  const auto& [name, labels] = key;
  const auto state = labels.find("state");
  return name.starts_with("node_zfs_dbuf_") || name == "node_zfs_arc_memory_available_bytes" ||
         (name == "node_zfs_zpool_state" && state->second == "suspended");
}

class AgainstNodeExporter : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(::access(node_exporter().c_str(), X_OK), 0)
        << "no node_exporter to compare with: run packaging/install-dependencies unpack";
  }

  static AllSeries theirs(const std::vector<std::string>& options,
                          const std::set<std::string>& families = all_families()) {
    std::vector<std::string> words = {node_exporter(), "--web.listen-address=127.0.0.1:0",
                                      "--collector.disable-defaults"};
    for (const std::string& family : families) words.push_back("--collector." + family);
    words.insert(words.end(), options.begin(), options.end());
    Process server(words);
    std::uint16_t port = 0;
    while (port == 0) {
      const auto line = server.line(kErr);
      if (!line) return {};
      constexpr std::string_view kAddress = "address=127.0.0.1:";
      const std::size_t at = line->find(kAddress);
      if (line->find("Listening on") != line->npos && at != line->npos) {
        port = static_cast<std::uint16_t>(std::stoi(line->substr(at + kAddress.size())));
      }
    }
    const auto answer = test::http_get(port, "/metrics");
    EXPECT_EQ(answer.status, 200);
    return series_in(answer.body);
  }

  static AllSeries ours(const std::vector<std::string>& options,
                        const std::set<std::string>& families = all_families()) {
    std::vector<std::string> words = {std::string(LARIAT_COLLECTORS) + "/linux", "--once"};
    for (const std::string& family : families) words.push_back("--only=" + family);
    words.insert(words.end(), options.begin(), options.end());
    Process program(words);
    EXPECT_EQ(program.wait(), 0);
    EXPECT_EQ(program.text(kErr), "");
    return series_of(program.text(kOut));
  }

  static void expect_the_same_types(const AllSeries& a, const AllSeries& b) {
    for (const auto& [key, series] : a) {
      const auto found = b.find(key);
      // What node_exporter knows no type of is a counter or a gauge to us.
      if (found == b.end() || found->second.untyped) continue;
      EXPECT_EQ(series.counter, found->second.counter) << spelled(key);
    }
  }
};

TEST_F(AgainstNodeExporter, HasTheSameSeriesOnThisHost) {
  const AllSeries they = theirs({});
  const AllSeries we = ours({});
  ASSERT_GT(they.size(), 100U);
  EXPECT_THAT(only_in(we, they), IsEmpty());
  EXPECT_THAT(only_in(they, we), IsEmpty());
  expect_the_same_types(we, they);
}

TEST_F(AgainstNodeExporter, HasTheSameValuesWhereTheyStandStill) {
  const AllSeries they = theirs({});
  const AllSeries we = ours({});
  for (const char* name :
       {"node_memory_MemTotal_bytes", "node_memory_SwapTotal_bytes",
        "node_memory_Hugepagesize_bytes", "node_boot_time_seconds", "node_disk_info",
        "node_uname_info", "node_time_zone_offset_seconds", "node_filesystem_size_bytes",
        "node_filesystem_files", "node_filesystem_readonly", "node_filesystem_device_error",
        "node_scrape_collector_success"}) {
    std::size_t compared = 0;
    for (const auto& [key, series] : we) {
      if (key.first != name) continue;
      ++compared;
      EXPECT_EQ(series.value, they.at(key).value) << spelled(key);
    }
    EXPECT_GT(compared, 0U) << name;
  }
}

// What no host here has: old and new kernels' columns, udev's properties, throttles. Not compared:
// file systems and uname, which are asked of this host's kernel, and times.
TEST_F(AgainstNodeExporter, HasTheSameSeriesAndValuesOnFixtures) {
  const std::string folder = std::string(LARIAT_FIXTURES) + "/linux";
  for (const char* set : {"", "/new"}) {
    SCOPED_TRACE(set);
    const std::string proc = folder + set + "/proc";
    const auto families = *set == '\0' ? families_in_files() : kEarlyFamilies;
    AllSeries they = theirs(
        {"--path.procfs=" + proc, "--path.sysfs=" + folder + "/sys",
         "--path.rootfs=" + folder + "/rootfs",
         "--collector.textfile.directory=" + folder + "/rootfs/var/lib/prometheus/node-exporter",
         "--path.udev.data=" + folder + "/rootfs/run/udev/data", "--no-collector.netdev.netlink"},
        families);
    AllSeries we = ours(
        {"--procfs", proc, "--sysfs", folder + "/sys", "--rootfs", folder + "/rootfs"}, families);
    for (AllSeries* all : {&they, &we}) {
      std::erase_if(*all, [](const auto& entry) {
        return entry.first.first == "node_time_seconds" ||
               entry.first.first == "node_scrape_collector_duration_seconds";
      });
    }
    std::erase_if(we, [](const auto& entry) { return is_newer(entry.first); });
    EXPECT_THAT(only_in(we, they), IsEmpty());
    EXPECT_THAT(only_in(they, we), IsEmpty());
    expect_the_same_types(we, they);
    for (const auto& [key, series] : we) {
      const auto found = they.find(key);
      if (found != they.end()) {
        EXPECT_DOUBLE_EQ(series.value, found->second.value) << spelled(key);
      }
    }
  }
}

}  // namespace
}  // namespace lariat
