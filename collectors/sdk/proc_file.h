#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lariat::sdk {

/// A file of numbers that the kernel makes anew each time it is read from its beginning: /proc,
/// /sys. What is no regular file is not read. It stays open; reading it allocates nothing once the
/// buffer has its size.
class ProcFile {
 public:
  /// How the kernel hands it out.
  enum class Shape {
    kWhole,    ///< In one piece, if there is room for it.
    kRecords,  ///< Some records a call: read until nothing comes.
    /// The same, and none is longer than 256 octets: what leaves room for one in the kernel's page
    /// was the last (seq_file). The call that says so looks at all sockets again.
    kShortRecords,
  };
  /// More is not read: no such file is as long.
  static constexpr std::size_t kMostOctets = std::size_t{16} << 20U;

  explicit ProcFile(std::string path, Shape shape = Shape::kRecords)
      : path_(std::move(path)), shape_(shape) {}
  ProcFile(ProcFile&& other) noexcept;
  ProcFile& operator=(ProcFile&& other) noexcept;
  ~ProcFile();

  /// False if the kernel says that it is as when `read` last was good: of the few files that tell
  /// poll(2) of a change, such as mountinfo. What has changed is told once.
  [[nodiscard]] bool may_have_changed() noexcept;
  /// What it holds, until the next call; or nothing, and `error` says why.
  [[nodiscard]] std::optional<std::string_view> read();
  /// After a failed `read`: there is no such file.
  [[nodiscard]] bool is_absent() const noexcept;
  /// One sentence on why the last `read` failed.
  [[nodiscard]] std::string error() const;
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  [[nodiscard]] bool read_again();
  [[nodiscard]] bool open_it() noexcept;
  void close_it() noexcept;

  std::string path_;
  Shape shape_;
  int descriptor_ = -1;
  int errno_ = 0;
  std::vector<char> buffer_;
  std::size_t size_ = 0;
};

/// A small file, read once: its first 64 KiB without white space at their end; nothing if it cannot
/// be read.
[[nodiscard]] std::optional<std::string> read_file(const std::string& path);

}  // namespace lariat::sdk
