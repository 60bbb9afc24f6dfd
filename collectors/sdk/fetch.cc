#include "collectors/sdk/fetch.h"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string_view>
#include <utility>

#include "collectors/sdk/proc_file.h"
#include "collectors/sdk/scan.h"

namespace lariat::sdk {
namespace {

void start_curl() {
  [[maybe_unused]] static const CURLcode once = ::curl_global_init(CURL_GLOBAL_DEFAULT);
}

using Multi = std::unique_ptr<CURLM, CURLMcode (*)(CURLM*)>;

/// One request under way. It stays where it is: libcurl points to it.
class Transfer {
 public:
  explicit Transfer(const FetchRequest& request)
      : request_(request), easy_(::curl_easy_init(), &::curl_easy_cleanup) {
    set(CURLOPT_URL, request.url.c_str());
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    set(CURLOPT_PROXY, "");
    set(CURLOPT_NOSIGNAL, 1L);
    // Else a name server that says nothing is waited for beyond the time-out.
    set(CURLOPT_QUICK_EXIT, 1L);
    set(CURLOPT_USERAGENT, "lariat");
    set(CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout.count()));
    set(CURLOPT_ERRORBUFFER, why_.data());
    set(CURLOPT_FRESH_CONNECT, 1L);
    set(CURLOPT_FORBID_REUSE, 1L);
    set(CURLOPT_CERTINFO, 1L);
    set(CURLOPT_WRITEFUNCTION, &Transfer::take);
    set(CURLOPT_WRITEDATA, this);
    set(CURLOPT_PRIVATE, this);
    set_choices();
    response_.fault = "it was not finished";
  }

  [[nodiscard]] CURL* easy() const noexcept { return easy_.get(); }

  void finish(CURLcode code) {
    response_.fault.clear();
    if (too_long_) {
      response_.fault = "its body is over " + std::to_string(request_.most_octets) + " octets";
    } else if (code != CURLE_OK) {
      response_.fault = why_.front() != '\0' ? why_.data() : ::curl_easy_strerror(code);
    }
    response_.status = number(CURLINFO_RESPONSE_CODE);
    response_.redirects = number(CURLINFO_REDIRECT_COUNT);
    response_.resolved = seconds(CURLINFO_NAMELOOKUP_TIME_T);
    response_.connected = seconds(CURLINFO_CONNECT_TIME_T);
    response_.encrypted = seconds(CURLINFO_APPCONNECT_TIME_T);
    response_.asked = seconds(CURLINFO_PRETRANSFER_TIME_T);
    response_.first_octet = seconds(CURLINFO_STARTTRANSFER_TIME_T);
    response_.total = seconds(CURLINFO_TOTAL_TIME_T);
    switch (number(CURLINFO_HTTP_VERSION)) {
      case CURL_HTTP_VERSION_1_0:
        response_.http_version = 1;
        break;
      case CURL_HTTP_VERSION_1_1:
        response_.http_version = 1.1;
        break;
      case CURL_HTTP_VERSION_2_0:
        response_.http_version = 2;
        break;
      case CURL_HTTP_VERSION_3:
        response_.http_version = 3;
        break;
      default:
        break;
    }
    curl_off_t length = -1;
    ::curl_easy_getinfo(easy(), CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    if (length >= 0) response_.content_length = length;
    read_certificates();
  }
  [[nodiscard]] FetchResponse& response() noexcept { return response_; }

 private:
  template <typename Value>
  void set(CURLoption option, Value value) {
    [[maybe_unused]] const CURLcode code = ::curl_easy_setopt(easy(), option, value);
  }

  void set_choices() {
    if (!request_.unix_socket.empty()) set(CURLOPT_UNIX_SOCKET_PATH, request_.unix_socket.c_str());
    if (!request_.ca.empty()) {
      set(CURLOPT_CAINFO, request_.ca.c_str());
      set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));
    }
    if (request_.compressed) set(CURLOPT_ACCEPT_ENCODING, "");
    if (request_.method == "HEAD") {
      set(CURLOPT_NOBODY, 1L);
    } else if (request_.method != "GET") {
      set(CURLOPT_CUSTOMREQUEST, request_.method.c_str());
    }
    if (request_.insecure) {
      set(CURLOPT_SSL_VERIFYPEER, 0L);
      set(CURLOPT_SSL_VERIFYHOST, 0L);
    }
    if (request_.follow) {
      constexpr long kMostRedirects = 10;
      set(CURLOPT_FOLLOWLOCATION, 1L);
      set(CURLOPT_MAXREDIRS, kMostRedirects);
    }
    for (const std::string& header : request_.headers) {
      headers_.reset(::curl_slist_append(headers_.release(), header.c_str()));
    }
    if (headers_ != nullptr) set(CURLOPT_HTTPHEADER, headers_.get());
  }

  // Less than what came ends the transfer.
  static std::size_t take(const char* octets, std::size_t size, std::size_t count, void* self) {
    auto& transfer = *static_cast<Transfer*>(self);
    const std::size_t room = transfer.request_.most_octets - transfer.response_.body.size();
    transfer.too_long_ = size * count > room;
    if (transfer.too_long_) return 0;
    transfer.response_.body.append(octets, size * count);
    return size * count;
  }

  [[nodiscard]] long number(CURLINFO info) const noexcept {
    long value = 0;
    ::curl_easy_getinfo(easy(), info, &value);
    return value;
  }
  [[nodiscard]] double seconds(CURLINFO info) const noexcept {
    constexpr double kMicrosecondsInASecond = 1e6;
    curl_off_t microseconds = 0;
    ::curl_easy_getinfo(easy(), info, &microseconds);
    return static_cast<double>(microseconds) / kMicrosecondsInASecond;
  }

  void read_certificates() {
    curl_certinfo* chain = nullptr;
    if (::curl_easy_getinfo(easy(), CURLINFO_CERTINFO, &chain) != CURLE_OK || chain == nullptr) {
      return;
    }
    for (int i = 0; i < chain->num_of_certs; ++i) {
      for (const curl_slist* line = chain->certinfo[i]; line != nullptr; line = line->next) {
        note_certificate(line->data);
      }
    }
  }

  void note_certificate(const char* line) {
    constexpr std::string_view kKey = "Expire date:";
    if (!std::string_view(line).starts_with(kKey)) return;
    const std::int64_t end = ::curl_getdate(line + kKey.size(), nullptr);
    if (end < 0) return;
    response_.certificate_expiry = std::min(end, response_.certificate_expiry.value_or(end));
  }

  const FetchRequest& request_;
  std::unique_ptr<CURL, void (*)(CURL*)> easy_;
  std::unique_ptr<curl_slist, void (*)(curl_slist*)> headers_{nullptr, &::curl_slist_free_all};
  std::array<char, CURL_ERROR_SIZE> why_{};
  bool too_long_ = false;
  FetchResponse response_;
};

void finish_those_that_are_done(CURLM* multi) {
  int left = 0;
  while (const CURLMsg* const message = ::curl_multi_info_read(multi, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    char* of_whom = nullptr;
    ::curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &of_whom);
    reinterpret_cast<Transfer*>(of_whom)->finish(message->data.result);
  }
}

}  // namespace

std::vector<FetchResponse> fetch(std::span<const FetchRequest> requests) {
  start_curl();
  const Multi multi(::curl_multi_init(), &::curl_multi_cleanup);
  std::vector<std::unique_ptr<Transfer>> transfers;
  for (const FetchRequest& request : requests) {
    transfers.push_back(std::make_unique<Transfer>(request));
    ::curl_multi_add_handle(multi.get(), transfers.back()->easy());
  }
  // Each has a time-out of its own, so that none keeps this going.
  constexpr int kMostMilliseconds = 1000;
  for (int running = 1; running > 0;) {
    if (::curl_multi_perform(multi.get(), &running) != CURLM_OK) break;
    finish_those_that_are_done(multi.get());
    if (running > 0) ::curl_multi_poll(multi.get(), nullptr, 0, kMostMilliseconds, nullptr);
  }
  std::vector<FetchResponse> responses;
  for (const auto& transfer : transfers) {
    ::curl_multi_remove_handle(multi.get(), transfer->easy());
    responses.push_back(std::move(transfer->response()));
  }
  return responses;
}

std::string check_url(const std::string& url) {
  if (!url.starts_with("http://") && !url.starts_with("https://")) {
    return "'" + without_user(url) + "' begins with neither http:// nor https://";
  }
  start_curl();
  const std::unique_ptr<CURLU, void (*)(CURLU*)> parts(::curl_url(), &::curl_url_cleanup);
  const CURLUcode code = ::curl_url_set(parts.get(), CURLUPART_URL, url.c_str(), 0);
  if (code == CURLUE_OK) return {};
  return "'" + without_user(url) + "' is no URL: " + ::curl_url_strerror(code);
}

std::string without_user(std::string url) {
  const std::size_t scheme = url.find("://");
  const std::size_t begin = scheme == url.npos ? 0 : scheme + 3;
  const std::size_t end = std::min(url.find_first_of("/?#", begin), url.size());
  const std::size_t at = url.rfind('@', end);
  if (at != url.npos && at >= begin && at < end) url.erase(begin, at + 1 - begin);
  return url;
}

std::string add_header(std::string_view line, std::vector<std::string>& headers) {
  if (line.find(':') == line.npos || line.find_first_of("\r\n") != line.npos) {
    return "a header is not `Name: value`";
  }
  headers.emplace_back(line);
  return {};
}

std::string add_headers_of(const std::string& path, std::vector<std::string>& headers) {
  const auto text = read_file(path);
  if (!text) return "cannot read " + path;
  std::string_view rest = *text;
  for (std::string_view line; take_line(rest, line);) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) continue;
    const std::string fault = add_header(line, headers);
    if (!fault.empty()) return std::string(path).append(": ").append(fault);
  }
  return {};
}

}  // namespace lariat::sdk
