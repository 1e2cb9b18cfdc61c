// Room: pkcs11-shim. What the environment may set, read at C_Initialize, and the one way to speak
// to the person at the terminal. README.md has the table for users.
#pragma once

#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "proto/wire/codec.h"

namespace gw::shim {

inline constexpr int kDefaultCallTimeoutS = 120;
inline constexpr int kDefaultReconnectS = 10;
inline constexpr int kLongestTimeS = 86'400;

struct Settings {
  sockaddr_un address;
  socklen_t address_bytes;  // 0: the name in GREP11_SOCKET is too long for a socket
  int call_timeout_ms;      // the longest that one C_ call takes
  int reconnect_ms;         // the longest that a call waits for a daemon to come back
  bool quiet;               // nothing on stderr
  // What Attach says of this shim: its version, and the profile that EP11CLIENT_CFG names.
  char shim[sizeof(GW_SHIM_VERSION) + wire::kMaxProfileBytes];
  size_t shim_bytes;
};

// Reads GREP11_SOCKET, GREP11_CALL_TIMEOUT_S, GREP11_RECONNECT_S, GREP11_QUIET and EP11CLIENT_CFG.
// A program that runs with raised privileges gets the defaults: its caller must not choose where
// the PIN goes.
void ReadSettings(Settings* settings);

// Name of the socket for messages; an abstract name begins with '@'. Valid until the next call.
struct SocketName {
  char text[sizeof(sockaddr_un::sun_path) + 1];
};
SocketName NameOf(const Settings& settings);

// One line on stderr, in one write, unless GREP11_QUIET is set. Never a secret, never input of the
// daemon.
[[gnu::format(printf, 2, 3)]] void Complain(const Settings& settings, const char* format, ...);

}  // namespace gw::shim
