// Room: emulator/crypto/x931. OpenSSL still has the generator, but not behind EVP.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/rsa.h>

#include <array>

#include "daemon/core/check.h"
#include "emulator/crypto/group.h"
#include "emulator/crypto/x931/x931.h"

namespace gw::emulator {
namespace {

using RsaPtr = std::unique_ptr<RSA, OpensslFree<RSA_free>>;

constexpr std::size_t kMinBits = 1024;
constexpr std::size_t kMaxBits = 4096;
constexpr std::size_t kStepBits = 256;
constexpr std::size_t kMaxExponentBytes = 8;
// X9.31 asks for 101 to 120 bits in the primes beside p and q.
constexpr int kFactorBits = 101;

// The random numbers from which primes are searched, and what was found beside p and q.
struct Search {
  SecretBignumPtr xp = NewSecretBignum(), xp1 = NewSecretBignum(), xp2 = NewSecretBignum();
  SecretBignumPtr xq = NewSecretBignum(), xq1 = NewSecretBignum(), xq2 = NewSecretBignum();
  SecretBignumPtr p1 = NewSecretBignum(), p2 = NewSecretBignum();
  SecretBignumPtr q1 = NewSecretBignum(), q2 = NewSecretBignum();
};

BignumPtr ExponentOf(ByteView exponent) {
  const auto first = std::ranges::find_if(exponent, [](Byte octet) { return octet != 0; });
  const ByteView number(first, exponent.end());
  if (number.empty() || number.size() > kMaxExponentBytes) return nullptr;
  BignumPtr e(BN_bin2bn(number.data(), static_cast<int>(number.size()), nullptr));
  if (!BN_is_odd(e.get()) || BN_is_one(e.get())) e.reset();
  return e;
}

RsaPtr Generate(std::size_t bits, const BIGNUM* e, Search& s) {
  RsaPtr rsa(RSA_new());
  const BnCtxPtr context = NewBnCtx();
  GW_CHECK(rsa != nullptr);
  // Far enough apart, as the standard wants p and q.
  GW_CHECK(BN_X931_generate_Xpq(s.xp.get(), s.xq.get(), static_cast<int>(bits), context.get()) ==
           1);
  for (BIGNUM* start : {s.xp1.get(), s.xp2.get(), s.xq1.get(), s.xq2.get()}) {
    GW_CHECK(BN_priv_rand(start, kFactorBits, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1);
  }
  GW_CHECK(RSA_X931_derive_ex(rsa.get(), s.p1.get(), s.p2.get(), s.q1.get(), s.q2.get(),
                              s.xp1.get(), s.xp2.get(), s.xp.get(), s.xq1.get(), s.xq2.get(),
                              s.xq.get(), e, nullptr) == 1);
  return rsa;
}

// By way of PKCS #8, so that the key is checked and held as any other.
Result<PKey> PKeyOf(RSA* rsa) {
  const PkeyPtr pkey(EVP_PKEY_new());
  GW_CHECK(pkey != nullptr && EVP_PKEY_set1_RSA(pkey.get(), rsa) == 1);
  const Pkcs8Ptr info(EVP_PKEY2PKCS8(pkey.get()));
  GW_CHECK(info != nullptr);
  const int size = i2d_PKCS8_PRIV_KEY_INFO(info.get(), nullptr);
  GW_CHECK(size > 0);
  SecretBytes der = SecretBytes::OfSize(static_cast<std::size_t>(size));
  Byte* at = der.mutable_view().data();
  GW_CHECK(i2d_PKCS8_PRIV_KEY_INFO(info.get(), &at) == size);
  return PKey::FromPkcs8(der.view());
}

SecretBytes OctetsOf(const BIGNUM* number) {
  SecretBytes octets = SecretBytes::OfSize(static_cast<std::size_t>(BN_num_bytes(number)));
  BN_bn2bin(number, octets.mutable_view().data());
  return octets;
}

}  // namespace

Result<PKey> GenerateX931(std::size_t bits, ByteView exponent, X931Factors* factors) {
  if (bits < kMinBits || bits > kMaxBits || bits % kStepBits != 0) {
    return CallerError(CKR_ATTRIBUTE_VALUE_INVALID, "X9.31 needs 1024 bits and steps of 256");
  }
  const BignumPtr e = ExponentOf(exponent);
  if (e == nullptr) return CallerError(CKR_ATTRIBUTE_VALUE_INVALID, "public exponent");
  Search search;
  const RsaPtr rsa = Generate(bits, e.get(), search);
  if (factors != nullptr) {
    *factors = {OctetsOf(search.p1.get()), OctetsOf(search.p2.get()), OctetsOf(search.q1.get()),
                OctetsOf(search.q2.get())};
  }
  return PKeyOf(rsa.get());
}

}  // namespace gw::emulator
