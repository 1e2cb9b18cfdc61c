// Room: tests. Dilithium and Kyber keys as the card holds them: which strengths it has, and that a
// key comes back from each of its forms. The schemes themselves are tested with their known answers
// in emulator_dilithium_test and emulator_kyber_test.
#include "emulator/crypto/lattice.h"

#include <gtest/gtest.h>

#include "emulator/crypto/dilithium/encoding.h"
#include "emulator/crypto/eddsa.h"

namespace gw::emulator {
namespace {

template <typename T>
CK_RV RvOf(const Result<T>& result) {
  return result.ok() ? CKR_OK : result.error().rv;
}

const dilithium::StrengthRow& Round2K5() { return dilithium::StrengthTable()[0]; }

// Sizes of IBM's encodings and of signatures, from the list of EP11's test vectors.
struct Sizes {
  Bytes oid;
  std::size_t spki, pkcs8, signature;
};
const Byte kRound2 = 1;
const Byte kRound3 = 7;
Bytes Oid(Byte round, Byte k, Byte l) {
  return {0x06, 0x0b, 0x2b, 0x06, 0x01, 0x04, 0x01, 0x02, 0x82, 0x0b, round, k, l};
}
const Sizes kSizes[] = {{Oid(kRound2, 6, 5), 1798, 5652, 3366},
                        {Oid(kRound2, 8, 7), 2374, 7508, 4668},
                        {Oid(kRound3, 4, 4), 1350, 3876, 2420},
                        {Oid(kRound3, 6, 5), 1990, 5988, 3293},
                        {Oid(kRound3, 8, 7), 2630, 7492, 4595}};

TEST(LatticeTest, KeysOfEveryStrengthComeBackFromEachOfTheirForms) {
  for (const Sizes& sizes : kSizes) {
    const Result<PKey> key = PKey::GenerateDilithium(sizes.oid);
    ASSERT_TRUE(key.ok()) << key.error().detail;
    EXPECT_EQ(key->type(), CKK_IBM_PQC_DILITHIUM);
    EXPECT_EQ(key->curve(), nullptr);
    EXPECT_EQ(key->signature_bytes(), sizes.signature);
    EXPECT_EQ(key->Spki().size(), sizes.spki);
    EXPECT_EQ(key->Pkcs8().size(), sizes.pkcs8);
    EXPECT_TRUE(Equal(key->lattice()->strength_oid(), sizes.oid));
    const Result<PKey> from_pkcs8 = PKey::FromPkcs8(key->Pkcs8().view());
    const Result<PKey> from_spki = PKey::FromSpki(key->Spki());
    ASSERT_TRUE(from_pkcs8.ok() && from_spki.ok());
    EXPECT_EQ(from_pkcs8->Spki(), key->Spki());
    EXPECT_EQ(from_spki->Spki(), key->Spki());
    EXPECT_EQ(from_spki->bits(), key->bits());
    const Result<Bytes> signature = DilithiumSign(*from_pkcs8, ViewOf("message"));
    ASSERT_TRUE(signature.ok());
    EXPECT_TRUE(DilithiumVerify(*from_spki, ViewOf("message"), *signature).ok());
    EXPECT_EQ(RvOf(DilithiumVerify(*from_spki, ViewOf("massage"), *signature)),
              CKR_SIGNATURE_INVALID);
  }
}

TEST(LatticeTest, TheStrengthThatNoCardHasIsRefusedInEveryForm) {
  const auto key = dilithium::PrivateKey::Generate(Round2K5());
  EXPECT_EQ(RvOf(PKey::GenerateDilithium(Round2K5().oid_der)), CKR_IBM_PQC_PARAMS_NOT_SUPPORTED);
  EXPECT_EQ(RvOf(PKey::FromPkcs8(key.Pkcs8().view())), CKR_IBM_PQC_PARAMS_NOT_SUPPORTED);
  EXPECT_EQ(RvOf(PKey::FromSpki(key.public_key().Spki())), CKR_IBM_PQC_PARAMS_NOT_SUPPORTED);
}

TEST(LatticeTest, AStrengthThatThereIsNotIsRefused) {
  EXPECT_EQ(RvOf(PKey::GenerateDilithium(Oid(kRound3, 5, 4))), CKR_IBM_PQC_PARAMS_NOT_SUPPORTED);
  EXPECT_EQ(RvOf(PKey::GenerateDilithium({})), CKR_IBM_PQC_PARAMS_NOT_SUPPORTED);
  const Result<PKey> key = PKey::GenerateDilithium(kSizes[2].oid);
  ASSERT_TRUE(key.ok());
  Bytes spki = key->Spki();
  const auto arc = std::ranges::search(spki, kSizes[2].oid).begin() + 11;
  *arc = 9;
  EXPECT_EQ(RvOf(PKey::FromSpki(spki)), CKR_IBM_PQC_PARAMS_NOT_SUPPORTED);
}

TEST(LatticeTest, DamagedEncodingsAreRefused) {
  const Result<PKey> key = PKey::GenerateDilithium(kSizes[0].oid);
  ASSERT_TRUE(key.ok());
  Bytes spki = key->Spki();
  spki.push_back(0);
  EXPECT_EQ(RvOf(PKey::FromSpki(spki)), CKR_PUBLIC_KEY_INVALID);
  Bytes pkcs8 = CopyOf(key->Pkcs8().view());
  pkcs8[pkcs8.size() / 2] ^= 1;
  EXPECT_EQ(RvOf(PKey::FromPkcs8(pkcs8)), CKR_WRAPPED_KEY_INVALID);
}

TEST(LatticeTest, KeysOfAnotherKindDoNotSign) {
  const Result<PKey> key = PKey::GenerateDilithium(kSizes[2].oid);
  ASSERT_TRUE(key.ok());
  const Result<PKey> half = PKey::FromSpki(key->Spki());
  ASSERT_TRUE(half.ok());
  const PKey curve_key = PKey::GenerateEc(*FindCurve(ViewOf("ed25519")));
  EXPECT_EQ(RvOf(DilithiumSign(*half, {})), CKR_KEY_TYPE_INCONSISTENT);
  EXPECT_EQ(RvOf(DilithiumSign(curve_key, {})), CKR_KEY_TYPE_INCONSISTENT);
  EXPECT_EQ(RvOf(DilithiumVerify(curve_key, {}, Bytes(2420))), CKR_KEY_TYPE_INCONSISTENT);
  EXPECT_EQ(RvOf(EddsaSign(*key, {})), CKR_KEY_TYPE_INCONSISTENT);
  EXPECT_EQ(RvOf(DilithiumVerify(*key, {}, Bytes(2421))), CKR_SIGNATURE_LEN_RANGE);
}

// Kyber of round 2; 512 has a number but is not offered.
const Bytes kKyber768 = Oid(5, 3, 3);
const Bytes kKyber1024 = Oid(5, 4, 4);
const Bytes kKyber512 = {0x06, 0x09, 0x2b, 0x06, 0x01, 0x04, 0x01, 0x02, 0x82, 0x0b, 0x05};

TEST(LatticeTest, KyberKeysOfEveryStrengthComeBackFromEachOfTheirForms) {
  struct {
    Bytes oid;
    std::size_t spki, public_key, ciphertext;
  } const kRows[] = {{kKyber768, 1219, 1184, 1088}, {kKyber1024, 1603, 1568, 1568}};
  for (const auto& row : kRows) {
    const Result<PKey> key = PKey::GenerateKyber(row.oid);
    ASSERT_TRUE(key.ok()) << key.error().detail;
    EXPECT_EQ(key->type(), CKK_IBM_PQC_KYBER);
    EXPECT_EQ(key->curve(), nullptr);
    EXPECT_EQ(key->bits(), 8 * row.public_key);
    EXPECT_EQ(key->signature_bytes(), 0U);
    EXPECT_EQ(key->Spki().size(), row.spki);
    EXPECT_TRUE(Equal(key->lattice()->strength_oid(), row.oid));
    const Result<PKey> from_pkcs8 = PKey::FromPkcs8(key->Pkcs8().view());
    const Result<PKey> from_spki = PKey::FromSpki(key->Spki());
    ASSERT_TRUE(from_pkcs8.ok() && from_spki.ok());
    EXPECT_EQ(from_pkcs8->Spki(), key->Spki());
    EXPECT_EQ(from_spki->Spki(), key->Spki());
    const Result<kyber::Encapsulated> made = KyberEncapsulate(*from_spki);
    ASSERT_TRUE(made.ok());
    EXPECT_EQ(made->ciphertext.size(), row.ciphertext);
    const Result<SecretBytes> secret = KyberDecapsulate(*from_pkcs8, made->ciphertext);
    ASSERT_TRUE(secret.ok());
    EXPECT_TRUE(Equal(secret->view(), made->secret.view()));
    EXPECT_EQ(RvOf(KyberDecapsulate(*key, Bytes(row.ciphertext - 1))), CKR_MECHANISM_PARAM_INVALID);
  }
}

TEST(LatticeTest, OneSchemeHasNothingToDoWithTheOther) {
  EXPECT_EQ(RvOf(PKey::GenerateKyber(kKyber512)), CKR_IBM_PQC_PARAMS_NOT_SUPPORTED);
  EXPECT_EQ(RvOf(PKey::GenerateKyber(kSizes[0].oid)), CKR_IBM_PQC_PARAMS_NOT_SUPPORTED);
  EXPECT_EQ(RvOf(PKey::GenerateDilithium(kKyber768)), CKR_IBM_PQC_PARAMS_NOT_SUPPORTED);
  const Result<PKey> kyber = PKey::GenerateKyber(kKyber768);
  const Result<PKey> dilithium = PKey::GenerateDilithium(kSizes[2].oid);
  ASSERT_TRUE(kyber.ok() && dilithium.ok());
  EXPECT_EQ(RvOf(DilithiumSign(*kyber, {})), CKR_KEY_TYPE_INCONSISTENT);
  EXPECT_EQ(RvOf(DilithiumVerify(*kyber, {}, Bytes(2420))), CKR_KEY_TYPE_INCONSISTENT);
  EXPECT_EQ(RvOf(KyberEncapsulate(*dilithium)), CKR_KEY_TYPE_INCONSISTENT);
  EXPECT_EQ(RvOf(KyberDecapsulate(*dilithium, Bytes(1088))), CKR_KEY_TYPE_INCONSISTENT);
  const Result<PKey> half = PKey::FromSpki(kyber->Spki());
  ASSERT_TRUE(half.ok());
  EXPECT_EQ(RvOf(KyberDecapsulate(*half, Bytes(1088))), CKR_KEY_TYPE_INCONSISTENT);
}

}  // namespace
}  // namespace gw::emulator
