#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "collectors/sdk/scan.h"
#include "proto/function_ref.h"

namespace lariat::sdk {

/// How many descriptors may still be kept open: a host has few, and many small files.
class Descriptors {
 public:
  explicit Descriptors(unsigned left = 384) noexcept : left_(left) {}

  /// True if one may be kept, which is to be given back when it is closed.
  [[nodiscard]] bool take() noexcept {
    if (left_ == 0) return false;
    --left_;
    return true;
  }
  void give_back() noexcept { ++left_; }
  [[nodiscard]] unsigned left() const noexcept { return left_; }

 private:
  unsigned left_;
};

/// A file of one line, as /sys and /proc/sys have them, which may come and go. It stays open if
/// there are descriptors to spare; reading it allocates nothing.
class SysFile {
 public:
  /// Longer lines are cut.
  static constexpr std::size_t kRoom = 4096;
  using Room = std::span<char>;

  /// Borrows `descriptors`.
  SysFile(std::string path, Descriptors& descriptors) noexcept
      : path_(std::move(path)), descriptors_(&descriptors) {}
  SysFile(SysFile&& other) noexcept;
  SysFile& operator=(SysFile&& other) noexcept;
  ~SysFile() { close_it(); }

  /// What it holds without white space at both ends, in `room`; nothing if it cannot be read.
  [[nodiscard]] std::optional<std::string_view> read(Room room) noexcept;
  /// The one number it holds; nothing if there is none, or more.
  template <typename Number>
  [[nodiscard]] std::optional<Number> number() noexcept {
    constexpr std::size_t kMostDigits = 64;
    std::array<char, kMostDigits> room;
    const auto text = read(room);
    return text ? parse<Number>(*text) : std::nullopt;
  }
  /// After a failed read: there is no such file.
  [[nodiscard]] bool is_absent() const noexcept;
  /// The same: the file is there, what it tells of is not.
  [[nodiscard]] bool is_unsupported() const noexcept;
  /// The same: it is for others to read.
  [[nodiscard]] bool is_forbidden() const noexcept;
  /// One sentence on why the last `read` or `number` failed.
  [[nodiscard]] std::string error() const;
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  [[nodiscard]] bool read_some(int descriptor, Room room, std::size_t& size) noexcept;
  void close_it() noexcept;

  std::string path_;
  Descriptors* descriptors_;
  int descriptor_ = -1;
  int errno_ = 0;
};

/// A folder that is listed again and again; listing it allocates nothing. It stays open.
class Folder {
 public:
  explicit Folder(std::string path) noexcept : path_(std::move(path)) {}
  Folder(Folder&& other) noexcept
      : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)) {}
  Folder& operator=(Folder&& other) noexcept;
  ~Folder() { close_it(); }

  using Taker = proto::FunctionRef<void(std::string_view name)>;
  /// Hands out the names in it, in the kernel's order, without those that begin with a dot. False
  /// if it cannot be read.
  bool list(Taker take);
  /// From now on it is another one.
  void point_to(std::string_view path);
  /// Of the last failed `list`: there is no such folder.
  [[nodiscard]] bool is_absent() const noexcept;
  [[nodiscard]] std::string error() const;
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  [[nodiscard]] bool open_it() noexcept;
  [[nodiscard]] bool list_open(Taker take, bool& any);
  void close_it() noexcept;

  std::string path_;
  int descriptor_ = -1;
  int errno_ = 0;
};

}  // namespace lariat::sdk
