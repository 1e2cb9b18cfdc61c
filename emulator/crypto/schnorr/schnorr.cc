// Room: emulator/crypto/schnorr. What belongs to the private key and to k goes through OpenSSL's
// paths of constant time; r and the public key are public.
#include "emulator/crypto/schnorr/schnorr.h"

#include <optional>

#include "daemon/core/check.h"
#include "emulator/crypto/group.h"
#include "emulator/crypto/schnorr/known_nonce.h"
#include "emulator/crypto/schnorr/rule.h"

namespace gw::emulator {
namespace {

constexpr std::size_t kHalf = kSchnorrSignatureBytes / 2;

Status RequireSchnorrKey(const PKey& key) {
  if (key.curve() == nullptr) return CallerError(CKR_KEY_TYPE_INCONSISTENT, "not a curve's key");
  const bool fits = !key.curve()->is_raw() && key.curve()->bits == 8 * kHalf;
  if (!fits) return CallerError(CKR_CURVE_NOT_SUPPORTED, "Schnorr needs a curve of 256 bits");
  return Ok();
}

// A hash value as r in arithmetic: modulo the order.
BignumPtr Reduced(const CurveRow& curve, ByteView hash) {
  BignumPtr r(BN_bin2bn(hash.data(), static_cast<int>(hash.size()), nullptr));
  const BnCtxPtr context = NewBnCtx();
  GW_CHECK(r != nullptr && BN_nnmod(r.get(), r.get(), OrderOf(curve), context.get()) == 1);
  return r;
}

// The order minus `r`. `r` in 1..order-1.
BignumPtr Negated(const CurveRow& curve, const BIGNUM* r) {
  BignumPtr negated(BN_new());
  GW_CHECK(negated != nullptr && BN_sub(negated.get(), OrderOf(curve), r) == 1);
  return negated;
}

// k + factor * d modulo the order. Montgomery's product, unlike a division, does not take its time
// by the values.
SecretBignumPtr Response(const CurveRow& curve, const BIGNUM* k, const BIGNUM* factor,
                         const BIGNUM* d) {
  BN_MONT_CTX* mont = EC_GROUP_get_mont_data(GroupOf(curve));
  const BnCtxPtr context = NewBnCtx();
  const BignumPtr scaled(BN_new());
  SecretBignumPtr s = NewSecretBignum();
  GW_CHECK(mont != nullptr && scaled != nullptr);
  GW_CHECK(BN_to_montgomery(scaled.get(), factor, mont, context.get()) == 1);
  GW_CHECK(BN_mod_mul_montgomery(s.get(), scaled.get(), d, mont, context.get()) == 1);
  GW_CHECK(BN_mod_add_quick(s.get(), s.get(), k, OrderOf(curve)) == 1);
  return s;
}

// Null if r or s comes out as zero: then another k is needed.
std::optional<Bytes> SignWith(const PKey& key, const SchnorrRuleRow& rule, ByteView message,
                              const BIGNUM* d, const BIGNUM* k) {
  const CurveRow& curve = *key.curve();
  const EcPointPtr commitment = TimesGenerator(curve, k);
  const EcPointPtr public_key = PointOf(curve, key.Point());
  GW_CHECK(public_key != nullptr);
  Bytes signature = rule.challenge(curve, commitment.get(), public_key.get(), message);
  const BignumPtr r = Reduced(curve, signature);
  if (BN_is_zero(r.get())) return std::nullopt;
  const BignumPtr negated = Negated(curve, r.get());
  const SecretBignumPtr s = Response(curve, k, rule.adds ? r.get() : negated.get(), d);
  if (BN_is_zero(s.get())) return std::nullopt;
  if (rule.reduces) signature = CopyOf(BytesOfScalar(curve, r.get()).view());
  Append(signature, BytesOfScalar(curve, s.get()).view());
  return signature;
}

// Q of the signer, if signature and message belong together: s*G - r*P where s = k + r*d, else
// s*G + r*P. Null if it is the point at infinity.
EcPointPtr CommitmentOf(const PKey& key, const SchnorrRuleRow& rule, const EC_POINT* public_key,
                        const BIGNUM* r, const BIGNUM* s) {
  const EC_GROUP* group = GroupOf(*key.curve());
  const BignumPtr negated = Negated(*key.curve(), r);
  EcPointPtr commitment(EC_POINT_new(group));
  const BnCtxPtr context = NewBnCtx();
  GW_CHECK(EC_POINT_mul(group, commitment.get(), s, public_key, rule.adds ? negated.get() : r,
                        context.get()) == 1);
  if (EC_POINT_is_at_infinity(group, commitment.get()) == 1) commitment.reset();
  return commitment;
}

bool IsSignature(const PKey& key, const SchnorrRuleRow& rule, ByteView message,
                 ByteView signature) {
  const CurveRow& curve = *key.curve();
  const ByteView claimed = signature.first(kHalf);
  const SecretBignumPtr s = ScalarOf(curve, signature.last(kHalf));
  const BignumPtr r = Reduced(curve, claimed);
  if (s == nullptr || BN_is_zero(r.get())) return false;
  if (rule.reduces && ScalarOf(curve, claimed) == nullptr) return false;
  const EcPointPtr public_key = PointOf(curve, key.Point());
  GW_CHECK(public_key != nullptr);
  const EcPointPtr commitment = CommitmentOf(key, rule, public_key.get(), r.get(), s.get());
  if (commitment == nullptr) return false;
  const Bytes hash = rule.challenge(curve, commitment.get(), public_key.get(), message);
  if (!rule.reduces) return Equal(hash, claimed);
  return BN_cmp(Reduced(curve, hash).get(), r.get()) == 0;
}

// d, if there is one.
Result<SecretBignumPtr> PrivateScalarOf(const PKey& key) {
  GW_TRY_VOID(RequireSchnorrKey(key));
  GW_TRY(value, key.PrivateValue());
  SecretBignumPtr d = ScalarOf(*key.curve(), value.view());
  if (d == nullptr) return InternalError("a private key out of range");
  return d;
}

}  // namespace

Result<SchnorrRule> SchnorrRuleOf(std::uint64_t ecsg_type, SchnorrRule s256) {
  if (ecsg_type == kEcsgCompressedMulti) return SchnorrRule::kCompressedMulti;
  if (ecsg_type == kEcsgS256) return s256;
  return CallerError(CKR_MECHANISM_PARAM_INVALID, "no Schnorr signature of this type");
}

std::optional<SchnorrRule> S256RuleNamed(std::string_view name) {
  if (name == "iso-ecsdsa") return SchnorrRule::kIsoEcsdsa;
  if (name == "iso-ecsdsa-opt") return SchnorrRule::kIsoEcsdsaShort;
  if (name == "bsi-ecschnorr") return SchnorrRule::kBsiEcSchnorr;
  return std::nullopt;
}

Status CheckSchnorrInput(std::size_t data_bytes, std::size_t key_bytes, std::size_t parameter_bytes,
                         std::size_t max_bytes) {
  // One after the other, so that no sum can overflow.
  std::size_t left = max_bytes;
  for (const std::size_t part : {data_bytes, key_bytes, parameter_bytes}) {
    if (part > left) return CallerError(CKR_MECHANISM_INVALID, "data is too long for the card");
    left -= part;
  }
  return Ok();
}

Result<Bytes> SchnorrSign(const PKey& key, SchnorrRule rule, ByteView message) {
  GW_TRY(d, PrivateScalarOf(key));
  while (true) {
    const SecretBignumPtr k = RandomScalar(*key.curve());
    std::optional<Bytes> signature = SignWith(key, RowOf(rule), message, d.get(), k.get());
    if (signature) return *std::move(signature);
  }
}

Result<Bytes> SchnorrSignWithNonce(const PKey& key, SchnorrRule rule, ByteView message,
                                   ByteView nonce) {
  GW_TRY(d, PrivateScalarOf(key));
  const SecretBignumPtr k = ScalarOf(*key.curve(), nonce);
  if (k == nullptr) return CallerError(CKR_ATTRIBUTE_VALUE_INVALID, "nonce out of range");
  std::optional<Bytes> signature = SignWith(key, RowOf(rule), message, d.get(), k.get());
  if (!signature) return CallerError(CKR_ATTRIBUTE_VALUE_INVALID, "nonce gives zero");
  return *std::move(signature);
}

Status SchnorrVerify(const PKey& key, SchnorrRule rule, ByteView message, ByteView signature) {
  GW_TRY_VOID(RequireSchnorrKey(key));
  if (signature.size() != kSchnorrSignatureBytes) {
    return CallerError(CKR_SIGNATURE_LEN_RANGE, "signature is not two halves of 32 octets");
  }
  if (!IsSignature(key, RowOf(rule), message, signature)) {
    return CallerError(CKR_SIGNATURE_INVALID);
  }
  return Ok();
}

}  // namespace gw::emulator
