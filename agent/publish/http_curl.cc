#include "agent/publish/http_curl.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cstdlib>
#include <iterator>
#include <utility>

#include "agent/net/socket_options.h"

namespace lariat::publish {
namespace {

constexpr long kReceiveBuffer = 4096;

std::string bracketed(const std::string& host) {
  return host.find(':') == std::string::npos ? host : fmt::format("[{}]", host);
}

bool is_literal(const std::string& host) { return net::Address::from_literal(host, 1).has_value(); }

bool same_header(const std::string& a, const std::string& b) {
  const auto size = a.find(':');
  return size == b.find(':') && ::strncasecmp(a.data(), b.data(), size) == 0;
}

/// `192.0.2.1`, `[2001:db8::1]`: without the port.
std::string bare(const net::Address& address) {
  const auto text = address.text();
  return text.substr(0, text.rfind(':'));
}

}  // namespace

HttpClient::Curl::List HttpClient::Curl::list_of(std::span<const std::string> lines) {
  curl_slist* list = nullptr;
  for (const auto& line : lines) {
    auto* longer = ::curl_slist_append(list, line.c_str());
    if (longer == nullptr) std::abort();  // Out of memory.
    list = longer;
  }
  return List(list);
}

HttpClient::Curl::Curl(HttpClient& owner) : owner_(owner) {
  // Once a process; from 7.84 on it locks by itself.
  [[maybe_unused]] static const CURLcode once = ::curl_global_init(CURL_GLOBAL_DEFAULT);
  multi_.reset(::curl_multi_init());
  easy_.reset(::curl_easy_init());
  if (!multi_ || !easy_) std::abort();  // Out of memory.
  ::curl_multi_setopt(multi_.get(), CURLMOPT_SOCKETFUNCTION, &Curl::watch);
  ::curl_multi_setopt(multi_.get(), CURLMOPT_SOCKETDATA, this);
  ::curl_multi_setopt(multi_.get(), CURLMOPT_TIMERFUNCTION, &Curl::time_out);
  ::curl_multi_setopt(multi_.get(), CURLMOPT_TIMERDATA, this);
  ::curl_multi_setopt(multi_.get(), CURLMOPT_MAXCONNECTS, 1L);
  ::curl_multi_setopt(multi_.get(), CURLMOPT_PIPELINING, static_cast<long>(CURLPIPE_NOTHING));
  set_up();
  set_up_route();
  if (owner.target_.secure) set_up_tls();
}

// The connection goes before the callbacks that it calls.
HttpClient::Curl::~Curl() {
  cancel();
  easy_.reset();
  multi_.reset();
}

template <typename Value>
void HttpClient::Curl::set(CURLoption option, Value value) noexcept {
  [[maybe_unused]] const auto code = ::curl_easy_setopt(easy_.get(), option, value);
  assert(code == CURLE_OK);
}

void HttpClient::Curl::set_up() {
  const auto& target = owner_.target_;
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_ERRORBUFFER, error_.data());
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_USERAGENT, "lariat/" LARIAT_VERSION);
  set(CURLOPT_POST, 1L);
  set(CURLOPT_BUFFERSIZE, kReceiveBuffer);
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(target.connect_timeout.count()));
  set(CURLOPT_TIMEOUT_MS, static_cast<long>((target.connect_timeout + target.timeout).count()));
  set(CURLOPT_MAXAGE_CONN, 0x7fffffffL);  // The server says how long a connection is kept.
  set(CURLOPT_OPENSOCKETFUNCTION, &Curl::open_socket);
  set(CURLOPT_OPENSOCKETDATA, this);
  set(CURLOPT_CLOSESOCKETFUNCTION, &Curl::close_socket);
  set(CURLOPT_CLOSESOCKETDATA, this);
  set(CURLOPT_WRITEFUNCTION, &Curl::take_body);
  set(CURLOPT_WRITEDATA, this);
  set(CURLOPT_HEADERFUNCTION, &Curl::take_header);
  set(CURLOPT_HEADERDATA, this);
  const auto& who = target.credentials;
  if (!who.username.empty() || !who.password.empty()) {
    set(CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BASIC));
    set(CURLOPT_USERNAME, who.username.c_str());
    set(CURLOPT_PASSWORD, who.password.c_str());
  }
}

// An empty proxy is none, whatever the environment says.
void HttpClient::Curl::set_up_route() {
  const auto& target = owner_.target_;
  const auto& name = target.tls.server_name.empty() ? target.host : target.tls.server_name;
  const auto authority = fmt::format("{}:{}", bracketed(name), target.port);
  const auto url =
      fmt::format("{}://{}{}", target.secure ? "https" : "http", authority, target.path);
  set(CURLOPT_URL, url.c_str());
  set(CURLOPT_PROXY, target.proxy.c_str());
  set(CURLOPT_NOPROXY, "");
  if (name == target.host) return;
  const auto to = fmt::format("::{}:{}", bracketed(target.host), target.port);
  route_ = list_of(std::span(&to, 1));
  set(CURLOPT_CONNECT_TO, route_.get());
}

// Sessions and certificates are not kept: a file that was renewed counts from the next connection.
void HttpClient::Curl::set_up_tls() {
  const auto& tls = owner_.target_.tls;
  set(CURLOPT_SSLVERSION,
      static_cast<long>(tls.min_version == TlsVersion::k13 ? CURL_SSLVERSION_TLSv1_3
                                                           : CURL_SSLVERSION_TLSv1_2));
  set(CURLOPT_CA_CACHE_TIMEOUT, 0L);
  set(CURLOPT_SSL_SESSIONID_CACHE, 0L);
  if (!tls.ca.empty()) {
    set(CURLOPT_CAINFO, tls.ca.c_str());
    set(CURLOPT_CAPATH, static_cast<char*>(nullptr));
  }
  if (!tls.certificate.empty()) set(CURLOPT_SSLCERT, tls.certificate.c_str());
  if (!tls.key.empty()) set(CURLOPT_SSLKEY, tls.key.c_str());
}

// A literal needs no entry. An entry that is there already is replaced.
void HttpClient::Curl::resolve(const std::vector<net::Address>& addresses) {
  const auto route = route_of(owner_.target_);
  if (is_literal(route.host)) return;
  auto entry = fmt::format("{}:{}:", route.host, route.port);
  for (const auto& address : addresses) {
    if (entry.back() != ':') entry += ',';
    entry += bare(address);
  }
  addresses_ = list_of(std::span(&entry, 1));
  set(CURLOPT_RESOLVE, addresses_.get());
}

std::optional<std::string> HttpClient::Curl::begin(std::span<const char> body,
                                                   const std::vector<std::string>& headers) {
  const auto& target = owner_.target_;
  // What libcurl would ask for by itself, and we do not need.
  std::vector<std::string> lines = {"Expect:", "Accept:"};
  if (!target.tls.server_name.empty()) {
    lines.push_back(fmt::format("Host: {}:{}", bracketed(target.host), target.port));
  }
  if (!target.credentials.bearer_token.empty()) {
    lines.push_back(fmt::format("Authorization: Bearer {}", target.credentials.bearer_token));
  }
  const auto is_ours = [&](const std::string& line) {
    return std::any_of(headers.begin(), headers.end(),
                       [&](const auto& ours) { return same_header(ours, line); });
  };
  std::remove_copy_if(target.headers.begin(), target.headers.end(), std::back_inserter(lines),
                      is_ours);
  lines.insert(lines.end(), headers.begin(), headers.end());
  headers_ = list_of(lines);
  set(CURLOPT_HTTPHEADER, headers_.get());
  set(CURLOPT_POSTFIELDS, body.data());
  set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
  first_line_.clear();
  line_ended_ = false;
  retry_after_.clear();
  location_.clear();
  dropped_ = {};
  body_bytes_ = header_bytes_ = 0;
  too_long_ = headed_ = false;
  reuses_ = !open.empty();
  error_[0] = '\0';
  busy = true;
  const auto code = ::curl_multi_add_handle(multi_.get(), easy_.get());
  if (code == CURLM_OK) return {};
  busy = false;
  return fmt::format("cannot begin a request: {}", ::curl_multi_strerror(code));
}

// The answer is taken before the handle is free, and told in a later turn: nothing of ours is on
// libcurl's stack then.
void HttpClient::Curl::act(curl_socket_t fd, int events) noexcept {
  int running = 0;
  ::curl_multi_socket_action(multi_.get(), fd, events, &running);
  int left = 0;
  while (const auto* message = ::curl_multi_info_read(multi_.get(), &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    finish(message->data.result);
    return;
  }
}

void HttpClient::Curl::finish(CURLcode code) {
  auto answer = answer_of(code);
  ::curl_multi_remove_handle(multi_.get(), easy_.get());
  busy = false;
  owner_.deliver(std::move(answer));
}

void HttpClient::Curl::cancel() noexcept {
  if (!std::exchange(busy, false)) return;
  ::curl_multi_remove_handle(multi_.get(), easy_.get());
}

// libcurl would say good-bye on a connection that is the parent's: from now on it has one that
// leads nowhere.
void HttpClient::Curl::abandon() noexcept {
  const auto nowhere = net::stream_socket(AF_UNIX);
  for (const int fd : open) {
    if (!nowhere || ::dup3(nowhere.get(), fd, O_CLOEXEC) < 0) ::close(fd);
  }
}

int HttpClient::Curl::watch(CURL* /*easy*/, curl_socket_t fd, int what, void* self,
                            void* assigned) noexcept {
  auto* curl = static_cast<Curl*>(self);
  auto* watch = static_cast<Watch*>(assigned);
  if (what == CURL_POLL_REMOVE) {
    if (watch == nullptr) return 0;
    watch->read.watch(-1);
    watch->write.watch(-1);
    watch->fd = -1;
    ::curl_multi_assign(curl->multi_.get(), fd, nullptr);
    return 0;
  }
  if (watch == nullptr) {
    watch = &curl->owner_.free_watch();
    watch->fd = fd;
    watch->read.watch(fd);
    watch->write.watch(fd);
    ::curl_multi_assign(curl->multi_.get(), fd, watch);
  }
  const auto wants = static_cast<unsigned>(what);
  watch->read.set_active((wants & CURL_POLL_IN) != 0);
  watch->write.set_active((wants & CURL_POLL_OUT) != 0);
  return 0;
}

int HttpClient::Curl::time_out(CURLM* /*multi*/, long milliseconds, void* self) noexcept {
  auto& timer = static_cast<Curl*>(self)->owner_.timer_;
  if (milliseconds < 0) {
    timer.stop();
  } else {
    timer.start(std::chrono::milliseconds(milliseconds));
  }
  return 0;
}

curl_socket_t HttpClient::Curl::open_socket(void* self, curlsocktype /*purpose*/,
                                            curl_sockaddr* to) noexcept {
  auto* curl = static_cast<Curl*>(self);
  curl->reuses_ = false;
  auto socket = net::stream_socket(to->family);
  if (!socket) return CURL_SOCKET_BAD;
  net::set_peer_options(socket.get(), {curl->owner_.target_.stall_timeout});
  curl->open.push_back(socket.get());
  return socket.release();
}

int HttpClient::Curl::close_socket(void* self, curl_socket_t fd) noexcept {
  std::erase(static_cast<Curl*>(self)->open, fd);
  return ::close(fd);
}

}  // namespace lariat::publish
