// Room: tests/stack. Every operation of every mechanism that the token lists, in one part and in
// many, undone by its counterpart: what is signed verifies, what is encrypted comes back, what is
// wrapped unwraps to the same key, what both sides derive is one secret. A mechanism that is listed
// and unknown here fails the tests.
#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <map>

#include "proto/pkcs11/ck_parameters.h"
#include "proto/pkcs11/ck_sha3.h"
#include "tests/stack/p11.h"
#include "tests/stack/stack.h"

namespace gw::stack {
namespace {

constexpr std::size_t kRoom = 4096;  // Dilithium signs at length
constexpr std::string_view kExponent("\x01\x00\x01", 3);

// Hash and mask generator of a mechanism that has both in its parameter; a digest's OpenSSL name.
struct HashRow {
  CK_MECHANISM_TYPE type;
  CK_MECHANISM_TYPE hash;
  CK_ULONG mgf;
  CK_ULONG bytes;
  const char* name;
};
constexpr HashRow kHashes[] = {
    {CKM_RSA_PKCS_PSS, CKM_SHA256, CKG_MGF1_SHA256, 32, ""},
    {CKM_RSA_PKCS_OAEP, CKM_SHA256, CKG_MGF1_SHA256, 32, ""},
    {CKM_SHA1_RSA_PKCS_PSS, CKM_SHA_1, CKG_MGF1_SHA1, 20, ""},
    {CKM_SHA224_RSA_PKCS_PSS, CKM_SHA224, CKG_MGF1_SHA224, 28, ""},
    {CKM_SHA256_RSA_PKCS_PSS, CKM_SHA256, CKG_MGF1_SHA256, 32, ""},
    {CKM_SHA384_RSA_PKCS_PSS, CKM_SHA384, CKG_MGF1_SHA384, 48, ""},
    {CKM_SHA512_RSA_PKCS_PSS, CKM_SHA512, CKG_MGF1_SHA512, 64, ""},
    {CKM_SHA_1, 0, 0, 20, "SHA1"},
    {CKM_SHA224, 0, 0, 28, "SHA224"},
    {CKM_SHA256, 0, 0, 32, "SHA256"},
    {CKM_SHA384, 0, 0, 48, "SHA384"},
    {CKM_SHA512, 0, 0, 64, "SHA512"},
    {CKM_SHA512_224, 0, 0, 28, "SHA512-224"},
    {CKM_SHA512_256, 0, 0, 32, "SHA512-256"},
    {CKM_IBM_SHA512_224, 0, 0, 28, "SHA512-224"},
    {CKM_IBM_SHA512_256, 0, 0, 32, "SHA512-256"},
    {CKM_SHA3_224, 0, 0, 28, "SHA3-224"},
    {CKM_SHA3_256, 0, 0, 32, "SHA3-256"},
    {CKM_SHA3_384, 0, 0, 48, "SHA3-384"},
    {CKM_SHA3_512, 0, 0, 64, "SHA3-512"},
    {CKM_IBM_SHA3_224, 0, 0, 28, "SHA3-224"},
    {CKM_IBM_SHA3_256, 0, 0, 32, "SHA3-256"},
    {CKM_IBM_SHA3_384, 0, 0, 48, "SHA3-384"},
    {CKM_IBM_SHA3_512, 0, 0, 64, "SHA3-512"},
};

const HashRow* HashOf(CK_MECHANISM_TYPE type) {
  const auto* row = std::ranges::find(kHashes, type, &HashRow::type);
  return row == std::end(kHashes) ? nullptr : row;
}

// Curves and lattices: a mechanism, what makes keys for it, and their CKA_EC_PARAMS or
// CKA_IBM_PQC_PARAMS.
struct PairRow {
  CK_MECHANISM_TYPE type;
  CK_MECHANISM_TYPE maker;
  std::string_view params;
  bool derives;
};
constexpr PairRow kPairs[] = {
    {CKM_EDDSA, CKM_EC_EDWARDS_KEY_PAIR_GEN, "ed25519", false},
    {CKM_IBM_ED25519_SHA512, CKM_EC_KEY_PAIR_GEN, "ed25519", false},
    {CKM_IBM_ED448_SHA3, CKM_EC_KEY_PAIR_GEN, "ed448", false},
    {CKM_IBM_EC_X25519, CKM_EC_MONTGOMERY_KEY_PAIR_GEN, "X25519", true},
    {CKM_IBM_EC_X448, CKM_EC_KEY_PAIR_GEN, "X448", true},
    {CKM_IBM_DILITHIUM,
     CKM_IBM_DILITHIUM,
     {"\x06\x0b\x2b\x06\x01\x04\x01\x02\x82\x0b\x01\x06\x05", 13},
     false},
    {CKM_IBM_KYBER,
     CKM_IBM_KYBER,
     {"\x06\x0b\x2b\x06\x01\x04\x01\x02\x82\x0b\x05\x03\x03", 13},
     true},
};
// Derivations of other shapes, which have tests of their own (wallets_test.cc, lattices_test.cc,
// classic_mechanisms_test.cc).
constexpr CK_MECHANISM_TYPE kOtherDerivations[] = {
    CKM_IBM_BTC_DERIVE,        CKM_IBM_KYBER,
    CKM_DH_PKCS_DERIVE,        CKM_DES3_ECB_ENCRYPT_DATA,
    CKM_SHA1_KEY_DERIVATION,   CKM_SHA224_KEY_DERIVATION,
    CKM_SHA256_KEY_DERIVATION, CKM_SHA384_KEY_DERIVATION,
    CKM_SHA512_KEY_DERIVATION};

// A CK_MECHANISM with a parameter that fits it.
class Ready {
 public:
  explicit Ready(CK_MECHANISM_TYPE type) : mechanism_{type, nullptr, 0} {
    const HashRow* hash = HashOf(type);
    if (type == CKM_RSA_PKCS_OAEP) {
      oaep_ = {hash->hash, hash->mgf, CKZ_DATA_SPECIFIED, nullptr, 0};
      mechanism_ = {type, &oaep_, sizeof oaep_};
    } else if (hash != nullptr && hash->mgf != 0) {
      pss_ = {hash->hash, hash->mgf, hash->bytes};
      mechanism_ = {type, &pss_, sizeof pss_};
    } else if (type == CKM_AES_CBC || type == CKM_AES_CBC_PAD) {
      mechanism_ = {type, iv_.data(), iv_.size()};
    } else if (type == CKM_IBM_ECDSA_OTHER) {
      mechanism_ = {type, &schnorr_, sizeof schnorr_};
    } else if (type == CKM_DES3_CBC || type == CKM_DES3_CBC_PAD) {
      mechanism_ = {type, iv_.data(), iv_.size() / 2};
    }
  }
  Ready(const Ready&) = delete;
  Ready& operator=(const Ready&) = delete;
  CK_MECHANISM* get() { return &mechanism_; }

 private:
  CK_MECHANISM mechanism_;
  CK_RSA_PKCS_PSS_PARAMS pss_{};
  CK_RSA_PKCS_OAEP_PARAMS oaep_{};
  CK_IBM_ECDSA_OTHER_PARAMS schnorr_{CKM_IBM_ECSDSA_RAND};
  std::array<CK_BYTE, 16> iv_{1, 2, 3};
};

class MechanismsTest : public testing::Test {
 protected:
  MechanismsTest() {
    session_.Login();
    ec_ = Pair(CKM_EC_KEY_PAIR_GEN, Attributes().Value(CKA_EC_PARAMS, "P-256"),
               Attributes().Bool(CKA_DERIVE, true));
    aes_ = Generate(CKM_AES_KEY_GEN, Attributes().Number(CKA_VALUE_LEN, 32));
    secret_ = Generate(CKM_GENERIC_SECRET_KEY_GEN, Attributes().Number(CKA_VALUE_LEN, 32));
  }

  // The mechanisms that are listed for an operation; fails if none is.
  static std::vector<CK_MECHANISM_TYPE> Listed(CK_FLAGS flag) {
    CK_ULONG count = 0;
    GW_EXPECT_RV(P11().C_GetMechanismList(Slot(), nullptr, &count), CKR_OK);
    std::vector<CK_MECHANISM_TYPE> types(count);
    GW_EXPECT_RV(P11().C_GetMechanismList(Slot(), types.data(), &count), CKR_OK);
    std::erase_if(types, [flag](CK_MECHANISM_TYPE type) {
      CK_MECHANISM_INFO info{};
      GW_EXPECT_RV(P11().C_GetMechanismInfo(Slot(), type, &info), CKR_OK);
      return (info.flags & flag) == 0;
    });
    EXPECT_FALSE(types.empty());
    return types;
  }

  KeyPair Pair(CK_MECHANISM_TYPE type, Attributes public_half, Attributes private_half) {
    return NewPair(s_, type, std::move(public_half), std::move(private_half));
  }

  CK_OBJECT_HANDLE Generate(CK_MECHANISM_TYPE type, Attributes attributes) {
    return NewKey(s_, type, std::move(attributes.Bool(CKA_EXTRACTABLE, true)));
  }

  // Made for the tests that need it: it takes its time.
  const KeyPair& Rsa() {
    if (rsa_.public_key == CK_INVALID_HANDLE) {
      rsa_ = Pair(CKM_RSA_PKCS_KEY_PAIR_GEN,
                  Attributes().Number(CKA_MODULUS_BITS, 2048).Value(CKA_PUBLIC_EXPONENT, kExponent),
                  Attributes());
    }
    return rsa_;
  }

  KeyPair PairBy(const PairRow& row) {
    const bool lattice = row.maker == row.type;
    Attributes public_half;
    public_half.Value(lattice ? CKA_IBM_PQC_PARAMS : CKA_EC_PARAMS, row.params);
    Attributes private_half;
    if (row.derives) private_half.Bool(CKA_DERIVE, true);
    return Pair(row.maker, std::move(public_half), std::move(private_half));
  }

  const KeyPair& Dsa() {
    if (dsa_.public_key == CK_INVALID_HANDLE) dsa_ = DomainPair(true);
    return dsa_;
  }
  CK_OBJECT_HANDLE Des() {
    if (des_ == CK_INVALID_HANDLE) des_ = Generate(CKM_DES3_KEY_GEN, Attributes());
    return des_;
  }

  // Of DSA or Diffie-Hellman, with parameters of their own.
  KeyPair DomainPair(bool dsa) {
    CK_MECHANISM mechanism{dsa ? CKM_DSA_PARAMETER_GEN : CKM_DH_PKCS_PARAMETER_GEN, nullptr, 0};
    CK_OBJECT_HANDLE domain = CK_INVALID_HANDLE;
    Attributes size = Attributes().Number(CKA_PRIME_BITS, 1024);
    const auto list = size.list();
    GW_EXPECT_RV(P11().C_GenerateKey(s_, &mechanism, list.data(), list.size(), &domain), CKR_OK);
    Attributes numbers;
    for (const CK_ATTRIBUTE_TYPE type : {CKA_PRIME, CKA_SUBPRIME, CKA_BASE}) {
      if (type == CKA_SUBPRIME && !dsa) continue;
      std::string value(256, 0);
      CK_ATTRIBUTE wanted{type, value.data(), value.size()};
      GW_EXPECT_RV(P11().C_GetAttributeValue(s_, domain, &wanted, 1), CKR_OK);
      numbers.Value(type, std::string_view(value).substr(0, wanted.ulValueLen));
    }
    return Pair(dsa ? CKM_DSA_KEY_PAIR_GEN : CKM_DH_PKCS_KEY_PAIR_GEN, numbers, Attributes());
  }

  // What the mechanism signs: X9.31 wants the trailer of the digest behind it.
  Octets MessageFor(CK_MECHANISM_TYPE type) const {
    Octets message = data_;
    if (type == CKM_RSA_X9_31) message.insert(message.end(), {0x34, 0xcc});
    return message;
  }

  // The keys that a mechanism works with, by what the standard calls it.
  KeyPair KeysFor(CK_MECHANISM_TYPE type) {
    const std::string name(NameOfMechanism(type));
    if (name.find("RSA") != std::string::npos) return Rsa();
    if (const auto* row = std::ranges::find(kPairs, type, &PairRow::type); row != std::end(kPairs))
      return PairBy(*row);
    if (name.starts_with("CKM_EC") || name.starts_with("CKM_IBM_ECDSA")) return ec_;
    if (name.starts_with("CKM_DSA")) return Dsa();
    if (name.starts_with("CKM_DES3")) return {Des(), Des()};
    if (name.ends_with("_HMAC")) return {secret_, secret_};
    if (name.starts_with("CKM_AES") || type == CKM_IBM_CMAC) return {aes_, aes_};
    ADD_FAILURE() << name << " is listed, and this test knows no key for it";
    return {};
  }

  // In one part, or in parts of five octets.
  template <typename Whole, typename Update, typename Final>
  CK_RV Run(bool parts, Octets input, Octets* output, Whole whole, Update update, Final final) {
    output->resize(kRoom);
    CK_ULONG size = kRoom;
    CK_RV rv = CKR_OK;
    if (!parts) {
      rv = whole(s_, input.data(), input.size(), output->data(), &size);
      output->resize(rv == CKR_OK ? size : 0);
      return rv;
    }
    std::size_t done = 0;
    for (std::size_t at = 0; at < input.size(); at += 5) {
      rv = update(input.data() + at, std::min<std::size_t>(5, input.size() - at),
                  output->data() + done, &size);
      if (rv != CKR_OK) return rv;
      done += size;
      size = kRoom - done;
    }
    rv = final(s_, output->data() + done, &size);
    output->resize(rv == CKR_OK ? done + size : 0);
    return rv;
  }

  // Updates without output have the shape of those with one that stays empty.
  template <typename Update>
  auto Quiet(Update update) {
    return [this, update](CK_BYTE_PTR part, CK_ULONG bytes, CK_BYTE_PTR, CK_ULONG_PTR size) {
      *size = 0;
      return update(s_, part, bytes);
    };
  }
  template <typename Update>
  auto Loud(Update update) {
    return [this, update](CK_BYTE_PTR part, CK_ULONG bytes, CK_BYTE_PTR out, CK_ULONG_PTR size) {
      return update(s_, part, bytes, out, size);
    };
  }

  CK_RV Verify(CK_MECHANISM* mechanism, CK_OBJECT_HANDLE key, bool parts, Octets data,
               Octets signature) {
    const CK_RV begun = P11().C_VerifyInit(s_, mechanism, key);
    if (begun != CKR_OK) return begun;
    const CK_ULONG bytes = signature.size();
    if (!parts) return P11().C_Verify(s_, data.data(), data.size(), signature.data(), bytes);
    for (CK_BYTE& octet : data) GW_EXPECT_RV(P11().C_VerifyUpdate(s_, &octet, 1), CKR_OK);
    return P11().C_VerifyFinal(s_, signature.data(), bytes);
  }

  // What a key makes of a block of zeros: the same for the same AES key.
  Octets Fingerprint(CK_OBJECT_HANDLE key) {
    CK_MECHANISM ecb{CKM_AES_ECB, nullptr, 0};
    Octets block(16);
    Octets out(16);
    CK_ULONG size = out.size();
    GW_EXPECT_RV(P11().C_EncryptInit(s_, &ecb, key), CKR_OK);
    GW_EXPECT_RV(P11().C_Encrypt(s_, block.data(), block.size(), out.data(), &size), CKR_OK);
    return out;
  }

  const Initialized initialized_;
  Session session_;
  const CK_SESSION_HANDLE s_ = session_.handle();
  KeyPair rsa_, ec_, dsa_;
  CK_OBJECT_HANDLE aes_, secret_;
  CK_OBJECT_HANDLE des_ = CK_INVALID_HANDLE;
  const Octets data_ = OctetsOf("thirty-two octets of any message");  // R181: single-part ones too
};

TEST_F(MechanismsTest, WhatIsSignedVerifiesAndWhatIsAlteredDoesNot) {
  CK_FUNCTION_LIST& p = P11();
  for (const CK_MECHANISM_TYPE type : Listed(CKF_SIGN)) {
    Ready mechanism(type);
    const KeyPair keys = KeysFor(type);
    const Octets message = MessageFor(type);
    for (const bool parts : {false, true}) {
      SCOPED_TRACE(std::string(NameOfMechanism(type)) + (parts ? " in parts" : ""));
      Octets signature;
      GW_EXPECT_RV(p.C_SignInit(s_, mechanism.get(), keys.private_key), CKR_OK);
      GW_EXPECT_RV(Run(parts, message, &signature, p.C_Sign, Quiet(p.C_SignUpdate), p.C_SignFinal),
                   CKR_OK);
      for (const bool check_parts : {false, true}) {
        GW_EXPECT_RV(Verify(mechanism.get(), keys.public_key, check_parts, message, signature),
                     CKR_OK);
        Octets other = message;
        other.front() ^= 1;
        GW_EXPECT_RV(Verify(mechanism.get(), keys.public_key, check_parts, other, signature),
                     CKR_SIGNATURE_INVALID);
      }
    }
  }
  EXPECT_EQ(Listed(CKF_SIGN), Listed(CKF_VERIFY));
}

TEST_F(MechanismsTest, WhatIsEncryptedComesBack) {
  CK_FUNCTION_LIST& p = P11();
  for (const CK_MECHANISM_TYPE type : Listed(CKF_ENCRYPT)) {
    Ready mechanism(type);
    const KeyPair keys = KeysFor(type);
    for (const bool parts : {false, true}) {
      SCOPED_TRACE(std::string(NameOfMechanism(type)) + (parts ? " in parts" : ""));
      Octets cipher;
      Octets back;
      GW_EXPECT_RV(p.C_EncryptInit(s_, mechanism.get(), keys.public_key), CKR_OK);
      GW_EXPECT_RV(
          Run(parts, data_, &cipher, p.C_Encrypt, Loud(p.C_EncryptUpdate), p.C_EncryptFinal),
          CKR_OK);
      EXPECT_NE(cipher, data_);
      for (const bool back_parts : {false, true}) {
        GW_EXPECT_RV(p.C_DecryptInit(s_, mechanism.get(), keys.private_key), CKR_OK);
        GW_EXPECT_RV(
            Run(back_parts, cipher, &back, p.C_Decrypt, Loud(p.C_DecryptUpdate), p.C_DecryptFinal),
            CKR_OK);
        EXPECT_EQ(back, data_);
      }
    }
  }
  EXPECT_EQ(Listed(CKF_ENCRYPT), Listed(CKF_DECRYPT));
}

TEST_F(MechanismsTest, DigestsAreThoseOfOpenssl) {
  CK_FUNCTION_LIST& p = P11();
  for (const CK_MECHANISM_TYPE type : Listed(CKF_DIGEST)) {
    const HashRow* hash = HashOf(type);
    ASSERT_NE(hash, nullptr) << NameOfMechanism(type);
    for (const bool parts : {false, true}) {
      SCOPED_TRACE(std::string(NameOfMechanism(type)) + (parts ? " in parts" : ""));
      for (const Octets& message : {data_, Octets()}) {
        Ready mechanism(type);
        Octets digest;
        GW_EXPECT_RV(p.C_DigestInit(s_, mechanism.get()), CKR_OK);
        GW_EXPECT_RV(
            Run(parts, message, &digest, p.C_Digest, Quiet(p.C_DigestUpdate), p.C_DigestFinal),
            CKR_OK);
        Octets expected(EVP_MAX_MD_SIZE);
        std::size_t size = expected.size();
        ASSERT_EQ(EVP_Q_digest(nullptr, hash->name, nullptr, message.data(), message.size(),
                               expected.data(), &size),
                  1);
        expected.resize(size);
        EXPECT_EQ(digest, expected);
      }
    }
  }
}

TEST_F(MechanismsTest, WhatIsWrappedUnwrapsToTheSameKey) {
  const Octets fingerprint = Fingerprint(aes_);
  for (const CK_MECHANISM_TYPE type : Listed(CKF_WRAP)) {
    SCOPED_TRACE(NameOfMechanism(type));
    if (type == CKM_IBM_ATTRIBUTEBOUND_WRAP)
      continue;  // with keys of its own: ClassicMechanismsTest
    Ready mechanism(type);
    const KeyPair keys = KeysFor(type);
    Octets wrapped(kRoom);
    CK_ULONG size = kRoom;
    GW_EXPECT_RV(P11().C_WrapKey(s_, mechanism.get(), keys.public_key, aes_, wrapped.data(), &size),
                 CKR_OK);
    Attributes attributes;
    attributes.Number(CKA_CLASS, CKO_SECRET_KEY).Number(CKA_KEY_TYPE, CKK_AES);
    CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
    const auto list = attributes.list();
    GW_ASSERT_RV(P11().C_UnwrapKey(s_, mechanism.get(), keys.private_key, wrapped.data(), size,
                                   list.data(), list.size(), &key),
                 CKR_OK);
    EXPECT_EQ(Fingerprint(key), fingerprint);
  }
  auto unwrap = Listed(CKF_UNWRAP);
  std::erase(unwrap, CK_MECHANISM_TYPE{CKM_IBM_TRANSPORTKEY});  // nobody wraps public keys
  EXPECT_EQ(Listed(CKF_WRAP), unwrap);
}

TEST_F(MechanismsTest, BothSidesDeriveOneSecret) {
  const KeyPair on_p256 = Pair(CKM_EC_KEY_PAIR_GEN, Attributes().Value(CKA_EC_PARAMS, "P-256"),
                               Attributes().Bool(CKA_DERIVE, true));
  for (const CK_MECHANISM_TYPE type : Listed(CKF_DERIVE)) {
    if (std::ranges::count(kOtherDerivations, type) != 0) continue;
    const KeyPair first = KeysFor(type);
    const KeyPair peer = type == CKM_ECDH1_DERIVE ? on_p256 : KeysFor(type);
    for (const CK_ULONG kdf : {CKD_NULL, CKD_SHA1_KDF, CKD_SHA256_KDF}) {
      std::vector<Octets> secrets;
      for (const auto& [mine, theirs] : {std::pair(first, peer), std::pair(peer, first)}) {
        Octets point(100);
        CK_ATTRIBUTE wanted{CKA_EC_POINT, point.data(), point.size()};
        GW_ASSERT_RV(P11().C_GetAttributeValue(s_, theirs.public_key, &wanted, 1), CKR_OK);
        CK_ECDH1_DERIVE_PARAMS parameters{kdf, 0, nullptr, wanted.ulValueLen, point.data()};
        CK_MECHANISM mechanism{type, &parameters, sizeof parameters};
        Attributes attributes;
        attributes.Number(CKA_KEY_TYPE, CKK_AES).Number(CKA_VALUE_LEN, 16);
        CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
        const auto list = attributes.list();
        GW_ASSERT_RV(
            P11().C_DeriveKey(s_, &mechanism, mine.private_key, list.data(), list.size(), &key),
            CKR_OK)
            << kdf;
        secrets.push_back(Fingerprint(key));
      }
      EXPECT_EQ(secrets[0], secrets[1]) << kdf;
    }
  }
}

TEST_F(MechanismsTest, EveryGeneratorMakesKeysThatSayWhereTheyComeFrom) {
  std::map<CK_MECHANISM_TYPE, CK_OBJECT_HANDLE> made{{CKM_AES_KEY_GEN, aes_},
                                                     {CKM_GENERIC_SECRET_KEY_GEN, secret_},
                                                     {CKM_RSA_PKCS_KEY_PAIR_GEN, Rsa().private_key},
                                                     {CKM_EC_KEY_PAIR_GEN, ec_.private_key}};
  for (const PairRow& row : kPairs) {
    if (row.maker != CKM_EC_KEY_PAIR_GEN) made[row.maker] = PairBy(row).private_key;
  }
  made[CKM_DES2_KEY_GEN] = Generate(CKM_DES2_KEY_GEN, Attributes());
  made[CKM_DES3_KEY_GEN] = Des();
  made[CKM_DSA_KEY_PAIR_GEN] = Dsa().private_key;
  made[CKM_DH_PKCS_KEY_PAIR_GEN] = DomainPair(false).private_key;
  made[CKM_RSA_X9_31_KEY_PAIR_GEN] =
      Pair(CKM_RSA_X9_31_KEY_PAIR_GEN, Attributes().Number(CKA_MODULUS_BITS, 1024), Attributes())
          .private_key;
  for (const CK_MECHANISM_TYPE type : Listed(CKF_GENERATE | CKF_GENERATE_KEY_PAIR)) {
    SCOPED_TRACE(NameOfMechanism(type));
    if (std::string(NameOfMechanism(type)).ends_with("_PARAMETER_GEN")) continue;  // no keys
    ASSERT_TRUE(made.contains(type)) << "listed, and unknown to this test";
    CK_MECHANISM_TYPE origin = 0;
    CK_BBOOL local = CK_FALSE;
    CK_BBOOL sensitive = CK_FALSE;
    CK_ATTRIBUTE wanted[] = {{CKA_KEY_GEN_MECHANISM, &origin, sizeof origin},
                             {CKA_LOCAL, &local, sizeof local},
                             {CKA_ALWAYS_SENSITIVE, &sensitive, sizeof sensitive}};
    GW_EXPECT_RV(P11().C_GetAttributeValue(s_, made[type], wanted, 3), CKR_OK);
    EXPECT_EQ(origin, type);
    EXPECT_EQ(local, CK_TRUE);
    EXPECT_EQ(sensitive, CK_TRUE);
  }
}

// R184: chunks of 16, 16 and 2 octets.
TEST_F(MechanismsTest, ChunksOf16And16And2GiveTheCiphertextOfOnePart) {
  Ready mechanism(CKM_AES_CBC_PAD);
  Octets message(34, 'm');
  Octets whole(kRoom);
  CK_ULONG size = kRoom;
  GW_ASSERT_RV(P11().C_EncryptInit(s_, mechanism.get(), aes_), CKR_OK);
  GW_EXPECT_RV(P11().C_Encrypt(s_, message.data(), 34, whole.data(), &size), CKR_OK);
  whole.resize(size);
  Octets parts(kRoom);
  std::size_t done = 0;
  GW_ASSERT_RV(P11().C_EncryptInit(s_, mechanism.get(), aes_), CKR_OK);
  for (const auto& [at, bytes] : {std::pair(0, 16), std::pair(16, 16), std::pair(32, 2)}) {
    size = kRoom - done;
    GW_EXPECT_RV(P11().C_EncryptUpdate(s_, message.data() + at, static_cast<CK_ULONG>(bytes),
                                       parts.data() + done, &size),
                 CKR_OK);
    done += size;
  }
  size = kRoom - done;
  GW_EXPECT_RV(P11().C_EncryptFinal(s_, parts.data() + done, &size), CKR_OK);
  parts.resize(done + size);
  EXPECT_EQ(parts, whole);
}

// R234, R235: three octets, which users compare with their own.
TEST_F(MechanismsTest, TheCheckValueIsABlockOfZerosEncrypted) {
  Octets check_value(3);
  CK_ATTRIBUTE wanted{CKA_CHECK_VALUE, check_value.data(), 3};
  GW_EXPECT_RV(P11().C_GetAttributeValue(s_, aes_, &wanted, 1), CKR_OK);
  EXPECT_EQ(wanted.ulValueLen, 3u);
  Octets block = Fingerprint(aes_);
  block.resize(3);
  EXPECT_EQ(check_value, block);
}

// R374: applications sign undigested text, into exactly as many octets as it takes.
TEST_F(MechanismsTest, EcdsaTakesTextThatIsNoDigest) {
  CK_MECHANISM ecdsa{CKM_ECDSA, nullptr, 0};
  Octets text = OctetsOf("twenty-five octets, text.");
  ASSERT_EQ(text.size(), 25u);
  Octets signature(64);
  CK_ULONG size = 64;
  GW_ASSERT_RV(P11().C_SignInit(s_, &ecdsa, ec_.private_key), CKR_OK);
  GW_EXPECT_RV(P11().C_Sign(s_, text.data(), 25, signature.data(), &size), CKR_OK);
  EXPECT_EQ(size, 64u);
  GW_EXPECT_RV(stack::Verify(s_, CKM_ECDSA, ec_.public_key, text, signature), CKR_OK);
}

}  // namespace
}  // namespace gw::stack
