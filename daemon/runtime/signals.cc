// Room: runtime.
#include "daemon/runtime/signals.h"

#include <csignal>
#include <utility>

namespace gw {

Signals::Signals(boost::asio::io_context& loop, std::function<void(int)> on_stop,
                 std::function<void()> on_reload, std::function<void(int)> on_user)
    : on_stop_(std::move(on_stop)),
      on_reload_(std::move(on_reload)),
      on_user_(std::move(on_user)),
      set_(loop, SIGTERM, SIGINT, SIGHUP) {
  set_.add(SIGUSR1);
  set_.add(SIGUSR2);
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
  } else if (signal == SIGUSR1 || signal == SIGUSR2) {
    on_user_(signal);
  } else {
    on_stop_(signal);
  }
}

}  // namespace gw
