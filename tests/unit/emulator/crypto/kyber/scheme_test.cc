// Room: tests. Mirrors emulator/crypto/kyber/scheme.h: what the known-answer tests do not show.
#include "emulator/crypto/kyber/scheme.h"

#include <gtest/gtest.h>

#include "emulator/crypto/lattice/shake.h"
#include "tests/unit/emulator/crypto/kyber/vectors.h"

namespace gw::emulator::kyber {
namespace {

class KyberSchemeTest : public testing::TestWithParam<const char*> {
 protected:
  const StrengthRow& row_ = StrengthNamed(GetParam());
  const PrivateKey key_ = PrivateKey::FromSeed(row_, SampleBytes(64, 1));
};

INSTANTIATE_TEST_SUITE_P(All, KyberSchemeTest, testing::ValuesIn(kStrengths),
                         [](const auto& strength) { return std::string(strength.param); });

TEST_P(KyberSchemeTest, BothSidesShareASecretThatIsAnotherEachTime) {
  const PrivateKey key = PrivateKey::Generate(row_);
  const Encapsulated first = Encapsulate(key.public_key());
  const Encapsulated second = Encapsulate(key.public_key());
  EXPECT_EQ(first.ciphertext.size(), row_.ciphertext_bytes());
  EXPECT_EQ(first.secret.size(), kSecretBytes);
  EXPECT_NE(HexOf(first.secret.view()), HexOf(second.secret.view()));
  EXPECT_NE(first.ciphertext, second.ciphertext);
  for (const Encapsulated* made : {&first, &second}) {
    const Result<SecretBytes> secret = Decapsulate(key, made->ciphertext);
    ASSERT_TRUE(secret.ok());
    EXPECT_EQ(HexOf(secret->view()), HexOf(made->secret.view()));
  }
}

// What the specification says of a ciphertext that does not come again from its message:
// SHAKE-256(z || SHA3-256(ciphertext)).
Bytes RejectedSecret(ByteView z, ByteView ciphertext) {
  return CopyOf(lattice::Shake256({z, lattice::Sha3_256({ciphertext})}, kSecretBytes));
}

TEST_P(KyberSchemeTest, EveryOtherCiphertextGivesTheSecretOfRejection) {
  const Encapsulated made = EncapsulateFrom(key_.public_key(), SampleBytes(32, 2));
  const ByteView z = key_.raw().last(32);
  const std::size_t last = made.ciphertext.size() - 1;
  for (const std::size_t at :
       {std::size_t{0}, std::size_t{1}, row_.u_bytes() - 1, row_.u_bytes(), last}) {
    for (const int bit : {0x01, 0x80}) {
      Bytes changed = made.ciphertext;
      changed[at] = static_cast<Byte>(changed[at] ^ bit);
      const Result<SecretBytes> secret = Decapsulate(key_, changed);
      ASSERT_TRUE(secret.ok());
      EXPECT_EQ(HexOf(secret->view()), HexOf(RejectedSecret(z, changed))) << at;
    }
  }
  const Bytes noise = SampleBytes(made.ciphertext.size(), 3);
  EXPECT_EQ(HexOf(Decapsulate(key_, noise)->view()), HexOf(RejectedSecret(z, noise)));
}

TEST_P(KyberSchemeTest, AnotherKeyTakesAnotherSecretOut) {
  const PrivateKey other = PrivateKey::FromSeed(row_, SampleBytes(64, 4));
  const Encapsulated made = EncapsulateFrom(key_.public_key(), SampleBytes(32, 2));
  EXPECT_EQ(HexOf(Decapsulate(other, made.ciphertext)->view()),
            HexOf(RejectedSecret(other.raw().last(32), made.ciphertext)));
}

TEST_P(KyberSchemeTest, CiphertextsOfAnotherLengthAreRefused) {
  Bytes ciphertext = Encapsulate(key_.public_key()).ciphertext;
  EXPECT_EQ(RvOf(Decapsulate(key_, {})), CKR_MECHANISM_PARAM_INVALID);
  EXPECT_EQ(RvOf(Decapsulate(key_, ByteView(ciphertext).subspan(1))), CKR_MECHANISM_PARAM_INVALID);
  ciphertext.push_back(0);
  EXPECT_EQ(RvOf(Decapsulate(key_, ciphertext)), CKR_MECHANISM_PARAM_INVALID);
}

}  // namespace
}  // namespace gw::emulator::kyber
