#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "agent/base/unique_fd.h"
#include "agent/loop/loop.h"
#include "agent/net/address.h"

namespace lariat::test {

/// What a fuzzer made up for a server, and how it is said: that is the first octet.
struct Speech {
  Speech(const std::uint8_t* data, std::size_t size);

  std::size_t piece = 1;  ///< Octets at a time, by the low seven bits (0: all); 64 times at most.
  bool ends = false;      ///< The high bit: after it no more can come.
  std::string_view text;
};

/// A client in the loop's own thread: it never waits, the loop is turned meanwhile. A loop that
/// does not come to rest although nothing is said to it is a finding.
class Visit {
 public:
  /// Each comes from another address of loopback, so that none waits for a port to be free again.
  Visit(loop::Loop& loop, const net::Address& server);

  /// Says all of it and takes what comes meanwhile, until nothing more happens.
  void say(const Speech& speech);
  /// Takes what comes until `done()`; 5 seconds at most.
  [[nodiscard]] bool hear_until(const std::function<bool()>& done);
  /// Closes, whatever has not been taken.
  void leave() { socket_.reset(); }

  [[nodiscard]] const std::string& heard() const noexcept { return heard_; }
  [[nodiscard]] bool closed() const noexcept { return closed_; }  ///< By the server.
  [[nodiscard]] bool reset() const noexcept { return reset_; }    ///< With an error.

 private:
  bool take();
  void settle();

  loop::Loop& loop_;
  base::UniqueFd socket_;
  std::string heard_;
  bool closed_ = false;
  bool reset_ = false;
};

/// At its end it claims that nothing was left behind since it was made: no descriptor and, over all
/// inputs so far, next to no memory.
class Leftovers {
 public:
  Leftovers();
  ~Leftovers();
  Leftovers(const Leftovers&) = delete;
  Leftovers& operator=(const Leftovers&) = delete;

 private:
  int descriptor_;
  std::size_t octets_;
};

}  // namespace lariat::test
