// Room: runtime. May touch: the service manager's notification socket ($NOTIFY_SOCKET).
// Without a service manager every function does nothing.
#pragma once

#include <string_view>

namespace gw::notify {

// The daemon answers calls: Type=notify units count as started.
void Ready();
// A reload begins; Ready() ends it.
void Reloading();
void Stopping();
// One line for `systemctl status`. No secrets, no line feeds.
void Status(std::string_view text);

}  // namespace gw::notify
