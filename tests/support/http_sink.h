#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "agent/base/unique_fd.h"
#include "tests/support/fake_http_server.h"
#include "tests/support/write_request.h"

namespace lariat::test {

/// A server of remote write in a thread of its own, on a port of 127.0.0.1 that is free.
///
/// Threads: all methods from any.
class HttpSink {
 public:
  HttpSink();
  ~HttpSink();
  HttpSink(const HttpSink&) = delete;
  HttpSink& operator=(const HttpSink&) = delete;

  [[nodiscard]] std::string url() const;
  /// From now on; what is answered with 2xx counts as stored.
  void answer_with(HttpReply reply);
  /// Refuses each request that has this value in it, with 400.
  void refuse_value(double value);

  /// All that it has stored, in the order of its coming.
  [[nodiscard]] std::vector<WriteRequest::Sample> stored() const;
  [[nodiscard]] std::size_t requests() const;

 private:
  void run();
  [[nodiscard]] HttpReply take(const HttpRequest& request);

  mutable std::mutex mutex_;
  HttpReply reply_;
  std::optional<double> refused_;
  std::vector<WriteRequest::Sample> stored_;
  std::size_t requests_ = 0;
  std::uint16_t port_ = 0;

  base::UniqueFd stop_;  // An eventfd.
  loop::Loop loop_;
  FakeHttpServer server_;
  std::thread thread_;
};

}  // namespace lariat::test
