#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lariat::hostinfo {

/// What stands behind the colon of the first line of /proc/cpuinfo that names a model.
[[nodiscard]] std::optional<std::string> cpu_model(std::string_view cpuinfo);
/// A flag `hypervisor` is among those of the CPU.
[[nodiscard]] bool has_hypervisor_flag(std::string_view cpuinfo) noexcept;

/// CPUs in a list as /sys has it, `0-2,5`; 0 if it is none.
[[nodiscard]] std::size_t count_cpus(std::string_view list) noexcept;

/// The bytes of `MemTotal` in /proc/meminfo.
[[nodiscard]] std::optional<std::uint64_t> memory_total(std::string_view meminfo) noexcept;

/// The full name of `host` in /etc/hosts: the first name with a dot on a line that has it. Nobody
/// is asked over the network.
[[nodiscard]] std::optional<std::string> full_name(std::string_view hosts, std::string_view host);

/// `Europe/Berlin`, of the target of the link /etc/localtime.
[[nodiscard]] std::optional<std::string> zone_of_link(std::string_view target);

/// What kind of virtual machine a maker and product mean: `kvm`, `vmware`, …; nothing if none is
/// known.
[[nodiscard]] std::optional<std::string_view> virtualization_of(std::string_view vendor,
                                                                std::string_view product) noexcept;

}  // namespace lariat::hostinfo
