#pragma once

// Private to agent/net.

#include <sys/stat.h>

#include <string>
#include <vector>

#include "agent/base/result.h"
#include "agent/net/tls_library.h"

namespace lariat::net {

/// Which file it is that has a name, and of when; all zero for none.
struct FileMark {
  dev_t device = 0;
  ino_t inode = 0;
  off_t size = 0;
  timespec changed{};  // Its content,
  timespec touched{};  // or anything of it, such as who may read it.

  [[nodiscard]] static FileMark of(const std::string& path) noexcept;
  friend bool operator==(const FileMark& a, const FileMark& b) noexcept;
};

/// All certificates of a PEM file, in order, one at least. `what` names it in an error: "CA",
/// "certificate".
base::Result<std::vector<TlsPtr<X509>>> read_certificates(const std::string& path,
                                                          const std::string& what);

/// The private key of a PEM file. Refused if it is encrypted, or others than its owner may read it:
/// a group may that is root's or ours.
base::Result<TlsPtr<EVP_PKEY>> read_key(const std::string& path);

}  // namespace lariat::net
