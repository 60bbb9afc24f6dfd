#include "collectors/systemd/bus.h"

#include <systemd/sd-bus.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <system_error>
#include <type_traits>

namespace lariat::systemd {
namespace {

constexpr const char* kService = "org.freedesktop.systemd1";
constexpr const char* kObject = "/org/freedesktop/systemd1";
constexpr const char* kInterface = "org.freedesktop.systemd1.Manager";
constexpr std::chrono::seconds kMostOfACall(2);
constexpr std::chrono::seconds kMostOfARound(5);

template <typename Duration>
std::uint64_t microseconds(Duration time) {
  return static_cast<std::uint64_t>(std::chrono::ceil<std::chrono::microseconds>(time).count());
}

/// What a call said when it failed.
class Error {
 public:
  Error() = default;
  Error(const Error&) = delete;
  Error& operator=(const Error&) = delete;
  ~Error() { ::sd_bus_error_free(&error_); }

  [[nodiscard]] sd_bus_error* get() noexcept { return &error_; }
  [[nodiscard]] std::string text(int result) const {
    return error_.message != nullptr ? error_.message
                                     : std::generic_category().message(std::abs(result));
  }

 private:
  sd_bus_error error_{};
};

using Message = std::unique_ptr<sd_bus_message, sd_bus_message* (*)(sd_bus_message*)>;

// False at the end, or when it is not as it ought to be.
bool read_unit(sd_bus_message* message, Unit& unit) {
  const char* name = nullptr;
  const char* load_state = nullptr;
  const char* active_state = nullptr;
  const char* path = nullptr;
  const char* other = nullptr;
  std::uint32_t job = 0;
  const int result =
      ::sd_bus_message_read(message, "(ssssssouso)", &name, &other, &load_state, &active_state,
                            &other, &other, &path, &job, &other, &other);
  if (result <= 0) return false;
  unit = {name, load_state, active_state, path};
  return true;
}

}  // namespace

struct Manager::Connection {
  std::unique_ptr<sd_bus, sd_bus* (*)(sd_bus*)> bus{nullptr, &::sd_bus_close_unref};
};

Manager::Manager(std::string peer)
    : peer_(std::move(peer)), connection_(std::make_unique<Connection>()) {}

Manager::~Manager() = default;

std::string Manager::connect() {
  end_of_round_ = Clock::now() + kMostOfARound;
  if (connected()) return {};
  int result = open();
  if (result >= 0) result = wait_until_ready();
  if (result >= 0) return {};
  connection_->bus.reset();
  return "cannot connect to " + (peer_.empty() ? std::string("the system's bus") : peer_) + ": " +
         std::generic_category().message(-result);
}

int Manager::open() {
  sd_bus* bus = nullptr;
  int result = ::sd_bus_new(&bus);
  connection_->bus.reset(bus);
  const char* const set = ::secure_getenv("DBUS_SYSTEM_BUS_ADDRESS");
  std::string address = set != nullptr ? set : "unix:path=/run/dbus/system_bus_socket";
  if (!peer_.empty()) address = "unix:path=" + peer_;
  if (result >= 0) result = ::sd_bus_set_address(bus, address.c_str());
  if (result >= 0 && peer_.empty()) result = ::sd_bus_set_bus_client(bus, 1);
  if (result >= 0) result = ::sd_bus_set_method_call_timeout(bus, microseconds(kMostOfACall));
  return result >= 0 ? ::sd_bus_start(bus) : result;
}

// A call would wait for it, too, but as long as the library likes.
int Manager::wait_until_ready() {
  sd_bus* const bus = connection_->bus.get();
  const auto end = Clock::now() + kMostOfACall;
  while (true) {
    if (const int ready = ::sd_bus_is_ready(bus); ready != 0) return ready;
    const int more = ::sd_bus_process(bus, nullptr);
    if (more < 0) return more;
    if (more > 0) continue;
    const auto left = end - Clock::now();
    if (left <= Clock::duration::zero()) return -ETIMEDOUT;
    if (const int result = ::sd_bus_wait(bus, microseconds(left)); result < 0) return result;
  }
}

bool Manager::may_call() {
  if (!connected()) return false;
  const auto left = std::min<Clock::duration>(end_of_round_ - Clock::now(), kMostOfACall);
  // 0 would stand for the library's own time.
  if (left >= std::chrono::milliseconds(1) &&
      ::sd_bus_set_method_call_timeout(connection_->bus.get(), microseconds(left)) >= 0) {
    return true;
  }
  connection_->bus.reset();
  return false;
}

std::string Manager::list(std::vector<Unit>& units) {
  units.clear();
  if (!may_call()) return "systemd does not answer in time";
  Error error;
  sd_bus_message* reply = nullptr;
  int result = ::sd_bus_call_method(connection_->bus.get(), kService, kObject, kInterface,
                                    "ListUnits", error.get(), &reply, "");
  const Message message(reply, &::sd_bus_message_unref);
  if (result >= 0) result = ::sd_bus_message_enter_container(reply, 'a', "(ssssssouso)");
  if (result < 0) {
    connection_->bus.reset();
    return "systemd does not list its units: " + error.text(result);
  }
  for (Unit unit; read_unit(reply, unit);) units.push_back(unit);
  return {};
}

std::optional<std::string> Manager::text(const char* property) {
  return text(Unit{.path = kObject}, "Manager", property);
}

std::optional<std::string> Manager::text(const Unit& unit, const char* kind, const char* property) {
  if (!may_call()) return std::nullopt;
  const std::string interface = std::string(kService) + '.' + kind;
  Error error;
  char* value = nullptr;
  const int result =
      ::sd_bus_get_property_string(connection_->bus.get(), kService, unit.path.c_str(),
                                   interface.c_str(), property, error.get(), &value);
  const std::unique_ptr<char, void (*)(void*)> kept(value, &::free);
  // A unit that has gone meanwhile is an answer, too.
  if (result == -ETIMEDOUT || result == -ENOTCONN || result == -ECONNRESET) {
    connection_->bus.reset();
  }
  return result < 0 ? std::nullopt : std::optional<std::string>(value);
}

template <typename Number>
std::optional<Number> Manager::trivial(const Unit& unit, const char* kind, const char* property) {
  if (!may_call()) return std::nullopt;
  const std::string interface = std::string(kService) + '.' + kind;
  constexpr char kType = std::is_same_v<Number, std::uint64_t> ? 't' : 'u';
  Error error;
  Number value = 0;
  const int result =
      ::sd_bus_get_property_trivial(connection_->bus.get(), kService, unit.path.c_str(),
                                    interface.c_str(), property, error.get(), kType, &value);
  if (result == -ETIMEDOUT || result == -ENOTCONN || result == -ECONNRESET) {
    connection_->bus.reset();
  }
  return result < 0 ? std::nullopt : std::optional(value);
}

std::optional<std::uint32_t> Manager::number(const Unit& unit, const char* kind,
                                             const char* property) {
  return trivial<std::uint32_t>(unit, kind, property);
}

std::optional<std::uint64_t> Manager::large_number(const Unit& unit, const char* kind,
                                                   const char* property) {
  return trivial<std::uint64_t>(unit, kind, property);
}

bool Manager::connected() const noexcept { return connection_->bus != nullptr; }

}  // namespace lariat::systemd
