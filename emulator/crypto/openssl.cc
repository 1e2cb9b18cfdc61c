// Room: emulator/crypto. Errors of OpenSSL as errors of ours.
#include "emulator/crypto/openssl.h"

#include <openssl/err.h>

namespace gw::emulator {

Error OpensslError(CK_RV rv, const std::string& what) {
  const unsigned long code = ERR_get_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  ERR_clear_error();
  return CallerError(rv, reason == nullptr ? what : what + ": " + reason);
}

}  // namespace gw::emulator
