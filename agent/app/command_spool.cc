#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <ctime>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include "agent/app/commands.h"
#include "agent/base/units.h"
#include "agent/publish/spool_directory.h"
#include "agent/publish/spool_segment.h"
#include "proto/message.h"
#include "proto/print.h"

namespace lariat::app {
namespace {

using publish::SpoolExtent;
using publish::SpoolListed;
using publish::SpoolPlace;

struct SpoolCommand {
  std::string directory;
  bool check = false;
  bool dump = false;
};

// Errors stay on the stream, to be looked at once.
void put(const std::string& text) { std::fputs(text.c_str(), stdout); }

int fail(const std::string& sentence) {
  std::fflush(stdout);
  const auto line = fmt::format("lariat spool: {}\n", sentence);
  std::fputs(line.c_str(), stderr);
  return kFailed;
}

std::string shown(base::WallTime time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
  const auto since_epoch = static_cast<std::time_t>(seconds);
  std::tm parts{};
  if (::gmtime_r(&since_epoch, &parts) == nullptr) return "-";
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", parts);
}

/// Reads a directory beside the agent that may be writing to it: takes no lock, changes nothing.
class SpoolReader {
 public:
  SpoolReader(const SpoolCommand& command, publish::SpoolDirectory& directory)
      : command_(command), directory_(directory) {}

  int run();

 private:
  void look_at(const SpoolListed& listed);
  std::string read(const SpoolListed& listed);
  void dump(const publish::SpoolIndex& index, const SpoolExtent& extent);
  void print_gap(SpoolPlace next);
  struct Behind {
    std::uint64_t frames;
    std::uint64_t bytes;
  };
  static void print_cursor(const std::string& name, const publish::SpoolCursor& cursor,
                           Behind behind);
  void print_cursors();
  void print_line(const SpoolListed& listed, const std::string& state) const;

  const SpoolCommand& command_;
  publish::SpoolDirectory& directory_;
  publish::SpoolIo io_;
  std::vector<std::byte> slab_;
  SpoolPlace end_;
  std::uint64_t frames_ = 0;
  std::uint64_t bytes_ = 0;
  bool damaged_ = false;
  bool any_ = false;
};

void SpoolReader::print_line(const SpoolListed& listed, const std::string& state) const {
  if (command_.dump) return;
  put(fmt::format("{:<20} {:>12} {:>9} {:>10}  {:<20}  {:<20}  {}\n", listed.name,
                  listed.range.from.sequence, listed.range.frames(),
                  base::format_size(listed.range.bytes()), shown(listed.first_time),
                  shown(listed.last_time), state));
}

void SpoolReader::print_gap(SpoolPlace next) {
  if (any_ && next.position > end_.position && !command_.dump) {
    put(fmt::format("{:<20} {:>12} {:>9} {:>10}  not on disk\n", "", end_.sequence,
                    next.sequence - std::min(next.sequence, end_.sequence),
                    base::format_size(next.position - end_.position)));
  }
  any_ = true;
}

void SpoolReader::dump(const publish::SpoolIndex& index, const SpoolExtent& extent) {
  auto bytes = std::span<const std::byte>(slab_).subspan(
      static_cast<std::size_t>(extent.from.position - index.header().base.position),
      static_cast<std::size_t>(extent.bytes()));
  std::string line;
  while (!bytes.empty()) {
    const auto message = bytes.first(proto::message_size(bytes));
    line.clear();
    if (proto::check(proto::MessageView(message)) == proto::Reason::kNone) {
      proto::print_line(proto::MessageView(message), line);
    } else {
      line = fmt::format("# {} octets that are no message", message.size());
    }
    put(line += '\n');
    bytes = bytes.subspan(message.size());
  }
}

// The whole file: what of it is as it was written.
std::string SpoolReader::read(const SpoolListed& listed) {
  const int fd = io_.open(directory_.fd(), listed.name, O_RDONLY | O_NOFOLLOW);
  if (fd == -ENOENT) return "gone meanwhile";
  const base::UniqueFd file(std::max(fd, -1));
  const auto head = file ? publish::read_spool_head(io_, fd) : publish::SpoolHead{.error = fd};
  if (!head.index) {
    damaged_ = true;
    return head.error < 0 ? std::generic_category().message(-head.error) : "damaged: no head";
  }
  slab_.resize(head.index->blocks() * publish::kSpoolBlockSize);
  const auto found = publish::load_spool_file(io_, fd, *head.index, slab_);
  if (command_.dump) {
    for (const auto& extent : found.extents) dump(*head.index, extent);
  }
  if (!found.damaged) return "good";
  damaged_ = true;
  return fmt::format("damaged: {} of {} frames lost", found.lost,
                     found.end.sequence - found.begin.sequence);
}

void SpoolReader::look_at(const SpoolListed& listed) {
  using State = SpoolListed::State;
  std::string state;
  switch (listed.state) {
    case State::kGood:
      print_gap(listed.range.from);
      state = command_.check || command_.dump ? read(listed) : "";
      frames_ += listed.range.frames();
      bytes_ += listed.range.bytes();
      break;
    case State::kEmpty:
      state = "empty";
      break;
    case State::kBad:
      state = "damaged: no head";
      damaged_ = true;
      break;
    case State::kUnreadable:
      state = std::generic_category().message(-listed.error);
      damaged_ = true;
      break;
  }
  print_line(listed, state);
  end_ = {std::max(end_.position, listed.range.to.position),
          std::max(end_.sequence, listed.range.to.sequence)};
}

// What is behind, and of that what outages have left to be sent beside what comes live.
void SpoolReader::print_cursor(const std::string& name, const publish::SpoolCursor& cursor,
                               Behind behind) {
  std::string backlog;
  for (std::size_t i = 0; i < cursor.lanes.size(); ++i) {
    const auto& lane = cursor.lanes[i];
    for (const auto& piece : lane) {
      const bool some = piece.match != 0 && piece.judged;
      behind.frames += some ? piece.frames : piece.extent.frames();
      behind.bytes += some ? piece.bytes : piece.extent.bytes();
    }
    if (i == 0 || lane.empty()) continue;
    backlog += fmt::format(", backlog {} to {}", lane.front().extent.from.sequence,
                           lane.back().extent.to.sequence);
  }
  put(fmt::format("  {:<18} {:>12}  {} frames behind, {}{}\n", name, cursor.live().sequence,
                  behind.frames, base::format_size(behind.bytes), backlog));
}

void SpoolReader::print_cursors() {
  using State = publish::SpoolCursorFile::State;
  const auto file = directory_.read_cursors();
  if (file.state == State::kBad || file.state == State::kUnreadable) {
    damaged_ = true;
    put(file.state == State::kBad ? "cursors: damaged\n" : "cursors: cannot be read\n");
    return;
  }
  if (file.state == State::kAbsent) return put("cursors: none saved\n");
  put(fmt::format("cursors, saved {}:\n", shown(file.cursors.saved)));
  for (const auto& [name, cursor] : file.cursors.endpoints) {
    const auto frames = end_.sequence - std::min(end_.sequence, cursor.judged.sequence);
    const auto bytes = end_.position - std::min(end_.position, cursor.judged.position);
    print_cursor(name, cursor, {frames, bytes});
  }
}

int SpoolReader::run() {
  const auto listing = directory_.list();
  if (!listing) return fail(listing.error().text);
  if (!command_.dump) {
    put(fmt::format("{:<20} {:>12} {:>9} {:>10}  {:<20}  {:<20}  {}\n", "SEGMENT", "FIRST",
                    "FRAMES", "BYTES", "FROM", "TO", command_.check ? "CHECK" : ""));
  }
  for (const auto& listed : listing->segments) look_at(listed);
  if (!command_.dump) {
    for (const auto& bad : listing->bad) {
      put(fmt::format("{:<24} set aside {}, {}\n", bad.name, shown(bad.changed),
                      base::format_size(bad.bytes)));
    }
    put(fmt::format("{} segments, {} frames, {}\n", listing->segments.size(), frames_,
                    base::format_size(bytes_)));
    print_cursors();
  }
  const bool written = std::fflush(stdout) == 0 && std::ferror(stdout) == 0;
  if (!written) return kFailed;
  return damaged_ && (command_.check || command_.dump) ? kFailed : kGood;
}

int read_spool(const SpoolCommand& command) {
  publish::SpoolIo io;
  const auto opened =
      publish::SpoolDirectory::open(io, command.directory, publish::SpoolDirectory::Access::kLook);
  if (!opened.directory) return fail(opened.error.text);
  return SpoolReader(command, *opened.directory).run();
}

}  // namespace

void add_spool(CLI::App& app, Run& run) {
  auto options = std::make_shared<SpoolCommand>();
  auto* command = app.add_subcommand(
      "spool", "lists what a spool holds: segments, cursors, how far they lag, damage");
  command->add_option("DIR", options->directory, "the directory, as in log.spool")->required();
  auto* check = command->add_flag("--check", options->check,
                                  "reads all of it; exit status 1 if any is damaged");
  command->add_flag("--dump", options->dump, "prints the frames, one a line")->excludes(check);
  command->callback([options, &run] { run = [options] { return read_spool(*options); }; });
}

}  // namespace lariat::app
