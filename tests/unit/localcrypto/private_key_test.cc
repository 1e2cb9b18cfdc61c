// Tests for daemon/localcrypto/private_key.h. OpenSSL says what a PrivateKeyInfo looks like.
#include "daemon/localcrypto/private_key.h"

#include <gtest/gtest.h>
#include <openssl/core_names.h>

#include <string>

#include "tests/unit/localcrypto/keys.h"

namespace gw {
namespace {

using Pkey = std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)>;

Bytes NumberIn(const Pkey& key, const char* name) {
  BIGNUM* number = nullptr;
  EXPECT_EQ(EVP_PKEY_get_bn_param(key.get(), name, &number), 1) << name;
  Bytes octets(static_cast<std::size_t>(BN_num_bytes(number)));
  BN_bn2bin(number, octets.data());
  BN_free(number);
  return octets;
}

Bytes Pkcs8In(const Pkey& key) {
  PKCS8_PRIV_KEY_INFO* info = EVP_PKEY2PKCS8(key.get());
  Byte* der = nullptr;
  const int size = i2d_PKCS8_PRIV_KEY_INFO(info, &der);
  Bytes octets(der, der + size);
  OPENSSL_free(der);
  PKCS8_PRIV_KEY_INFO_free(info);
  return octets;
}

// The numbers of an RSA key, one of which a test may change.
struct OwnedNumbers {
  explicit OwnedNumbers(unsigned bits) {
    const Pkey key(EVP_RSA_gen(bits), EVP_PKEY_free);
    modulus = NumberIn(key, OSSL_PKEY_PARAM_RSA_N);
    numbers[0] = NumberIn(key, OSSL_PKEY_PARAM_RSA_E);
    numbers[1] = NumberIn(key, OSSL_PKEY_PARAM_RSA_D);
    numbers[2] = NumberIn(key, OSSL_PKEY_PARAM_RSA_FACTOR1);
    numbers[3] = NumberIn(key, OSSL_PKEY_PARAM_RSA_FACTOR2);
    numbers[4] = NumberIn(key, OSSL_PKEY_PARAM_RSA_EXPONENT1);
    numbers[5] = NumberIn(key, OSSL_PKEY_PARAM_RSA_EXPONENT2);
    numbers[6] = NumberIn(key, OSSL_PKEY_PARAM_RSA_COEFFICIENT1);
    pkcs8 = Pkcs8In(key);
  }
  RsaNumbers View() const {
    return {modulus,    numbers[0], numbers[1], numbers[2],
            numbers[3], numbers[4], numbers[5], numbers[6]};
  }

  Bytes modulus;
  std::array<Bytes, 7> numbers;
  Bytes pkcs8;
};

const OwnedNumbers& Rsa() {
  static const OwnedNumbers numbers(2048);
  return numbers;
}

CK_RV RvOf(const Result<SecretBytes>& result) { return result ? CKR_OK : result.error().rv; }

TEST(PrivateKeyTest, AnRsaKeyIsEncodedAsOpensslDoes) {
  const auto pkcs8 = Pkcs8FromRsa(Rsa().View());
  ASSERT_TRUE(pkcs8.ok());
  EXPECT_EQ(HexOf(pkcs8->view()), HexOf(Rsa().pkcs8));
}

TEST(PrivateKeyTest, LeadingZerosOfNumbersDoNotMatter) {
  OwnedNumbers padded = Rsa();
  padded.modulus.insert(padded.modulus.begin(), 3, 0);
  for (Bytes& number : padded.numbers) number.insert(number.begin(), 3, 0);
  const auto pkcs8 = Pkcs8FromRsa(padded.View());
  ASSERT_TRUE(pkcs8.ok());
  EXPECT_EQ(HexOf(pkcs8->view()), HexOf(Rsa().pkcs8));
}

TEST(PrivateKeyTest, EachNumberOfAnRsaKeyIsCheckedAgainstTheOthers) {
  for (std::size_t i = 0; i < Rsa().numbers.size(); ++i) {
    OwnedNumbers wrong = Rsa();
    wrong.numbers[i].back() ^= 2;
    EXPECT_EQ(RvOf(Pkcs8FromRsa(wrong.View())), CKR_ATTRIBUTE_VALUE_INVALID) << i;
    wrong.numbers[i].clear();
    EXPECT_EQ(RvOf(Pkcs8FromRsa(wrong.View())), CKR_ATTRIBUTE_VALUE_INVALID) << i;
    // Not computed with, however long.
    wrong.numbers[i] = Bytes(1 << 20, 0xff);
    EXPECT_EQ(RvOf(Pkcs8FromRsa(wrong.View())), CKR_ATTRIBUTE_VALUE_INVALID) << i;
  }
  OwnedNumbers wrong = Rsa();
  wrong.modulus.back() ^= 2;
  EXPECT_EQ(RvOf(Pkcs8FromRsa(wrong.View())), CKR_ATTRIBUTE_VALUE_INVALID);
}

TEST(PrivateKeyTest, AFactorOfOneIsNoFactor) {
  OwnedNumbers wrong = Rsa();
  wrong.numbers[2] = Rsa().modulus;
  wrong.numbers[3] = Bytes{1};
  EXPECT_EQ(RvOf(Pkcs8FromRsa(wrong.View())), CKR_ATTRIBUTE_VALUE_INVALID);
}

TEST(PrivateKeyTest, AKeyOfEachCurveIsEncodedAsOpensslDoes) {
  for (const Curve& curve : AllCurves()) {
    if (curve.kind != CurveKind::kWeierstrass) continue;
    const std::string name(curve.openssl_name);
    const Pkey key(EVP_EC_gen(name.c_str()), EVP_PKEY_free);
    ASSERT_NE(key, nullptr) << name;
    const Bytes scalar = NumberIn(key, OSSL_PKEY_PARAM_PRIV_KEY);
    const auto pkcs8 = Pkcs8FromEc(curve, scalar);
    ASSERT_TRUE(pkcs8.ok()) << name;
    EXPECT_EQ(HexOf(pkcs8->view()), HexOf(Pkcs8In(key))) << name;
  }
}

// RFC 5903 8.1, the private key i and its public half.
TEST(PrivateKeyTest, ThePublicHalfIsThePublishedOne) {
  const Bytes scalar = FromHex("c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433");
  const auto pkcs8 = Pkcs8FromEc(*FindCurve(ViewOf("P-256")), scalar);
  ASSERT_TRUE(pkcs8.ok());
  EXPECT_NE(HexOf(pkcs8->view())
                .find("04dad0b65394221cf9b051e1feca5787d098dfe637fc90b9ef945d0c37725811805271a0461c"
                      "db8252d61f1c456fa3e59ab1f45b33accf5f58389e0577b8990bb3"),
            std::string::npos);
}

TEST(PrivateKeyTest, AScalarIsBetweenOneAndTheOrder) {
  const Curve& curve = *FindCurve(ViewOf("P-256"));
  Bytes order = FromHex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
  EXPECT_EQ(RvOf(Pkcs8FromEc(curve, order)), CKR_ATTRIBUTE_VALUE_INVALID);
  order.back() -= 1;
  EXPECT_EQ(RvOf(Pkcs8FromEc(curve, order)), CKR_OK);
  EXPECT_EQ(RvOf(Pkcs8FromEc(curve, {})), CKR_ATTRIBUTE_VALUE_INVALID);
  EXPECT_EQ(RvOf(Pkcs8FromEc(curve, Bytes(32, 0))), CKR_ATTRIBUTE_VALUE_INVALID);
  EXPECT_EQ(RvOf(Pkcs8FromEc(curve, Bytes(40, 0xff))), CKR_ATTRIBUTE_VALUE_INVALID);
  Bytes one(40, 0);
  one.back() = 1;
  EXPECT_EQ(RvOf(Pkcs8FromEc(curve, one)), CKR_OK);
}

TEST(PrivateKeyTest, ACurveThatIsNotComputedHereIsRefused) {
  EXPECT_EQ(RvOf(Pkcs8FromEc(*FindCurve(ViewOf("ed25519")), Bytes(32, 1))),
            CKR_CURVE_NOT_SUPPORTED);
}

// RFC 8410 10.3; the public key is that of 10.1.
TEST(PrivateKeyTest, AnEd25519KeyIsAsTheRfcShowsIt) {
  const Bytes seed = FromHex("d4ee72dbf913584ad5b6d8f1f769f8ad3afe7c28cbf1d4fbe097a88f44755842");
  const Bytes point = FromHex("19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1");
  const Curve& curve = *FindCurve(ViewOf("ed25519"));
  const std::string expected = "302e020100300506032b657004220420" + HexOf(seed);
  const auto from_seed = Pkcs8FromBare(curve, seed);
  ASSERT_TRUE(from_seed.ok());
  EXPECT_EQ(HexOf(from_seed->view()), expected);
  Bytes both = seed;
  Append(both, point);
  const auto from_both = Pkcs8FromBare(curve, both);
  ASSERT_TRUE(from_both.ok());
  EXPECT_EQ(HexOf(from_both->view()), expected);
  both.back() ^= 1;
  EXPECT_EQ(RvOf(Pkcs8FromBare(curve, both)), CKR_ATTRIBUTE_VALUE_INVALID);
  EXPECT_EQ(RvOf(Pkcs8FromBare(curve, Bytes(31))), CKR_ATTRIBUTE_VALUE_INVALID);
  EXPECT_EQ(RvOf(Pkcs8FromBare(*FindCurve(ViewOf("x448")), Bytes(112))),
            CKR_ATTRIBUTE_VALUE_INVALID)
      << "only Edwards keys come with their public half";
}

}  // namespace
}  // namespace gw
