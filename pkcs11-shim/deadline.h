// Room: pkcs11-shim. A point in time on the monotonic clock, and what is left until then.
#pragma once

#include <stdint.h>
#include <time.h>

namespace gw::shim {

class Deadline {
 public:
  Deadline() = default;  // passed already
  static Deadline InMs(int64_t ms) { return Deadline(NowMs() + ms); }
  static Deadline Earlier(Deadline a, Deadline b) { return a.at_ms_ < b.at_ms_ ? a : b; }

  // Milliseconds left, 0 when it has passed. Fits poll(2): settings allow a day at most.
  int LeftMs() const {
    const int64_t left = at_ms_ - NowMs();
    return left > 0 ? static_cast<int>(left) : 0;
  }
  bool Passed() const { return LeftMs() == 0; }

  // As pthread_cond_clockwait() takes it, with CLOCK_MONOTONIC.
  timespec Time() const {
    timespec time;
    time.tv_sec = static_cast<time_t>(at_ms_ / 1000);
    time.tv_nsec = static_cast<long>(at_ms_ % 1000) * 1'000'000;
    return time;
  }

 private:
  explicit Deadline(int64_t at_ms) : at_ms_(at_ms) {}

  static int64_t NowMs() {
    timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<int64_t>(now.tv_sec) * 1000 + now.tv_nsec / 1'000'000;
  }

  int64_t at_ms_ = 0;
};

}  // namespace gw::shim
