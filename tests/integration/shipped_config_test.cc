#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/process.h"

// The configuration that is installed shows each key with its default in comments. These tests hold
// it to what the program knows.

namespace lariat::test {
namespace {

using Json = nlohmann::ordered_json;

std::vector<std::string> shipped_lines() {
  std::istringstream file(read_file(LARIAT_SHIPPED_CONFIG));
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

std::string_view trimmed(std::string_view line) {
  const auto begin = line.find_first_not_of(' ');
  return begin == std::string_view::npos ? std::string_view() : line.substr(begin);
}

/// The file with the `// ` taken from each line that has a key behind it.
std::string all_uncommented() {
  std::string text;
  for (const std::string& line : shipped_lines()) {
    const std::string_view rest = trimmed(line);
    const bool key = rest.starts_with("// \"") || rest.starts_with("// , \"");
    text += std::string(key ? rest.substr(3) : rest) + '\n';
  }
  return text;
}

/// Of the keys that are listed for an endpoint and for a collector, those of the list that begins
/// with `first`, as the members of an object.
std::string listed_keys(std::string_view first) {
  constexpr std::string_view kIndent = "//   ";
  std::string keys;
  for (const std::string& line : shipped_lines()) {
    const std::string_view rest = trimmed(line);
    const bool list = rest.starts_with(kIndent) && rest.substr(kIndent.size()).starts_with('"');
    if (!keys.empty() && !list) break;
    if (list && (!keys.empty() || rest.substr(kIndent.size()).starts_with(first))) {
      keys += rest.substr(kIndent.size());
    }
  }
  return keys;
}

class ShippedConfigTest : public testing::Test {
 protected:
  /// What `lariat check --print` says of a configuration, which must be good.
  [[nodiscard]] Json effective(const std::string& text) const {
    write_file(folder_.file("c.json"), text);
    Process check({LARIAT_BINARY, "check", "--print", "--config", folder_.file("c.json")});
    EXPECT_EQ(check.wait(), 0) << check.text(Process::Stream::kErr) << text;
    return Json::parse(check.text(Process::Stream::kOut), nullptr, false);
  }

  TemporaryDirectory folder_;
};

TEST_F(ShippedConfigTest, SaysWhatTheProgramDoesByDefault) {
  EXPECT_EQ(effective(read_file(LARIAT_SHIPPED_CONFIG)), effective("{}"));
}

TEST_F(ShippedConfigTest, IsGoodWithEveryKeyUncommentedAndTheValuesAreTheDefaults) {
  const Json all = effective(all_uncommented());
  // The default is another for a user that cannot write to /run.
  const Json bare = effective(R"({"control": {"socket": "/run/lariat/lariat.sock"}, "endpoints": {
    "east": {"url": "tsdp://agg1.example:2600"},
    "west": {"url": "tsdp+tls://agg2.example:2600", "tls": {"ca": "/etc/ssl/ours.pem"}},
    "graphite": {"url": "graphite://carbon.example:2003"},
    "influx": {"url": "influx+http://influx.example:8086/write?db=metrics"},
    "prometheus": {"url": "prometheus+http://metrics.example:9090/api/v1/write"},
    "bolo": {"url": "bolo://bolo.example:2999"}}})");
  EXPECT_EQ(all, bare);
}

TEST_F(ShippedConfigTest, ListsTheKeysOfAnEndpointWithTheirDefaults) {
  const std::string keys = listed_keys("\"start\"") + ", " + listed_keys("\"heartbeat\"");
  const Json endpoint = effective(R"({"endpoints": {"x": {"url": "tsdp://a.example:2600"}}})");
  EXPECT_EQ(effective(R"({"endpoints": {"x": {"url": "tsdp://a.example:2600", )" + keys + "}}}"),
            endpoint);
  for (const auto& [key, value] : endpoint["endpoints"]["x"].items()) {
    if (key == "url") continue;
    EXPECT_THAT(keys, testing::HasSubstr('"' + key + '"'));
  }
}

TEST_F(ShippedConfigTest, ListsTheKeysOfACollectorWithTheirDefaults) {
  const std::string keys = listed_keys("\"command\"");
  const Json all = effective(R"({"collectors": {"run": {"x": {)" + keys + "}}}}");
  const Json bare =
      effective(R"({"collectors": {"run": {"x": {"command": ["/opt/mine.sh", "argument"]}}}})");
  EXPECT_EQ(all, bare);
  for (const auto& [key, value] : bare["collectors"]["run"]["x"].items()) {
    EXPECT_THAT(keys, testing::HasSubstr('"' + key + '"'));
  }
}

TEST_F(ShippedConfigTest, NamesEveryKeyOfTheConfiguration) {
  const std::string text = all_uncommented();
  const Json known = effective("{}");
  for (const auto& [key, value] : known.items()) {
    EXPECT_THAT(text, testing::HasSubstr("\n\"" + key + "\": ")) << "as a key of its own";
    if (!value.is_object() || key == "tags") continue;
    for (const auto& [inner, ignored] : value.items()) {
      EXPECT_THAT(text, testing::HasSubstr('"' + inner + "\": ")) << key;
    }
  }
  for (const std::string key : {"directory", "max_bytes", "sync"}) {
    EXPECT_THAT(text, testing::HasSubstr('"' + key + "\": ")) << "log.spool";
  }
}

}  // namespace
}  // namespace lariat::test
