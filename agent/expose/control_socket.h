#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "agent/base/result.h"
#include "agent/base/unique_fd.h"
#include "agent/expose/sources.h"
#include "agent/loop/loop.h"
#include "agent/net/listener.h"

namespace lariat::expose {

struct ControlLimits {
  std::size_t clients = 8;
  std::chrono::milliseconds line{5'000};     ///< In which it must have come.
  std::chrono::milliseconds answer{30'000};  ///< In which it must be taken.
};

/// Answers one line, such as `status`, on a unix socket, and closes.
///
/// Bounded in clients, in the length of a line, in time, and in the memory of an answer: metrics
/// are made as the client takes them. A client too many is told so.
/// Ownership: borrows the loop and what `sources` name; owns the socket's file.
/// Threads: loop thread only.
class ControlSocket {
 public:
  ControlSocket(loop::Loop& loop, Sources sources, ControlLimits limits = {});
  ~ControlSocket();
  ControlSocket(const ControlSocket&) = delete;
  ControlSocket& operator=(const ControlSocket&) = delete;

  /// Listens there, mode 0660, in a folder that there is. The socket of an agent that has died is
  /// replaced, that of a living one is an error. Where it listened before it then does no more; on
  /// an error that goes on. Called again with the same path it makes a file that is gone anew.
  base::Result<std::string> listen(const std::string& path);
  void close() noexcept;

  [[nodiscard]] std::size_t clients() const noexcept;

 private:
  class Client;
  void accept(base::UniqueFd connection);

  loop::Loop& loop_;
  Sources sources_;
  ControlLimits limits_;
  std::vector<std::unique_ptr<Client>> clients_;  // Used again: watchers do not end in callbacks.
  std::unique_ptr<net::Listener> listener_;
  std::string path_;
};

}  // namespace lariat::expose
