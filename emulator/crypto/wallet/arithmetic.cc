// Room: emulator/crypto/wallet.
#include "emulator/crypto/wallet/arithmetic.h"

#include "daemon/core/check.h"
#include "emulator/crypto/group.h"

namespace gw::emulator {
namespace {

// Null if it is not below the order. That this is so tells nothing: every child must pass it, and
// one that does not is given up.
SecretBignumPtr TweakOf(const CurveRow& curve, ByteView tweak) {
  GW_CHECK(tweak.size() == curve.order_bytes());
  SecretBignumPtr number = SecretBignumOf(tweak);
  if (BN_cmp(number.get(), OrderOf(curve)) >= 0) number.reset();
  return number;
}

}  // namespace

std::optional<SecretBytes> AddToScalar(const CurveRow& curve, ByteView tweak, ByteView scalar) {
  const SecretBignumPtr sum = TweakOf(curve, tweak);
  if (sum == nullptr) return std::nullopt;
  const SecretBignumPtr parent = ScalarOf(curve, scalar);
  GW_CHECK(parent != nullptr);
  GW_CHECK(BN_mod_add_quick(sum.get(), sum.get(), parent.get(), OrderOf(curve)) == 1);
  if (BN_is_zero(sum.get())) return std::nullopt;
  return BytesOfScalar(curve, sum.get());
}

std::optional<Bytes> AddToPoint(const CurveRow& curve, ByteView tweak, ByteView point) {
  const SecretBignumPtr factor = TweakOf(curve, tweak);
  if (factor == nullptr) return std::nullopt;
  const EC_GROUP* group = GroupOf(curve);
  const EcPointPtr parent = PointOf(curve, point);
  const EcPointPtr sum(EC_POINT_new(group));
  const BnCtxPtr context = NewBnCtx();
  GW_CHECK(parent != nullptr && sum != nullptr);
  GW_CHECK(EC_POINT_mul(group, sum.get(), factor.get(), nullptr, nullptr, context.get()) == 1);
  GW_CHECK(EC_POINT_add(group, sum.get(), sum.get(), parent.get(), context.get()) == 1);
  if (EC_POINT_is_at_infinity(group, sum.get()) == 1) return std::nullopt;
  return UncompressedOf(curve, sum.get());
}

}  // namespace gw::emulator
