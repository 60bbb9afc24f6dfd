#include <array>
#include <string>

#include "collectors/linux/all.h"
#include "collectors/linux/fault.h"
#include "collectors/linux/round_cache.h"
#include "collectors/sdk/scan.h"

namespace lariat::host {
namespace {

// Where a bond keeps what it knows of one of its interfaces: newer kernels, older ones.
struct Slave {
  sdk::SysFile lower;
  sdk::SysFile slave;
};

struct Master {
  sdk::SysFile slaves_file;
  sdk::Tags tags;
  RoundCache<Slave> slaves;
};

class BondingSource : public sdk::Source {
 public:
  explicit BondingSource(sdk::Host& host)
      : host_(host),
        folder_(host.paths().sys + "/class/net/"),
        file_(folder_ + "bonding_masters", host.descriptors()) {}

  std::string collect(sdk::Answer& answer) override {
    std::array<char, sdk::SysFile::kRoom> room;
    const auto names = file_.read(room);
    if (!names) return file_.is_absent() ? not_here() : file_.error();
    std::string_view rest = *names;
    std::string fault;
    masters_.begin();
    for (std::string_view name; fault.empty() && !(name = sdk::take_word(rest)).empty();) {
      const auto make = [this](std::string_view of) { return make_master(of); };
      fault = put(masters_.at(name, make), name, answer);
    }
    masters_.end();
    return fault;
  }

 private:
  std::string put(Master& master, std::string_view name, sdk::Answer& answer) {
    std::array<char, sdk::SysFile::kRoom> room;
    const auto slaves = master.slaves_file.read(room);
    if (!slaves) return master.slaves_file.error();
    std::string_view rest = *slaves;
    unsigned all = 0;
    unsigned up = 0;
    master.slaves.begin();
    for (std::string_view slave; !(slave = sdk::take_word(rest)).empty(); ++all) {
      const auto make = [&](std::string_view of) { return make_slave(name, of); };
      up += is_up(master.slaves.at(slave, make)) ? 1 : 0;
    }
    master.slaves.end();
    answer.sample("node_bonding_slaves", all, master.tags.text());
    answer.sample("node_bonding_active", up, master.tags.text());
    return {};
  }

  static bool is_up(Slave& slave) {
    std::array<char, 64> room;
    const auto lower = slave.lower.read(room);
    return (lower ? lower : slave.slave.read(room)) == "up";
  }

  [[nodiscard]] Master make_master(std::string_view name) const {
    return {sdk::SysFile(folder_ + std::string(name) + "/bonding/slaves", host_.descriptors()),
            sdk::Tags{{"master", name}},
            {}};
  }

  [[nodiscard]] Slave make_slave(std::string_view master, std::string_view name) const {
    const auto file = [&](const char* prefix) {
      return sdk::SysFile(
          folder_ + std::string(master) + prefix + std::string(name) + "/bonding_slave/mii_status",
          host_.descriptors());
    };
    return {file("/lower_"), file("/slave_")};
  }

  sdk::Host& host_;
  std::string folder_;
  sdk::SysFile file_;
  RoundCache<Master> masters_;
};

}  // namespace

std::unique_ptr<sdk::Source> make_bonding(sdk::Host& host) {
  return std::make_unique<BondingSource>(host);
}

}  // namespace lariat::host
