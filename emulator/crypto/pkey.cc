// Room: emulator/crypto.
#include "emulator/crypto/pkey.h"

#include <openssl/core_names.h>
#include <openssl/rsa.h>

#include "daemon/core/check.h"
#include "emulator/crypto/lattice.h"
#include "emulator/crypto/openssl.h"

namespace gw::emulator {
namespace {

// RSA and Diffie-Hellman keys of 4096 bits need about 2400 and 1600.
constexpr std::size_t kMaxPkcs8Bytes = 4096;

Bytes BignumParam(EVP_PKEY* pkey, const char* name) {
  BIGNUM* raw = nullptr;
  GW_CHECK(EVP_PKEY_get_bn_param(pkey, name, &raw) == 1);
  const BignumPtr number(raw);
  Bytes out(static_cast<std::size_t>(BN_num_bytes(number.get())));
  BN_bn2bin(number.get(), out.data());
  return out;
}

// The row of the key's named curve; null for explicit parameters, from which OpenSSL would guess
// the name, and curves that are not in the table.
const CurveRow* NamedCurveOf(EVP_PKEY* pkey) {
  int is_explicit = 0;
  char name[80];
  std::size_t length = 0;
  const bool named = EVP_PKEY_get_int_param(pkey, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS,
                                            &is_explicit) == 1 &&
                     is_explicit == 0 &&
                     EVP_PKEY_get_group_name(pkey, name, sizeof name, &length) == 1;
  return named ? FindCurveByOpensslName(std::string_view(name, length)) : nullptr;
}

const CurveRow* CurveOf(EVP_PKEY* pkey) {
  switch (EVP_PKEY_get_base_id(pkey)) {
    case EVP_PKEY_EC:
      return NamedCurveOf(pkey);
    case EVP_PKEY_ED25519:
    case EVP_PKEY_ED448:
    case EVP_PKEY_X25519:
    case EVP_PKEY_X448:
      return FindCurveByOpensslName(EVP_PKEY_get0_type_name(pkey));
    default:
      return nullptr;
  }
}

// The private half must belong to the public one; importing a forged pair would let a caller sign
// in another's name.
bool HalvesFit(EVP_PKEY* pkey) {
  const PkeyCtxPtr context(EVP_PKEY_CTX_new_from_pkey(nullptr, pkey, nullptr));
  return context != nullptr && EVP_PKEY_pairwise_check(context.get()) == 1;
}

// Infinity alone has an encoding of one octet.
bool IsFinite(EVP_PKEY* pkey) {
  std::size_t size = 0;
  return EVP_PKEY_get_octet_string_param(pkey, OSSL_PKEY_PARAM_PUB_KEY, nullptr, 0, &size) == 1 &&
         size > 1;
}

// SEQUENCE { SEQUENCE { id-ecPublicKey, curve }, BIT STRING { point } } up to the point. No part is
// longer than the 127 octets that a length of one octet can say.
Bytes RawSpkiHead(const CurveRow& curve) {
  static constexpr Byte kEcPublicKey[] = {0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01};
  const std::size_t algorithm = sizeof kEcPublicKey + curve.oid_der.size();
  const std::size_t bit_string = 1 + curve.point_bytes();
  Bytes head = {0x30, static_cast<Byte>(2 + algorithm + 2 + bit_string)};
  head.insert(head.end(), {0x30, static_cast<Byte>(algorithm)});
  Append(head, kEcPublicKey);
  Append(head, curve.oid_der);
  head.insert(head.end(), {0x03, static_cast<Byte>(bit_string), 0x00});
  return head;
}

// Null unless `spki` is that of a raw curve from its first to its last octet.
const CurveRow* RawCurveOf(ByteView spki) {
  for (const CurveRow& curve : CurveTable()) {
    if (!curve.is_raw()) continue;
    const Bytes head = RawSpkiHead(curve);
    const bool fits =
        spki.size() == head.size() + curve.point_bytes() && Equal(spki.first(head.size()), head);
    if (fits) return &curve;
  }
  return nullptr;
}

}  // namespace

Result<PKey> PKey::Adopt(evp_pkey_st* owned) {
  std::shared_ptr<evp_pkey_st> pkey(owned, EVP_PKEY_free);
  const int id = EVP_PKEY_get_base_id(owned);
  const auto bits = static_cast<std::size_t>(EVP_PKEY_get_bits(owned));
  if (id == EVP_PKEY_RSA) return PKey(std::move(pkey), CKK_RSA, bits, nullptr);
  if (id == EVP_PKEY_DSA || id == EVP_PKEY_DH) {
    const CK_KEY_TYPE type = id == EVP_PKEY_DSA ? CKK_DSA : CKK_DH;
    GW_TRY_VOID(CheckFfc(owned, type));
    return PKey(std::move(pkey), type, bits, nullptr);
  }
  const CurveRow* curve = CurveOf(owned);
  if (curve == nullptr && id == EVP_PKEY_EC) {
    return CallerError(CKR_CURVE_NOT_SUPPORTED, "no named curve we know");
  }
  if (curve == nullptr) {
    return CallerError(CKR_KEY_TYPE_INCONSISTENT, "no key of a type that we know");
  }
  if (!curve->is_raw()) {
    EVP_PKEY_set_utf8_string_param(owned, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
                                   OSSL_PKEY_EC_POINT_CONVERSION_FORMAT_UNCOMPRESSED);
  }
  return PKey(std::move(pkey), CKK_EC, curve->bits, curve);
}

Result<PKey> PKey::FromPkcs8(ByteView der) {
  if (IsLatticePkcs8(der)) return LatticeFromPkcs8(der);
  // OpenSSL computes public halves before anybody could look at the size of the numbers.
  if (der.size() > kMaxPkcs8Bytes) {
    return CallerError(CKR_WRAPPED_KEY_INVALID, "longer than any private key");
  }
  const Byte* at = der.data();
  const Pkcs8Ptr info(d2i_PKCS8_PRIV_KEY_INFO(nullptr, &at, static_cast<long>(der.size())));
  if (info == nullptr || at != der.data() + der.size()) {
    return OpensslError(CKR_WRAPPED_KEY_INVALID, "no PKCS #8 PrivateKeyInfo");
  }
  EVP_PKEY* raw = EVP_PKCS82PKEY(info.get());
  if (raw == nullptr) return OpensslError(CKR_WRAPPED_KEY_INVALID, "private key does not parse");
  Result<PKey> key = Adopt(raw);
  if (!key && key.error().rv == CKR_PUBLIC_KEY_INVALID) {
    return CallerError(CKR_WRAPPED_KEY_INVALID, "the public half is none");
  }
  // CheckFfc() has looked at what is there; OpenSSL would ask more of the groups that it knows.
  const bool is_ffc = key && (key->type() == CKK_DSA || key->type() == CKK_DH);
  if (is_ffc && !key->Exponent()) {
    return CallerError(CKR_WRAPPED_KEY_INVALID, "private value is negative");
  }
  if (key && !is_ffc && !HalvesFit(raw)) {
    return OpensslError(CKR_WRAPPED_KEY_INVALID, "private and public half do not fit");
  }
  return key;
}

Result<PKey> PKey::FromSpki(ByteView der) {
  if (IsLatticeSpki(der)) return LatticeFromSpki(der);
  if (const CurveRow* raw = RawCurveOf(der)) return FromPublic(*raw, der.last(raw->point_bytes()));
  const Byte* at = der.data();
  PkeyPtr pkey(d2i_PUBKEY(nullptr, &at, static_cast<long>(der.size())));
  if (pkey == nullptr || at != der.data() + der.size()) {
    return OpensslError(CKR_PUBLIC_KEY_INVALID, "no SubjectPublicKeyInfo");
  }
  GW_TRY(key, Adopt(pkey.release()));
  if (key.curve() == nullptr) return std::move(key);
  if (key.curve()->is_raw()) {
    return CallerError(CKR_KEY_TYPE_INCONSISTENT, "a raw curve's key in the form of RFC 8410");
  }
  // OpenSSL reads the point at infinity too, for which anybody can sign.
  if (!IsFinite(key.handle())) return CallerError(CKR_PUBLIC_KEY_INVALID, "point at infinity");
  return std::move(key);
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
  EVP_PKEY* raw = curve.is_raw() ? EVP_PKEY_Q_keygen(nullptr, nullptr, curve.openssl_name)
                                 : EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", curve.openssl_name);
  GW_CHECK(raw != nullptr);
  Result<PKey> key = Adopt(raw);
  GW_CHECK(key.ok());
  return *std::move(key);
}

std::size_t PKey::signature_bytes() const {
  if (lattice_ != nullptr) return lattice_->signature_bytes();
  if (type_ == CKK_DSA) return 2 * Domain().subprime.size();
  return curve_ == nullptr ? (bits_ + 7) / 8 : curve_->signature_bytes();
}

SecretBytes PKey::Pkcs8() const {
  if (lattice_ != nullptr) return lattice_->Pkcs8();
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
  if (lattice_ != nullptr) return lattice_->Spki();
  if (curve_ != nullptr && curve_->is_raw()) {
    Bytes der = RawSpkiHead(*curve_);
    Append(der, Point());
    return der;
  }
  const int size = i2d_PUBKEY(pkey_.get(), nullptr);
  GW_CHECK(size > 0);
  Bytes der(static_cast<std::size_t>(size));
  Byte* at = der.data();
  GW_CHECK(i2d_PUBKEY(pkey_.get(), &at) == size);
  return der;
}

Bytes PKey::Modulus() const { return BignumParam(pkey_.get(), OSSL_PKEY_PARAM_RSA_N); }
Bytes PKey::PublicExponent() const { return BignumParam(pkey_.get(), OSSL_PKEY_PARAM_RSA_E); }

}  // namespace gw::emulator
