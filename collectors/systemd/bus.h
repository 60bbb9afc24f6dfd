#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace lariat::systemd {

/// A unit as systemd's ListUnits tells of it.
struct Unit {
  std::string name;
  std::string load_state;
  std::string active_state;
  std::string path;  ///< Of its object on the bus.
};

/// systemd's manager, asked over D-Bus.
///
/// A call waits for two seconds at most. After one that got no answer at all there is no
/// connection; the next `connect` makes one.
class Manager {
 public:
  /// `peer`: the path of systemd's own socket, `/run/systemd/private`, which only root may use;
  /// empty: the system's bus.
  explicit Manager(std::string peer);
  Manager(const Manager&) = delete;
  Manager& operator=(const Manager&) = delete;
  ~Manager();

  /// Makes a connection if there is none. What went wrong as one sentence, or nothing.
  [[nodiscard]] std::string connect();
  /// The same of a list of all units.
  [[nodiscard]] std::string list(std::vector<Unit>& units);
  /// A property of the manager, or nothing.
  [[nodiscard]] std::optional<std::string> text(const char* property);
  /// One of a unit: of the interface of its kind, `Service`, `Timer`, `Socket`.
  [[nodiscard]] std::optional<std::string> text(const Unit& unit, const char* kind,
                                                const char* property);
  /// The same of one that is a number of 32 or 64 bits.
  [[nodiscard]] std::optional<std::uint32_t> number(const Unit& unit, const char* kind,
                                                    const char* property);
  [[nodiscard]] std::optional<std::uint64_t> large_number(const Unit& unit, const char* kind,
                                                          const char* property);
  [[nodiscard]] bool connected() const noexcept;

 private:
  struct Connection;

  template <typename Number>
  [[nodiscard]] std::optional<Number> trivial(const Unit& unit, const char* kind,
                                              const char* property);

  std::string peer_;
  std::unique_ptr<Connection> connection_;
};

}  // namespace lariat::systemd
