// Room: tests/stack. Ends the program with the name of the call when a call hangs or crashes: what
// a test that makes very many calls says instead of waiting for ever. May touch: signals of this
// process, stderr.
#pragma once

#include <chrono>
#include <cstdint>

namespace gw::stack {

// From construction to destruction; one at a time.
class Watchdog {
 public:
  explicit Watchdog(std::chrono::seconds deadline);
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  // The call that follows. `function` lives for ever; a seed and a number repeat its arguments.
  static void Begins(const char* function, std::uint64_t seed, std::uint64_t number);
  // No call is being made.
  static void Ends();
};

}  // namespace gw::stack
