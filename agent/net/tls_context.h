#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "agent/base/log.h"
#include "agent/base/result.h"
#include "agent/base/unique_fd.h"
#include "agent/net/tls_channel.h"
#include "agent/net/tls_options.h"

namespace lariat::net {

/// What connections over TLS begin with: certificates, key and CAs, as the files are now.
///
/// Each beginning looks whether a file has changed, and then reads all anew: no timer, no watcher.
/// New files that are bad are told once, and the ones before stay in use. A connection that lives
/// is not touched. Certificates that are out of date are told, and used: whether they are taken is
/// the peer's to say. There is no way to leave out the check of the peer.
/// Ownership: borrows `lines`; channels live on without it. Threads: one at a time.
class TlsContext {
 public:
  /// Reads nothing yet. `who` begins its lines: `endpoint east`.
  TlsContext(TlsSide side, TlsOptions options, const base::Log& lines, std::string who);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  /// Reads the files if they have changed since. The error of a first reading is one sentence for
  /// the operator; after a good one there is none.
  base::Result<bool> refresh();
  /// A channel that has yet to do its handshake, over a socket that is connected and does not
  /// block. A client's peer must have a certificate for `host`, unless the options name another.
  base::Result<std::unique_ptr<TlsChannel>> begin(base::UniqueFd socket, std::string_view host);

  [[nodiscard]] const TlsOptions& options() const noexcept { return options_; }

 private:
  struct Loaded;

  TlsSide side_;
  TlsOptions options_;
  const base::Log& lines_;
  std::string who_;
  std::unique_ptr<Loaded> loaded_;
  std::string told_;  // What is wrong with the files of now.
};

}  // namespace lariat::net
