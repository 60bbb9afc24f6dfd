#include <cstdint>
#include <string>

#include "collectors/linux/all.h"

namespace lariat::host {
namespace {

class EntropySource : public sdk::Source {
 public:
  explicit EntropySource(sdk::Host& host)
      : available_(host.paths().proc + "/sys/kernel/random/entropy_avail", host.descriptors()),
        size_(host.paths().proc + "/sys/kernel/random/poolsize", host.descriptors()) {}

  std::string collect(sdk::Answer& answer) override {
    const auto available = available_.number<std::uint64_t>();
    if (!available) return available_.error();
    const auto size = size_.number<std::uint64_t>();
    if (!size) return size_.error();
    answer.sample("node_entropy_available_bits", static_cast<double>(*available));
    answer.sample("node_entropy_pool_size_bits", static_cast<double>(*size));
    return {};
  }

 private:
  sdk::SysFile available_;
  sdk::SysFile size_;
};

}  // namespace

std::unique_ptr<sdk::Source> make_entropy(sdk::Host& host) {
  return std::make_unique<EntropySource>(host);
}

}  // namespace lariat::host
