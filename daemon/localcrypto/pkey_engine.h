// Room: localcrypto, private to it. May touch: OpenSSL. A public key as OpenSSL holds it.
#pragma once

#include <memory>

#include "daemon/core/bytes.h"
#include "daemon/localcrypto/curve.h"
#include "daemon/localcrypto/openssl.h"

namespace gw {

// Contexts that are ready to compute and are only ever copied: setting one up looks algorithms up
// by name, under a lock of the whole library; copying one does not. Immutable; thread: any.
class PkeyEngine {
 public:
  // nullptr: OpenSSL refuses the key, and its error queue says why.
  static std::unique_ptr<const PkeyEngine> OfRsa(ByteView modulus, ByteView exponent);
  static std::unique_ptr<const PkeyEngine> OfEc(const Curve& curve, ByteView point);
  // An Edwards curve.
  static std::unique_ptr<const PkeyEngine> OfEdwards(const Curve& curve, ByteView point);

  // RSA: set for PSS. EC: ECDSA.
  openssl::PkeyContext ForVerify() const { return Copy(verify_); }
  // RSA only: set for the bare function, without padding.
  openssl::PkeyContext ForEncrypt() const { return Copy(encrypt_); }
  // Edwards curves only: they take the message itself.
  openssl::MdContext ForMessage() const;

 private:
  PkeyEngine() = default;
  static openssl::PkeyContext Copy(const openssl::PkeyContext& from);

  openssl::PkeyContext verify_;
  openssl::PkeyContext encrypt_;
  openssl::MdContext message_;
};

}  // namespace gw
