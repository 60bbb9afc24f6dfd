#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/print.h"
#include "proto/text_reader.h"

namespace lariat::test {

/// What lines of a format give, each as one of ours, and `!reason` where one is refused. `now` is
/// 1000; there are no default tags but `host=h`.
class TextLines {
 public:
  explicit TextLines(std::optional<proto::TextFormat> format = {}, std::string check = "check")
      : reader_((static_cast<void>(tags_.set("host", "h")), tags_), 10'000, format,
                std::move(check)) {}

  void expect_plugin() { reader_.expect_plugin(); }
  std::vector<std::string> take(std::string_view line) {
    said_.clear();
    const auto result = reader_.take(line, kNow, [this](auto message) { note(message); });
    for (std::size_t i = 0; i < result.not_plugins; ++i) {
      said_.insert(said_.begin(), "!unknown-keyword");
    }
    if (result.reason != proto::Reason::kNone) refuse(result.reason);
    if (result.done) said_.emplace_back("done");
    return said_;
  }
  std::vector<std::string> finish(const proto::PluginEnd& end = {}) {
    said_.clear();
    reader_.finish(
        end, kNow, [this](auto message) { note(message); },
        [this](proto::Reason reason, std::string_view) { refuse(reason); });
    return said_;
  }
  /// `bolo` and so on, or nothing.
  [[nodiscard]] std::string format() const {
    const auto format = reader_.format();
    return format ? std::string(to_string(*format)) : "";
  }

 private:
  static constexpr std::uint64_t kNow = 1000;

  void note(std::span<const std::byte> message) {
    const proto::MessageView view(message);
    if (check(view) != proto::Reason::kNone) said_.emplace_back("invalid");
    proto::print_line(view, said_.emplace_back());
  }
  void refuse(proto::Reason reason) { said_.push_back("!" + std::string(to_string(reason))); }

  proto::DefaultTags tags_;
  proto::TextReader reader_;
  std::vector<std::string> said_;
};

/// What one line gives, the printed ones one behind the other with ` | ` between.
inline std::string one_line(proto::TextFormat format, std::string_view line) {
  std::string all;
  for (const auto& said : TextLines(format).take(line)) all += (all.empty() ? "" : " | ") + said;
  return all;
}

}  // namespace lariat::test
