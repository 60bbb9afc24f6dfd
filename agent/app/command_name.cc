#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "agent/app/commands.h"
#include "agent/app/json_text.h"
#include "agent/app/name_outputs.h"
#include "proto/qname.h"

namespace lariat::app {
namespace {

struct NameOptions {
  std::vector<std::string> names;
  bool json = false;
};

// What controls a terminal is spelled `\xNN`.
std::string shown(std::string_view text) {
  std::string out;
  for (const char octet : text) {
    const auto value = static_cast<unsigned char>(octet);
    out += value < 0x20 || value == 0x7f ? fmt::format("\\x{:02x}", value) : std::string(1, octet);
  }
  return out;
}

// Errors stay on the stream, to be looked at once.
void put(const std::string& text) { std::fputs(text.c_str(), stdout); }

void print_text(std::string_view canonical) {
  put(fmt::format("{}\n", shown(canonical)));
  if (proto::has_wildcard(canonical)) {
    put("  a pattern: it selects names and is none itself\n");
    return;
  }
  for (const auto& [output, name] : name_outputs(canonical)) {
    put(fmt::format("  {:<17} {}\n", output, shown(name)));
  }
}

void append_outputs(std::string_view canonical, std::string& line) {
  char before = '{';
  for (const auto& [output, name] : name_outputs(canonical)) {
    line += before;
    before = ',';
    append_json_string(output, line);
    line += ':';
    append_json_string(name, line);
  }
  line += '}';
}

void print_json(std::string_view name, const proto::NameResult& canonical) {
  std::string line = "{\"name\":";
  append_json_string(name, line);
  if (!canonical) {
    line += fmt::format(",\"octet\":{},\"error\":", fault_position(name));
    append_json_string(to_string(canonical.error), line);
  } else {
    line += ",\"canonical\":";
    append_json_string(canonical.name, line);
    if (proto::has_wildcard(canonical.name)) {
      line += ",\"pattern\":true";
    } else {
      line += ",\"outputs\":";
      append_outputs(canonical.name, line);
    }
  }
  put(line + "}\n");
}

int print_names(const NameOptions& options) {
  int status = kGood;
  std::array<char, proto::kMaxNameLength> room;
  for (const std::string& name : options.names) {
    const auto canonical = proto::canonical(name, room);
    if (!canonical) status = kFailed;
    if (options.json) {
      print_json(name, canonical);
    } else if (canonical) {
      print_text(canonical.name);
    } else {
      std::fflush(stdout);
      const auto sentence = fmt::format("lariat name: '{}', octet {}: {}\n", shown(name),
                                        fault_position(name), to_string(canonical.error));
      std::fputs(sentence.c_str(), stderr);
    }
  }
  const bool written = std::fflush(stdout) == 0 && std::ferror(stdout) == 0;
  return written ? status : kFailed;
}

}  // namespace

void add_name(CLI::App& app, Run& run) {
  auto options = std::make_shared<NameOptions>();
  auto* command = app.add_subcommand(
      "name", "canonical form of names, or why they have none, and how they look on each output");
  command->add_option("NAME", options->names, "a metric, a blank and tags: 'cpu host=a,core=0'")
      ->required();
  command->add_flag("--json", options->json, "one JSON object for each name");
  command->callback([options, &run] { run = [options] { return print_names(*options); }; });
}

}  // namespace lariat::app
