// Room: runtime.
#include "daemon/runtime/notify.h"

#include <systemd/sd-daemon.h>
#include <time.h>

#include <cstdint>
#include <string>

#include "daemon/core/log.h"

namespace gw::notify {
namespace {

void Send(const std::string& state) {
  if (const int result = sd_notify(0, state.c_str()); result < 0) {
    log::Warn("the service manager could not be told \"{}\": error {}", state, -result);
  }
}

// sd_notify(3): RELOADING=1 must come with the monotonic time of the moment.
std::uint64_t MonotonicMicroseconds() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000 +
         static_cast<std::uint64_t>(now.tv_nsec) / 1'000;
}

}  // namespace

void Ready() { Send("READY=1"); }
void Reloading() { Send("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(MonotonicMicroseconds())); }
void Stopping() { Send("STOPPING=1"); }
void Status(std::string_view text) { Send("STATUS=" + std::string(text)); }

}  // namespace gw::notify
