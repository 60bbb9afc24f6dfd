#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "collectors/linux/all.h"
#include "collectors/linux/device_files.h"
#include "collectors/linux/round_cache.h"
#include "collectors/sdk/scan.h"

namespace lariat::host {
namespace {

constexpr std::string_view kRowCorrectable = "node_edac_csrow_correctable_errors_total";
constexpr std::string_view kRowUncorrectable = "node_edac_csrow_uncorrectable_errors_total";

constexpr std::array kControllerNumbers = {
    NumberFiles::Column{"ce_count", "node_edac_correctable_errors_total", 1, 1, true},
    NumberFiles::Column{"ue_count", "node_edac_uncorrectable_errors_total", 1, 1, true},
};
// Of which it is not known in which row they were.
constexpr std::array kUnknownNumbers = {
    NumberFiles::Column{"ce_noinfo_count", kRowCorrectable, 1, 1, true},
    NumberFiles::Column{"ue_noinfo_count", kRowUncorrectable, 1, 1, true},
};
constexpr std::array kRowNumbers = {
    NumberFiles::Column{"ce_count", kRowCorrectable, 1, 1, true},
    NumberFiles::Column{"ue_count", kRowUncorrectable, 1, 1, true},
};

struct Numbers {
  sdk::Tags tags;
  NumberFiles files;
};
using Controller = std::vector<Numbers>;

// What is behind `prefix` if it is a number.
std::optional<std::string_view> number_in(std::string_view name, std::string_view prefix) {
  if (!name.starts_with(prefix)) return std::nullopt;
  name.remove_prefix(prefix.size());
  return sdk::parse<std::uint32_t>(name) ? std::optional(name) : std::nullopt;
}

// Errors of memory, by its controllers.
class EdacSource : public sdk::Source {
 public:
  explicit EdacSource(sdk::Host& host)
      : host_(host), folder_(host.paths().sys + "/devices/system/edac/mc") {}

  std::string collect(sdk::Answer& answer) override {
    controllers_.begin();
    const bool good = folder_.list([this, &answer](std::string_view name) {
      if (!number_in(name, "mc")) return;
      const auto make_it = [this](std::string_view of) { return make(of); };
      for (auto& [tags, files] : controllers_.at(name, make_it)) files.put(answer, tags.text());
    });
    controllers_.end();
    return good || folder_.is_absent() ? std::string() : folder_.error();
  }

 private:
  [[nodiscard]] Controller make(std::string_view name) const {
    const std::string folder = folder_.path() + '/' + std::string(name);
    const std::string_view number = number_in(name, "mc").value_or("");
    Controller controller;
    controller.push_back(
        {sdk::Tags{{"controller", number}}, NumberFiles(folder, kControllerNumbers, host_)});
    controller.push_back({sdk::Tags{{"controller", number}, {"csrow", "unknown"}},
                          NumberFiles(folder, kUnknownNumbers, host_)});
    sdk::Folder(folder).list([&](std::string_view row) {
      if (const auto of = number_in(row, "csrow")) {
        controller.push_back({sdk::Tags{{"controller", number}, {"csrow", *of}},
                              NumberFiles(folder + '/' + std::string(row), kRowNumbers, host_)});
      }
    });
    return controller;
  }

  sdk::Host& host_;
  sdk::Folder folder_;
  RoundCache<Controller> controllers_;
};

}  // namespace

std::unique_ptr<sdk::Source> make_edac(sdk::Host& host) {
  return std::make_unique<EdacSource>(host);
}

}  // namespace lariat::host
