#pragma once

// Private to HttpClient: the one place where it sees libcurl.

#include <curl/curl.h>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agent/net/address.h"
#include "agent/publish/http_client.h"
#include "agent/publish/http_verdict.h"

namespace lariat::publish {

/// The host and port that a connection is made to: the target's, or its proxy's.
struct HttpRoute {
  std::string host;
  std::uint16_t port = 0;
};
[[nodiscard]] HttpRoute route_of(const HttpTarget& target);
/// Why the files cannot be used, as a sentence: they are not there, or others may read the key.
[[nodiscard]] std::optional<std::string> unsafe_files(const TlsOptions& tls);

/// One easy handle in a multi handle of its own. Its callbacks come from within libcurl's calls.
struct HttpClient::Curl {
  explicit Curl(HttpClient& owner);
  ~Curl();
  Curl(const Curl&) = delete;
  Curl& operator=(const Curl&) = delete;

  /// The addresses of the route, for the connections that are made from now on.
  void resolve(const std::vector<net::Address>& addresses);
  /// Begins a request; or why it cannot.
  [[nodiscard]] std::optional<std::string> begin(std::span<const char> body,
                                                 const std::vector<std::string>& headers);
  void act(curl_socket_t fd, int events) noexcept;
  void cancel() noexcept;
  void abandon() noexcept;

  bool busy = false;      // A request is under way.
  std::vector<int> open;  // Sockets.

 private:
  struct FreeEasy {
    void operator()(CURL* handle) const noexcept { ::curl_easy_cleanup(handle); }
  };
  struct FreeMulti {
    void operator()(CURLM* handle) const noexcept { ::curl_multi_cleanup(handle); }
  };
  struct FreeList {
    void operator()(curl_slist* list) const noexcept { ::curl_slist_free_all(list); }
  };
  using List = std::unique_ptr<curl_slist, FreeList>;
  static List list_of(std::span<const std::string> lines);

  template <typename Value>
  void set(CURLoption option, Value value) noexcept;
  void set_up();
  void set_up_route();
  void set_up_tls();
  void finish(CURLcode code);
  [[nodiscard]] bool connected() const noexcept;
  [[nodiscard]] HttpAnswer answer_of(CURLcode code);
  [[nodiscard]] HttpAnswer failure_of(CURLcode code);
  [[nodiscard]] HttpAnswer not_connected(CURLcode code);
  [[nodiscard]] std::string words_of(CURLcode code) const;
  [[nodiscard]] std::string_view hint() const noexcept;
  [[nodiscard]] std::int64_t number(CURLINFO what) const noexcept;
  [[nodiscard]] std::string text(CURLINFO what) const;

  static int watch(CURL* easy, curl_socket_t fd, int what, void* self, void* assigned) noexcept;
  static int time_out(CURLM* multi, long milliseconds, void* self) noexcept;
  static curl_socket_t open_socket(void* self, curlsocktype purpose, curl_sockaddr* to) noexcept;
  static int close_socket(void* self, curl_socket_t fd) noexcept;
  static std::size_t take_body(char* octets, std::size_t one, std::size_t count,
                               void* self) noexcept;
  static std::size_t take_header(char* octets, std::size_t one, std::size_t count,
                                 void* self) noexcept;

  HttpClient& owner_;
  std::unique_ptr<CURLM, FreeMulti> multi_;
  std::unique_ptr<CURL, FreeEasy> easy_;
  List headers_;
  List addresses_;
  List route_;
  std::array<char, CURL_ERROR_SIZE> error_{};

  // Of the present answer.
  std::string first_line_;
  bool line_ended_ = false;
  std::string retry_after_;
  std::string location_;
  DroppedCount dropped_;
  std::size_t body_bytes_ = 0;
  std::size_t header_bytes_ = 0;
  bool headed_ = false;  // A head has ended.
  bool reuses_ = false;  // It came by a connection that was there before.
  bool too_long_ = false;
};

}  // namespace lariat::publish
