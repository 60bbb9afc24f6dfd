// liblariat for C++20: the C interface of lariat.h in the manner of the language. Header-only, so
// that the library shows no C++ type and programs of any compiler can use it.
#ifndef LARIAT_LARIAT_HPP
#define LARIAT_LARIAT_HPP

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lariat/lariat.h"

namespace lariat {

/// What a call comes to; the values are those of `lariat_result`.
enum class [[nodiscard]] Result : int{
    kOk = LARIAT_OK,
    kBadArgument = LARIAT_BAD_ARGUMENT,
    kBadUrl = LARIAT_BAD_URL,
    kBadName = LARIAT_BAD_NAME,
    kBadNumber = LARIAT_BAD_NUMBER,
    kBadMessage = LARIAT_BAD_MESSAGE,
    kTooLarge = LARIAT_TOO_LARGE,
    kExists = LARIAT_EXISTS,
    kUnknown = LARIAT_UNKNOWN,
    kSpool = LARIAT_SPOOL,
    kInCallback = LARIAT_IN_CALLBACK,
    kNotOurs = LARIAT_NOT_OURS,
    kNoTime = LARIAT_NO_TIME,
    kForked = LARIAT_FORKED,
    kSystem = LARIAT_SYSTEM,
};
/// A few words for people.
[[nodiscard]] inline std::string_view to_string(Result result) noexcept {
  return lariat_strerror(static_cast<int>(result));
}

enum class Level : int { kInfo = LARIAT_INFO, kWarning = LARIAT_WARNING, kError = LARIAT_ERROR };
enum class Status : int {
  kOk = LARIAT_STATUS_OK,
  kWarning = LARIAT_STATUS_WARNING,
  kCritical = LARIAT_STATUS_CRITICAL,
  kUnknown = LARIAT_STATUS_UNKNOWN,
};
enum class Order : int {
  kDefault = LARIAT_ORDER_DEFAULT,
  kFifo = LARIAT_ORDER_FIFO,
  kFreshFirst = LARIAT_ORDER_FRESH_FIRST,
};

/// Of `Publisher::open`; 0 and empty are the defaults, as `lariat_options` says. Callbacks throw
/// nothing.
struct PublisherOptions {
  std::uint64_t memory_bytes = 0;
  std::uint64_t segment_bytes = 0;
  std::string spool_directory;
  std::uint64_t spool_bytes = 0;
  std::chrono::milliseconds spool_sync{0};
  std::string tags;
  std::function<void(std::string_view endpoint, std::span<const std::byte> message)> on_message;
  std::function<void(Level, std::string_view line)> on_log;
  /// The program's own libev loop, or, with any other, both callbacks.
  struct ev_loop* loop = nullptr;
  std::function<void(int descriptor, int events)> on_watch;
  std::function<void(std::optional<std::chrono::milliseconds>)> on_timeout;
};

/// Of `Publisher::connect`; 0 and empty are the defaults, as `lariat_endpoint_options` says.
struct EndpointOptions {
  std::string name;
  std::vector<std::string> match;
  bool from_begin = false;
  Order order = Order::kDefault;
  double catch_up = 0;
  std::uint64_t max_bytes = 0;
  std::chrono::milliseconds max_age{0};
  std::chrono::milliseconds connect_timeout{0};
  std::chrono::milliseconds stall_timeout{0};
  std::chrono::milliseconds back_off_min{0};
  std::chrono::milliseconds back_off_max{0};
  std::chrono::milliseconds heartbeat{0};
};

/// Publishes TSDP messages to many endpoints at once: see `lariat.h`, whose functions the methods
/// are.
///
/// Ownership: move-only; owns the publisher and the callbacks; borrows a loop of the program's.
/// Threads: one at a time, but for `wake`.
class Publisher {
 public:
  /// Nothing if it cannot be made: `why` then tells.
  [[nodiscard]] static std::optional<Publisher> open(PublisherOptions options = {},
                                                     Result* why = nullptr) {
    auto state = std::make_unique<State>();
    state->options = std::move(options);
    const auto given = state->to_c();
    const int result = lariat_open(&state->publisher, &given);
    if (why != nullptr) *why = static_cast<Result>(result);
    if (result != LARIAT_OK) return std::nullopt;
    return Publisher(std::move(state));
  }

  Result connect(const std::string& url, const EndpointOptions& options = {}) {
    std::vector<const char*> match;
    for (const auto& pattern : options.match) match.push_back(pattern.c_str());
    lariat_endpoint_options given{};
    given.size = sizeof given;
    given.name = options.name.empty() ? nullptr : options.name.c_str();
    given.match = match.data();
    given.match_count = match.size();
    given.start = options.from_begin ? LARIAT_START_BEGIN : LARIAT_START_END;
    given.order = static_cast<int>(options.order);
    given.catch_up = options.catch_up;
    given.max_bytes = options.max_bytes;
    given.max_age_ms = static_cast<std::uint64_t>(options.max_age.count());
    given.connect_timeout_ms = milliseconds(options.connect_timeout);
    given.stall_timeout_ms = milliseconds(options.stall_timeout);
    given.back_off_min_ms = milliseconds(options.back_off_min);
    given.back_off_max_ms = milliseconds(options.back_off_max);
    given.heartbeat_ms = milliseconds(options.heartbeat);
    return static_cast<Result>(lariat_connect(get(), url.c_str(), &given));
  }
  Result disconnect(const std::string& name) {
    return static_cast<Result>(lariat_disconnect(get(), name.c_str()));
  }

  Result publish(std::span<const std::byte> message) {
    return static_cast<Result>(lariat_publish(get(), message.data(), message.size()));
  }
  /// `time` in the kinds that follow: seconds since 1970 UTC; 0 is now.
  Result sample(const std::string& name, std::span<const double> values, std::uint64_t time = 0) {
    return static_cast<Result>(
        lariat_sample(get(), name.c_str(), time, values.data(), values.size()));
  }
  Result sample(const std::string& name, double value, std::uint64_t time = 0) {
    return sample(name, std::span(&value, 1), time);
  }
  Result tally(const std::string& name, std::uint64_t increment = 1, std::uint64_t time = 0) {
    return static_cast<Result>(lariat_tally(get(), name.c_str(), time, increment));
  }
  Result delta(const std::string& name, double reading, std::uint64_t time = 0) {
    return static_cast<Result>(lariat_delta(get(), name.c_str(), time, reading));
  }
  Result state(const std::string& name, Status status, const std::string& summary = {},
               std::uint64_t time = 0) {
    return static_cast<Result>(lariat_state(get(), name.c_str(), time, static_cast<int>(status),
                                            summary.empty() ? nullptr : summary.c_str()));
  }
  Result event(const std::string& name, const std::string& text, std::uint64_t time = 0) {
    return static_cast<Result>(lariat_event(get(), name.c_str(), time, text.c_str()));
  }
  Result fact(const std::string& name, const std::string& text) {
    return static_cast<Result>(lariat_fact(get(), name.c_str(), text.c_str()));
  }

  /// Messages called back with, or a `Result` below 0. Nothing for a time-out: without bound.
  int poll(std::optional<std::chrono::milliseconds> time_out) {
    return lariat_poll(get(), wait_time(time_out));
  }
  void wake() noexcept { lariat_wake(get()); }
  Result action(int descriptor, int events) {
    return static_cast<Result>(lariat_action(get(), descriptor, events));
  }
  [[nodiscard]] std::uint64_t lag() { return lariat_lag(get()); }
  Result wait(std::uint64_t bytes, std::optional<std::chrono::milliseconds> time_out) {
    return static_cast<Result>(lariat_wait(get(), bytes, wait_time(time_out)));
  }
  Result flush(std::optional<std::chrono::milliseconds> time_out) {
    return static_cast<Result>(lariat_flush(get(), wait_time(time_out)));
  }
  /// `done` replaces that of a flush before.
  Result flush_start(std::optional<std::chrono::milliseconds> time_out,
                     std::function<void(Result)> done) {
    state_->flushed = std::move(done);
    return static_cast<Result>(
        lariat_flush_start(get(), wait_time(time_out), [](void* data, int result) noexcept {
          const auto told = std::exchange(static_cast<State*>(data)->flushed, nullptr);
          if (told) told(static_cast<Result>(result));
        }));
  }

  [[nodiscard]] lariat_stats stats() {
    lariat_stats stats{};
    stats.size = sizeof stats;
    lariat_get_stats(get(), &stats);
    return stats;
  }
  /// Nothing if there is no endpoint of that name.
  [[nodiscard]] std::optional<lariat_endpoint_stats> endpoint_stats(const std::string& name) {
    lariat_endpoint_stats stats{};
    stats.size = sizeof stats;
    if (lariat_get_endpoint_stats(get(), name.c_str(), &stats) != LARIAT_OK) return std::nullopt;
    return stats;
  }
  [[nodiscard]] std::vector<std::string> endpoints() {
    std::vector<std::string> names;
    while (const char* name = lariat_endpoint_name(get(), names.size())) names.emplace_back(name);
    return names;
  }
  /// For calls that have no method here.
  [[nodiscard]] lariat_publisher* get() const noexcept { return state_->publisher; }

 private:
  struct State {
    PublisherOptions options;
    std::function<void(Result)> flushed;
    lariat_publisher* publisher = nullptr;

    State() = default;
    ~State() { lariat_close(publisher); }
    State(const State&) = delete;
    State& operator=(const State&) = delete;

    [[nodiscard]] lariat_options to_c() {
      lariat_options given{};
      given.size = sizeof given;
      given.data = this;
      given.memory_bytes = options.memory_bytes;
      given.segment_bytes = options.segment_bytes;
      if (!options.spool_directory.empty()) given.spool_directory = options.spool_directory.c_str();
      given.spool_bytes = options.spool_bytes;
      given.spool_sync_ms = milliseconds(options.spool_sync);
      if (!options.tags.empty()) given.tags = options.tags.c_str();
      given.loop = options.loop;
      add_callbacks(given);
      return given;
    }
    void add_callbacks(lariat_options& given) const noexcept {
      if (options.on_message) {
        given.on_message = [](void* data, const char* endpoint, const void* message,
                              std::size_t length) noexcept {
          static_cast<State*>(data)->options.on_message(
              endpoint, {static_cast<const std::byte*>(message), length});
        };
      }
      if (options.on_log) {
        given.on_log = [](void* data, int level, const char* line) noexcept {
          static_cast<State*>(data)->options.on_log(static_cast<Level>(level), line);
        };
      }
      if (options.on_watch) {
        given.on_watch = [](void* data, int descriptor, int events) noexcept {
          static_cast<State*>(data)->options.on_watch(descriptor, events);
        };
      }
      if (options.on_timeout) {
        given.on_timeout = [](void* data, std::int64_t after) noexcept {
          std::optional<std::chrono::milliseconds> time;
          if (after >= 0) time = std::chrono::milliseconds(after);
          static_cast<State*>(data)->options.on_timeout(time);
        };
      }
    }
  };

  explicit Publisher(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}
  [[nodiscard]] static std::uint32_t milliseconds(std::chrono::milliseconds time) noexcept {
    return static_cast<std::uint32_t>(time.count());
  }
  [[nodiscard]] static int wait_time(std::optional<std::chrono::milliseconds> time) noexcept {
    return time ? static_cast<int>(time->count()) : -1;
  }

  std::unique_ptr<State> state_;
};

}  // namespace lariat

#endif
