// Room: emulator/crypto. Curve keys from their bare values and back.
#include <openssl/core_names.h>
#include <openssl/err.h>

#include <string>

#include "daemon/core/check.h"
#include "emulator/crypto/group.h"
#include "emulator/crypto/pkey.h"

namespace gw::emulator {
namespace {

// EVP wants its numbers in the machine's byte order, and reads these without changing them.
OSSL_PARAM NumberParam(const char* name, std::span<Byte> native) {
  return OSSL_PARAM_construct_BN(name, native.data(), native.size());
}

OSSL_PARAM PointParam(Bytes& point) {
  return OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size());
}

EVP_PKEY* FromParams(const CurveRow& curve, int selection, OSSL_PARAM first, OSSL_PARAM second) {
  std::string group = curve.openssl_name;
  OSSL_PARAM params[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group.data(), 0),
      first,
      second,
      OSSL_PARAM_construct_end(),
  };
  const PkeyCtxPtr context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  EVP_PKEY* pkey = nullptr;
  GW_CHECK(context != nullptr && EVP_PKEY_fromdata_init(context.get()) == 1);
  GW_CHECK(EVP_PKEY_fromdata(context.get(), &pkey, selection, params) == 1);
  return pkey;
}

EVP_PKEY* PairOf(const CurveRow& curve, const BIGNUM* scalar) {
  Bytes point = UncompressedOf(curve, TimesGenerator(curve, scalar).get());
  SecretBytes native = SecretBytes::OfSize(curve.order_bytes());
  const int size = static_cast<int>(native.size());
  GW_CHECK(BN_bn2nativepad(scalar, native.mutable_view().data(), size) == size);
  return FromParams(curve, EVP_PKEY_KEYPAIR, PointParam(point),
                    NumberParam(OSSL_PKEY_PARAM_PRIV_KEY, native.mutable_view()));
}

}  // namespace

Result<PKey> PKey::FromPrivate(const CurveRow& curve, ByteView value) {
  if (value.size() != curve.private_bytes()) {
    return CallerError(CKR_ATTRIBUTE_VALUE_INVALID, "private key of another length");
  }
  if (curve.is_raw()) {
    EVP_PKEY* raw = EVP_PKEY_new_raw_private_key_ex(nullptr, curve.openssl_name, nullptr,
                                                    value.data(), value.size());
    GW_CHECK(raw != nullptr);
    return Adopt(raw);
  }
  const SecretBignumPtr scalar = ScalarOf(curve, value);
  if (scalar == nullptr) {
    return CallerError(CKR_ATTRIBUTE_VALUE_INVALID, "private key is zero or not below the order");
  }
  return Adopt(PairOf(curve, scalar.get()));
}

Result<PKey> PKey::FromPublic(const CurveRow& curve, ByteView point) {
  if (point.size() != curve.point_bytes()) {
    return CallerError(CKR_PUBLIC_KEY_INVALID, "point of another length");
  }
  if (curve.is_raw()) {
    EVP_PKEY* raw = EVP_PKEY_new_raw_public_key_ex(nullptr, curve.openssl_name, nullptr,
                                                   point.data(), point.size());
    GW_CHECK(raw != nullptr);
    return Adopt(raw);
  }
  if (PointOf(curve, point) == nullptr) {
    return CallerError(CKR_PUBLIC_KEY_INVALID, "not an uncompressed point of the curve");
  }
  Bytes copy = CopyOf(point);
  return Adopt(
      FromParams(curve, EVP_PKEY_PUBLIC_KEY, PointParam(copy), OSSL_PARAM_construct_end()));
}

Bytes PKey::Point() const {
  Bytes point(curve_->point_bytes());
  std::size_t size = point.size();
  if (curve_->is_raw()) {
    GW_CHECK(EVP_PKEY_get_raw_public_key(pkey_.get(), point.data(), &size) == 1);
  } else {
    GW_CHECK(EVP_PKEY_get_octet_string_param(pkey_.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                             point.size(), &size) == 1);
  }
  GW_CHECK(size == point.size());
  return point;
}

Result<SecretBytes> PKey::PrivateValue() const {
  bool found = false;
  SecretBytes value = SecretBytes::OfSize(curve_->private_bytes());
  if (curve_->is_raw()) {
    std::size_t size = value.size();
    found = EVP_PKEY_get_raw_private_key(pkey_.get(), value.mutable_view().data(), &size) == 1;
  } else {
    BIGNUM* raw = nullptr;
    found = EVP_PKEY_get_bn_param(pkey_.get(), OSSL_PKEY_PARAM_PRIV_KEY, &raw) == 1;
    const SecretBignumPtr scalar(raw);
    if (found) value = BytesOfScalar(*curve_, scalar.get());
  }
  ERR_clear_error();
  if (!found) return CallerError(CKR_KEY_TYPE_INCONSISTENT, "a public key has no private value");
  return value;
}

}  // namespace gw::emulator
