// Room: emulator/crypto.
#include "emulator/crypto/pkey.h"

#include <openssl/core_names.h>
#include <openssl/rsa.h>

#include "daemon/core/check.h"
#include "emulator/crypto/openssl.h"

namespace gw::emulator {
namespace {

Bytes BignumParam(EVP_PKEY* pkey, const char* name) {
  BIGNUM* raw = nullptr;
  GW_CHECK(EVP_PKEY_get_bn_param(pkey, name, &raw) == 1);
  const BignumPtr number(raw);
  Bytes out(static_cast<std::size_t>(BN_num_bytes(number.get())));
  BN_bn2bin(number.get(), out.data());
  return out;
}

// The row of the key's named curve; null for explicit parameters and curves that are not in the
// table.
const CurveRow* CurveOf(EVP_PKEY* pkey) {
  char name[80];
  std::size_t length = 0;
  if (EVP_PKEY_get_group_name(pkey, name, sizeof name, &length) != 1) return nullptr;
  return FindCurveByOpensslName(std::string_view(name, length));
}

// The private half must belong to the public one; importing a forged pair would let a caller sign
// in another's name.
bool HalvesFit(EVP_PKEY* pkey) {
  const PkeyCtxPtr context(EVP_PKEY_CTX_new_from_pkey(nullptr, pkey, nullptr));
  return context != nullptr && EVP_PKEY_pairwise_check(context.get()) == 1;
}

}  // namespace

Result<PKey> PKey::Adopt(evp_pkey_st* owned) {
  std::shared_ptr<evp_pkey_st> pkey(owned, EVP_PKEY_free);
  const auto bits = static_cast<std::size_t>(EVP_PKEY_get_bits(owned));
  switch (EVP_PKEY_get_base_id(owned)) {
    case EVP_PKEY_RSA:
      return PKey(std::move(pkey), bits, nullptr);
    case EVP_PKEY_EC: {
      const CurveRow* curve = CurveOf(owned);
      if (curve == nullptr) return CallerError(CKR_CURVE_NOT_SUPPORTED, "no named curve we know");
      EVP_PKEY_set_utf8_string_param(owned, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
                                     OSSL_PKEY_EC_POINT_CONVERSION_FORMAT_UNCOMPRESSED);
      return PKey(std::move(pkey), curve->order_bits, curve);
    }
    default:
      return CallerError(CKR_KEY_TYPE_INCONSISTENT, "neither an RSA nor an EC key");
  }
}

Result<PKey> PKey::FromPkcs8(ByteView der) {
  const Byte* at = der.data();
  const Pkcs8Ptr info(d2i_PKCS8_PRIV_KEY_INFO(nullptr, &at, static_cast<long>(der.size())));
  if (info == nullptr || at != der.data() + der.size()) {
    return OpensslError(CKR_WRAPPED_KEY_INVALID, "no PKCS #8 PrivateKeyInfo");
  }
  EVP_PKEY* raw = EVP_PKCS82PKEY(info.get());
  if (raw == nullptr) return OpensslError(CKR_WRAPPED_KEY_INVALID, "private key does not parse");
  Result<PKey> key = Adopt(raw);
  if (key && !HalvesFit(raw)) {
    return OpensslError(CKR_WRAPPED_KEY_INVALID, "private and public half do not fit");
  }
  return key;
}

Result<PKey> PKey::FromSpki(ByteView der) {
  const Byte* at = der.data();
  PkeyPtr pkey(d2i_PUBKEY(nullptr, &at, static_cast<long>(der.size())));
  if (pkey == nullptr || at != der.data() + der.size()) {
    return OpensslError(CKR_PUBLIC_KEY_INVALID, "no SubjectPublicKeyInfo");
  }
  return Adopt(pkey.release());
}

Result<PKey> PKey::GenerateRsa(std::size_t bits, ByteView exponent) {
  const PkeyCtxPtr context(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
  const BignumPtr e(BN_bin2bn(exponent.data(), static_cast<int>(exponent.size()), nullptr));
  EVP_PKEY* raw = nullptr;
  const bool generated =
      EVP_PKEY_keygen_init(context.get()) == 1 &&
      EVP_PKEY_CTX_set_rsa_keygen_bits(context.get(), static_cast<int>(bits)) == 1 &&
      EVP_PKEY_CTX_set1_rsa_keygen_pubexp(context.get(), e.get()) == 1 &&
      EVP_PKEY_generate(context.get(), &raw) == 1;
  if (!generated) return OpensslError(CKR_ATTRIBUTE_VALUE_INVALID, "no such RSA key");
  return Adopt(raw);
}

PKey PKey::GenerateEc(const CurveRow& curve) {
  EVP_PKEY* raw = EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", curve.openssl_name);
  GW_CHECK(raw != nullptr);
  Result<PKey> key = Adopt(raw);
  GW_CHECK(key.ok());
  return *std::move(key);
}

std::size_t PKey::signature_bytes() const {
  return curve_ == nullptr ? (bits_ + 7) / 8 : 2 * curve_->order_bytes();
}

SecretBytes PKey::Pkcs8() const {
  const Pkcs8Ptr info(EVP_PKEY2PKCS8(pkey_.get()));
  GW_CHECK(info != nullptr);
  const int size = i2d_PKCS8_PRIV_KEY_INFO(info.get(), nullptr);
  GW_CHECK(size > 0);
  SecretBytes der = SecretBytes::OfSize(static_cast<std::size_t>(size));
  Byte* at = der.mutable_view().data();
  GW_CHECK(i2d_PKCS8_PRIV_KEY_INFO(info.get(), &at) == size);
  return der;
}

Bytes PKey::Spki() const {
  const int size = i2d_PUBKEY(pkey_.get(), nullptr);
  GW_CHECK(size > 0);
  Bytes der(static_cast<std::size_t>(size));
  Byte* at = der.data();
  GW_CHECK(i2d_PUBKEY(pkey_.get(), &at) == size);
  return der;
}

Bytes PKey::Modulus() const { return BignumParam(pkey_.get(), OSSL_PKEY_PARAM_RSA_N); }
Bytes PKey::PublicExponent() const { return BignumParam(pkey_.get(), OSSL_PKEY_PARAM_RSA_E); }

Bytes PKey::Point() const {
  Byte* raw = nullptr;
  const std::size_t size = EVP_PKEY_get1_encoded_public_key(pkey_.get(), &raw);
  GW_CHECK(size > 0);
  Bytes point(raw, raw + size);
  OPENSSL_free(raw);
  return point;
}

}  // namespace gw::emulator
