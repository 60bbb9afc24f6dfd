#include "agent/expose/http_server.h"

#include <fmt/format.h>
#include <microhttpd.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "agent/net/address.h"

namespace lariat::expose {
namespace {

using std::chrono::milliseconds;

// Of a request, its line and fields; the library keeps our fields there, too.
constexpr std::size_t kRequestBytes = 8192;
constexpr std::size_t kBlockBytes = 16384;
// Of metrics in one piece: as many as most hosts have, in one write and some 0.1 ms of work.
constexpr std::size_t kWholeBytes = 32768;
// What one turn of the loop may take before others have theirs.
constexpr std::chrono::microseconds kTurn{300};
constexpr int kMaxRounds = 32;

constexpr std::string_view kBusy =
    "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain; charset=utf-8\r\n"
    "Content-Length: 50\r\nRetry-After: 1\r\nConnection: close\r\n\r\n"
    "too many connections; close some, or try it later\n";

void add_field(MHD_Response* response, const char* name, const char* value) {
  MHD_add_response_header(response, name, value);
}

void add_fields(MHD_Response* response, const HttpAnswer& answer) {
  add_field(response, "Content-Type", answer.content_type);
  add_field(response, "Cache-Control", "no-store");
  add_field(response, "X-Content-Type-Options", "nosniff");
  if (answer.code == Code::kBadMethod) add_field(response, "Allow", "GET, HEAD");
  if (answer.path == Path::kPage && answer.code == Code::kOk) {
    add_field(response, "Content-Security-Policy",
              "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
              "frame-ancestors 'none'");
    add_field(response, "X-Frame-Options", "DENY");
    add_field(response, "Referrer-Policy", "no-referrer");
  }
}

bool is(const char* method, std::string_view name) noexcept { return method == name; }

/// Or asks whether it may send one, which it need not then.
bool has_body(MHD_Connection* connection, const char* method) noexcept {
  const auto has = [connection](const char* field) {
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, field) != nullptr;
  };
  return (!is(method, "GET") && !is(method, "HEAD")) || has("Content-Length") ||
         has("Transfer-Encoding") || has("Expect");
}

ssize_t read_scrape(void* scrape, std::uint64_t, char* to, std::size_t room) {
  const std::size_t count = static_cast<Scrape*>(scrape)->read(to, room);
  return count == 0 ? ssize_t{MHD_CONTENT_READER_END_OF_STREAM} : static_cast<ssize_t>(count);
}

void free_scrape(void* scrape) { delete static_cast<Scrape*>(scrape); }

MHD_Response* response_of(HttpAnswer& answer, bool head, const Sources& sources,
                          base::Monotonic now) {
  // The library would end the chunks that it does not send for HEAD, and be out of step.
  if (!answer.scrape || head) {
    return MHD_create_response_from_buffer(answer.body.size(), answer.body.data(),
                                           MHD_RESPMEM_MUST_COPY);
  }
  auto scrape = std::make_unique<Scrape>(*answer.scrape, sources, now);
  if (auto whole = scrape->take_whole(kWholeBytes)) {
    return MHD_create_response_from_buffer(whole->size(), whole->data(), MHD_RESPMEM_MUST_COPY);
  }
  MHD_Response* response = MHD_create_response_from_callback(
      MHD_SIZE_UNKNOWN, kBlockBytes, read_scrape, scrape.get(), free_scrape);
  if (response) static_cast<void>(scrape.release());
  return response;
}

}  // namespace

struct HttpServer::Client {
  enum class State : std::uint8_t { kRequest, kAnswer, kIdle };

  HttpServer* server = nullptr;
  int fd = -1;
  State state = State::kRequest;
  base::Monotonic deadline;
  bool ended = false;  // The library closes it in its next turn.

  void enter(State next, base::Monotonic until) noexcept {
    state = next;
    deadline = until;
  }
};

class HttpServer::Daemon {
 public:
  explicit Daemon(HttpServer& server);
  ~Daemon() {
    if (daemon_) MHD_stop_daemon(daemon_);
  }
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  [[nodiscard]] bool started() const noexcept { return daemon_ != nullptr; }
  [[nodiscard]] int epoll_fd() const noexcept;
  void add(base::UniqueFd connection);
  /// True if it wants another run at once.
  [[nodiscard]] bool run() noexcept;

 private:
  static MHD_Result on_request(void* server, MHD_Connection* connection, const char* url,
                               const char* method, const char* version, const char* upload,
                               std::size_t* upload_size, void** context);
  static void on_connection(void* server, MHD_Connection* connection, void** context,
                            MHD_ConnectionNotificationCode code);
  static void* on_first_line(void* server, const char* uri, MHD_Connection* connection);
  static void on_completed(void* server, MHD_Connection* connection, void** context,
                           MHD_RequestTerminationCode code);
  static Client* client_of(MHD_Connection* connection) noexcept;

  MHD_Daemon* daemon_ = nullptr;
};

HttpServer::Daemon::Daemon(HttpServer& server)
    : daemon_(MHD_start_daemon(
          MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET, 0, nullptr, nullptr, &Daemon::on_request,
          &server, MHD_OPTION_CONNECTION_MEMORY_LIMIT, kRequestBytes, MHD_OPTION_CONNECTION_LIMIT,
          // We keep the limit ourselves; the library would close without a word.
          static_cast<unsigned>(server.limits_.connections + 1), MHD_OPTION_NOTIFY_CONNECTION,
          &Daemon::on_connection, &server, MHD_OPTION_NOTIFY_COMPLETED, &Daemon::on_completed,
          &server, MHD_OPTION_URI_LOG_CALLBACK, &Daemon::on_first_line, &server, MHD_OPTION_END)) {}

int HttpServer::Daemon::epoll_fd() const noexcept {
  return MHD_get_daemon_info(daemon_, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
}

void HttpServer::Daemon::add(base::UniqueFd connection) {
  const auto peer = net::Address::peer(connection.get());
  if (!peer) return;
  // It closes the descriptor itself if it cannot take it.
  MHD_add_connection(daemon_, connection.release(), peer->data(), peer->size);
}

bool HttpServer::Daemon::run() noexcept {
  MHD_run(daemon_);
  MHD_UNSIGNED_LONG_LONG delay = 0;
  // There is no time-out of the library's: it has something to do now, or waits for a descriptor.
  return MHD_get_timeout(daemon_, &delay) == MHD_YES && delay == 0;
}

HttpServer::Client* HttpServer::Daemon::client_of(MHD_Connection* connection) noexcept {
  const auto* info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
  return info ? static_cast<Client*>(info->socket_context) : nullptr;
}

// Called when a request's fields have come, and again when all of it has. Answered at the first
// call, a connection closes: right for one with a body, which would else be read to its end.
// NOLINTNEXTLINE(readability-function-size): the parameters are the library's.
MHD_Result HttpServer::Daemon::on_request(void* self, MHD_Connection* connection, const char* url,
                                          const char* method, const char*, const char*,
                                          std::size_t*, void** context) {
  auto& server = *static_cast<HttpServer*>(self);
  if (!*context && !has_body(connection, method)) {
    *context = self;
    return MHD_YES;
  }
  const base::Monotonic now = server.loop_.now();
  if (Client* client = client_of(connection)) {
    client->enter(Client::State::kAnswer, now + server.limits_.answer);
  }
  HttpRequest request{method, url, std::nullopt};
  const char* scope = nullptr;
  std::size_t scope_size = 0;
  if (MHD_lookup_connection_value_n(connection, MHD_GET_ARGUMENT_KIND, "scope", 5, &scope,
                                    &scope_size) == MHD_YES) {
    request.scope = scope ? std::string_view(scope, scope_size) : std::string_view();
  }
  HttpAnswer answer = server.answer(request);
  MHD_Response* response = response_of(answer, is(method, "HEAD"), server.sources_, now);
  if (!response) return MHD_NO;
  add_fields(response, answer);
  const auto queued =
      MHD_queue_response(connection, kCodeNumbers[static_cast<std::size_t>(answer.code)], response);
  MHD_destroy_response(response);
  return queued;
}

void HttpServer::Daemon::on_connection(void* self, MHD_Connection* connection, void** context,
                                       MHD_ConnectionNotificationCode code) {
  auto& server = *static_cast<HttpServer*>(self);
  if (code == MHD_CONNECTION_NOTIFY_STARTED) {
    auto& client = server.clients_.emplace_back();
    client.server = &server;
    client.fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    client.enter(Client::State::kRequest, server.loop_.now() + server.limits_.request);
    *context = &client;
  } else if (*context) {
    const auto* client = static_cast<Client*>(*context);
    server.clients_.remove_if([client](const Client& other) { return &other == client; });
    *context = nullptr;
  }
}

void* HttpServer::Daemon::on_first_line(void* self, const char*, MHD_Connection* connection) {
  const auto& server = *static_cast<HttpServer*>(self);
  Client* client = client_of(connection);
  if (client && client->state == Client::State::kIdle) {
    client->enter(Client::State::kRequest, server.loop_.now() + server.limits_.request);
  }
  return nullptr;
}

void HttpServer::Daemon::on_completed(void* self, MHD_Connection* connection, void**,
                                      MHD_RequestTerminationCode) {
  const auto& server = *static_cast<HttpServer*>(self);
  if (Client* client = client_of(connection)) {
    client->enter(Client::State::kIdle, server.loop_.now() + server.limits_.idle);
  }
}

HttpServer::HttpServer(loop::Loop& loop, Sources sources, HttpLimits limits)
    : loop_(loop),
      sources_(std::move(sources)),
      limits_(limits),
      front_(loop, {.handshake = limits.request, .taking = limits.answer},
             [this](base::UniqueFd plain) {
               daemon_->add(std::move(plain));
               set_deadline();
             }),
      readable_(loop, loop::CallbackKind::kRead, [this] { turn(); }),
      again_(loop, [this] { turn(); }),
      deadline_(loop, [this] { end_late(); }) {}

HttpServer::~HttpServer() { close(); }

std::size_t HttpServer::connections() const noexcept { return clients_.size(); }

base::Result<std::string> HttpServer::listen(const std::string& host, std::uint16_t port) {
  if (listener_ && host == host_ && port == port_ && port != 0) return address_;
  if (!daemon_) {
    auto daemon = std::make_unique<Daemon>(*this);
    if (!daemon->started()) {
      return base::Error{
          "cannot serve HTTP: the system has no descriptor left; raise the limit of "
          "open files"};
    }
    daemon_ = std::move(daemon);
    readable_.watch(daemon_->epoll_fd());
    readable_.start();
  }
  auto next = std::make_unique<net::Listener>(
      loop_,
      [this](base::UniqueFd connection, const std::string&) { accept(std::move(connection)); });
  const base::Url url{.scheme = "http", .host = host, .port = port, .path = {}};
  auto real = next->listen(url);
  if (!real && listener_ && port == port_) {
    // Our own socket may be in the way: 127.0.0.1 and 0.0.0.0 share a port.
    listener_->close();
    real = next->listen(url);
    if (!real) {
      static_cast<void>(
          listener_->listen({.scheme = "http", .host = host_, .port = port_, .path = {}}));
    }
  }
  if (!real) {
    return base::Error{real.error().text +
                       "; set \"http.listen\" to a free address and port, such as "
                       "\"127.0.0.1:9299\""};
  }
  listener_ = std::move(next);
  host_ = host;
  port_ = real->port;
  const std::string text = real->text();
  address_ = text.substr(text.find("://") + 3);
  return address_;
}

void HttpServer::close() noexcept {
  listener_.reset();
  front_.close();
  readable_.watch(-1);
  again_.stop();
  deadline_.stop();
  deadline_set_.reset();
  daemon_.reset();
  clients_.clear();
}

void HttpServer::accept(base::UniqueFd connection) {
  if (full() && !make_room()) {
    ++requests_[static_cast<std::size_t>(Path::kOther)]
               [static_cast<std::size_t>(Code::kUnavailable)];
    if (tls_) return;
    static_cast<void>(::send(connection.get(), kBusy.data(), kBusy.size(), MSG_NOSIGNAL));
    // With its request unread a close would be a reset, and take the answer along.
    std::array<char, 4096> unread;
    ::shutdown(connection.get(), SHUT_WR);
    static_cast<void>(::recv(connection.get(), unread.data(), unread.size(), 0));
    return;
  }
  if (tls_) {
    // Whoever made room may have left a connection that is still to be emptied.
    if (full()) front_.make_room();
    front_.take(std::move(connection), *tls_);
    return;
  }
  daemon_->add(std::move(connection));
  set_deadline();
}

bool HttpServer::full() const noexcept {
  return clients_.size() + front_.apart() >= limits_.connections;
}

/// The connection that has been idle longest goes.
bool HttpServer::make_room() {
  Client* oldest = nullptr;
  for (Client& client : clients_) {
    if (client.state != Client::State::kIdle || client.ended) continue;
    if (!oldest || client.deadline < oldest->deadline) oldest = &client;
  }
  if (!oldest) return false;
  end(*oldest);
  turn();
  return !full();
}

HttpAnswer HttpServer::answer(const HttpRequest& request) {
  HttpAnswer answer = expose::answer(request, sources_);
  ++requests_[static_cast<std::size_t>(answer.path)][static_cast<std::size_t>(answer.code)];
  return answer;
}

void HttpServer::turn() {
  const auto until = base::monotonic_now() + kTurn;
  bool more = daemon_->run();
  for (int round = 1; more && round < kMaxRounds && base::monotonic_now() < until; ++round) {
    more = daemon_->run();
  }
  if (more) {
    again_.start(milliseconds(0));
  } else {
    again_.stop();
    end_gone();
  }
  set_deadline();
}

// Of octets and the end of input that come together the library sees the octets only, and would
// wait for more of them. To be called when it has nothing left to do with those that it has.
void HttpServer::end_gone() noexcept {
  for (Client& client : clients_) {
    if (client.ended || client.state == Client::State::kAnswer) continue;
    char next = 0;
    if (::recv(client.fd, &next, sizeof next, MSG_PEEK | MSG_DONTWAIT) == 0) end(client);
  }
}

void HttpServer::set_deadline() {
  std::optional<base::Monotonic> first;
  for (const Client& client : clients_) {
    if (!client.ended && (!first || client.deadline < *first)) first = client.deadline;
  }
  if (first == deadline_set_) return;
  deadline_set_ = first;
  if (first) {
    deadline_.start(*first - loop_.now());
  } else {
    deadline_.stop();
  }
}

void HttpServer::end_late() {
  deadline_set_.reset();
  const auto now = base::monotonic_now();
  for (Client& client : clients_) {
    if (client.deadline <= now) end(client);
  }
  turn();
}

// The library then finds the connection at its end, and closes it.
void HttpServer::end(Client& client) noexcept {
  client.ended = true;
  ::shutdown(client.fd, SHUT_RDWR);
}

void HttpServer::report(metrics::Report& report) const {
  for (std::size_t path = 0; path < kPaths.size(); ++path) {
    for (std::size_t code = 0; code < kCodes.size(); ++code) {
      const auto count = static_cast<double>(requests_[path][code]);
      if (count == 0) continue;
      report.set(metrics::Metric::kHttpRequestsTotal, count, {kPaths[path], kCodes[code]});
    }
  }
}

}  // namespace lariat::expose
