// Room: localcrypto.
#include "daemon/localcrypto/private_key.h"

#include <openssl/bn.h>
#include <openssl/objects.h>

#include <algorithm>
#include <array>
#include <string>

#include "daemon/core/check.h"
#include "daemon/localcrypto/der.h"
#include "daemon/localcrypto/openssl.h"
#include "daemon/localcrypto/secret_der.h"
#include "daemon/localcrypto/spki.h"

namespace gw {
namespace {

using secret_der::Element;
using secret_der::Integer;

// Numbers of private keys are wiped when they go.
using Number = std::unique_ptr<BIGNUM, openssl::Free<BN_clear_free>>;
using NumberContext = std::unique_ptr<BN_CTX, openssl::Free<BN_CTX_free>>;
using Group = std::unique_ptr<EC_GROUP, openssl::Free<EC_GROUP_free>>;
using Point = std::unique_ptr<EC_POINT, openssl::Free<EC_POINT_clear_free>>;

constexpr std::array<Byte, 3> kVersion0{der::kInteger, 1, 0};
constexpr std::array<Byte, 3> kVersion1{der::kInteger, 1, 1};
constexpr Byte kPublicKeyOfEc = 0xa1;  // [1] of ECPrivateKey

Error Invalid(std::string what) {
  return CallerError(CKR_ATTRIBUTE_VALUE_INVALID, std::move(what));
}

SecretBytes PrivateKeyInfo(std::initializer_list<ByteView> algorithm, const SecretBytes& key) {
  const SecretBytes identifier = Element(der::kSequence, algorithm);
  const SecretBytes octets = Element(der::kOctetString, {key.view()});
  return Element(der::kSequence, {kVersion0, identifier.view(), octets.view()});
}

Number NumberOf(ByteView magnitude) {
  Number number(BN_bin2bn(magnitude.data(), static_cast<int>(magnitude.size()), nullptr));
  GW_CHECK(number != nullptr);
  BN_set_flags(number.get(), BN_FLG_CONSTTIME);
  return number;
}

// Arithmetic that gives a number; running out of memory is the one way in which it fails.
template <typename Function, typename... Arguments>
Number Computed(Function function, Arguments... arguments) {
  Number result(BN_new());
  GW_CHECK(result != nullptr && function(result.get(), arguments...) == 1);
  return result;
}

bool IsOneModulo(const Number& a, const Number& b, const Number& modulus, BN_CTX* context) {
  return BN_is_one(Computed(BN_mod_mul, a.get(), b.get(), modulus.get(), context).get()) == 1;
}

// One prime with its exponent: e * d and e * exponent are 1 modulo prime - 1.
bool HalfFits(const Number& e, const Number& d, const Number& prime, const Number& exponent,
              BN_CTX* context) {
  if (BN_is_zero(prime.get()) || BN_is_one(prime.get())) return false;
  const Number less_one = Computed(BN_sub, prime.get(), BN_value_one());
  return IsOneModulo(e, d, less_one, context) && IsOneModulo(e, exponent, less_one, context) &&
         BN_cmp(exponent.get(), less_one.get()) < 0;
}

// Nothing is computed with numbers that are longer than any key.
bool AreShort(const RsaNumbers& numbers) {
  const std::size_t most = der::WithoutLeadingZeros(numbers.modulus).size();
  const std::array all{numbers.public_exponent, numbers.private_exponent, numbers.prime_1,
                       numbers.prime_2,         numbers.exponent_1,       numbers.exponent_2,
                       numbers.coefficient};
  return std::ranges::all_of(
      all, [most](ByteView number) { return der::WithoutLeadingZeros(number).size() <= most; });
}

bool BelongTogether(const RsaNumbers& numbers) {
  if (!AreShort(numbers)) return false;
  const NumberContext context(BN_CTX_secure_new());
  GW_CHECK(context != nullptr);
  const Number p = NumberOf(numbers.prime_1);
  const Number q = NumberOf(numbers.prime_2);
  const Number e = NumberOf(numbers.public_exponent);
  const Number d = NumberOf(numbers.private_exponent);
  const Number product = Computed(BN_mul, p.get(), q.get(), context.get());
  return BN_cmp(product.get(), NumberOf(numbers.modulus).get()) == 0 &&
         HalfFits(e, d, p, NumberOf(numbers.exponent_1), context.get()) &&
         HalfFits(e, d, q, NumberOf(numbers.exponent_2), context.get()) &&
         IsOneModulo(NumberOf(numbers.coefficient), q, p, context.get());
}

// scalar * G, uncompressed. Empty: the scalar is out of range.
Result<Bytes> PublicPoint(const Curve& curve, ByteView scalar) {
  const std::string name(curve.openssl_name);
  const Group group(EC_GROUP_new_by_curve_name(OBJ_txt2nid(name.c_str())));
  if (group == nullptr) {
    return CallerError(CKR_CURVE_NOT_SUPPORTED, "private keys of this curve are not taken");
  }
  const Number d = NumberOf(scalar);
  const BIGNUM* order = EC_GROUP_get0_order(group.get());
  if (BN_is_zero(d.get()) || BN_cmp(d.get(), order) >= 0) {
    return Invalid("CKA_VALUE is no private key of the curve");
  }
  const Point point(EC_POINT_new(group.get()));
  Bytes octets(curve.PointBytes());
  const bool made =
      EC_POINT_mul(group.get(), point.get(), d.get(), nullptr, nullptr, nullptr) == 1 &&
      EC_POINT_point2oct(group.get(), point.get(), POINT_CONVERSION_UNCOMPRESSED, octets.data(),
                         octets.size(), nullptr) == octets.size();
  if (!made) return InternalError("public point: " + openssl::TakeErrors());
  return octets;
}

bool IsPublicHalfOf(const Curve& curve, ByteView seed, ByteView point) {
  const std::string name(curve.openssl_name);
  const openssl::Pkey pkey(
      EVP_PKEY_new_raw_private_key_ex(nullptr, name.c_str(), nullptr, seed.data(), seed.size()));
  Bytes computed(point.size());
  std::size_t size = computed.size();
  GW_CHECK(pkey != nullptr && EVP_PKEY_get_raw_public_key(pkey.get(), computed.data(), &size) == 1);
  return size == point.size() && Equal(computed, point);
}

}  // namespace

Result<SecretBytes> Pkcs8FromRsa(const RsaNumbers& numbers) {
  if (!BelongTogether(numbers)) return Invalid("the numbers of the RSA key do not belong together");
  const SecretBytes n = Integer(numbers.modulus);
  const SecretBytes e = Integer(numbers.public_exponent);
  const SecretBytes d = Integer(numbers.private_exponent);
  const SecretBytes p = Integer(numbers.prime_1);
  const SecretBytes q = Integer(numbers.prime_2);
  const SecretBytes dp = Integer(numbers.exponent_1);
  const SecretBytes dq = Integer(numbers.exponent_2);
  const SecretBytes inverse = Integer(numbers.coefficient);
  const SecretBytes key =
      Element(der::kSequence, {kVersion0, n.view(), e.view(), d.view(), p.view(), q.view(),
                               dp.view(), dq.view(), inverse.view()});
  return PrivateKeyInfo({kRsaOid, kNullElement}, key);
}

Result<SecretBytes> Pkcs8FromEc(const Curve& curve, ByteView scalar) {
  GW_TRY(point, PublicPoint(curve, scalar));
  // RFC 5915 3: of the length of the order.
  const ByteView shortest = der::WithoutLeadingZeros(scalar);
  SecretBytes padded = SecretBytes::OfSize(curve.order_bytes);
  GW_CHECK(shortest.size() <= padded.size());
  std::ranges::copy(shortest, padded.mutable_view().last(shortest.size()).begin());
  const SecretBytes octets = Element(der::kOctetString, {padded.view()});
  const Bytes half = der::Encode(kPublicKeyOfEc, der::EncodeBits(point));
  const SecretBytes key = Element(der::kSequence, {kVersion1, octets.view(), half});
  return PrivateKeyInfo({kEcOid, curve.der_oid}, key);
}

Result<SecretBytes> Pkcs8FromBare(const Curve& curve, ByteView value) {
  const std::size_t bytes = curve.PointBytes();
  const bool with_public = curve.kind == CurveKind::kEdwards && value.size() == 2 * bytes;
  if (value.size() != bytes && !with_public) {
    return Invalid("CKA_VALUE is not of the length of the curve's private keys");
  }
  const ByteView seed = value.first(bytes);
  if (with_public && !IsPublicHalfOf(curve, seed, value.last(bytes))) {
    return Invalid("the public key at the end of CKA_VALUE is that of another key");
  }
  const SecretBytes key = Element(der::kOctetString, {seed});
  return PrivateKeyInfo({curve.der_oid}, key);
}

}  // namespace gw
