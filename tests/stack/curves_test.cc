// Room: tests/stack. Keys on curves against OpenSSL and published vectors: Ed25519 and Ed448 by the
// vendor's names and the standard's, X25519 and X448, every Weierstrass curve, Schnorr signatures.
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>

#include "tests/stack/curve_calls.h"

namespace gw::stack {
namespace {

constexpr std::string_view kEd25519("\x06\x03\x2b\x65\x70", 5);
constexpr std::string_view kEd448("\x06\x03\x2b\x65\x71", 5);
constexpr std::string_view kX25519("\x06\x03\x2b\x65\x6e", 5);
constexpr std::string_view kX448("\x06\x03\x2b\x65\x6f", 5);
constexpr CK_MECHANISM kEddsa{CKM_EDDSA, nullptr, 0};

using Pkey = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using MdContext = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

// Null if OpenSSL does not take it for a SubjectPublicKeyInfo from end to end.
Pkey PkeyOf(const Octets& spki) {
  const unsigned char* at = spki.data();
  Pkey pkey(d2i_PUBKEY(nullptr, &at, static_cast<long>(spki.size())), EVP_PKEY_free);
  if (at != spki.data() + spki.size()) pkey.reset();
  return pkey;
}

class CurvesTest : public CurveCalls {
 protected:
  static Attributes Params(std::string_view params) {
    return Attributes().Value(CKA_EC_PARAMS, params);
  }
  static Attributes Half(CK_OBJECT_CLASS object_class, std::string_view params) {
    return Params(params).Number(CKA_CLASS, object_class).Number(CKA_KEY_TYPE, CKK_EC);
  }
};

// R377: both halves are token objects, in two keystores; the point bare, the value with the public
// key after it.
TEST_F(CurvesTest, R377_AnEd25519PairIsImportedAndSignsAsPublished) {
  const auto vectors = Vectors("eddsa/ed25519.json");
  for (std::size_t i = 0; i < 6; ++i) {
    SCOPED_TRACE(i);
    const std::string priv = vectors[i]["priv"];
    const std::string pub = vectors[i]["pub"];
    const std::string value = TextOf(FromHex(i % 2 == 0 ? priv + pub : priv));
    const auto public_key = Create(Half(CKO_PUBLIC_KEY, kEd25519)
                                       .Bool(CKA_TOKEN, true)
                                       .Bool(CKA_PRIVATE, false)
                                       .Bool(CKA_VERIFY, true)
                                       .Value(CKA_EC_POINT, TextOf(FromHex(pub))));
    const auto private_key = Create(Half(CKO_PRIVATE_KEY, kEd25519)
                                        .Bool(CKA_TOKEN, true)
                                        .Bool(CKA_PRIVATE, true)
                                        .Bool(CKA_SIGN, true)
                                        .Value(CKA_VALUE, value));
    EXPECT_EQ(Read(public_key, CKA_EC_POINT), FromHex("0420" + pub)) << "wrapped, R237";
    const CK_MECHANISM vendor{CKM_IBM_ED25519_SHA512, nullptr, 0};
    const Octets message = FromHex(vectors[i]["msg"]);
    const Octets published = FromHex(vectors[i]["sig"]);
    for (const CK_MECHANISM& mechanism : {vendor, kEddsa}) {
      Octets signature;
      GW_EXPECT_RV(SignBy(mechanism, private_key, message, &signature), CKR_OK);
      EXPECT_EQ(signature, published);
      GW_EXPECT_RV(VerifyBy(mechanism, public_key, message, published), CKR_OK);
      signature[9] ^= 1;
      GW_EXPECT_RV(VerifyBy(mechanism, public_key, message, signature), CKR_SIGNATURE_INVALID);
    }
    GW_EXPECT_RV(P11().C_DestroyObject(s_, public_key), CKR_OK);
    GW_EXPECT_RV(P11().C_DestroyObject(s_, private_key), CKR_OK);
  }
}

TEST_F(CurvesTest, WrongValuesOfEdwardsKeysAreRefused) {
  const auto vectors = Vectors("eddsa/ed25519.json");
  const std::string priv = vectors[0]["priv"];
  const std::string other = vectors[1]["pub"];
  CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
  for (const std::string& value : {priv + other, priv.substr(2), priv + "00", std::string()}) {
    const Attributes half =
        Half(CKO_PRIVATE_KEY, kEd25519).Value(CKA_VALUE, TextOf(FromHex(value)));
    GW_EXPECT_RV(TryCreate(half, &key),
                 value.empty() ? CKR_TEMPLATE_INCOMPLETE : CKR_ATTRIBUTE_VALUE_INVALID);
  }
  const Attributes half =
      Half(CKO_PUBLIC_KEY, kEd25519).Value(CKA_EC_POINT, TextOf(FromHex(other + "00")));
  GW_EXPECT_RV(TryCreate(half, &key), CKR_ATTRIBUTE_VALUE_INVALID);
}

TEST_F(CurvesTest, Ed448AcceptsAndRefusesAsPublished) {
  for (const auto& vector : Vectors("eddsa/ed448.json")) {
    SCOPED_TRACE(vector["index"]);
    const Octets point = FromHex(vector["pub"]);
    const auto key = Create(Half(CKO_PUBLIC_KEY, kEd448).Value(CKA_EC_POINT, TextOf(point)));
    const CK_RV rv = VerifyBy(kEddsa, key, FromHex(vector["msg"]), FromHex(vector["sig"]));
    if (vector["expect"] == "accept") {
      GW_EXPECT_RV(rv, CKR_OK);
    } else {
      EXPECT_TRUE(rv == CKR_SIGNATURE_INVALID || rv == CKR_SIGNATURE_LEN_RANGE) << NameOfRv(rv);
    }
  }
}

// R188: an application that knows the standard alone.
TEST_F(CurvesTest, R188_TheStandardsNamesMakeKeysThatOpensslUses) {
  struct Case {
    std::string_view params;  // curveName
    CK_MECHANISM_TYPE maker;
    CK_KEY_TYPE type;
  };
  const Case cases[] = {
      {"\x13\x0c"
       "edwards25519",
       CKM_EC_EDWARDS_KEY_PAIR_GEN, CKK_EC_EDWARDS},
      {kEd448, CKM_EC_EDWARDS_KEY_PAIR_GEN, CKK_EC_EDWARDS},
      {kEd25519, CKM_EC_KEY_PAIR_GEN, CKK_EC},
  };
  for (const Case& at : cases) {
    const KeyPair keys = Pair(at.maker, Params(at.params).Number(CKA_KEY_TYPE, at.type),
                              Attributes().Value(CKA_LABEL, "by name"));
    for (const auto key : {keys.public_key, keys.private_key}) {
      EXPECT_EQ(ReadNumber(key, CKA_KEY_TYPE), at.type);
      EXPECT_EQ(ReadNumber(key, CKA_KEY_GEN_MECHANISM), at.maker);
    }
    const Octets message = OctetsOf("a message");
    Octets signature;
    GW_EXPECT_RV(SignBy(kEddsa, keys.private_key, message, &signature), CKR_OK);
    const Pkey pkey = PkeyOf(Read(keys.public_key, CKA_PUBLIC_KEY_INFO));
    ASSERT_NE(pkey, nullptr) << "R236: by RFC 8410";
    const MdContext context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    ASSERT_EQ(EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, pkey.get()), 1);
    EXPECT_EQ(EVP_DigestVerify(context.get(), signature.data(), signature.size(), message.data(),
                               message.size()),
              1);
    for (const CK_KEY_TYPE type : {CKK_EC, CKK_EC_EDWARDS}) {
      const Attributes wanted = Attributes().Number(CKA_KEY_TYPE, type).Value(CKA_LABEL, "by name");
      EXPECT_EQ(Find(s_, wanted).size(), 1u);
    }
    GW_EXPECT_RV(P11().C_DestroyObject(s_, keys.private_key), CKR_OK);
  }
}

// pkcs11-tool asks for CKA_DERIVE with every pair of an EC key.
TEST_F(CurvesTest, EdwardsKeysMayBeAskedToDerive) {
  const KeyPair keys = Pair(CKM_EC_EDWARDS_KEY_PAIR_GEN, Params(kEd25519).Bool(CKA_DERIVE, true),
                            Attributes().Bool(CKA_DERIVE, true).Bool(CKA_SIGN, true));
  EXPECT_EQ(Read(keys.private_key, CKA_DERIVE), Octets{CK_TRUE});
  Octets signature;
  GW_EXPECT_RV(SignBy(kEddsa, keys.private_key, OctetsOf("x"), &signature), CKR_OK);
  GW_EXPECT_RV(VerifyBy(kEddsa, keys.public_key, OctetsOf("x"), signature), CKR_OK);
}

TEST_F(CurvesTest, AKeyThatAllowsTheVendorsNameAllowsTheStandards) {
  for (const CK_MECHANISM_TYPE allowed : {CKM_IBM_ED25519_SHA512, CKM_IBM_ED448_SHA3}) {
    const KeyPair keys =
        Pair(CKM_EC_KEY_PAIR_GEN, Params(kEd25519),
             Attributes().Number(CKA_ALLOWED_MECHANISMS, allowed).Bool(CKA_SIGN, true));
    Octets signature;
    GW_EXPECT_RV(SignBy(kEddsa, keys.private_key, OctetsOf("x"), &signature),
                 allowed == CKM_IBM_ED25519_SHA512 ? CKR_OK : CKR_MECHANISM_INVALID);
  }
}

TEST_F(CurvesTest, R188_KeysAreNotTakenForThoseOfOtherCurves) {
  KeyPair keys;
  GW_EXPECT_RV(TryPair(CKM_EC_EDWARDS_KEY_PAIR_GEN, Params("P-256"), Attributes(), &keys),
               CKR_CURVE_NOT_SUPPORTED);
  const Attributes lying = Params(kX25519).Number(CKA_KEY_TYPE, CKK_EC);
  GW_EXPECT_RV(TryPair(CKM_EC_EDWARDS_KEY_PAIR_GEN, lying, Attributes(), &keys),
               CKR_CURVE_NOT_SUPPORTED);
  const Attributes named = Params("P-256").Number(CKA_KEY_TYPE, CKK_EC_EDWARDS);
  GW_EXPECT_RV(TryPair(CKM_EC_KEY_PAIR_GEN, named, Attributes(), &keys), CKR_CURVE_NOT_SUPPORTED);
  keys = Pair(CKM_EC_KEY_PAIR_GEN, Params(kEd25519), Attributes());
  Octets signature;
  for (const CK_MECHANISM_TYPE type : {CKM_ECDSA, CKM_ECDSA_SHA256, CKM_IBM_ED448_SHA3}) {
    const CK_RV rv = SignBy({type, nullptr, 0}, keys.private_key, OctetsOf("x"), &signature);
    EXPECT_TRUE(rv == CKR_KEY_TYPE_INCONSISTENT || rv == CKR_KEY_SIZE_RANGE) << NameOfRv(rv);
  }
}

TEST_F(CurvesTest, TheParameterOfEddsaIsThatOfTheCurve) {
  CK_EDDSA_PARAMS pure{CK_FALSE, 0, nullptr};
  const CK_MECHANISM given{CKM_EDDSA, &pure, sizeof pure};
  const KeyPair ed448 = Pair(CKM_EC_EDWARDS_KEY_PAIR_GEN, Params(kEd448), Attributes());
  Octets signature;
  GW_EXPECT_RV(SignBy(given, ed448.private_key, OctetsOf("x"), &signature), CKR_OK);
  GW_EXPECT_RV(VerifyBy(kEddsa, ed448.public_key, OctetsOf("x"), signature), CKR_OK);
  const KeyPair ed25519 = Pair(CKM_EC_EDWARDS_KEY_PAIR_GEN, Params(kEd25519), Attributes());
  GW_EXPECT_RV(SignBy(given, ed25519.private_key, OctetsOf("x"), &signature),
               CKR_MECHANISM_PARAM_INVALID);
  pure.phFlag = CK_TRUE;
  GW_EXPECT_RV(SignBy(given, ed448.private_key, OctetsOf("x"), &signature),
               CKR_MECHANISM_PARAM_INVALID);
  CK_BYTE context = 1;
  pure = {CK_FALSE, 1, &context};
  GW_EXPECT_RV(SignBy(given, ed448.private_key, OctetsOf("x"), &signature),
               CKR_MECHANISM_PARAM_INVALID);
}

TEST_F(CurvesTest, X25519AndX448DeriveTheSecretsOfTheStandard) {
  for (const auto& vector : Vectors("ec/xdh.json")) {
    const bool small = vector["curve"] == "X25519";
    const auto key = Create(Half(CKO_PRIVATE_KEY, small ? kX25519 : kX448)
                                .Bool(CKA_DERIVE, true)
                                .Value(CKA_VALUE, TextOf(FromHex(vector["priv"]))));
    EXPECT_EQ(Read(key, CKA_SIGN), Octets{CK_FALSE});
    Octets peer = FromHex(vector["peer"]);
    Octets secret = FromHex(vector["secret"]);
    Octets shared = OctetsOf("shared");
    CK_ECDH1_DERIVE_PARAMS plain{CKD_NULL, 0, nullptr, peer.size(), peer.data()};
    CK_ECDH1_DERIVE_PARAMS hashed{CKD_SHA256_KDF, shared.size(), shared.data(), peer.size(),
                                  peer.data()};
    // X9.63: a block is the hash of secret, counter and shared data.
    Octets block = secret;
    for (const int octet : {0, 0, 0, 1}) block.push_back(static_cast<CK_BYTE>(octet));
    block.insert(block.end(), shared.begin(), shared.end());
    Octets digest(32);
    ASSERT_EQ(EVP_Digest(block.data(), block.size(), digest.data(), nullptr, EVP_sha256(), nullptr),
              1);
    secret.resize(32);
    for (const CK_MECHANISM_TYPE type :
         {CK_MECHANISM_TYPE{CKM_ECDH1_DERIVE}, small ? CKM_IBM_EC_X25519 : CKM_IBM_EC_X448}) {
      EXPECT_EQ(Derived({type, &plain, sizeof plain}, key, 32), ZerosUnder(secret));
      EXPECT_EQ(Derived({type, &hashed, sizeof hashed}, key, 32), ZerosUnder(digest));
    }
  }
}

TEST_F(CurvesTest, KeysOnEveryWeierstrassCurveSignForOpensslAndDerive) {
  for (const std::string_view curve :
       {"P-192",   "P-224",   "P-256",   "P-384",   "P-521",   "BP-160R",  "BP-160T",
        "BP-192R", "BP-192T", "BP-224R", "BP-224T", "BP-256R", "BP-256T",  "BP-320R",
        "BP-320T", "BP-384R", "BP-384T", "BP-512R", "BP-512T", "secp256k1"}) {
    SCOPED_TRACE(curve);
    const KeyPair mine =
        Pair(CKM_EC_KEY_PAIR_GEN, Params(curve), Attributes().Bool(CKA_DERIVE, true));
    const KeyPair theirs =
        Pair(CKM_EC_KEY_PAIR_GEN, Params(curve), Attributes().Bool(CKA_DERIVE, true));
    const Octets message = OctetsOf("a message");
    Octets raw;
    GW_EXPECT_RV(SignBy({CKM_ECDSA_SHA256, nullptr, 0}, mine.private_key, message, &raw), CKR_OK);
    const Pkey pkey = PkeyOf(Read(mine.public_key, CKA_PUBLIC_KEY_INFO));
    ASSERT_NE(pkey, nullptr);
    ECDSA_SIG* parts = ECDSA_SIG_new();
    const int half = static_cast<int>(raw.size() / 2);
    ASSERT_EQ(ECDSA_SIG_set0(parts, BN_bin2bn(raw.data(), half, nullptr),
                             BN_bin2bn(raw.data() + half, half, nullptr)),
              1);
    unsigned char* der = nullptr;
    const int der_bytes = i2d_ECDSA_SIG(parts, &der);
    const MdContext context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    ASSERT_EQ(EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, pkey.get()), 1);
    EXPECT_EQ(EVP_DigestVerify(context.get(), der, static_cast<std::size_t>(der_bytes),
                               message.data(), message.size()),
              1);
    OPENSSL_free(der);
    ECDSA_SIG_free(parts);
    std::vector<Octets> secrets;
    for (const auto& [key, peer] : {std::pair(mine.private_key, theirs.public_key),
                                    std::pair(theirs.private_key, mine.public_key)}) {
      Octets point = Read(peer, CKA_EC_POINT);
      for (const CK_ULONG kdf : {CKD_NULL, CKD_SHA1_KDF, CKD_SHA224_KDF, CKD_SHA256_KDF,
                                 CKD_SHA384_KDF, CKD_SHA512_KDF}) {
        CK_ECDH1_DERIVE_PARAMS params{kdf, 0, nullptr, point.size(), point.data()};
        secrets.push_back(Derived({CKM_ECDH1_DERIVE, &params, sizeof params}, key, 16));
      }
    }
    ASSERT_EQ(secrets.size(), 12u);
    for (std::size_t i = 0; i < 6; ++i) EXPECT_EQ(secrets[i], secrets[i + 6]) << i;
  }
}

TEST_F(CurvesTest, SchnorrSignaturesAreThoseOfZilliqa) {
  CK_IBM_ECDSA_OTHER_PARAMS rule{CKM_IBM_ECSDSA_COMPR_MULTI};
  const CK_MECHANISM schnorr{CKM_IBM_ECDSA_OTHER, &rule, sizeof rule};
  for (const auto& vector : Vectors("schnorr/zilliqa-secp256k1.json")) {
    const Octets point = FromHex(vector["pub_uncompressed"]);
    const auto key = Create(Half(CKO_PUBLIC_KEY, "secp256k1").Value(CKA_EC_POINT, TextOf(point)));
    Octets message = FromHex(vector["msg"]);
    const Octets signature = FromHex(vector["sig"]);
    GW_EXPECT_RV(VerifyBy(schnorr, key, message, signature), CKR_OK) << vector["index"];
    message[0] ^= 1;
    GW_EXPECT_RV(VerifyBy(schnorr, key, message, signature), CKR_SIGNATURE_INVALID);
  }
}

TEST_F(CurvesTest, SchnorrTakesItsRuleInBothForms) {
  const KeyPair keys = Pair(CKM_EC_KEY_PAIR_GEN, Params("BP-256R"), Attributes());
  for (int rule : {3, 5}) {
    CK_IBM_ECDSA_OTHER_PARAMS wide{static_cast<CK_ULONG>(rule)};
    const CK_MECHANISM by_number{CKM_IBM_ECDSA_OTHER, &wide, sizeof wide};
    const CK_MECHANISM by_int{CKM_IBM_ECDSA_OTHER, &rule, sizeof rule};
    Octets signature;
    GW_EXPECT_RV(SignBy(by_int, keys.private_key, OctetsOf("x"), &signature), CKR_OK);
    EXPECT_EQ(signature.size(), 64u);
    GW_EXPECT_RV(VerifyBy(by_number, keys.public_key, OctetsOf("x"), signature), CKR_OK);
    GW_EXPECT_RV(VerifyBy(by_number, keys.public_key, OctetsOf("y"), signature),
                 CKR_SIGNATURE_INVALID);
  }
  CK_IBM_ECDSA_OTHER_PARAMS unknown{4};
  Octets signature;
  GW_EXPECT_RV(SignBy({CKM_IBM_ECDSA_OTHER, &unknown, sizeof unknown}, keys.private_key,
                      OctetsOf("x"), &signature),
               CKR_MECHANISM_PARAM_INVALID);
}

}  // namespace
}  // namespace gw::stack
