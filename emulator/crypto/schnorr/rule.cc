// Room: emulator/crypto/schnorr.
#include "emulator/crypto/schnorr/rule.h"

#include "daemon/core/check.h"
#include "emulator/crypto/hash.h"

namespace gw::emulator {
namespace {

Bytes Sha256(ByteView first, ByteView second, ByteView third = {}) {
  Bytes input;
  input.reserve(first.size() + second.size() + third.size());
  Append(input, first);
  Append(input, second);
  Append(input, third);
  return HashOnce(HashId::kSha256, input);
}

Bytes X(const CurveRow& curve, const EC_POINT* point) {
  const Bytes encoded = UncompressedOf(curve, point);
  return CopyOf(ByteView(encoded).subspan(1, curve.field_bytes));
}

Bytes CompressedMulti(const CurveRow& curve, const EC_POINT* commitment, const EC_POINT* public_key,
                      ByteView message) {
  return Sha256(CompressedOf(curve, commitment), CompressedOf(curve, public_key), message);
}

Bytes IsoEcsdsa(const CurveRow& curve, const EC_POINT* commitment, const EC_POINT*,
                ByteView message) {
  return Sha256(ByteView(UncompressedOf(curve, commitment)).subspan(1), message);
}

Bytes IsoEcsdsaShort(const CurveRow& curve, const EC_POINT* commitment, const EC_POINT*,
                     ByteView message) {
  return Sha256(X(curve, commitment), message);
}

Bytes BsiEcSchnorr(const CurveRow& curve, const EC_POINT* commitment, const EC_POINT*,
                   ByteView message) {
  return Sha256(message, X(curve, commitment));
}

constexpr SchnorrRuleRow kRules[] = {
    {CompressedMulti, SchnorrRule::kCompressedMulti, false, true},
    {IsoEcsdsa, SchnorrRule::kIsoEcsdsa, true, false},
    {IsoEcsdsaShort, SchnorrRule::kIsoEcsdsaShort, true, false},
    {BsiEcSchnorr, SchnorrRule::kBsiEcSchnorr, false, false},
};

}  // namespace

const SchnorrRuleRow& RowOf(SchnorrRule rule) {
  const SchnorrRuleRow& row = kRules[static_cast<std::size_t>(rule)];
  GW_CHECK(row.rule == rule);
  return row;
}

}  // namespace gw::emulator
