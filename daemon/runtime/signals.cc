// Room: runtime.
#include "daemon/runtime/signals.h"

#include <csignal>
#include <utility>

namespace gw {

Signals::Signals(boost::asio::io_context& loop, std::function<void(int)> on_stop,
                 std::function<void()> on_reload)
    : on_stop_(std::move(on_stop)),
      on_reload_(std::move(on_reload)),
      set_(loop, SIGTERM, SIGINT, SIGHUP) {
  Listen();
}

void Signals::Cancel() { set_.cancel(); }

void Signals::Listen() {
  set_.async_wait([this](const boost::system::error_code& error, int signal) {
    if (error) return;  // cancelled: `this` may be gone
    Listen();
    Handle(signal);
  });
}

void Signals::Handle(int signal) {
  if (signal == SIGHUP) {
    on_reload_();
  } else {
    on_stop_(signal);
  }
}

}  // namespace gw
