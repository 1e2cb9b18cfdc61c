// Room: emulator/crypto.
#include "emulator/crypto/group.h"

#include <openssl/err.h>
#include <openssl/objects.h>

#include <vector>

#include "daemon/core/check.h"

namespace gw::emulator {
namespace {

constexpr Byte kUncompressed = 0x04;

std::vector<EcGroupPtr> LoadGroups() {
  std::vector<EcGroupPtr> groups;
  for (const CurveRow& row : CurveTable()) {
    groups.emplace_back(row.is_raw() ? nullptr
                                     : EC_GROUP_new_by_curve_name(OBJ_sn2nid(row.openssl_name)));
  }
  return groups;
}

Bytes Encoded(const CurveRow& curve, const EC_POINT* point, point_conversion_form_t form,
              std::size_t size) {
  Bytes encoded(size);
  GW_CHECK(EC_POINT_point2oct(GroupOf(curve), point, form, encoded.data(), encoded.size(),
                              nullptr) == size);
  return encoded;
}

}  // namespace

const EC_GROUP* GroupOf(const CurveRow& curve) {
  static const std::vector<EcGroupPtr> kGroups = LoadGroups();
  const auto row = static_cast<std::size_t>(&curve - CurveTable().data());
  GW_CHECK(row < kGroups.size() && kGroups[row] != nullptr);
  return kGroups[row].get();
}

const BIGNUM* OrderOf(const CurveRow& curve) { return EC_GROUP_get0_order(GroupOf(curve)); }

BnCtxPtr NewBnCtx() {
  BnCtxPtr context(BN_CTX_secure_new());
  GW_CHECK(context != nullptr);
  return context;
}

SecretBignumPtr NewSecretBignum() {
  SecretBignumPtr number(BN_new());
  GW_CHECK(number != nullptr);
  BN_set_flags(number.get(), BN_FLG_CONSTTIME);
  return number;
}

SecretBignumPtr SecretBignumOf(ByteView big_endian) {
  SecretBignumPtr number = NewSecretBignum();
  const int size = static_cast<int>(big_endian.size());
  GW_CHECK(BN_bin2bn(big_endian.data(), size, number.get()) != nullptr);
  return number;
}

SecretBignumPtr ScalarOf(const CurveRow& curve, ByteView big_endian) {
  if (big_endian.size() != curve.order_bytes()) return nullptr;
  SecretBignumPtr scalar = SecretBignumOf(big_endian);
  // What the comparison tells of a scalar is how many of its leading words equal the order's: for
  // a valid one nearly always none.
  const bool in_range = !BN_is_zero(scalar.get()) && BN_cmp(scalar.get(), OrderOf(curve)) < 0;
  if (!in_range) scalar.reset();
  return scalar;
}

SecretBignumPtr RandomScalar(const CurveRow& curve) {
  SecretBignumPtr scalar = NewSecretBignum();
  do {
    GW_CHECK(BN_priv_rand_range(scalar.get(), OrderOf(curve)) == 1);
  } while (BN_is_zero(scalar.get()));
  return scalar;
}

SecretBytes BytesOfScalar(const CurveRow& curve, const BIGNUM* scalar) {
  SecretBytes bytes = SecretBytes::OfSize(curve.order_bytes());
  const int size = static_cast<int>(bytes.size());
  GW_CHECK(BN_bn2binpad(scalar, bytes.mutable_view().data(), size) == size);
  return bytes;
}

EcPointPtr TimesGenerator(const CurveRow& curve, const BIGNUM* scalar) {
  const EC_GROUP* group = GroupOf(curve);
  EcPointPtr point(EC_POINT_new(group));
  const BnCtxPtr context = NewBnCtx();
  // With one scalar alone OpenSSL walks a ladder of fixed length; with two it would not.
  GW_CHECK(EC_POINT_mul(group, point.get(), scalar, nullptr, nullptr, context.get()) == 1);
  return point;
}

EcPointPtr PointOf(const CurveRow& curve, ByteView point) {
  if (point.size() != curve.point_bytes() || point[0] != kUncompressed) return nullptr;
  const EC_GROUP* group = GroupOf(curve);
  EcPointPtr decoded(EC_POINT_new(group));
  GW_CHECK(decoded != nullptr);
  // Refuses coordinates outside the field and points that are not on the curve. Every curve of the
  // table has cofactor 1, so that such a point has the right order.
  if (EC_POINT_oct2point(group, decoded.get(), point.data(), point.size(), nullptr) != 1) {
    ERR_clear_error();
    decoded.reset();
  }
  return decoded;
}

Bytes UncompressedOf(const CurveRow& curve, const EC_POINT* point) {
  return Encoded(curve, point, POINT_CONVERSION_UNCOMPRESSED, curve.point_bytes());
}

Bytes CompressedOf(const CurveRow& curve, const EC_POINT* point) {
  return Encoded(curve, point, POINT_CONVERSION_COMPRESSED, 1 + curve.field_bytes);
}

}  // namespace gw::emulator
