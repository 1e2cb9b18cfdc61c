// Room: emulator/crypto.
#include "emulator/crypto/pair_signature.h"

#include <openssl/err.h>

#include <array>

#include "daemon/core/check.h"
#include "emulator/crypto/openssl.h"

namespace gw::emulator {
namespace {

// Two numbers of 66 octets, as on P-521, are the longest.
constexpr std::size_t kMaxDerSignature = 2 * (66 + 4) + 4;

// DSA's signature has the same two INTEGERs in the same SEQUENCE (RFC 3279 2.2.2, 2.2.3).
Bytes RawOfDer(ByteView der, std::size_t size) {
  const Byte* at = der.data();
  const EcdsaSigPtr signature(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
  GW_CHECK(signature != nullptr);
  const int half = static_cast<int>(size / 2);
  Bytes raw(size);
  GW_CHECK(BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), raw.data(), half) == half);
  GW_CHECK(BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), raw.data() + half, half) == half);
  return raw;
}

Bytes DerOfRaw(ByteView raw) {
  const int half = static_cast<int>(raw.size() / 2);
  const EcdsaSigPtr signature(ECDSA_SIG_new());
  GW_CHECK(signature != nullptr);
  GW_CHECK(ECDSA_SIG_set0(signature.get(), BN_bin2bn(raw.data(), half, nullptr),
                          BN_bin2bn(raw.data() + half, half, nullptr)) == 1);
  Bytes der(kMaxDerSignature);
  Byte* at = der.data();
  der.resize(static_cast<std::size_t>(i2d_ECDSA_SIG(signature.get(), &at)));
  return der;
}

}  // namespace

Result<Bytes> SignPair(const PKey& key, ByteView digest, CK_RV refused) {
  const PkeyCtxPtr context(EVP_PKEY_CTX_new_from_pkey(nullptr, key.handle(), nullptr));
  std::array<Byte, kMaxDerSignature> der;
  std::size_t size = der.size();
  if (context == nullptr || EVP_PKEY_sign_init(context.get()) != 1 ||
      EVP_PKEY_sign(context.get(), der.data(), &size, digest.data(), digest.size()) != 1) {
    return OpensslError(refused, "no signature with this key");
  }
  return RawOfDer(ByteView(der).first(size), key.signature_bytes());
}

Status VerifyPair(const PKey& key, ByteView digest, ByteView signature) {
  if (signature.size() != key.signature_bytes()) {
    return CallerError(CKR_SIGNATURE_LEN_RANGE,
                       "signature is not twice as long as the order of the group");
  }
  const Bytes der = DerOfRaw(signature);
  const PkeyCtxPtr context(EVP_PKEY_CTX_new_from_pkey(nullptr, key.handle(), nullptr));
  const bool good =
      context != nullptr && EVP_PKEY_verify_init(context.get()) == 1 &&
      EVP_PKEY_verify(context.get(), der.data(), der.size(), digest.data(), digest.size()) == 1;
  ERR_clear_error();
  if (!good) return CallerError(CKR_SIGNATURE_INVALID);
  return Ok();
}

}  // namespace gw::emulator
