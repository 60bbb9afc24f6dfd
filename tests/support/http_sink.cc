#include "tests/support/http_sink.h"

#include <sys/eventfd.h>

#include <algorithm>
#include <utility>

namespace lariat::test {

HttpSink::HttpSink() : stop_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)), server_(loop_) {
  server_.on_request = [this](const HttpRequest& request) { return take(request); };
  port_ = server_.port();
  thread_ = std::thread([this] { run(); });
}

HttpSink::~HttpSink() {
  ::eventfd_write(stop_.get(), 1);
  thread_.join();
}

void HttpSink::run() {
  loop::IoWatcher stopped(loop_, loop::CallbackKind::kRead, [this] { loop_.stop(); });
  stopped.watch(stop_.get());
  stopped.start();
  loop_.run();
}

std::string HttpSink::url() const {
  return "prometheus+http://127.0.0.1:" + std::to_string(port_) + "/api/v1/write";
}

void HttpSink::answer_with(HttpReply reply) {
  const std::lock_guard lock(mutex_);
  reply_ = std::move(reply);
}

void HttpSink::refuse_value(double value) {
  const std::lock_guard lock(mutex_);
  refused_ = value;
}

std::vector<WriteRequest::Sample> HttpSink::stored() const {
  const std::lock_guard lock(mutex_);
  return stored_;
}

std::size_t HttpSink::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

HttpReply HttpSink::take(const HttpRequest& request) {
  const std::lock_guard lock(mutex_);
  ++requests_;
  if (reply_.status != 204) return reply_;
  const auto samples = read_write_request(request.body).samples;
  const auto bad = [this](const auto& sample) { return refused_ && sample.value == *refused_; };
  if (std::any_of(samples.begin(), samples.end(), bad)) {
    return {.status = 400, .body = "out of bounds\n"};
  }
  stored_.insert(stored_.end(), samples.begin(), samples.end());
  return reply_;
}

}  // namespace lariat::test
