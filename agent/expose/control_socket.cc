#include "agent/expose/control_socket.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "agent/base/url.h"
#include "agent/expose/control_command.h"
#include "agent/loop/io_watcher.h"
#include "agent/loop/timer.h"

namespace lariat::expose {
namespace {

constexpr std::size_t kMaxLine = 256;
constexpr std::size_t kWriteBytes = std::size_t{32} << 10U;
constexpr mode_t kMode = 0660;
constexpr std::string_view kBusy = "error: too many clients ask at this time; try it later\n";
constexpr std::string_view kTooLong = "error: the line is too long; write help for the commands\n";

base::Url url_of(const std::string& path) {
  return {.scheme = "unix", .host = {}, .port = 0, .path = path};
}

/// Ends the connection. Unread, what a client sent beside its line would make the close an error,
/// which clients tell of in place of the answer.
void discard_input(int fd) noexcept {
  std::array<char, 4096> unread;
  ::shutdown(fd, SHUT_RDWR);
  static_cast<void>(::recv(fd, unread.data(), unread.size(), MSG_DONTWAIT));
}

}  // namespace

/// A place for one connection: first its line is read, then its answer is written.
class ControlSocket::Client {
 public:
  explicit Client(ControlSocket& owner)
      : owner_(owner),
        readable_(owner.loop_, loop::CallbackKind::kRead, [this] { read_some(); }),
        writable_(owner.loop_, loop::CallbackKind::kWrite, [this] { write_some(); }),
        deadline_(owner.loop_, [this] { close(); }) {}

  [[nodiscard]] bool open() const noexcept { return static_cast<bool>(socket_); }

  void begin(base::UniqueFd socket) {
    socket_ = std::move(socket);
    line_.clear();
    readable_.watch(socket_.get());
    writable_.watch(socket_.get());
    readable_.start();
    deadline_.start(owner_.limits_.line);
  }

  void close() noexcept {
    readable_.watch(-1);
    writable_.watch(-1);
    deadline_.stop();
    socket_.reset();
    answer_.reset();
    piece_ = std::string();
  }

 private:
  void read_some() {
    std::array<char, kMaxLine> piece;
    const ssize_t count = ::recv(socket_.get(), piece.data(), piece.size(), 0);
    if (count < 0) {
      if (errno != EAGAIN && errno != EINTR) close();
      return;
    }
    line_.append(piece.data(), static_cast<std::size_t>(count));
    const auto end = line_.find('\n');
    if (end != std::string::npos && end <= kMaxLine) {
      answer(control_answer(std::string_view(line_).substr(0, end), owner_.sources_,
                            owner_.loop_.now()));
    } else if (end != std::string::npos || line_.size() > kMaxLine) {
      answer(std::string(kTooLong));
    } else if (count == 0 && line_.empty()) {
      close();
    } else if (count == 0) {
      answer(control_answer(line_, owner_.sources_, owner_.loop_.now()));
    }
  }

  void answer(ControlAnswer answer) {
    readable_.stop();
    answer_ = std::move(answer);
    piece_.clear();
    written_ = 0;
    deadline_.start(owner_.limits_.answer);
    write_some();
  }

  /// Makes the next octets of the answer if there are none; false at its end.
  bool refill() {
    if (written_ < piece_.size()) return true;
    written_ = 0;
    if (!answer_) return false;
    if (auto* text = std::get_if<std::string>(&*answer_)) {
      piece_ = std::exchange(*text, {});
    } else if (auto* scrape = std::get_if<Scrape>(&*answer_)) {
      piece_.resize(kWriteBytes);
      piece_.resize(scrape->read(piece_.data(), piece_.size()));
    }
    return !piece_.empty();
  }

  // One call each turn: the watcher fires again, and in between others have their turn.
  void write_some() {
    if (!refill()) return finish();
    const ssize_t sent =
        ::send(socket_.get(), piece_.data() + written_, piece_.size() - written_, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) return close();
    if (sent > 0) written_ += static_cast<std::size_t>(sent);
    writable_.start();
  }

  void finish() {
    discard_input(socket_.get());
    close();
  }

  ControlSocket& owner_;
  base::UniqueFd socket_;
  loop::IoWatcher readable_;
  loop::IoWatcher writable_;
  loop::Timer deadline_;
  std::string line_;
  std::optional<ControlAnswer> answer_;  // Being written.
  std::string piece_;
  std::size_t written_ = 0;  // Octets of it.
};

ControlSocket::ControlSocket(loop::Loop& loop, Sources sources, ControlLimits limits)
    : loop_(loop), sources_(std::move(sources)), limits_(limits) {}

ControlSocket::~ControlSocket() { close(); }

base::Result<std::string> ControlSocket::listen(const std::string& path) {
  if (listener_ && path == path_ && !listener_->lost_file()) return path;
  auto next = std::make_unique<net::Listener>(
      loop_,
      [this](base::UniqueFd connection, const std::string&) { accept(std::move(connection)); });
  // From its first moment on it has the mode: nobody else can connect in between.
  const mode_t mask = ::umask(static_cast<mode_t>(~kMode & 0777U));
  const auto real = next->listen(url_of(path));
  ::umask(mask);
  if (!real) {
    return base::Error{real.error().text +
                       "; stop what answers there, or set \"control.socket\" to another path in a "
                       "folder that this user may write"};
  }
  listener_ = std::move(next);
  path_ = path;
  return path;
}

void ControlSocket::close() noexcept {
  listener_.reset();
  path_.clear();
  for (const auto& client : clients_) client->close();
}

std::size_t ControlSocket::clients() const noexcept {
  return static_cast<std::size_t>(std::count_if(clients_.begin(), clients_.end(),
                                                [](const auto& client) { return client->open(); }));
}

void ControlSocket::accept(base::UniqueFd connection) {
  auto free = std::find_if(clients_.begin(), clients_.end(),
                           [](const auto& client) { return !client->open(); });
  if (free == clients_.end() && clients_.size() < limits_.clients) {
    clients_.push_back(std::make_unique<Client>(*this));
    free = clients_.end() - 1;
  }
  if (free == clients_.end()) {
    static_cast<void>(::send(connection.get(), kBusy.data(), kBusy.size(), MSG_NOSIGNAL));
    discard_input(connection.get());
    return;
  }
  (*free)->begin(std::move(connection));
}

}  // namespace lariat::expose
