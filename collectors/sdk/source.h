#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/sdk/answer.h"
#include "collectors/sdk/proc_file.h"
#include "collectors/sdk/program.h"
#include "collectors/sdk/sys_file.h"

namespace lariat::sdk {

/// Where a host's files are: another place for tests, and in a container.
struct Paths {
  std::string proc = "/proc";
  std::string sys = "/sys";
  std::string root = "/";  ///< What other paths stand below.
  /// Where other programs leave files `*.prom`; below `root`.
  std::string textfiles = "/var/lib/prometheus/node-exporter";

  /// `path`, absolute, as it is found below `root`.
  [[nodiscard]] std::string in_root(std::string_view path) const;
};

/// The files that sources read, shared: each is read once a round, whoever asks for it.
class Host {
 public:
  explicit Host(Paths paths) : paths_(std::move(paths)) {}

  [[nodiscard]] const Paths& paths() const noexcept { return paths_; }
  /// What `file` of /proc, `stat`, holds in this round; nothing if it cannot be read, then `error`
  /// has a sentence.
  [[nodiscard]] std::optional<std::string_view> read_proc(std::string_view file, std::string& error,
                                                          ProcFile::Shape shape);
  /// What sources may keep open of small files, all together.
  [[nodiscard]] Descriptors& descriptors() noexcept { return descriptors_; }
  /// Begins a round: what was read is old.
  void next_round() noexcept;

 private:
  struct Shared {
    ProcFile file;
    std::optional<std::string_view> content;
    bool read = false;
  };

  Paths paths_;
  Descriptors descriptors_;
  std::map<std::string, Shared, std::less<>> files_;
};

/// What `Source::collect` returns if this host has nothing of its kind: no success, and not worth a
/// word either.
inline constexpr std::string_view kNotHere = "not here";

/// Reads one kind of numbers of the host.
class Source {
 public:
  Source() = default;
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;
  virtual ~Source() = default;

  /// Puts its values into `answer`. What went wrong as one sentence, or nothing; then nothing of
  /// what it has put there counts.
  [[nodiscard]] virtual std::string collect(Answer& answer) = 0;
};

struct SourceEntry {
  std::string_view name;
  std::string_view help;
  std::unique_ptr<Source> (*make)(Host& host);
  bool by_default = true;  ///< Else `--with` or `--only` must name it.
};

/// How a source did in one round.
struct SourceOutcome {
  std::string_view name;
  std::string_view tags;  ///< `collector=NAME`
  double seconds = 0;
  bool success = false;
};

/// The sources that were chosen. One that fails costs itself alone, and is told of once, as is that
/// it is well again.
class SourceSet {
 public:
  using Told = std::function<void(std::string_view sentence)>;
  using Report = std::function<void(Answer& answer, const SourceOutcome& outcome)>;

  /// Borrows `host`.
  SourceSet(Host& host, std::span<const SourceEntry> entries, Told told, Report report = {});
  void collect(Answer& answer);

 private:
  struct Member {
    std::string_view name;
    Tags tags;
    std::unique_ptr<Source> source;
    bool failing = false;
  };
  [[nodiscard]] bool collect_one(Member& member, Answer& answer) const;

  Host& host_;
  std::vector<Member> members_;
  Told told_;
  Report report_;
};

/// The main function of a collector that is made of sources: `run` with the options `--only`,
/// `--no`, `--with`, `--list`, `--procfs`, `--sysfs` and `--rootfs`;
/// with `--textfiles` if there is a source `textfile`.
[[nodiscard]] int run_sources(std::span<const char* const> arguments, const Program& program,
                              std::span<const SourceEntry> entries,
                              const SourceSet::Report& report = {});

}  // namespace lariat::sdk
