// Room: localcrypto.
#include "daemon/localcrypto/public_key.h"

#include <bit>

#include "daemon/core/check.h"
#include "daemon/localcrypto/pkey_engine.h"
#include "daemon/localcrypto/spki.h"

namespace gw {
namespace {

constexpr unsigned kMinModulusBits = 512;
constexpr unsigned kMaxModulusBits = 16384;

unsigned BitsOf(ByteView magnitude) {
  if (magnitude.empty()) return 0;
  return static_cast<unsigned>((magnitude.size() - 1) * 8) +
         static_cast<unsigned>(std::bit_width(magnitude[0]));
}

// What no RSA key can have, whoever made it.
const char* RsaFault(ByteView modulus, ByteView exponent) {
  const unsigned bits = BitsOf(modulus);
  if (bits < kMinModulusBits || bits > kMaxModulusBits) return "modulus of an impossible size";
  if ((modulus.back() & 1) == 0) return "even modulus";
  if (exponent.empty() || (exponent.back() & 1) == 0) return "even exponent";
  if (exponent.size() == 1 && exponent[0] == 1) return "exponent is 1";
  if (exponent.size() > modulus.size()) return "exponent longer than the modulus";
  return nullptr;
}

// OpenSSL refuses to compute with these (OPENSSL_RSA_SMALL_MODULUS_BITS,
// OPENSSL_RSA_MAX_PUBEXP_BITS), the HSM does not.
bool OpensslComputesRsa(ByteView modulus, ByteView exponent) {
  return BitsOf(modulus) <= 3072 || BitsOf(exponent) <= 64;
}

}  // namespace

PublicKey::PublicKey() = default;
PublicKey::~PublicKey() = default;

Result<std::shared_ptr<const PublicKey>> PublicKey::Parse(ByteView spki) {
  GW_TRY(parts, SplitSpki(spki));
  std::shared_ptr<PublicKey> key(new PublicKey());
  key->spki_ = CopyOf(parts.whole);
  key->curve_ = parts.curve;
  key->strength_ = parts.strength;
  key->modulus_ = CopyOf(parts.modulus);
  key->exponent_ = CopyOf(parts.exponent);
  key->point_ = CopyOf(parts.point);
  if (key->strength_ != nullptr) return {std::move(key)};
  if (key->is_rsa()) {
    const char* fault = RsaFault(parts.modulus, parts.exponent);
    if (fault != nullptr) return UpstreamError(CKR_DEVICE_ERROR, fault);
    if (!OpensslComputesRsa(parts.modulus, parts.exponent)) return {std::move(key)};
    key->engine_ = PkeyEngine::OfRsa(parts.modulus, parts.exponent);
  } else {
    if (!parts.curve->local_verify) return {std::move(key)};
    const bool edwards = parts.curve->kind == CurveKind::kEdwards;
    key->engine_ = edwards ? PkeyEngine::OfEdwards(*parts.curve, parts.point)
                           : PkeyEngine::OfEc(*parts.curve, parts.point);
  }
  if (key->engine_ == nullptr) {
    return UpstreamError(CKR_DEVICE_ERROR, "public key is refused: " + openssl::TakeErrors());
  }
  return {std::move(key)};
}

unsigned PublicKey::Bits() const { return curve_ == nullptr ? BitsOf(modulus_) : curve_->bits; }

Bytes PublicKey::EcParams() const { return curve_ == nullptr ? Bytes{} : CopyOf(curve_->der_oid); }

Bytes PublicKey::StandardSpki() const {
  const bool bare = curve_ != nullptr && !curve_->HasUncompressedPoint();
  return bare ? JoinBareSpki(*curve_, point_) : spki_;
}

Result<Bytes> SpkiFromRsa(ByteView modulus, ByteView exponent) {
  Bytes spki = JoinRsaSpki(modulus, exponent);
  const auto key = PublicKey::Parse(spki);
  if (!key) return CallerError(CKR_ATTRIBUTE_VALUE_INVALID, key.error().detail);
  return spki;
}

Result<Bytes> SpkiFromEc(ByteView ec_params, ByteView raw_point) {
  const Curve* curve = FindCurve(ec_params);
  if (curve == nullptr) return CallerError(CKR_CURVE_NOT_SUPPORTED, "unknown curve");
  Bytes spki = JoinEcSpki(*curve, raw_point);
  const auto key = PublicKey::Parse(spki);
  if (!key) return CallerError(CKR_ATTRIBUTE_VALUE_INVALID, key.error().detail);
  return spki;
}

}  // namespace gw
