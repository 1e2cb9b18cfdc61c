// Room: tests. Crypto that does not come from the emulator's code: OpenSSL called directly, to
// check it from outside.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "daemon/core/bytes.h"
#include "emulator/crypto/openssl.h"

namespace gw::emulator {

// Octets of hex text; blanks are skipped.
Bytes Hex(std::string_view text);

// The key in the SPKI part of a MACed SPKI. Null if it does not parse.
PkeyPtr PublicKeyOf(const std::string& maced_spki);
// Fresh keys outside of any HSM.
PkeyPtr NewSoftwareEc(const char* openssl_curve);
// "ED25519", "X448" and the like.
PkeyPtr NewSoftwareRaw(const char* type);
PkeyPtr NewSoftwareRsa(unsigned bits);
std::string SpkiOf(EVP_PKEY* key);
// Raw keys as GREP11 writes them: id-ecPublicKey with the curve as parameter. The key of a MACed
// SPKI of that form; null if it is not of this type.
std::string RawSpkiOf(EVP_PKEY* key);
PkeyPtr RawPublicKeyOf(const char* type, const std::string& maced_spki);
std::string Pkcs8Of(EVP_PKEY* key);
PkeyPtr FromPkcs8(const std::string& der);

// How a signature is padded and hashed. `digest` null: the input is what is signed.
struct SoftwareScheme {
  const char* digest = nullptr;
  int rsa_padding = 0;             // 0: not RSA
  const char* pss_hash = nullptr;  // for PSS without `digest`
  int salt_bytes = 0;
};
// ECDSA signatures as r || s. Edwards keys take neither digest nor padding.
std::string SoftwareSign(EVP_PKEY* key, const SoftwareScheme& scheme, const std::string& data);
bool SoftwareVerify(EVP_PKEY* key, const SoftwareScheme& scheme, const std::string& data,
                    const std::string& signature);
// The shared secret of two keys of one curve: the X coordinate, or what RFC 7748 gives.
std::string SoftwareAgree(EVP_PKEY* own, EVP_PKEY* peer);

}  // namespace gw::emulator
