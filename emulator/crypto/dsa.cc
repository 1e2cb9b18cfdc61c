// Room: emulator/crypto.
#include "emulator/crypto/dsa.h"

#include <openssl/dsa.h>
#include <openssl/err.h>

#include <array>

#include "daemon/core/check.h"
#include "emulator/crypto/openssl.h"

namespace gw::emulator {
namespace {

using DsaSigPtr = std::unique_ptr<DSA_SIG, OpensslFree<DSA_SIG_free>>;

constexpr std::size_t kMaxDerSignature = 2 * (33 + 2) + 3;
constexpr std::size_t kDigestBytes[] = {20, 28, 32, 48, 64};

Bytes RawOfDer(ByteView der, std::size_t size) {
  const Byte* at = der.data();
  const DsaSigPtr signature(d2i_DSA_SIG(nullptr, &at, static_cast<long>(der.size())));
  GW_CHECK(signature != nullptr);
  const int half = static_cast<int>(size / 2);
  Bytes raw(size);
  const BIGNUM* r = nullptr;
  const BIGNUM* s = nullptr;
  DSA_SIG_get0(signature.get(), &r, &s);
  GW_CHECK(BN_bn2binpad(r, raw.data(), half) == half);
  GW_CHECK(BN_bn2binpad(s, raw.data() + half, half) == half);
  return raw;
}

Bytes DerOfRaw(ByteView raw) {
  const int half = static_cast<int>(raw.size() / 2);
  const DsaSigPtr signature(DSA_SIG_new());
  GW_CHECK(signature != nullptr);
  GW_CHECK(DSA_SIG_set0(signature.get(), BN_bin2bn(raw.data(), half, nullptr),
                        BN_bin2bn(raw.data() + half, half, nullptr)) == 1);
  Bytes der(kMaxDerSignature);
  Byte* at = der.data();
  der.resize(static_cast<std::size_t>(i2d_DSA_SIG(signature.get(), &at)));
  return der;
}

Status RequireUsable(const PKey& key, ByteView digest) {
  if (key.type() != CKK_DSA) return CallerError(CKR_KEY_TYPE_INCONSISTENT, "not a DSA key");
  if (std::ranges::find(kDigestBytes, digest.size()) != std::end(kDigestBytes)) return Ok();
  return CallerError(CKR_DATA_LEN_RANGE, "input is not as long as a digest");
}

}  // namespace

Result<Bytes> DsaSign(const PKey& key, ByteView digest) {
  GW_TRY_VOID(RequireUsable(key, digest));
  const PkeyCtxPtr context(EVP_PKEY_CTX_new_from_pkey(nullptr, key.handle(), nullptr));
  std::array<Byte, kMaxDerSignature> der;
  std::size_t size = der.size();
  if (context == nullptr || EVP_PKEY_sign_init(context.get()) != 1 ||
      EVP_PKEY_sign(context.get(), der.data(), &size, digest.data(), digest.size()) != 1) {
    return OpensslError(CKR_KEY_TYPE_INCONSISTENT, "no private key that signs");
  }
  return RawOfDer(ByteView(der).first(size), key.signature_bytes());
}

Status DsaVerify(const PKey& key, ByteView digest, ByteView signature) {
  GW_TRY_VOID(RequireUsable(key, digest));
  if (signature.size() != key.signature_bytes()) {
    return CallerError(CKR_SIGNATURE_LEN_RANGE, "signature is not twice as long as the subprime");
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
