#include "collectors/linux/device_files.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "collectors/sdk/scan.h"

namespace lariat::host {
namespace {

bool is_there(const std::string& path) noexcept { return ::access(path.c_str(), F_OK) == 0; }

}  // namespace

std::optional<double> parse_whole(std::string_view text) noexcept {
  constexpr std::string_view kHexadecimal = "0x";
  if (text.starts_with(kHexadecimal)) {
    const auto value = sdk::parse_hexadecimal(text.substr(kHexadecimal.size()));
    return value ? std::optional(static_cast<double>(*value)) : std::nullopt;
  }
  const auto value = sdk::parse<std::int64_t>(text);
  return value ? std::optional(static_cast<double>(*value)) : std::nullopt;
}

NumberFiles::NumberFiles(const std::string& folder, std::span<const Column> columns,
                         sdk::Host& host) {
  for (const Column& column : columns) {
    std::string path = folder + '/' + std::string(column.file);
    if (!is_there(path)) continue;
    files_.push_back({sdk::SysFile(std::move(path), host.descriptors()), &column, {}});
  }
}

void NumberFiles::put(sdk::Answer& answer, std::string_view tags) {
  constexpr std::size_t kMostDigits = 64;
  std::array<char, kMostDigits> room;
  for (auto& each : files_) {
    const auto text = each.file.read(room);
    each.last = text ? parse_whole(*text) : std::nullopt;
    tell(each, answer, tags);
  }
}

void NumberFiles::repeat(sdk::Answer& answer, std::string_view tags) const {
  for (const auto& each : files_) tell(each, answer, tags);
}

void NumberFiles::tell(const File& file, sdk::Answer& answer, std::string_view tags) {
  if (!file.last) return;
  const auto& column = *file.column;
  const double value = *file.last * column.factor / column.divisor;
  column.counter ? answer.delta(column.metric, value, tags)
                 : answer.sample(column.metric, value, tags);
}

TextFiles::TextFiles(const std::string& folder, std::span<const Text> texts, sdk::Host& host,
                     std::string_view fixed_tag, std::string_view fixed_value)
    : fixed_tag_(fixed_tag), fixed_value_(fixed_value) {
  for (const auto& [file, tag] : texts) {
    std::string path = folder + '/' + std::string(file);
    if (is_there(path)) files_.push_back({sdk::SysFile(std::move(path), host.descriptors()), tag});
  }
  make_tags();
}

const std::string& TextFiles::tags() {
  std::array<char, sdk::SysFile::kRoom> room;
  now_.clear();
  for (File& file : files_) {
    now_ += file.file.read(room).value_or(std::string_view());
    now_ += '\0';
  }
  if (now_ != last_) {
    last_ = now_;
    make_tags();
  }
  return tags_.text();
}

void TextFiles::make_tags() {
  std::vector<sdk::Tags::Pair> pairs;
  if (!fixed_tag_.empty()) pairs.push_back({fixed_tag_, fixed_value_});
  std::string_view rest = last_;
  for (const File& file : files_) {
    const std::string_view text = rest.substr(0, rest.find('\0'));
    rest.remove_prefix(std::min(text.size() + 1, rest.size()));
    pairs.push_back({file.tag, text});
  }
  tags_ = sdk::Tags(pairs);
}

}  // namespace lariat::host
