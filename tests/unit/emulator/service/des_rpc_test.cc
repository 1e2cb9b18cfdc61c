// Room: tests. DES keys over the wire: ciphers, generation, wrapping, and what is derived by them.
// Values: NIST's TDES_ECB and TDES_CBC examples; tests/vectors/kdf.
#include <bit>
#include <map>

#include "tests/unit/emulator/support/material.h"
#include "tests/unit/emulator/support/rpc_test.h"
#include "tests/unit/emulator/support/vectors.h"

namespace gw::emulator {
namespace {

const Attribute kSecretClass{CKA_CLASS, std::uint64_t{CKO_SECRET_KEY}};
const Attribute kDes3Type{CKA_KEY_TYPE, std::uint64_t{CKK_DES3}};
const Attribute kDes2Type{CKA_KEY_TYPE, std::uint64_t{CKK_DES2}};
const Attribute kGenericType{CKA_KEY_TYPE, std::uint64_t{CKK_GENERIC_SECRET}};
const Attribute kExtractableKey{CKA_EXTRACTABLE, true};

class DesRpcTest : public RpcTest {
 protected:
  std::string ImportDes(const Bytes& value) {
    const auto imported = Import(Str(value), Template({kSecretClass,
                                                       value.size() == 16 ? kDes2Type : kDes3Type,
                                                       {CKA_ENCRYPT, true},
                                                       {CKA_DECRYPT, true},
                                                       {CKA_DERIVE, true},
                                                       kExtractableKey}));
    EXPECT_EQ(Rv(), CKR_OK) << client().status().error_message();
    return imported.unwrappedbytes();
  }

  std::string GenerateKek(CK_MECHANISM_TYPE type) {
    const auto made = Generate(type, Template({{CKA_ENCRYPT, true},
                                               {CKA_DECRYPT, true},
                                               {CKA_WRAP, true},
                                               {CKA_UNWRAP, true},
                                               kExtractableKey}));
    EXPECT_EQ(Rv(), CKR_OK);
    return made.keybytes();
  }
};

bool HasOddParity(const std::string& value) {
  for (const char c : value) {
    if (std::popcount(static_cast<Byte>(c)) % 2 == 0) return false;
  }
  return true;
}

struct CipherCase {
  CK_MECHANISM_TYPE type;
  const char* key;
  const char* ciphered;
};
constexpr char kPlain[] = "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51";
constexpr char kIvHex[] = "f69f2445df4f9b17";
constexpr CipherCase kCiphers[] = {
    {CKM_DES3_ECB, "0123456789abcdef23456789abcdef01456789abcdef0123",
     "714772f339841d34267fcc4bd2949cc3ee11c22a576a303876183f99c0b6de87"},
    {CKM_DES3_ECB, "0123456789abcdef23456789abcdef01",
     "06ede3d82884090aff322c19f0518486730576972a666e58b6c88cf107340d3d"},
    {CKM_DES3_CBC, "0123456789abcdef23456789abcdef01456789abcdef0123",
     "2079c3d53aa763e193b79e2569ab5262516570481f25b50f73c0bda85c8e0da7"},
};

TEST_F(DesRpcTest, CiphersGiveTheValuesOfNistInEveryFlow) {
  const std::string plain = Str(Hex(kPlain));
  for (const CipherCase& c : kCiphers) {
    const std::string key = ImportDes(Hex(c.key));
    const grep11::Mechanism mechanism =
        c.type == CKM_DES3_ECB ? Mech(c.type) : MechIv(c.type, Hex(kIvHex));
    const std::string ciphered = Encrypt(mechanism, key, plain);
    EXPECT_EQ(HexOf(ViewOf(ciphered)), c.ciphered);
    EXPECT_EQ(Decrypt(mechanism, key, ciphered), plain);
    for (const std::size_t part : {1U, 7U, 8U, 13U, 40U}) {
      EXPECT_EQ(EncryptInParts(mechanism, key, plain, part), ciphered) << part;
      EXPECT_EQ(DecryptInParts(mechanism, key, ciphered, part), plain) << part;
    }
  }
}

TEST_F(DesRpcTest, PaddingIsThatOfCbcWithABlockMore) {
  const std::string key = ImportDes(Hex(kCiphers[2].key));
  const grep11::Mechanism padded = MechIv(CKM_DES3_CBC_PAD, Hex(kIvHex));
  const std::string plain = Str(Hex(kPlain));
  const std::string ciphered = Encrypt(padded, key, plain);
  EXPECT_EQ(HexOf(ViewOf(ciphered.substr(0, 32))), kCiphers[2].ciphered);
  EXPECT_EQ(ciphered.size(), 40U);
  for (const std::size_t size : {0U, 1U, 7U, 8U, 9U, 31U}) {
    const std::string shorter = plain.substr(0, size);
    const std::string out = Encrypt(padded, key, shorter);
    EXPECT_EQ(out.size(), size / 8 * 8 + 8);
    EXPECT_EQ(Decrypt(padded, key, out), shorter);
    EXPECT_EQ(EncryptInParts(padded, key, shorter, 5), out);
    EXPECT_EQ(DecryptInParts(padded, key, out, 5), shorter);
  }
}

TEST_F(DesRpcTest, LengthsPaddingAndParametersAreChecked) {
  const std::string key = ImportDes(Hex(kCiphers[0].key));
  Encrypt(Mech(CKM_DES3_ECB), key, std::string(12, 'x'));
  EXPECT_EQ(Rv(), CKR_DATA_LEN_RANGE);
  Decrypt(Mech(CKM_DES3_ECB), key, std::string(12, 'x'));
  EXPECT_EQ(Rv(), CKR_ENCRYPTED_DATA_LEN_RANGE);
  const std::string zeros = Encrypt(MechIv(CKM_DES3_CBC, Bytes(8)), key, std::string(8, '\0'));
  Decrypt(MechIv(CKM_DES3_CBC_PAD, Bytes(8)), key, zeros);
  EXPECT_EQ(Rv(), CKR_ENCRYPTED_DATA_INVALID);
  for (const std::size_t size : {0U, 7U, 16U}) {
    Encrypt(MechIv(CKM_DES3_CBC, Bytes(size)), key, std::string(8, 'x'));
    EXPECT_EQ(Rv(), CKR_MECHANISM_PARAM_INVALID) << size;
  }
  Encrypt(Mech(CKM_DES3_CBC_PAD), key, "x");
  EXPECT_EQ(Rv(), CKR_MECHANISM_PARAM_INVALID);
  Encrypt(Mech(CKM_DES3_ECB), MakeAes(client(), 16), std::string(8, 'x'));
  EXPECT_EQ(Rv(), CKR_KEY_TYPE_INCONSISTENT);
  Encrypt(Mech(CKM_AES_ECB), key, std::string(16, 'x'));
  EXPECT_EQ(Rv(), CKR_KEY_TYPE_INCONSISTENT);
}

TEST_F(DesRpcTest, GeneratedKeysHaveOddParityTheirLengthAndACheckSum) {
  struct Case {
    CK_MECHANISM_TYPE type;
    CK_KEY_TYPE key_type;
    std::size_t octets;
    const char* bits;
  };
  const Case cases[] = {{CKM_DES2_KEY_GEN, CKK_DES2, 16, "00000080"},
                        {CKM_DES3_KEY_GEN, CKK_DES3, 24, "000000c0"}};
  for (const Case& c : cases) {
    // "template asks for VALUE_LEN 32, ignored"
    const auto made = Generate(
        c.type,
        Template({{CKA_VALUE_LEN, std::uint64_t{32}}, {CKA_ENCRYPT, true}, kExtractableKey}));
    ASSERT_EQ(Rv(), CKR_OK);
    EXPECT_EQ(made.keybytes().size(), 256U);
    const std::string value = Export(made.keybytes());
    EXPECT_EQ(value.size(), c.octets);
    EXPECT_TRUE(HasOddParity(value));
    const std::string zeros = Encrypt(Mech(CKM_DES3_ECB), made.keybytes(), std::string(8, '\0'));
    EXPECT_EQ(made.checksum().substr(0, 3), zeros.substr(0, 3));
    EXPECT_EQ(HexOf(ViewOf(made.checksum().substr(3))), c.bits);
    const auto got = Attributes(made.keybytes(), {CKA_KEY_TYPE, CKA_CHECK_VALUE});
    EXPECT_EQ(static_cast<CK_KEY_TYPE>(got.at(CKA_KEY_TYPE).attributei()), c.key_type);
    EXPECT_EQ(got.at(CKA_CHECK_VALUE).attributeb(), zeros.substr(0, 3));
  }
  Generate(CKM_DES3_KEY_GEN, Template({kDes2Type}));
  EXPECT_EQ(Rv(), CKR_TEMPLATE_INCONSISTENT);
}

TEST_F(DesRpcTest, CheckSumsAreThoseOfTheVectors) {
  const std::map<std::string, CK_KEY_TYPE> types = {{"CKK_AES", CKK_AES},
                                                    {"CKK_DES2", CKK_DES2},
                                                    {"CKK_DES3", CKK_DES3},
                                                    {"CKK_GENERIC_SECRET", CKK_GENERIC_SECRET}};
  int compared = 0;
  for (const Vector& v : Vector::Load("kdf/check-values.json").List("vectors")) {
    if (!v.Has("checksum_field_7_bytes")) continue;
    const auto imported = Import(
        Str(v.Octets("key")),
        Template({kSecretClass, {CKA_KEY_TYPE, std::uint64_t{types.at(v.Text("key_type"))}}}));
    ASSERT_EQ(Rv(), CKR_OK) << v.Text("key");
    EXPECT_EQ(HexOf(ViewOf(imported.checksum())), v.Text("checksum_field_7_bytes"));
    ++compared;
  }
  EXPECT_GE(compared, 10);
}

TEST_F(DesRpcTest, ImportMendsParityAndMindsLength) {
  const std::string key = ImportDes(Bytes(24, 0x00));
  EXPECT_EQ(Export(key), std::string(24, '\x01'));
  Import(std::string(16, 'k'), Template({kSecretClass, kDes3Type}));
  EXPECT_EQ(Rv(), CKR_WRAPPED_KEY_LEN_RANGE);
  Import(std::string(24, 'k'), Template({kSecretClass, kDes2Type}));
  EXPECT_EQ(Rv(), CKR_WRAPPED_KEY_LEN_RANGE);
  // "-> secret key if CKA_KEY_TYPE is AES, DES2 or DES3"
  const auto silent = Import(std::string(24, 'k'), Template({kDes3Type}));
  EXPECT_EQ(Rv(), CKR_OK);
  EXPECT_EQ(silent.unwrapped().attributes().at(CKA_CLASS).attributei(),
            static_cast<std::int64_t>(CKO_SECRET_KEY));
}

TEST_F(DesRpcTest, DesKeysWrapAndAreWrapped) {
  const std::string target = GenerateKek(CKM_DES3_KEY_GEN);
  const std::string value = Export(target);
  const PairBlobs rsa = MakeRsaPair(client(), 1024);
  struct Case {
    grep11::Mechanism mechanism;
    std::string wrapping;
    std::string unwrapping;
  };
  const std::string des2 = GenerateKek(CKM_DES2_KEY_GEN);
  const std::string des3 = GenerateKek(CKM_DES3_KEY_GEN);
  const std::string aes = MakeAes(client(), 32);
  const Case cases[] = {
      {Mech(CKM_DES3_ECB), des2, des2},
      {MechIv(CKM_DES3_CBC, Bytes(8, 1)), des3, des3},
      {MechIv(CKM_DES3_CBC_PAD, Bytes(8, 2)), des3, des3},
      {MechIv(CKM_AES_CBC, Bytes(16, 3)), aes, aes},  // 24 octets filled to 32
      {Mech(CKM_RSA_PKCS), rsa.public_blob, rsa.private_blob},
  };
  for (const Case& c : cases) {
    const std::string wrapped = Wrap(c.mechanism, target, c.wrapping);
    ASSERT_EQ(Rv(), CKR_OK) << NameOfMechanism(c.mechanism.mechanism());
    const auto back = Unwrap(c.mechanism, wrapped, c.unwrapping,
                             Template({kSecretClass, kDes3Type, kExtractableKey}));
    ASSERT_EQ(Rv(), CKR_OK) << NameOfMechanism(c.mechanism.mechanism());
    EXPECT_EQ(Export(back.unwrappedbytes()), value);
  }
}

TEST_F(DesRpcTest, PrivateKeysGoUnderDesWithPaddingOnly) {
  const std::string kek = GenerateKek(CKM_DES3_KEY_GEN);
  const PairBlobs ec = MakeEcPair(client(), "P-256");
  const grep11::Mechanism padded = MechIv(CKM_DES3_CBC_PAD, Bytes(8, 2));
  const std::string wrapped = Wrap(padded, ec.private_blob, kek);
  ASSERT_EQ(Rv(), CKR_OK);
  EXPECT_NE(FromPkcs8(Decrypt(padded, kek, wrapped)), nullptr);
  Wrap(MechIv(CKM_DES3_CBC, Bytes(8, 2)), ec.private_blob, kek);
  EXPECT_EQ(Rv(), CKR_KEY_NOT_WRAPPABLE);
  Wrap(padded, ec.private_blob, MakeAes(client(), 16));
  EXPECT_EQ(Rv(), CKR_WRAPPING_KEY_TYPE_INCONSISTENT);
  Unwrap(padded, wrapped.substr(1), kek, Template({{CKA_KEY_TYPE, std::uint64_t{CKK_EC}}}));
  EXPECT_EQ(Rv(), CKR_WRAPPED_KEY_LEN_RANGE);
}

// The template that a case of the vectors describes in words, or nothing.
WireMap TemplateOf(const Vector& c) {
  const std::map<std::string, CK_KEY_TYPE> types = {{"CKK_AES", CKK_AES},
                                                    {"CKK_DES2", CKK_DES2},
                                                    {"CKK_DES3", CKK_DES3},
                                                    {"CKK_GENERIC_SECRET", CKK_GENERIC_SECRET}};
  WireMap attributes = Template({kExtractableKey});
  const std::string text = c.Text("template");
  if (text.find("CKK_") != std::string::npos) {
    Put(&attributes, CKA_KEY_TYPE, std::uint64_t{types.at(c.Text("key_type"))});
  }
  const std::size_t at = text.find("length ");
  if (at != std::string::npos && text.find("no length") == std::string::npos) {
    Put(&attributes, CKA_VALUE_LEN, std::uint64_t{std::stoul(text.substr(at + 7))});
  }
  return attributes;
}

TEST_F(DesRpcTest, DerivedKeysAreThoseOfTheVectors) {
  const std::map<std::string, CK_MECHANISM_TYPE> mechanisms = {
      {"CKM_SHA1_KEY_DERIVATION", CKM_SHA1_KEY_DERIVATION},
      {"CKM_SHA224_KEY_DERIVATION", CKM_SHA224_KEY_DERIVATION},
      {"CKM_SHA256_KEY_DERIVATION", CKM_SHA256_KEY_DERIVATION},
      {"CKM_SHA384_KEY_DERIVATION", CKM_SHA384_KEY_DERIVATION},
      {"CKM_SHA512_KEY_DERIVATION", CKM_SHA512_KEY_DERIVATION}};
  int derived = 0, refused = 0;
  for (const Vector& v : Vector::Load("kdf/key-derivation.json").List("vectors")) {
    const bool by_digest = mechanisms.contains(v.Text("mechanism"));
    const Bytes value = v.Octets("base_key");
    const std::string base =
        by_digest ? Import(Str(value), Template({kSecretClass, kGenericType, {CKA_DERIVE, true}}))
                        .unwrappedbytes()
                  : ImportDes(value);
    grep11::Mechanism mechanism = Mech(CKM_DES3_ECB_ENCRYPT_DATA);
    if (by_digest) mechanism = Mech(mechanisms.at(v.Text("mechanism")));
    if (!by_digest) mechanism.set_parameterb(Str(v.Octets("data")));
    for (const Vector& c : v.List("cases")) {
      const auto key = Derive(mechanism, base, TemplateOf(c));
      if (c.Has("value")) {
        ASSERT_EQ(Rv(), CKR_OK) << v.Text("mechanism") << " " << c.Text("template");
        EXPECT_EQ(HexOf(ViewOf(Export(key.newkeybytes()))), c.Text("value"));
        ++derived;
      } else {
        EXPECT_NE(Rv(), CKR_OK) << v.Text("mechanism") << " " << c.Text("template");
        ++refused;
      }
    }
  }
  EXPECT_GT(derived, 60);
  EXPECT_GT(refused, 10);
}

TEST_F(DesRpcTest, DataOfADerivationComeOneWayOrTheOther) {
  const std::string base = ImportDes(Hex(kCiphers[0].key));
  const WireMap attributes = Template({kGenericType, kExtractableKey});
  const std::string data = Str(Hex(kPlain));
  const auto by_request = Derive(Mech(CKM_DES3_ECB_ENCRYPT_DATA), base, attributes, data);
  ASSERT_EQ(Rv(), CKR_OK);
  EXPECT_EQ(HexOf(ViewOf(Export(by_request.newkeybytes()))), kCiphers[0].ciphered);
  EXPECT_EQ(by_request.checksum().size(), 7U);
  Derive(MechIv(CKM_DES3_ECB_ENCRYPT_DATA, Bytes(8)), base, attributes, data);
  EXPECT_EQ(Rv(), CKR_MECHANISM_PARAM_INVALID);
  Derive(Mech(CKM_DES3_ECB_ENCRYPT_DATA), base, attributes);
  EXPECT_EQ(Rv(), CKR_DATA_LEN_RANGE);
  Derive(MechIv(CKM_DES3_ECB_ENCRYPT_DATA, Bytes(9)), base, attributes);
  EXPECT_EQ(Rv(), CKR_DATA_LEN_RANGE);
  Derive(MechIv(CKM_DES3_ECB_ENCRYPT_DATA, Bytes(264)), base, attributes);
  EXPECT_EQ(Rv(), CKR_DATA_LEN_RANGE);
  Derive(MechIv(CKM_SHA256_KEY_DERIVATION, Bytes(8)), base, attributes);
  EXPECT_EQ(Rv(), CKR_MECHANISM_PARAM_INVALID);
  Derive(MechIv(CKM_DES3_ECB_ENCRYPT_DATA, Bytes(8)), MakeAes(client(), 16), attributes);
  EXPECT_EQ(Rv(), CKR_KEY_TYPE_INCONSISTENT);
  Derive(Mech(CKM_SHA256_KEY_DERIVATION), MakeAes(client(), 16), attributes);
  EXPECT_EQ(Rv(), CKR_KEY_FUNCTION_NOT_PERMITTED);
}

TEST_F(DesRpcTest, DerivedKeysAreNeverExtractableOnlyIfTheirBaseIs) {
  const auto never = [this](bool base_extractable, bool extractable) {
    const auto base =
        Generate(CKM_GENERIC_SECRET_KEY_GEN, Template({{CKA_VALUE_LEN, std::uint64_t{20}},
                                                       {CKA_DERIVE, true},
                                                       {CKA_EXTRACTABLE, base_extractable}}));
    const auto key = Derive(Mech(CKM_SHA1_KEY_DERIVATION), base.keybytes(),
                            Template({{CKA_EXTRACTABLE, extractable}}));
    EXPECT_EQ(Rv(), CKR_OK);
    return key.newkey().attributes().at(CKA_NEVER_EXTRACTABLE).attributetf();
  };
  EXPECT_TRUE(never(false, false));
  EXPECT_FALSE(never(false, true));
  EXPECT_FALSE(never(true, false));
}

}  // namespace
}  // namespace gw::emulator
