#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/statsd/sockets.h"

namespace lariat::statsd {

/// What has come in by one transport.
struct Traffic {
  std::uint64_t packets = 0;      ///< Datagrams.
  std::uint64_t dropped = 0;      ///< Datagrams that the kernel had no room for.
  std::uint64_t connections = 0;  ///< Since the beginning.
  std::uint64_t cut = 0;          ///< Datagrams too long for us, whose last line is lost.
  std::uint64_t displaced = 0;    ///< Connections that were closed to make room for others.
  std::size_t connected = 0;      ///< Now.
};

/// The sockets that lines come in by.
///
/// Sleeps in one poll until something comes. A datagram is taken as it is; the octets of a
/// connection are handed on by whole lines, and the last without an end when it ends in order. A
/// connection is read 64 KiB at a time, so that one that floods gets its turn and no more; one that
/// trickles holds the part of a line, at most 8 KiB; of a longer line the beginning is handed on,
/// one octet longer than a line may be. Bounded: 256 connections; for another the one that was
/// silent for longest is closed.
/// Threads: one.
class Server {
 public:
  /// Takes whole lines, the last with or without an end.
  using Take = std::function<void(std::string_view text)>;

  explicit Server(Take take);

  /// What went wrong as one sentence, or nothing; then `told` is where it listens.
  [[nodiscard]] std::string listen(const Address& address, std::string& told);
  /// Takes in what comes until `input` can be read, or has ended.
  void serve(int input);
  /// Takes in what comes for so long.
  void serve_for(std::chrono::milliseconds time);

  /// With what the kernel knows of drops by now.
  [[nodiscard]] const Traffic& traffic() noexcept;

  static constexpr std::size_t kMostConnections = 256;

 private:
  struct Listener {
    Address::Transport transport = Address::Transport::kUdp;
    Socket socket;
    std::uint32_t drops = 0;  // As the kernel said last.
    bool resting = false;     // Not watched until the next tick.
  };
  struct Connection {
    Socket socket;
    std::string rest;         // The beginning of a line.
    std::uint64_t heard = 0;  // When something came last: so many readings before.
  };
  class Datagrams;

  void turn();
  void watch(int descriptor, std::uint64_t token) const;
  void take_datagram(std::size_t place);
  void read_datagrams(const Listener& listener);
  void accept_some(Listener& listener);
  void rest(Listener& listener) noexcept;
  void wake_resting();
  [[nodiscard]] std::size_t make_room();
  [[nodiscard]] bool read_some(Connection& connection);
  void take_octets(Connection& connection, std::string_view octets);

  Take take_;
  Socket poll_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  std::array<std::unique_ptr<Connection>, kMostConnections> connections_;
  std::unique_ptr<Datagrams, void (*)(Datagrams*)> datagrams_;
  std::vector<char> room_;
  std::uint64_t readings_ = 0;
  Traffic traffic_;
};

}  // namespace lariat::statsd
