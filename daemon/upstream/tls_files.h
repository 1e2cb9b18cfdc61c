// Room: upstream. May include: core. May touch: certificate and key files. Reads what TLS needs and
// says clearly what is wrong with it.
#pragma once

#include <string>

#include "daemon/config/config.h"
#include "daemon/core/bytes.h"
#include "daemon/core/result.h"
#include "daemon/rpc/tls_context.h"

namespace gw {

// PEM texts.
struct TlsMaterial {
  std::string roots;         // never empty
  std::string certificates;  // own chain; empty without mutual
  SecretBytes key;           // empty without mutual

  TlsPem pem() const { return {roots, certificates, key.text()}; }
};

// Reads the files of `tls`, the system's trust store if no CA file is named, and checks that they
// parse and that key and certificate belong together.
//   errors  CKR_ARGUMENTS_BAD  with a text that names the file and the trouble
Result<TlsMaterial> LoadTlsMaterial(const TlsConfig& tls);

// The trust store of this host as a file name; empty: none found.
std::string SystemRootsFile();

// True for addresses that never leave this host.
bool IsLoopback(const std::string& address);

}  // namespace gw
