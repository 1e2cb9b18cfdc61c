// Tests for PublicKey::Verify and PublicKey::Encrypt (daemon/localcrypto/public_key.h).
#include <gtest/gtest.h>

#include <thread>

#include "daemon/localcrypto/digest.h"
#include "daemon/localcrypto/public_key.h"
#include "tests/unit/localcrypto/ecdsa_vectors.h"
#include "tests/unit/localcrypto/keys.h"
#include "tests/unit/localcrypto/rsa_vectors.h"

namespace gw {
namespace {

using KeyPtr = std::shared_ptr<const PublicKey>;

template <typename T>
CK_RV RvOf(const Result<T>& result) {
  return result.ok() ? CKR_OK : result.error().rv;
}

KeyPtr ParseOrNull(ByteView spki) {
  auto key = PublicKey::Parse(spki);
  return key.ok() ? *key : nullptr;
}

Mechanism Raw(CK_MECHANISM_TYPE type) {
  Mechanism mechanism;
  mechanism.type = type;
  return mechanism;
}

struct MaskRow {
  Hash hash;
  CK_ULONG mgf;
};
constexpr MaskRow kMasks[] = {{Hash::kSha1, CKG_MGF1_SHA1},
                              {Hash::kSha224, CKG_MGF1_SHA224},
                              {Hash::kSha256, CKG_MGF1_SHA256},
                              {Hash::kSha384, CKG_MGF1_SHA384},
                              {Hash::kSha512, CKG_MGF1_SHA512}};

CK_ULONG MaskOf(Hash hash) { return std::ranges::find(kMasks, hash, &MaskRow::hash)->mgf; }

Mechanism Pss(Hash hash, CK_ULONG mgf, CK_ULONG salt_bytes) {
  Mechanism mechanism = Raw(CKM_RSA_PKCS_PSS);
  mechanism.parameter = PssParameter{MechanismOfHash(hash), mgf, salt_bytes};
  return mechanism;
}

Mechanism Oaep(Hash hash, CK_ULONG mgf, Bytes label = {}) {
  Mechanism mechanism = Raw(CKM_RSA_PKCS_OAEP);
  mechanism.parameter =
      OaepParameter{MechanismOfHash(hash), mgf, CKZ_DATA_SPECIFIED, std::move(label)};
  return mechanism;
}

// --- ECDSA ---

TEST(EcdsaVerifyTest, PublishedVectors) {
  for (const EcdsaVector& row : kEcdsaVectors) {
    const auto spki = SpkiFromEc(ViewOf(row.curve), UncompressedPoint(row.x, row.y));
    if (!spki.ok()) {
      EXPECT_FALSE(row.good) << row.curve << row.result;
      continue;
    }
    const KeyPtr key = ParseOrNull(*spki);
    Bytes signature = FromHex(row.r);
    Append(signature, FromHex(row.s));
    const Bytes digest = HashOf(row.hash, FromHex(row.message));
    EXPECT_EQ(RvOf(key->Verify(Raw(CKM_ECDSA), digest, signature)),
              row.good ? CKR_OK : CKR_SIGNATURE_INVALID)
        << row.curve << " " << row.result;
  }
}

struct EcdsaCase {
  KeyPtr key;
  Bytes digest;
  Bytes signature;
};

EcdsaCase GoodP256() {
  for (const EcdsaVector& row : kEcdsaVectors) {
    if (row.curve != "P-256" || !row.good) continue;
    EcdsaCase made;
    made.key = ParseOrNull(*SpkiFromEc(ViewOf(row.curve), UncompressedPoint(row.x, row.y)));
    made.digest = HashOf(row.hash, FromHex(row.message));
    made.signature = FromHex(row.r);
    Append(made.signature, FromHex(row.s));
    return made;
  }
  return {};
}

CK_RV VerifyRv(const EcdsaCase& given) {
  return RvOf(given.key->Verify(Raw(CKM_ECDSA), given.digest, given.signature));
}

// Order of P-256, FIPS 186-4 D.1.2.3.
constexpr std::string_view kP256Order =
    "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";

// a - b, big-endian, equal lengths, a >= b.
Bytes Minus(Bytes a, ByteView b) {
  int borrow = 0;
  for (std::size_t i = a.size(); i-- > 0;) {
    const int digit = a[i] - b[i] - borrow;
    borrow = digit < 0 ? 1 : 0;
    a[i] = static_cast<Byte>(digit & 0xff);
  }
  return a;
}

TEST(EcdsaVerifyTest, ZeroAndOrderAreNoSignatures) {
  const EcdsaCase good = GoodP256();
  ASSERT_EQ(VerifyRv(good), CKR_OK);
  const Bytes order = FromHex(kP256Order);
  const Bytes zero(32);
  Bytes one(32);
  one.back() = 1;
  for (const Bytes& value : {zero, order, Bytes(32, 0xff)}) {
    for (const std::size_t at : {0u, 32u}) {
      EcdsaCase bad = good;
      std::ranges::copy(value, bad.signature.begin() + static_cast<std::ptrdiff_t>(at));
      EXPECT_EQ(VerifyRv(bad), CKR_SIGNATURE_INVALID) << HexOf(value) << at;
    }
  }
  EcdsaCase ones = good;
  std::ranges::copy(one, ones.signature.begin());
  std::ranges::copy(one, ones.signature.begin() + 32);
  EXPECT_EQ(VerifyRv(ones), CKR_SIGNATURE_INVALID);
}

// (r, n - s) satisfies the equation as (r, s) does; the HSM does not ask for the smaller one.
TEST(EcdsaVerifyTest, NegatedSIsAccepted) {
  EcdsaCase negated = GoodP256();
  const Bytes s = Minus(FromHex(kP256Order), ByteView(negated.signature).last(32));
  std::ranges::copy(s, negated.signature.begin() + 32);
  EXPECT_EQ(VerifyRv(negated), CKR_OK);
}

TEST(EcdsaVerifyTest, EveryOtherLengthIsOutOfRange) {
  EcdsaCase given = GoodP256();
  const Bytes signature = given.signature;
  for (std::size_t size = 0; size < 2 * signature.size(); ++size) {
    if (size == signature.size()) continue;
    given.signature = signature;
    given.signature.resize(size);
    EXPECT_EQ(VerifyRv(given), CKR_SIGNATURE_LEN_RANGE) << size;
  }
}

// The DER form of X9.62 is not what CKM_ECDSA has, PKCS #11 v2.40 2.3.1.
TEST(EcdsaVerifyTest, DerIsRefused) {
  EcdsaCase given = GoodP256();
  Bytes der = FromHex("30450220");
  Append(der, ByteView(given.signature).first(32));
  Append(der, FromHex("022100"));
  Append(der, ByteView(given.signature).last(32));
  given.signature = der;
  EXPECT_EQ(VerifyRv(given), CKR_SIGNATURE_LEN_RANGE);
}

TEST(EcdsaVerifyTest, SwappedHalvesAndOtherDigestsAreInvalid) {
  const EcdsaCase good = GoodP256();
  EcdsaCase swapped = good;
  std::rotate(swapped.signature.begin(), swapped.signature.begin() + 32, swapped.signature.end());
  EXPECT_EQ(VerifyRv(swapped), CKR_SIGNATURE_INVALID);
  EcdsaCase other = good;
  other.digest[0] ^= 1;
  EXPECT_EQ(VerifyRv(other), CKR_SIGNATURE_INVALID);
  EcdsaCase shorter = good;
  shorter.digest.pop_back();
  EXPECT_EQ(VerifyRv(shorter), CKR_SIGNATURE_INVALID);
}

// PKCS #11 v2.40 2.3.6: longer input counts with its leading bits only.
TEST(EcdsaVerifyTest, LongInputIsTruncated) {
  for (const EcdsaVector& row : kEcdsaVectors) {
    if (row.curve != "secp256k1" || row.hash != Hash::kSha512) continue;
    const KeyPtr key = ParseOrNull(*SpkiFromEc(ViewOf(row.curve), UncompressedPoint(row.x, row.y)));
    Bytes signature = FromHex(row.r);
    Append(signature, FromHex(row.s));
    Bytes digest = HashOf(row.hash, FromHex(row.message));
    ASSERT_EQ(digest.size(), 64u);
    EXPECT_EQ(RvOf(key->Verify(Raw(CKM_ECDSA), digest, signature)), CKR_OK);
    EXPECT_EQ(RvOf(key->Verify(Raw(CKM_ECDSA), ByteView(digest).first(32), signature)), CKR_OK);
    digest[40] ^= 1;
    EXPECT_EQ(RvOf(key->Verify(Raw(CKM_ECDSA), digest, signature)), CKR_OK);
    digest[31] ^= 1;
    EXPECT_EQ(RvOf(key->Verify(Raw(CKM_ECDSA), digest, signature)), CKR_SIGNATURE_INVALID);
  }
}

TEST(EcdsaVerifyTest, NothingToVerifyIsOutOfRange) {
  EcdsaCase given = GoodP256();
  given.digest.clear();
  EXPECT_EQ(VerifyRv(given), CKR_DATA_LEN_RANGE);
}

// --- RSA, PKCS #1 v1.5 ---

TEST(RsaPkcsVerifyTest, PublishedVectors) {
  for (const RsaVector& row : kRsaPkcsVectors) {
    const KeyPtr key = ParseOrNull(*SpkiFromRsa(FromHex(row.modulus), FromHex(row.exponent)));
    const Bytes info = DigestInfo(row.hash, HashOf(row.hash, FromHex(row.message)));
    EXPECT_EQ(RvOf(key->Verify(Raw(CKM_RSA_PKCS), info, FromHex(row.signature))),
              row.good ? CKR_OK : CKR_SIGNATURE_INVALID)
        << row.result;
  }
}

Bytes Block(std::size_t size, ByteView data) {
  Bytes block(size, 0xff);
  block[0] = 0;
  block[1] = 1;
  block[size - data.size() - 1] = 0;
  std::ranges::copy(data, block.end() - static_cast<std::ptrdiff_t>(data.size()));
  return block;
}

CK_RV VerifyBlock(ByteView block, ByteView data) {
  static const KeyPtr key = ParseOrNull(Rsa2048().Spki());
  return RvOf(key->Verify(Raw(CKM_RSA_PKCS), data, Rsa2048().Raw(block)));
}

TEST(RsaPkcsVerifyTest, AnyDataUpToTheLimitIsAccepted) {
  for (const std::size_t size : {0u, 1u, 20u, 51u, 244u, 245u}) {
    const Bytes data(size, 0x5c);
    EXPECT_EQ(VerifyBlock(Block(256, data), data), CKR_OK) << size;
  }
  EXPECT_EQ(VerifyBlock(Block(256, {}), Bytes(246)), CKR_DATA_LEN_RANGE);
}

// Forgeries that lenient parsers of the block accept (Bleichenbacher 2006 and later variants).
TEST(RsaPkcsVerifyTest, SpoiltBlocksAreInvalid) {
  const Bytes info = DigestInfo(Hash::kSha256, HashOf(Hash::kSha256, ViewOf("message")));
  ASSERT_EQ(VerifyBlock(Block(256, info), info), CKR_OK);

  Bytes garbage_after = Bytes{0, 1};
  garbage_after.resize(10, 0xff);
  garbage_after.push_back(0);
  Append(garbage_after, info);
  garbage_after.resize(256, 0x5a);
  EXPECT_EQ(VerifyBlock(garbage_after, info), CKR_SIGNATURE_INVALID) << "garbage after the digest";

  Bytes garbage_inside = info;
  garbage_inside[1] = static_cast<Byte>(garbage_inside[1] + 4);
  Append(garbage_inside, Bytes(4, 0x5a));
  EXPECT_EQ(VerifyBlock(Block(256, garbage_inside), info), CKR_SIGNATURE_INVALID)
      << "garbage inside the DigestInfo";

  Bytes no_null = info;
  no_null.erase(no_null.begin() + 15, no_null.begin() + 17);
  no_null[1] = static_cast<Byte>(no_null[1] - 2);
  no_null[3] = static_cast<Byte>(no_null[3] - 2);
  EXPECT_EQ(VerifyBlock(Block(256, no_null), info), CKR_SIGNATURE_INVALID) << "NULL left out";

  Bytes type2 = Block(256, info);
  type2[1] = 2;
  EXPECT_EQ(VerifyBlock(type2, info), CKR_SIGNATURE_INVALID) << "encryption block";
  Bytes padding = Block(256, info);
  padding[5] = 0xfe;
  EXPECT_EQ(VerifyBlock(padding, info), CKR_SIGNATURE_INVALID) << "padding not all FF";
  Bytes early = Block(256, info);
  early[100] = 0;
  EXPECT_EQ(VerifyBlock(early, info), CKR_SIGNATURE_INVALID) << "early separator";
  const Bytes just_digest = HashOf(Hash::kSha256, ViewOf("message"));
  EXPECT_EQ(VerifyBlock(Block(256, just_digest), info), CKR_SIGNATURE_INVALID) << "bare digest";
  EXPECT_EQ(VerifyBlock(Block(256, info), just_digest), CKR_SIGNATURE_INVALID);
}

TEST(RsaPkcsVerifyTest, LengthAndRangeOfTheSignature) {
  const KeyPtr key = ParseOrNull(Rsa2048().Spki());
  const Bytes data(32, 7);
  const Bytes good = Rsa2048().Raw(Block(256, data));
  for (const std::size_t size : {0u, 1u, 255u, 257u, 512u}) {
    Bytes other = good;
    other.resize(size);
    EXPECT_EQ(RvOf(key->Verify(Raw(CKM_RSA_PKCS), data, other)), CKR_SIGNATURE_LEN_RANGE) << size;
  }
  EXPECT_EQ(RvOf(key->Verify(Raw(CKM_RSA_PKCS), data, Bytes(256, 0xff))), CKR_SIGNATURE_INVALID)
      << "not smaller than the modulus";
  EXPECT_EQ(RvOf(key->Verify(Raw(CKM_RSA_PKCS), data, Bytes(256))), CKR_SIGNATURE_INVALID);
  EXPECT_EQ(RvOf(key->Verify(Raw(CKM_RSA_PKCS), data, key->Modulus())), CKR_SIGNATURE_INVALID);
}

// --- RSA, PSS ---

TEST(RsaPssVerifyTest, PublishedVectors) {
  for (const RsaVector& row : kRsaPssVectors) {
    const KeyPtr key = ParseOrNull(*SpkiFromRsa(FromHex(row.modulus), FromHex(row.exponent)));
    const Mechanism mechanism = Pss(row.hash, MaskOf(row.hash), row.salt_bytes);
    const Bytes digest = HashOf(row.hash, FromHex(row.message));
    EXPECT_EQ(RvOf(key->Verify(mechanism, digest, FromHex(row.signature))),
              row.good ? CKR_OK : CKR_SIGNATURE_INVALID)
        << row.result;
  }
}

TEST(RsaPssVerifyTest, SaltHasExactlyTheLengthOfTheParameter) {
  const KeyPtr key = ParseOrNull(Rsa2048().Spki());
  const Bytes digest = HashOf(Hash::kSha256, ViewOf("message"));
  for (const int salt : {0, 1, 20, 32, 64, 222}) {
    const Bytes signature = Rsa2048().SignPss(EVP_sha256(), EVP_sha256(), salt, digest);
    ASSERT_EQ(signature.size(), 256u);
    for (const int expected : {0, 1, 20, 32, 64, 222}) {
      const Mechanism mechanism =
          Pss(Hash::kSha256, CKG_MGF1_SHA256, static_cast<CK_ULONG>(expected));
      EXPECT_EQ(RvOf(key->Verify(mechanism, digest, signature)),
                salt == expected ? CKR_OK : CKR_SIGNATURE_INVALID)
          << salt << " " << expected;
    }
  }
}

TEST(RsaPssVerifyTest, MaskMayHaveAnotherHash) {
  const KeyPtr key = ParseOrNull(Rsa2048().Spki());
  const Bytes digest = HashOf(Hash::kSha256, ViewOf("message"));
  const Bytes signature = Rsa2048().SignPss(EVP_sha256(), EVP_sha1(), 32, digest);
  EXPECT_EQ(RvOf(key->Verify(Pss(Hash::kSha256, CKG_MGF1_SHA1, 32), digest, signature)), CKR_OK);
  EXPECT_EQ(RvOf(key->Verify(Pss(Hash::kSha256, CKG_MGF1_SHA256, 32), digest, signature)),
            CKR_SIGNATURE_INVALID);
}

TEST(RsaPssVerifyTest, BlockShorterThanTheModulus) {
  const KeyPtr key = ParseOrNull(Rsa1025().Spki());
  ASSERT_EQ(key->Bits(), 1025u);
  const Bytes digest = HashOf(Hash::kSha256, ViewOf("message"));
  const Bytes signature = Rsa1025().SignPss(EVP_sha256(), EVP_sha256(), 94, digest);
  ASSERT_EQ(signature.size(), 129u);
  EXPECT_EQ(RvOf(key->Verify(Pss(Hash::kSha256, CKG_MGF1_SHA256, 94), digest, signature)), CKR_OK);
  EXPECT_EQ(RvOf(key->Verify(Pss(Hash::kSha256, CKG_MGF1_SHA256, 95), digest, signature)),
            CKR_MECHANISM_PARAM_INVALID)
      << "one octet more than fits";
}

TEST(RsaPssVerifyTest, ImpossibleParametersAndLengths) {
  const KeyPtr key = ParseOrNull(Rsa2048().Spki());
  const Bytes digest = HashOf(Hash::kSha256, ViewOf("message"));
  const Bytes signature = Rsa2048().SignPss(EVP_sha256(), EVP_sha256(), 32, digest);
  const Mechanism good = Pss(Hash::kSha256, CKG_MGF1_SHA256, 32);
  EXPECT_EQ(RvOf(key->Verify(good, digest, signature)), CKR_OK);
  EXPECT_EQ(RvOf(key->Verify(Raw(CKM_RSA_PKCS_PSS), digest, signature)),
            CKR_MECHANISM_PARAM_INVALID);
  EXPECT_EQ(RvOf(key->Verify(Pss(Hash::kSha256, 99, 32), digest, signature)),
            CKR_MECHANISM_PARAM_INVALID);
  EXPECT_EQ(RvOf(key->Verify(Pss(Hash::kSha256, CKG_MGF1_SHA256, ~CK_ULONG{0}), digest, signature)),
            CKR_MECHANISM_PARAM_INVALID);
  Mechanism not_a_hash = good;
  not_a_hash.parameter = PssParameter{CKM_RSA_PKCS, CKG_MGF1_SHA256, 32};
  EXPECT_EQ(RvOf(key->Verify(not_a_hash, digest, signature)), CKR_MECHANISM_PARAM_INVALID);
  EXPECT_EQ(RvOf(key->Verify(good, ByteView(digest).first(31), signature)), CKR_DATA_LEN_RANGE);
  EXPECT_EQ(RvOf(key->Verify(good, digest, ByteView(signature).first(255))),
            CKR_SIGNATURE_LEN_RANGE);
}

// --- which key takes which mechanism ---

TEST(VerifyTest, MechanismAndKeyHaveToMatch) {
  const KeyPtr rsa = ParseOrNull(Rsa2048().Spki());
  const KeyPtr ec = ParseOrNull(P256Spki());
  const Bytes digest(32);
  EXPECT_EQ(RvOf(rsa->Verify(Raw(CKM_ECDSA), digest, Bytes(64))), CKR_KEY_TYPE_INCONSISTENT);
  EXPECT_EQ(RvOf(ec->Verify(Raw(CKM_RSA_PKCS), digest, Bytes(64))), CKR_KEY_TYPE_INCONSISTENT);
  EXPECT_EQ(RvOf(ec->Verify(Pss(Hash::kSha256, CKG_MGF1_SHA256, 32), digest, Bytes(64))),
            CKR_KEY_TYPE_INCONSISTENT);
  EXPECT_EQ(RvOf(rsa->Verify(Raw(CKM_SHA256_RSA_PKCS), digest, Bytes(256))), CKR_MECHANISM_INVALID);
  EXPECT_EQ(RvOf(ec->Encrypt(Raw(CKM_RSA_PKCS), digest)), CKR_KEY_TYPE_INCONSISTENT);
  EXPECT_EQ(RvOf(rsa->Encrypt(Raw(CKM_AES_CBC), digest)), CKR_MECHANISM_INVALID);
}

// --- encryption ---

TEST(RsaEncryptTest, Pkcs1IsDecryptedByThePrivateKey) {
  const KeyPtr key = ParseOrNull(Rsa2048().Spki());
  for (const std::size_t size : {0u, 1u, 32u, 245u}) {
    const Bytes data(size, 0x42);
    const auto cipher = key->Encrypt(Raw(CKM_RSA_PKCS), data);
    ASSERT_TRUE(cipher.ok());
    ASSERT_EQ(cipher->size(), 256u);
    EXPECT_EQ(Rsa2048().Decrypt(*cipher, RSA_PKCS1_PADDING, nullptr, nullptr, {}), data) << size;
  }
  EXPECT_EQ(RvOf(key->Encrypt(Raw(CKM_RSA_PKCS), Bytes(246))), CKR_DATA_LEN_RANGE);
}

TEST(RsaEncryptTest, EncryptingTwiceDiffers) {
  const KeyPtr key = ParseOrNull(Rsa2048().Spki());
  EXPECT_NE(*key->Encrypt(Raw(CKM_RSA_PKCS), ViewOf("x")),
            *key->Encrypt(Raw(CKM_RSA_PKCS), ViewOf("x")));
}

struct OaepRow {
  Hash hash;
  CK_ULONG mgf;
  const EVP_MD* (*md)();
  const EVP_MD* (*mask)();
  std::size_t longest;  // k - 2 - 2 * hash
};

TEST(RsaEncryptTest, OaepIsDecryptedByThePrivateKey) {
  const KeyPtr key = ParseOrNull(Rsa2048().Spki());
  const OaepRow rows[] = {
      {Hash::kSha1, CKG_MGF1_SHA1, EVP_sha1, EVP_sha1, 214},
      {Hash::kSha224, CKG_MGF1_SHA224, EVP_sha224, EVP_sha224, 198},
      {Hash::kSha256, CKG_MGF1_SHA256, EVP_sha256, EVP_sha256, 190},
      {Hash::kSha384, CKG_MGF1_SHA384, EVP_sha384, EVP_sha384, 158},
      {Hash::kSha512, CKG_MGF1_SHA512, EVP_sha512, EVP_sha512, 126},
      {Hash::kSha256, CKG_MGF1_SHA1, EVP_sha256, EVP_sha1, 190},
  };
  for (const OaepRow& row : rows) {
    for (const Bytes& label : {Bytes{}, CopyOf("a label")}) {
      for (const std::size_t size : {std::size_t{0}, std::size_t{16}, row.longest}) {
        const Bytes data(size, 0x42);
        const auto cipher = key->Encrypt(Oaep(row.hash, row.mgf, label), data);
        ASSERT_TRUE(cipher.ok()) << size << " " << cipher.error().detail;
        EXPECT_EQ(Rsa2048().Decrypt(*cipher, RSA_PKCS1_OAEP_PADDING, row.md(), row.mask(), label),
                  data);
      }
      EXPECT_EQ(RvOf(key->Encrypt(Oaep(row.hash, row.mgf, label), Bytes(row.longest + 1))),
                CKR_DATA_LEN_RANGE);
    }
  }
}

TEST(RsaEncryptTest, OaepLabelIsBound) {
  const KeyPtr key = ParseOrNull(Rsa2048().Spki());
  const auto cipher =
      key->Encrypt(Oaep(Hash::kSha256, CKG_MGF1_SHA256, CopyOf("one")), CopyOf("data"));
  ASSERT_TRUE(cipher.ok());
  EXPECT_TRUE(
      Rsa2048()
          .Decrypt(*cipher, RSA_PKCS1_OAEP_PADDING, EVP_sha256(), EVP_sha256(), ViewOf("two"))
          .empty());
}

TEST(RsaEncryptTest, ImpossibleOaepParameters) {
  const KeyPtr key = ParseOrNull(Rsa2048().Spki());
  EXPECT_EQ(RvOf(key->Encrypt(Raw(CKM_RSA_PKCS_OAEP), {})), CKR_MECHANISM_PARAM_INVALID);
  EXPECT_EQ(RvOf(key->Encrypt(Oaep(Hash::kSha256, 0), {})), CKR_MECHANISM_PARAM_INVALID);
  Mechanism unknown_source = Oaep(Hash::kSha256, CKG_MGF1_SHA256);
  std::get<OaepParameter>(unknown_source.parameter).source = 2;
  EXPECT_EQ(RvOf(key->Encrypt(unknown_source, {})), CKR_MECHANISM_PARAM_INVALID);
  Mechanism no_source = Oaep(Hash::kSha256, CKG_MGF1_SHA256);
  std::get<OaepParameter>(no_source.parameter).source = 0;
  EXPECT_EQ(RvOf(key->Encrypt(no_source, {})), CKR_OK);
  std::get<OaepParameter>(no_source.parameter).source_data = CopyOf("label");
  EXPECT_EQ(RvOf(key->Encrypt(no_source, {})), CKR_MECHANISM_PARAM_INVALID);
}

// One key, many threads, all operations at once: the templates are only copied.
TEST(PublicKeyThreadTest, OneKeyServesManyThreads) {
  const KeyPtr rsa = ParseOrNull(Rsa2048().Spki());
  const EcdsaCase ec = GoodP256();
  const Bytes data(32, 7);
  const Bytes pkcs = Rsa2048().Raw(Block(256, data));
  const Bytes pss = Rsa2048().SignPss(EVP_sha256(), EVP_sha256(), 32, data);
  std::array<int, 4> wrong{};
  std::vector<std::thread> threads;
  for (int& count : wrong) {
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) {
        count += RvOf(rsa->Verify(Raw(CKM_RSA_PKCS), data, pkcs)) != CKR_OK;
        count += RvOf(rsa->Verify(Pss(Hash::kSha256, CKG_MGF1_SHA256, 32), data, pss)) != CKR_OK;
        count += RvOf(rsa->Verify(Pss(Hash::kSha256, CKG_MGF1_SHA1, 32), data, pss)) !=
                 CKR_SIGNATURE_INVALID;
        count += RvOf(rsa->Encrypt(Oaep(Hash::kSha1, CKG_MGF1_SHA1), data)) != CKR_OK;
        count += VerifyRv(ec) != CKR_OK;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (int count : wrong) EXPECT_EQ(count, 0);
}

// RFC 8017 8.2.2 with the comparison left to the caller.
TEST(RecoverTest, WhatWasSignedComesBack) {
  const auto key = *PublicKey::Parse(Rsa2048().Spki());
  for (const std::size_t size : {0u, 1u, 51u, 245u}) {
    const Bytes data(size, 0x5a);
    Bytes block(256, 0xff);
    block[0] = 0;
    block[1] = 1;
    block[255 - size] = 0;
    std::ranges::copy(data, block.end() - static_cast<std::ptrdiff_t>(size));
    const auto recovered = key->Recover(Rsa2048().Raw(block));
    ASSERT_TRUE(recovered.ok()) << size;
    EXPECT_EQ(*recovered, data);
  }
}

TEST(RecoverTest, BlocksThatAreNotThoseOfTheStandardAreNoSignatures) {
  const auto key = *PublicKey::Parse(Rsa2048().Spki());
  const auto rv = [&](const Bytes& block) {
    const auto recovered = key->Recover(Rsa2048().Raw(block));
    return recovered.ok() ? CKR_OK : recovered.error().rv;
  };
  Bytes block(256, 0xff);
  block[0] = 0;
  block[1] = 1;
  EXPECT_EQ(rv(block), CKR_SIGNATURE_INVALID) << "no end of the padding";
  block[9] = 0;
  EXPECT_EQ(rv(block), CKR_SIGNATURE_INVALID) << "seven octets of padding";
  block[9] = 0xff;
  block[10] = 0;
  EXPECT_EQ(rv(block), CKR_OK) << "eight octets of padding";
  block[5] = 0xfe;
  EXPECT_EQ(rv(block), CKR_SIGNATURE_INVALID);
  block[5] = 0xff;
  block[1] = 2;
  EXPECT_EQ(rv(block), CKR_SIGNATURE_INVALID);
  EXPECT_EQ(key->Recover(Bytes(255)).error().rv, CKR_SIGNATURE_LEN_RANGE);
  EXPECT_EQ(key->Recover(Bytes(256, 0xff)).error().rv, CKR_SIGNATURE_INVALID);
  const auto ec = *PublicKey::Parse(P256Spki());
  EXPECT_EQ(ec->Recover(Bytes(64)).error().rv, CKR_KEY_TYPE_INCONSISTENT);
}

}  // namespace
}  // namespace gw
