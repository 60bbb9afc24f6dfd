#include "agent/net/tls_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <tuple>
#include <utility>

#include "agent/base/unique_fd.h"

namespace lariat::net {
namespace {

constexpr std::size_t kMaxFile = std::size_t{4} << 20U;

struct File {
  std::string text;
  struct stat state {};
};

base::Error fault(const std::string& what, const std::string& path, const std::string& why) {
  return {fmt::format("the {} file {} {}", what, path, why)};
}

base::Error cannot_read(const std::string& what, const std::string& path, int error) {
  if (error == ENOENT) return fault(what, path, "does not exist");
  return fault(what, path,
               fmt::format("cannot be read: {}", std::generic_category().message(error)));
}

// A key must not stay behind in memory that is used again.
void wipe(std::string& text) noexcept { OPENSSL_cleanse(text.data(), text.size()); }

base::Result<File> read_file(const std::string& what, const std::string& path) {
  // Of a pipe that nobody writes to an open would wait.
  const base::UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  File file;
  if (!fd || ::fstat(fd.get(), &file.state) != 0) return cannot_read(what, path, errno);
  if (!S_ISREG(file.state.st_mode)) return fault(what, path, "is not a regular file");
  const auto size = static_cast<std::size_t>(file.state.st_size);
  if (size > kMaxFile) return fault(what, path, "is larger than 4 MiB, which no such file is");
  file.text.resize(size);
  std::size_t filled = 0;
  while (filled < size) {
    const ssize_t got = ::read(fd.get(), file.text.data() + filled, size - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return cannot_read(what, path, errno);
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  file.text.resize(filled);
  return file;
}

TlsPtr<BIO> as_bio(const std::string& text) {
  return TlsPtr<BIO>(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

bool is_our_group(gid_t group) {
  if (group == 0 || group == ::getegid()) return true;
  const int count = ::getgroups(0, nullptr);
  std::vector<gid_t> ours(static_cast<std::size_t>(std::max(count, 0)));
  const int got = ::getgroups(static_cast<int>(ours.size()), ours.data());
  ours.resize(static_cast<std::size_t>(std::max(got, 0)));
  return std::find(ours.begin(), ours.end(), group) != ours.end();
}

bool others_may_read(const struct stat& state) {
  if ((state.st_mode & S_IRWXO) != 0) return true;
  if ((state.st_mode & S_IWGRP) != 0) return true;
  return (state.st_mode & S_IRWXG) != 0 && !is_our_group(state.st_gid);
}

// Asked for a passphrase: notes that, and has none.
int no_passphrase(char*, int, int, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

auto as_tuple(const FileMark& mark) noexcept {
  return std::tuple(mark.device, mark.inode, mark.size, mark.changed.tv_sec, mark.changed.tv_nsec,
                    mark.touched.tv_sec, mark.touched.tv_nsec);
}

}  // namespace

FileMark FileMark::of(const std::string& path) noexcept {
  struct stat state {};
  if (path.empty() || ::stat(path.c_str(), &state) != 0) return {};
  return {state.st_dev, state.st_ino, state.st_size, state.st_mtim, state.st_ctim};
}

bool operator==(const FileMark& a, const FileMark& b) noexcept {
  return as_tuple(a) == as_tuple(b);
}

base::Result<std::vector<TlsPtr<X509>>> read_certificates(const std::string& path,
                                                          const std::string& what) {
  const auto file = read_file(what, path);
  if (!file) return file.error();
  const auto bio = as_bio(file->text);
  std::vector<TlsPtr<X509>> found;
  while (X509* next = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) {
    found.emplace_back(next);
  }
  const auto error = ERR_peek_last_error();
  ERR_clear_error();
  if (ERR_GET_REASON(error) != PEM_R_NO_START_LINE) {
    return fault(what, path,
                 fmt::format("is damaged: certificate {} in it cannot be read", found.size() + 1));
  }
  if (found.empty()) {
    return fault(what, path,
                 "has no certificate in PEM, which begins with -----BEGIN CERTIFICATE-----; "
                 "openssl x509 -inform DER -in FILE makes it of the other kind");
  }
  return found;
}

base::Result<TlsPtr<EVP_PKEY>> read_key(const std::string& path) {
  auto file = read_file("key", path);
  if (!file) return file.error();
  if (others_may_read(file->state)) {
    wipe(file->text);
    return fault("key", path,
                 fmt::format("may be read or written by others (mode {:04o}): chmod 600 {}, and "
                             "make a new key if anybody did",
                             file->state.st_mode & 07777U, path));
  }
  bool encrypted = false;
  TlsPtr<EVP_PKEY> key(
      PEM_read_bio_PrivateKey(as_bio(file->text).get(), nullptr, no_passphrase, &encrypted));
  ERR_clear_error();
  wipe(file->text);
  if (key) return key;
  if (encrypted) {
    return fault("key", path,
                 fmt::format("is encrypted, and nobody is there to type its passphrase: write it "
                             "without one, openssl pkey -in {} -out FILE, and chmod 600 FILE",
                             path));
  }
  return fault("key", path,
               "has no private key in PEM, which begins with -----BEGIN PRIVATE KEY-----");
}

}  // namespace lariat::net
