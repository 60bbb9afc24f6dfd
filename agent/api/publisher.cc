// The C interface: a publisher's life, its endpoints, and what drives it.

#include <cstring>
#include <memory>
#include <string>
#include <utility>

#include "agent/api/handle.h"
#include "agent/api/options.h"

using lariat::api::call;
using lariat::api::Drive;
using lariat::api::Engine;
using lariat::api::EngineOptions;
using lariat::api::From;
using lariat::api::Refusal;

namespace {

void tell(const lariat_options& options, const std::string& line) {
  if (options.on_log != nullptr) options.on_log(options.data, LARIAT_ERROR, line.c_str());
}

// In a child the epoll, the sockets and the spool are the parent's as well.
void let_go(lariat_publisher& publisher) noexcept {
  if (publisher.engine) publisher.engine->abandon();
  publisher.engine.reset();
}

int open_publisher(std::unique_ptr<lariat_publisher>& publisher, const lariat_options* given) {
  lariat_options options;
  if (!lariat::api::take_structure(given, options)) return LARIAT_BAD_ARGUMENT;
  EngineOptions engine_options;
  Refusal refusal;
  if (const int result = lariat::api::read_options(options, engine_options, refusal)) {
    tell(options, "lariat_open: " + refusal.sentence);
    return result;
  }
  auto opened = std::make_unique<lariat_publisher>();
  auto made = Engine::make(std::move(engine_options), opened->mark);
  if (!made.engine) return made.result;
  publisher = std::move(opened);
  publisher->engine = std::move(made.engine);
  publisher->engine->on_fork([handle = publisher.get()] { let_go(*handle); });
  publisher->engine->end_call();
  return LARIAT_OK;
}

}  // namespace

int lariat_open(lariat_publisher** publisher, const lariat_options* options) noexcept {
  if (publisher == nullptr) return LARIAT_BAD_ARGUMENT;
  *publisher = nullptr;
  std::unique_ptr<lariat_publisher> opened;
  const int result = open_publisher(opened, options);
  *publisher = opened.release();
  return result;
}

int lariat_close(lariat_publisher* publisher) noexcept {
  if (publisher == nullptr) return LARIAT_OK;
  // In a child too: the engine may be below us on the stack.
  if (publisher->engine && publisher->engine->in_callback()) return LARIAT_IN_CALLBACK;
  const int result = lariat::api::gate(publisher, From::kOutside);
  if (result == LARIAT_FORKED) {
    let_go(*publisher);
  } else if (result != LARIAT_OK) {
    return result;
  }
  const std::unique_ptr<lariat_publisher> ended(publisher);
  return LARIAT_OK;
}

int lariat_connect(lariat_publisher* publisher, const char* url,
                   const lariat_endpoint_options* options) noexcept {
  return call(publisher, From::kAnywhere, [&](Engine& engine) -> int {
    lariat_endpoint_options given;
    if (url == nullptr || !lariat::api::take_structure(options, given)) return LARIAT_BAD_ARGUMENT;
    lariat::publish::EndpointConfig config;
    Refusal refusal;
    const bool spooled = engine.publisher().spool() != nullptr;
    if (const int result = lariat::api::read_endpoint(url, given, spooled, config, refusal)) {
      engine.tell("lariat_connect: " + refusal.sentence);
      return result;
    }
    return engine.connect(config);
  });
}

int lariat_disconnect(lariat_publisher* publisher, const char* name) noexcept {
  return call(publisher, From::kOutside, [&](Engine& engine) -> int {
    return name == nullptr ? LARIAT_BAD_ARGUMENT : engine.disconnect(name);
  });
}

int lariat_poll(lariat_publisher* publisher, int timeout_ms) noexcept {
  return call(publisher, From::kOutside, [&](Engine& engine) -> int {
    return engine.drive() == Drive::kOwn ? engine.poll(timeout_ms) : LARIAT_NOT_OURS;
  });
}

// Of other threads: nothing but what never changes is looked at.
int lariat_wake(lariat_publisher* publisher) noexcept {
  if (publisher == nullptr) return LARIAT_BAD_ARGUMENT;
  if (publisher->mark.in_child()) return LARIAT_FORKED;
  if (publisher->engine) publisher->engine->wake();
  return LARIAT_OK;
}

int lariat_action(lariat_publisher* publisher, int descriptor, int events) noexcept {
  return call(publisher, From::kOutside, [&](Engine& engine) -> int {
    if (engine.drive() != Drive::kHost) return LARIAT_NOT_OURS;
    engine.action(descriptor, events);
    return LARIAT_OK;
  });
}

uint64_t lariat_lag(lariat_publisher* publisher) noexcept {
  if (lariat::api::gate(publisher, From::kAnywhere) != LARIAT_OK) return 0;
  return publisher->engine->publisher().lag();
}

int lariat_wait(lariat_publisher* publisher, uint64_t bytes, int timeout_ms) noexcept {
  return call(publisher, From::kOutside, [&](Engine& engine) -> int {
    return engine.drive() == Drive::kOwn ? engine.wait(bytes, timeout_ms) : LARIAT_NOT_OURS;
  });
}

int lariat_flush(lariat_publisher* publisher, int timeout_ms) noexcept {
  return call(publisher, From::kOutside, [&](Engine& engine) -> int {
    return engine.drive() == Drive::kOwn ? engine.flush(timeout_ms) : LARIAT_NOT_OURS;
  });
}

int lariat_flush_start(lariat_publisher* publisher, int timeout_ms,
                       void (*done)(void* data, int result)) noexcept {
  return call(publisher, From::kAnywhere, [&](Engine& engine) -> int {
    if (done == nullptr) return LARIAT_BAD_ARGUMENT;
    if (engine.in_flush()) return LARIAT_IN_CALLBACK;
    engine.flush_start(timeout_ms, done);
    return LARIAT_OK;
  });
}
