// Room: tests. Mirrors emulator/crypto/dilithium/encoding.h and the parsing of key.h: IBM's
// encodings of known key pairs, and what is not one.
#include "emulator/crypto/dilithium/encoding.h"

#include <gtest/gtest.h>

#include "emulator/crypto/dilithium/scheme.h"
#include "emulator/crypto/lattice/der.h"
#include "tests/unit/emulator/crypto/dilithium_vectors.h"
#include "tests/unit/localcrypto/hex.h"

namespace gw::emulator::dilithium {
namespace {

using Json = nlohmann::json;
using lattice::DerBits;
using lattice::DerElement;
using lattice::kDerOctetString;
using lattice::kDerSequence;
using lattice::WipedBytes;

template <typename T>
CK_RV RvOf(const Result<T>& result) {
  return result ? CKR_OK : result.error().rv;
}

// The length of the encoding is not the vector's affair alone: EP11 lists it.
struct Lengths {
  const char* strength;
  std::size_t spki;
  std::size_t pkcs8;
};
constexpr Lengths kLengths[] = {
    {"round 2 (6,5)", 1798, 5652}, {"round 2 (8,7)", 2374, 7508}, {"round 3 (4,4)", 1350, 3876},
    {"round 3 (6,5)", 1990, 5988}, {"round 3 (8,7)", 2630, 7492},
};

TEST(DilithiumEncodingTest, TheLengthsAreThoseOfEp11) {
  for (const Lengths& lengths : kLengths) {
    const PrivateKey key = PrivateKey::Generate(StrengthNamed(lengths.strength));
    EXPECT_EQ(key.public_key().Spki().size(), lengths.spki) << lengths.strength;
    EXPECT_EQ(key.Pkcs8().size(), lengths.pkcs8) << lengths.strength;
  }
}

TEST(DilithiumEncodingTest, KnownKeyPairsHaveIbmsEncodings) {
  std::size_t checked = 0;
  const Json vectors = LoadJson("ibm-pqc-key-encodings.json").at("vectors");
  for (const Json& vector : vectors) {
    const std::string set = vector.at("set");
    if (!set.starts_with("dilithium")) continue;
    SCOPED_TRACE(set);
    const KatRecord record = LoadRecord(set, vector.at("count"));
    const Bytes spki = BytesAt(vector, "spki");
    const Bytes pkcs8 = BytesAt(vector, "pkcs8");
    ASSERT_EQ(spki.size(), vector.at("spki_len"));
    ASSERT_EQ(pkcs8.size(), vector.at("pkcs8_len"));
    const Result<PublicKey> public_key = PublicKey::FromSpki(spki);
    const Result<PrivateKey> private_key = PrivateKey::FromPkcs8(pkcs8);
    ASSERT_TRUE(public_key.ok() && private_key.ok());
    EXPECT_EQ(&public_key->strength(), &StrengthOfSet(set));
    EXPECT_EQ(HexOf(public_key->raw()), HexOf(record.public_key));
    EXPECT_EQ(HexOf(private_key->raw()), HexOf(record.private_key));
    EXPECT_EQ(HexOf(public_key->Spki()), HexOf(spki));
    EXPECT_EQ(HexOf(private_key->Pkcs8().view()), HexOf(pkcs8));
    EXPECT_EQ(HexOf(Sign(*private_key, record.message)), HexOf(record.signature));
    ++checked;
  }
  EXPECT_EQ(checked, 4U);
}

TEST(DilithiumEncodingTest, EveryStrengthComesBackFromItsEncodings) {
  for (const StrengthRow& row : StrengthTable()) {
    const PrivateKey key = PrivateKey::Generate(row);
    const Result<PublicKey> public_key = PublicKey::FromSpki(key.public_key().Spki());
    const Result<PrivateKey> private_key = PrivateKey::FromPkcs8(key.Pkcs8().view());
    ASSERT_TRUE(public_key.ok() && private_key.ok()) << row.name;
    EXPECT_TRUE(Equal(public_key->raw(), key.public_key().raw()));
    EXPECT_TRUE(Equal(private_key->raw(), key.raw()));
  }
}

class BadEncodingTest : public testing::Test {
 protected:
  const StrengthRow& row_ = StrengthNamed("round 2 (6,5)");
  const PrivateKey key_ = PrivateKey::FromSeed(row_, Bytes(row_.round.seed_bytes, 9));
  const Bytes spki_ = key_.public_key().Spki();
  const Bytes pkcs8_ = CopyOf(key_.Pkcs8().view());
};

TEST_F(BadEncodingTest, NothingShorterOrLongerIsAKey) {
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
TEST_F(BadEncodingTest, AKeyHasOneEncodingOnly) {
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
    ASSERT_TRUE(decoded->t1.has_value());
    const SecretBytes encoded = EncodePkcs8(*decoded->row, decoded->raw.view(), *decoded->t1);
    EXPECT_TRUE(Equal(encoded.view(), changed)) << bit;
  }
}

TEST_F(BadEncodingTest, OtherOidsAreAnotherError) {
  Bytes spki = spki_;
  Bytes pkcs8 = pkcs8_;
  spki[4 + 2 + 12] = 4;       // last arc of the OID: outer header, inner header
  pkcs8[4 + 3 + 2 + 12] = 4;  // and the version before it
  EXPECT_EQ(RvOf(PublicKey::FromSpki(spki)), CKR_IBM_PQC_PARAMS_NOT_SUPPORTED);
  EXPECT_EQ(RvOf(PrivateKey::FromPkcs8(pkcs8)), CKR_IBM_PQC_PARAMS_NOT_SUPPORTED);
}

TEST_F(BadEncodingTest, FieldsOfAnotherStrengthAreRefused) {
  const auto with_oid = [](Bytes der, std::size_t at, const StrengthRow& row) {
    std::ranges::copy(row.oid_der, der.begin() + static_cast<std::ptrdiff_t>(at));
    return der;
  };
  for (const StrengthRow& other : StrengthTable()) {
    if (&other == &row_) continue;
    EXPECT_EQ(RvOf(PublicKey::FromSpki(with_oid(spki_, 6, other))), CKR_PUBLIC_KEY_INVALID);
    EXPECT_EQ(RvOf(PrivateKey::FromPkcs8(with_oid(pkcs8_, 9, other))), CKR_WRAPPED_KEY_INVALID);
  }
}

TEST_F(BadEncodingTest, ThePublicHalfMayBeMissingButNotBeAnother) {
  const ByteView t1 = key_.public_key().raw().subspan(kRhoBytes);
  Bytes other = CopyOf(t1);
  other[100] ^= 1;
  const SecretBytes forged = EncodePkcs8(row_, key_.raw(), other);
  EXPECT_EQ(RvOf(PrivateKey::FromPkcs8(forged.view())), CKR_WRAPPED_KEY_INVALID);

  const WipedBytes algorithm = DerElement(kDerSequence, {row_.oid_der, FromHex("0500")});
  const Bytes version = FromHex("020100");
  WipedBytes fields(version.begin(), version.end());
  ByteView raw = key_.raw();
  for (const std::size_t size : {std::size_t{32}, std::size_t{32}, std::size_t{48}, row_.s1_bytes(),
                                 row_.s2_bytes(), row_.t0_bytes()}) {
    const WipedBytes field = DerBits(raw.first(size));
    fields.insert(fields.end(), field.begin(), field.end());
    raw = raw.subspan(size);
  }
  const WipedBytes bare = DerElement(
      kDerSequence,
      {version, algorithm, DerElement(kDerOctetString, {DerElement(kDerSequence, {fields})})});
  const Result<PrivateKey> read = PrivateKey::FromPkcs8(bare);
  ASSERT_TRUE(read.ok());
  EXPECT_TRUE(Equal(read->raw(), key_.raw()));
  EXPECT_TRUE(Equal(read->Pkcs8().view(), pkcs8_));
}

TEST_F(BadEncodingTest, RawKeysOfAnotherLengthAreRefused) {
  const Bytes raw_public = CopyOf(key_.public_key().raw());
  const Bytes raw_private = CopyOf(key_.raw());
  EXPECT_EQ(RvOf(PublicKey::FromRaw(row_, {})), CKR_PUBLIC_KEY_INVALID);
  EXPECT_EQ(RvOf(PublicKey::FromRaw(row_, ByteView(raw_public).subspan(1))),
            CKR_PUBLIC_KEY_INVALID);
  EXPECT_EQ(RvOf(PrivateKey::FromRaw(row_, {})), CKR_WRAPPED_KEY_INVALID);
  EXPECT_EQ(RvOf(PrivateKey::FromRaw(row_, ByteView(raw_private).subspan(1))),
            CKR_WRAPPED_KEY_INVALID);
}

// rho, tr, s1, s2 and t0 hang together; the seed of signing stands alone.
TEST_F(BadEncodingTest, PrivateKeysWhosePartsDoNotFitAreRefused) {
  const std::size_t size = row_.private_key_bytes();
  for (std::size_t at = 0; at < size; at += at < 112 ? 5 : 53) {
    Bytes raw = CopyOf(key_.raw());
    raw[at] ^= 0x10;
    const bool is_key = at >= kRhoBytes && at < kRhoBytes + kKeyBytes;
    EXPECT_EQ(RvOf(PrivateKey::FromRaw(row_, raw)), is_key ? CKR_OK : CKR_WRAPPED_KEY_INVALID)
        << at;
  }
}

TEST_F(BadEncodingTest, SecretsOutOfRangeAreRefused) {
  Bytes raw = CopyOf(key_.raw());
  raw[112] |= 7;  // eta 3: seven values, this is the eighth
  EXPECT_EQ(RvOf(PrivateKey::FromRaw(row_, raw)), CKR_WRAPPED_KEY_INVALID);
}

}  // namespace
}  // namespace gw::emulator::dilithium
