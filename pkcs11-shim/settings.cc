// Room: pkcs11-shim. Reads the environment; writes to stderr.
#include "pkcs11-shim/settings.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

namespace gw::shim {
namespace {

constexpr char kDefaultSocket[] = "/run/grep11d/grep11d.sock";

// A path is stored with its final zero; an abstract name begins with a zero and has no end mark.
void SetAddress(const char* name, Settings* settings) {
  const size_t length = strlen(name);
  const bool abstract = name[0] == '@';
  const size_t bytes = abstract ? length : length + 1;
  settings->address = {};
  settings->address.sun_family = AF_UNIX;
  settings->address_bytes = 0;
  if (bytes > sizeof(settings->address.sun_path)) return;
  memcpy(settings->address.sun_path, name, length);
  if (abstract) settings->address.sun_path[0] = 0;
  settings->address_bytes = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + bytes);
}

int Seconds(const Settings& settings, const char* variable, int otherwise) {
  const char* text = secure_getenv(variable);
  if (text == nullptr || *text == 0) return otherwise;
  char* end = nullptr;
  const long value = strtol(text, &end, 10);
  if (*end == 0 && value >= 1 && value <= kLongestTimeS) return static_cast<int>(value);
  Complain(settings, "%s must be a number of seconds from 1 to %d; %d is used", variable,
           kLongestTimeS, otherwise);
  return otherwise;
}

// The file that the vendor's library would read. Here it is only a name.
void SetShim(Settings* settings) {
  memcpy(settings->shim, GW_SHIM_VERSION, sizeof(GW_SHIM_VERSION));
  settings->shim_bytes = sizeof(GW_SHIM_VERSION) - 1;
  const char* profile = secure_getenv("EP11CLIENT_CFG");
  if (profile == nullptr || *profile == 0) return;
  const size_t length = strlen(profile);
  if (length > wire::kMaxProfileBytes) {
    Complain(*settings, "EP11CLIENT_CFG is longer than %u bytes; it is ignored",
             wire::kMaxProfileBytes);
    return;
  }
  memcpy(settings->shim + sizeof(GW_SHIM_VERSION), profile, length);
  settings->shim_bytes = sizeof(GW_SHIM_VERSION) + length;
}

}  // namespace

void ReadSettings(Settings* settings) {
  const char* name = secure_getenv("GREP11_SOCKET");
  SetAddress(name != nullptr && *name != 0 ? name : kDefaultSocket, settings);
  settings->quiet = secure_getenv("GREP11_QUIET") != nullptr;
  settings->call_timeout_ms =
      1000 * Seconds(*settings, "GREP11_CALL_TIMEOUT_S", kDefaultCallTimeoutS);
  settings->reconnect_ms = 1000 * Seconds(*settings, "GREP11_RECONNECT_S", kDefaultReconnectS);
  SetShim(settings);
}

SocketName NameOf(const Settings& settings) {
  SocketName name = {};
  memcpy(name.text, settings.address.sun_path, sizeof(settings.address.sun_path));
  if (settings.address_bytes > offsetof(sockaddr_un, sun_path) && name.text[0] == 0)
    name.text[0] = '@';
  return name;
}

void Complain(const Settings& settings, const char* format, ...) {
  if (settings.quiet) return;
  const int saved_errno = errno;
  char line[512] = "pkcs11-grep11: ";
  constexpr size_t kPrefix = sizeof("pkcs11-grep11: ") - 1;
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(line + kPrefix, sizeof(line) - kPrefix - 1, format, arguments);
  va_end(arguments);
  const size_t length = strlen(line);
  line[length] = '\n';
  // Nobody can be told when this fails.
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, line, length + 1);
  errno = saved_errno;
}

}  // namespace gw::shim
