// Room: emulator/crypto.
#include "emulator/crypto/ec.h"

#include "daemon/core/check.h"
#include "emulator/crypto/openssl.h"
#include "emulator/crypto/pair_signature.h"

namespace gw::emulator {
namespace {

PkeyPtr PeerOf(const PKey& key, ByteView point) {
  PkeyPtr peer(EVP_PKEY_new());
  GW_CHECK(peer != nullptr && EVP_PKEY_copy_parameters(peer.get(), key.handle()) == 1);
  if (EVP_PKEY_set1_encoded_public_key(peer.get(), point.data(), point.size()) != 1) peer.reset();
  return peer;
}

Status RequireCurve(const PKey& key, CurveKind kind) {
  if (key.curve() != nullptr && key.curve()->kind == kind) return Ok();
  return CallerError(CKR_KEY_TYPE_INCONSISTENT, "mechanism does not work on the key's curve");
}

// OpenSSL refuses a peer whose product with the key is the neutral element, as RFC 7748 section 6
// wants it.
Result<SecretBytes> Agree(const PKey& key, const PkeyPtr& peer) {
  const PkeyCtxPtr context(EVP_PKEY_CTX_new_from_pkey(nullptr, key.handle(), nullptr));
  SecretBytes secret = SecretBytes::OfSize(key.curve()->field_bytes);
  std::size_t size = secret.size();
  const bool derived = context != nullptr && EVP_PKEY_derive_init(context.get()) == 1 &&
                       EVP_PKEY_derive_set_peer(context.get(), peer.get()) == 1 &&
                       EVP_PKEY_derive(context.get(), secret.mutable_view().data(), &size) == 1;
  if (!derived || size != secret.size()) {
    return OpensslError(CKR_MECHANISM_PARAM_INVALID, "no agreement with this point");
  }
  return secret;
}

}  // namespace

Result<Bytes> EcdsaSign(const PKey& key, ByteView digest) {
  GW_TRY_VOID(RequireCurve(key, CurveKind::kWeierstrass));
  if (digest.empty()) return CallerError(CKR_DATA_LEN_RANGE, "nothing to sign");
  return SignPair(key, digest, CKR_DATA_LEN_RANGE);
}

Status EcdsaVerify(const PKey& key, ByteView digest, ByteView signature) {
  GW_TRY_VOID(RequireCurve(key, CurveKind::kWeierstrass));
  return VerifyPair(key, digest, signature);
}

Result<SecretBytes> EcdhSecret(const PKey& key, ByteView point) {
  GW_TRY_VOID(RequireCurve(key, CurveKind::kWeierstrass));
  if (point.size() != key.curve()->point_bytes() || point[0] != 0x04) {
    return CallerError(CKR_MECHANISM_PARAM_INVALID, "not an uncompressed point of the key's curve");
  }
  const PkeyPtr peer = PeerOf(key, point);
  if (peer == nullptr) {
    return OpensslError(CKR_MECHANISM_PARAM_INVALID, "point is not on the curve");
  }
  return Agree(key, peer);
}

Result<SecretBytes> XdhSecret(const PKey& key, ByteView point) {
  GW_TRY_VOID(RequireCurve(key, CurveKind::kMontgomery));
  const CurveRow& curve = *key.curve();
  if (point.size() != curve.point_bytes()) {
    return CallerError(CKR_MECHANISM_PARAM_INVALID, "not a point of the key's curve");
  }
  const PkeyPtr peer(EVP_PKEY_new_raw_public_key_ex(nullptr, curve.openssl_name, nullptr,
                                                    point.data(), point.size()));
  return Agree(key, peer);
}

}  // namespace gw::emulator
