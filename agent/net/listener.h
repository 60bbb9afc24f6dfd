#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>

#include "agent/base/result.h"
#include "agent/base/unique_fd.h"
#include "agent/base/url.h"
#include "agent/loop/io_watcher.h"
#include "agent/loop/loop.h"
#include "agent/loop/timer.h"

namespace lariat::net {

/// Accepts connections on one TCP address or one unix socket.
///
/// A crowd is taken in bounded turns. Out of descriptors it rests for a second instead of asking
/// again at once; those who wait keep their place in the kernel's queue.
/// Ownership: borrows the loop; owns its socket, and the socket's file, which it removes.
/// Threads: loop thread only. The callback may close the listener, not destroy it.
class Listener {
 public:
  /// A connection, non-blocking and closed on exec, and the text of its peer's address.
  using Callback = std::function<void(base::UniqueFd connection, std::string peer)>;

  Listener(loop::Loop& loop, Callback callback);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  /// Stops listening where it did, then listens on `url`; gives it back with the real port. The
  /// host is a literal, `localhost` (which is 127.0.0.1) or empty (all addresses of both families,
  /// as is `[::]`). A socket file that nobody answers on is replaced.
  base::Result<base::Url> listen(const base::Url& url);
  void close() noexcept;

  [[nodiscard]] bool listening() const noexcept { return static_cast<bool>(socket_); }
  /// Listens on a unix socket whose file has been removed or replaced: nobody finds it any more.
  [[nodiscard]] bool lost_file() const noexcept;
  /// How often it had to rest for want of descriptors or memory.
  [[nodiscard]] std::uint64_t pauses() const noexcept { return pauses_; }

 private:
  base::Result<base::Url> listen_tcp(const base::Url& url);
  base::Result<base::Url> listen_unix(const base::Url& url);
  void begin(base::UniqueFd socket);
  void accept_some();
  bool accept_one();
  void pause();
  [[nodiscard]] bool file_is_ours() const noexcept;

  Callback callback_;
  base::UniqueFd socket_;
  loop::IoWatcher readable_;
  loop::Timer rest_;
  std::uint64_t pauses_ = 0;

  std::string file_;  // Of a unix socket, and which file it is: another's is not removed.
  dev_t file_device_ = 0;
  ino_t file_inode_ = 0;
};

}  // namespace lariat::net
