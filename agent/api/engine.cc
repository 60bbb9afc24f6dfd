#include "agent/api/engine.h"

#include <fmt/format.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <limits>
#include <string>
#include <utility>

namespace lariat::api {
namespace {

// Published in one go without a turn of the loop: then it is sent, so that a program which
// publishes much does not run over the budget while it does. With the message that goes over it is
// just below 64 KiB, which the kernel sends as one piece: 64 KiB and a message cost a third more.
constexpr std::uint64_t kPushBytes = std::uint64_t{60} << 10U;
// So many messages of one turn may have one time.
constexpr unsigned kStampEvery = 16;
// For what the disk has still to take, when all ends.
constexpr std::chrono::milliseconds kDiskPatience{2'000};

/// Counts that a callback of the program's is on the stack.
class Within {
 public:
  explicit Within(int& depth) noexcept : depth_(depth) { ++depth_; }
  ~Within() { --depth_; }
  Within(const Within&) = delete;
  Within& operator=(const Within&) = delete;

 private:
  int& depth_;
};

// Good to some milliseconds, for a fifth of the price.
base::WallTime coarse_now() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME_COARSE, &now);
  return base::WallTime(std::chrono::milliseconds(std::int64_t{now.tv_sec} * 1'000 +
                                                  std::int64_t{now.tv_nsec} / 1'000'000));
}

std::chrono::milliseconds time_out(int milliseconds) noexcept {
  // Without bound: as good as one that the timer can still hold.
  constexpr std::chrono::milliseconds kNever = std::chrono::hours(24 * 365 * 100);
  return milliseconds < 0 ? kNever : std::chrono::milliseconds(milliseconds);
}

int host_events(loop::Ready ready) noexcept {
  return (ready.read ? LARIAT_READ : 0) | (ready.write ? LARIAT_WRITE : 0);
}

}  // namespace

Engine::Made Engine::make(EngineOptions options, const base::ForkMark& mark) {
  std::unique_ptr<Engine> engine(new Engine(std::move(options), mark));
  if (!engine->make_loop() || !engine->make_wake()) {
    engine->lines_.error(
        "lariat_open: the system gives no descriptor: raise the limit of open files");
    return {.engine = nullptr, .result = LARIAT_SYSTEM};
  }
  engine->resolver_ = std::make_unique<net::Resolver>(*engine->loop_);
  engine->publisher_ = std::make_unique<publish::Publisher>(*engine->loop_, *engine->resolver_,
                                                            engine->lines_, engine->options_.log);
  engine->publisher_->on_message(
      [self = engine.get()](const publish::EndpointConfig& from,
                            std::span<const std::byte> message) { self->received(from, message); });
  if (const auto result = engine->open_spool(); result != LARIAT_OK) {
    return {.engine = nullptr, .result = result};
  }
  return {.engine = std::move(engine)};
}

Engine::Engine(EngineOptions options, const base::ForkMark& mark)
    : options_(std::move(options)),
      mark_(mark),
      lines_([this](base::Level level, std::string_view line) { log_line(level, line); }) {}

bool Engine::make_loop() {
  const auto& given = options_.callbacks;
  switch (options_.drive) {
    case Drive::kOwn:
      loop_ = loop::Loop::make();
      return loop_ != nullptr;
    case Drive::kLibev:
      loop_ = std::make_unique<loop::Loop>(loop::NativeLoop{given.loop});
      return true;
    case Drive::kHost:
      break;
  }
  loop::Host host;
  host.watch = [this](int descriptor, loop::Ready wanted) {
    if (options_.callbacks.on_watch == nullptr) return;
    const Within within(strict_depth_);
    options_.callbacks.on_watch(options_.callbacks.data, descriptor, host_events(wanted));
  };
  host.time_out = [this](std::optional<std::chrono::milliseconds> after) {
    if (options_.callbacks.on_timeout == nullptr) return;
    const Within within(strict_depth_);
    options_.callbacks.on_timeout(options_.callbacks.data, after ? after->count() : -1);
  };
  loop_ = std::make_unique<loop::Loop>(std::move(host));
  return true;
}

bool Engine::make_wake() {
  if (options_.drive != Drive::kOwn) return true;
  wake_fd_.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake_fd_) return false;
  woken_watcher_ = std::make_unique<loop::IoWatcher>(*loop_, loop::CallbackKind::kFile, [this] {
    std::uint64_t count = 0;
    woken_ = ::read(wake_fd_.get(), &count, sizeof count) > 0;
  });
  woken_watcher_->watch(wake_fd_.get());
  woken_watcher_->start();
  deadline_ = std::make_unique<loop::Timer>(*loop_, [this] { late_ = true; });
  return true;
}

Engine::Result Engine::open_spool() {
  if (!options_.spool) return LARIAT_OK;
  const auto opened = publisher_->open_spool(*options_.spool);
  if (opened) return LARIAT_OK;
  lines_.error(fmt::format("lariat_open: {}", opened.error().text));
  return LARIAT_SPOOL;
}

Engine::~Engine() {
  if (!publisher_) return;
  end_flush(LARIAT_CANCELLED);
  publisher_->push();  // What was published last is on its way, or in the account.
  for (const auto& line : publisher_->farewell()) lines_.warning(line);
  if (publisher_->spool() != nullptr) {
    [[maybe_unused]] const bool all = publisher_->close_spool(kDiskPatience);
  }
  publisher_.reset();
  resolver_.reset();
  loop_->tell_host();
}

// The program's own descriptors are shared with the parent too: nothing is told either.
void Engine::abandon() noexcept {
  auto& callbacks = options_.callbacks;
  callbacks.on_log = nullptr;
  callbacks.on_message = nullptr;
  callbacks.on_watch = nullptr;
  callbacks.on_timeout = nullptr;
  flush_done_ = nullptr;
  if (!publisher_) return;
  publisher_->abandon();
  publisher_.reset();
}

void Engine::log_line(base::Level level, std::string_view line) const {
  if (options_.callbacks.on_log == nullptr) return;
  const Within within(strict_depth_);
  const std::string text(line);
  options_.callbacks.on_log(options_.callbacks.data, static_cast<int>(level), text.c_str());
}

void Engine::received(const publish::EndpointConfig& from, std::span<const std::byte> message) {
  if (received_ < std::numeric_limits<int>::max()) ++received_;
  if (options_.callbacks.on_message == nullptr) return;
  const Within within(depth_);
  options_.callbacks.on_message(options_.callbacks.data, from.name.c_str(), message.data(),
                                message.size());
}

void Engine::begin_call() noexcept {
  if (depth_ == 0) loop_->refresh();
}

void Engine::end_call() {
  if (depth_ == 0) loop_->tell_host();
}

Engine::Result Engine::connect(const publish::EndpointConfig& config) {
  if (find(config.name) != nullptr) {
    tell(fmt::format("lariat_connect: there is an endpoint {} already: give another name",
                     config.name));
    return LARIAT_EXISTS;
  }
  publisher_->add(config);
  return LARIAT_OK;
}

Engine::Result Engine::disconnect(const std::string& name) {
  if (find(name) == nullptr) return LARIAT_UNKNOWN;
  publisher_->remove(name);
  return LARIAT_OK;
}

publish::Endpoint* Engine::find(const std::string& name) const {
  for (const auto& endpoint : publisher_->endpoints()) {
    if (endpoint->config().name == name) return endpoint.get();
  }
  return nullptr;
}

Engine::Result Engine::publish(std::span<const std::byte> message) {
  if (loop_->now() != stamped_turn_ || ++unstamped_ >= kStampEvery) {
    if (loop_->now() != stamped_turn_) unpushed_ = 0;
    stamp_ = coarse_now();
    stamped_turn_ = loop_->now();
    unstamped_ = 0;
  }
  if (!publisher_->publish(message, stamp_)) return LARIAT_TOO_LARGE;
  unpushed_ += message.size();
  if (unpushed_ >= kPushBytes && depth_ == 0) {
    unpushed_ = 0;
    loop_->refresh();
    publisher_->push();
    loop_->tell_host();
  } else {
    loop_->want_turn();
  }
  return LARIAT_OK;
}

void Engine::turn_until(const std::function<bool()>& done, int timeout_ms) {
  late_ = timeout_ms == 0;
  if (timeout_ms > 0) deadline_->start(std::chrono::milliseconds(timeout_ms));
  // One turn in any case: it sends what was published.
  do {
    if (late_ || done()) {
      loop_->run_ready();
    } else {
      loop_->run_once();
    }
  } while (!done() && !late_ && !mark_.in_child());
  if (mark_.in_child()) return;
  deadline_->stop();
  // What a callback published in the last turn does not wait for the next call.
  if (unpushed_ > 0) publisher_->push();
  unpushed_ = 0;
}

Engine::Result Engine::poll(int timeout_ms) {
  received_ = 0;
  // Woken before is woken now.
  turn_until([this] { return received_ > 0 || woken_; }, timeout_ms);
  woken_ = false;
  return received_;
}

Engine::Result Engine::wait(std::uint64_t bytes, int timeout_ms) {
  const auto near = [&] { return publisher_->lag() <= bytes; };
  turn_until(near, timeout_ms);
  return near() ? LARIAT_OK : LARIAT_NO_TIME;
}

Engine::Result Engine::flush(int timeout_ms) {
  bool ended = false;
  bool all = false;
  end_flush(LARIAT_CANCELLED);
  publisher_->flush(time_out(timeout_ms), [&](bool settled) {
    ended = true;
    all = settled;
  });
  in_flush_ = true;
  while (!ended && !mark_.in_child()) loop_->run_once();
  in_flush_ = false;
  return all ? LARIAT_OK : LARIAT_NO_TIME;
}

// `done` may start the next.
void Engine::end_flush(int result) {
  auto* const done = std::exchange(flush_done_, nullptr);
  if (done == nullptr) return;
  const Within within(depth_);
  done(options_.callbacks.data, result);
}

void Engine::flush_start(int timeout_ms, void (*done)(void* data, int result)) {
  end_flush(LARIAT_CANCELLED);
  flush_done_ = done;
  publisher_->flush(time_out(timeout_ms),
                    [this](bool all) { end_flush(all ? LARIAT_OK : LARIAT_NO_TIME); });
}

void Engine::action(int descriptor, int events) {
  loop_->turn(descriptor,
              {.read = (events & LARIAT_READ) != 0, .write = (events & LARIAT_WRITE) != 0});
}

void Engine::wake() const noexcept {
  if (!wake_fd_) return;
  const int before = errno;
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(wake_fd_.get(), &one, sizeof one);
  errno = before;
}

}  // namespace lariat::api
