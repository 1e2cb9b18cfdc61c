// Room: tests. Mirrors emulator/crypto/kyber/{strength,encoding}.h and the parsing of key.h: IBM's
// encodings of a known key pair, and what is not one.
#include "emulator/crypto/kyber/encoding.h"

#include <gtest/gtest.h>

#include "emulator/crypto/kyber/scheme.h"
#include "emulator/crypto/lattice/der.h"
#include "tests/unit/emulator/crypto/kyber/vectors.h"
#include "tests/unit/emulator/support/vectors.h"

namespace gw::emulator::kyber {
namespace {

// All but the last two: EP11's list of post-quantum strengths.
struct Sizes {
  const char* strength;
  const char* oid_der;
  std::size_t public_key;
  std::size_t private_key;
  std::size_t ciphertext;
  std::size_t spki;
  std::size_t pkcs8;  // without the 64 digits of opencryptoki's keys
};
constexpr Sizes kSizes[] = {
    {"768", "060b2b0601040102820b050303", 1184, 2400, 1088, 1219, 3697 - 64},
    {"1024", "060b2b0601040102820b050404", 1568, 3168, 1568, 1603, 4849 - 64},
};

TEST(KyberEncodingTest, NamesAndSizesAreThoseOfEp11) {
  for (const Sizes& sizes : kSizes) {
    SCOPED_TRACE(sizes.strength);
    const StrengthRow* row = FindStrength(OctetsOfHex(sizes.oid_der));
    ASSERT_EQ(row, &StrengthNamed(sizes.strength));
    EXPECT_EQ(row->public_key_bytes(), sizes.public_key);
    EXPECT_EQ(row->private_key_bytes(), sizes.private_key);
    EXPECT_EQ(row->ciphertext_bytes(), sizes.ciphertext);
    const PrivateKey key = PrivateKey::Generate(*row);
    EXPECT_EQ(key.public_key().Spki().size(), sizes.spki);
    EXPECT_EQ(key.Pkcs8().size(), sizes.pkcs8);
  }
  EXPECT_EQ(FindStrength(OctetsOfHex("06092b0601040102820b05")), nullptr);  // 512
}

TEST(KyberEncodingTest, AKnownKeyPairHasIbmsEncodings) {
  std::size_t checked = 0;
  for (const Vector& vector :
       Vector::Load("dilithium/ibm-pqc-key-encodings.json").List("vectors")) {
    const std::string set = vector.Text("set");
    if (!set.starts_with("kyber-r2-")) continue;
    const KatRecord record = LoadKat(set.substr(9)).at(vector.Number("count"));
    const Bytes spki = vector.Octets("spki");
    const Bytes pkcs8 = vector.Octets("pkcs8");
    const Result<PublicKey> public_key = PublicKey::FromSpki(spki);
    const Result<PrivateKey> private_key = PrivateKey::FromPkcs8(pkcs8);
    ASSERT_TRUE(public_key.ok() && private_key.ok());
    EXPECT_EQ(HexOf(public_key->raw()), HexOf(record.public_key));
    EXPECT_EQ(HexOf(public_key->Spki()), HexOf(spki));
    EXPECT_EQ(HexOf(private_key->raw()), HexOf(record.private_key));
    EXPECT_EQ(HexOf(Decapsulate(*private_key, record.ciphertext)->view()), HexOf(record.secret));
    ++checked;
  }
  EXPECT_EQ(checked, 1U);
}

TEST(KyberEncodingTest, EveryStrengthComesBackFromItsEncodings) {
  for (const StrengthRow& row : StrengthTable()) {
    const PrivateKey key = PrivateKey::Generate(row);
    const Bytes spki = key.public_key().Spki();
    const SecretBytes pkcs8 = key.Pkcs8();
    EXPECT_TRUE(IsKyberSpki(spki) && IsKyberPkcs8(pkcs8.view()));
    EXPECT_FALSE(IsKyberSpki(pkcs8.view()) || IsKyberPkcs8(spki));
    const Result<PublicKey> public_key = PublicKey::FromSpki(spki);
    const Result<PrivateKey> private_key = PrivateKey::FromPkcs8(pkcs8.view());
    ASSERT_TRUE(public_key.ok() && private_key.ok()) << row.name;
    EXPECT_TRUE(Equal(public_key->raw(), key.public_key().raw()));
    EXPECT_TRUE(Equal(private_key->raw(), key.raw()));
  }
}

class KyberBadEncodingTest : public testing::Test {
 protected:
  // With this public half, or without one.
  Bytes Pkcs8With(std::optional<Bytes> public_half) const {
    using lattice::WipedBytes;
    const Bytes version = OctetsOfHex("020100");
    const WipedBytes algorithm =
        lattice::DerElement(lattice::kDerSequence, {row_.oid_der, OctetsOfHex("0500")});
    WipedBytes half;
    if (public_half) {
      half = lattice::DerElement(lattice::kDerContext0, {lattice::DerBits(*public_half)});
    }
    const WipedBytes key =
        lattice::DerElement(lattice::kDerSequence, {version, lattice::DerBits(key_.raw()), half});
    return CopyOf(lattice::DerElement(
        lattice::kDerSequence,
        {version, algorithm, lattice::DerElement(lattice::kDerOctetString, {key})}));
  }

  const StrengthRow& row_ = StrengthNamed("768");
  const PrivateKey key_ = PrivateKey::FromSeed(row_, SampleBytes(64, 1));
  const Bytes spki_ = key_.public_key().Spki();
  const Bytes pkcs8_ = CopyOf(key_.Pkcs8().view());
};

TEST_F(KyberBadEncodingTest, NothingShorterOrLongerIsAKey) {
  for (std::size_t size = 0; size < spki_.size(); ++size) {
    EXPECT_EQ(RvOf(DecodeSpki(ByteView(spki_).first(size))), CKR_PUBLIC_KEY_INVALID) << size;
  }
  for (std::size_t size = 0; size < pkcs8_.size(); ++size) {
    EXPECT_EQ(RvOf(DecodePkcs8(ByteView(pkcs8_).first(size))), CKR_WRAPPED_KEY_INVALID) << size;
  }
  Bytes longer = spki_;
  longer.push_back(0);
  EXPECT_EQ(RvOf(DecodeSpki(longer)), CKR_PUBLIC_KEY_INVALID);
  longer = pkcs8_;
  longer.push_back(0);
  EXPECT_EQ(RvOf(DecodePkcs8(longer)), CKR_WRAPPED_KEY_INVALID);
}

// Whatever is accepted is the one encoding of what was read.
TEST_F(KyberBadEncodingTest, AKeyHasOneEncodingOnly) {
  for (std::size_t bit = 0; bit < 8 * spki_.size(); ++bit) {
    Bytes changed = spki_;
    changed[bit / 8] = static_cast<Byte>(changed[bit / 8] ^ 1 << (bit % 8));
    const Result<DecodedPublicKey> decoded = DecodeSpki(changed);
    if (!decoded) continue;
    EXPECT_EQ(EncodeSpki(*decoded->row, decoded->raw), changed) << bit;
  }
  for (std::size_t bit = 0; bit < 8 * pkcs8_.size(); bit += bit < 800 ? 1 : 13) {
    Bytes changed = pkcs8_;
    changed[bit / 8] = static_cast<Byte>(changed[bit / 8] ^ 1 << (bit % 8));
    const Result<DecodedPrivateKey> decoded = DecodePkcs8(changed);
    if (!decoded) continue;
    ASSERT_TRUE(decoded->public_key.has_value());
    const SecretBytes again = EncodePkcs8(*decoded->row, decoded->raw.view(), *decoded->public_key);
    EXPECT_TRUE(Equal(again.view(), changed)) << bit;
  }
}

TEST_F(KyberBadEncodingTest, OtherStrengthsAreAnotherErrorAndStillKyber) {
  Bytes spki = spki_;
  Bytes pkcs8 = pkcs8_;
  spki[4 + 2 + 12] = 2;       // last arc of the OID: outer header, inner header
  pkcs8[4 + 3 + 2 + 12] = 2;  // and the version before it
  EXPECT_TRUE(IsKyberSpki(spki) && IsKyberPkcs8(pkcs8));
  EXPECT_EQ(RvOf(PublicKey::FromSpki(spki)), CKR_IBM_PQC_PARAMS_NOT_SUPPORTED);
  EXPECT_EQ(RvOf(PrivateKey::FromPkcs8(pkcs8)), CKR_IBM_PQC_PARAMS_NOT_SUPPORTED);
  spki[4 + 2 + 10] = 1;  // Dilithium's family
  EXPECT_FALSE(IsKyberSpki(spki));
}

TEST_F(KyberBadEncodingTest, FieldsOfAnotherStrengthAreRefused) {
  const StrengthRow& other = StrengthNamed("1024");
  Bytes spki = spki_;
  Bytes pkcs8 = pkcs8_;
  std::ranges::copy(other.oid_der, spki.begin() + 6);
  std::ranges::copy(other.oid_der, pkcs8.begin() + 9);
  EXPECT_EQ(RvOf(PublicKey::FromSpki(spki)), CKR_PUBLIC_KEY_INVALID);
  EXPECT_EQ(RvOf(PrivateKey::FromPkcs8(pkcs8)), CKR_WRAPPED_KEY_INVALID);
}

TEST_F(KyberBadEncodingTest, ThePublicHalfMayBeMissingOrFilledUpButNotBeAnother) {
  const Bytes half = CopyOf(key_.public_key().raw());
  const auto filled = [&half](std::size_t size, Byte octet) {
    Bytes longer = half;
    longer.resize(half.size() + size, octet);
    return longer;
  };
  EXPECT_EQ(Pkcs8With(half), pkcs8_);
  for (const Bytes& good : {Pkcs8With(std::nullopt), Pkcs8With(filled(64, '0'))}) {
    const Result<PrivateKey> read = PrivateKey::FromPkcs8(good);
    ASSERT_TRUE(read.ok());
    EXPECT_TRUE(Equal(read->Pkcs8().view(), pkcs8_));
  }
  Bytes other = half;
  other[100] ^= 1;
  for (const Bytes& bad : {other, filled(63, '0'), filled(65, '0'), filled(64, 0), Bytes()}) {
    EXPECT_EQ(RvOf(PrivateKey::FromPkcs8(Pkcs8With(bad))), CKR_WRAPPED_KEY_INVALID);
  }
}

TEST_F(KyberBadEncodingTest, RawKeysOfAnotherLengthAreRefused) {
  const ByteView raw_public = key_.public_key().raw();
  EXPECT_EQ(RvOf(PublicKey::FromRaw(row_, {})), CKR_PUBLIC_KEY_INVALID);
  EXPECT_EQ(RvOf(PublicKey::FromRaw(row_, raw_public.subspan(1))), CKR_PUBLIC_KEY_INVALID);
  EXPECT_EQ(RvOf(PrivateKey::FromRaw(row_, {})), CKR_WRAPPED_KEY_INVALID);
  EXPECT_EQ(RvOf(PrivateKey::FromRaw(row_, key_.raw().subspan(1))), CKR_WRAPPED_KEY_INVALID);
}

TEST_F(KyberBadEncodingTest, CoefficientsThatAreNotBelowQAreRefused) {
  Bytes raw = CopyOf(key_.public_key().raw());
  raw[0] = 0xff;
  raw[1] |= 0x0f;
  EXPECT_EQ(RvOf(PublicKey::FromRaw(row_, raw)), CKR_PUBLIC_KEY_INVALID);
  raw = CopyOf(key_.raw());
  raw[0] = 0xff;
  raw[1] |= 0x0f;
  EXPECT_EQ(RvOf(PrivateKey::FromRaw(row_, raw)), CKR_WRAPPED_KEY_INVALID);
}

// s, t, rho and the hash hang together; z stands alone.
TEST_F(KyberBadEncodingTest, PrivateKeysWhosePartsDoNotFitAreRefused) {
  const std::size_t size = row_.private_key_bytes();
  for (std::size_t at = 0; at < size; at += at < size - 64 ? 53 : 5) {
    Bytes raw = CopyOf(key_.raw());
    raw[at] ^= 0x10;
    EXPECT_EQ(RvOf(PrivateKey::FromRaw(row_, raw)),
              at >= size - kRejectBytes ? CKR_OK : CKR_WRAPPED_KEY_INVALID)
        << at;
  }
}

// The hash fits the public key, but the secret is that of another pair.
TEST_F(KyberBadEncodingTest, ASecretOfAnotherKeyIsRefused) {
  const PrivateKey other = PrivateKey::FromSeed(row_, SampleBytes(64, 9));
  Bytes raw = CopyOf(other.raw().first(row_.vector_bytes()));
  Append(raw, key_.raw().subspan(row_.vector_bytes()));
  EXPECT_EQ(RvOf(PrivateKey::FromRaw(row_, raw)), CKR_WRAPPED_KEY_INVALID);
}

}  // namespace
}  // namespace gw::emulator::kyber
