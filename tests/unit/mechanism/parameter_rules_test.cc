// Tests of the parameter rules, through CheckMechanism as every caller uses them.
#include <gtest/gtest.h>

#include "daemon/mechanism/mechanism_table.h"

namespace gw {
namespace {

struct Case {
  std::string name;
  CK_MECHANISM_TYPE type;
  CK_FLAGS flag;
  MechanismParameter parameter;
  CK_RV rv;
};

std::string NameOf(const ::testing::TestParamInfo<Case>& info) { return info.param.name; }

class ParameterTest : public ::testing::TestWithParam<Case> {};

TEST_P(ParameterTest, IsJudged) {
  const Case& test = GetParam();
  const Mechanism mechanism{test.type, test.parameter};
  const Status checked = CheckMechanism(FindMechanism(test.type), mechanism, test.flag);
  EXPECT_EQ(checked.ok() ? CKR_OK : checked.error().rv, test.rv);
}

constexpr CK_RV kBad = CKR_MECHANISM_PARAM_INVALID;

std::vector<Case> ClassicCases() {
  const Bytes handle(sizeof(CK_OBJECT_HANDLE));
  return {
      {"DesTakesAnIvOfEight", CKM_DES3_CBC, CKF_ENCRYPT, Bytes(8), CKR_OK},
      {"DesRefusesAnIvOfSixteen", CKM_DES3_CBC_PAD, CKF_ENCRYPT, Bytes(16), kBad},
      {"APublicValueIsANumber", CKM_DH_PKCS_DERIVE, CKF_DERIVE, Bytes{0, 5}, CKR_OK},
      {"APublicValueIsNotZero", CKM_DH_PKCS_DERIVE, CKF_DERIVE, Bytes(128), kBad},
      {"APublicValueIsNotMissing", CKM_DH_PKCS_DERIVE, CKF_DERIVE, {}, kBad},
      {"APublicValueIsNotLong", CKM_DH_PKCS_DERIVE, CKF_DERIVE, Bytes(513, 1), kBad},
      {"DataIsWholeBlocks", CKM_DES3_ECB_ENCRYPT_DATA, CKF_DERIVE, Bytes(24), CKR_OK},
      {"DataIsNoPartOfABlock", CKM_DES3_ECB_ENCRYPT_DATA, CKF_DERIVE, Bytes(23), kBad},
      {"DataIsNotMissing", CKM_DES3_ECB_ENCRYPT_DATA, CKF_DERIVE, {}, kBad},
      {"AHandleIsAUlong", CKM_IBM_ATTRIBUTEBOUND_WRAP, CKF_WRAP, handle, CKR_OK},
      {"AHandleIsNothingElse", CKM_IBM_ATTRIBUTEBOUND_WRAP, CKF_UNWRAP, Bytes(7), kBad},
      {"OaepTakesSha3", CKM_RSA_PKCS_OAEP, CKF_ENCRYPT,
       OaepParameter{CKM_IBM_SHA3_256, CKG_IBM_MGF1_SHA3_256, 0, {}}, CKR_OK},
      {"PssTakesNoSha3", CKM_RSA_PKCS_PSS, CKF_SIGN,
       PssParameter{CKM_IBM_SHA3_256, CKG_IBM_MGF1_SHA3_256, 32}, kBad},
  };
}
INSTANTIATE_TEST_SUITE_P(Classic, ParameterTest, ::testing::ValuesIn(ClassicCases()), NameOf);

std::vector<Case> NoneCases() {
  return {
      {"AbsentIsRight", CKM_RSA_PKCS, CKF_SIGN, {}, CKR_OK},
      {"ZeroOctetsAreTolerated", CKM_RSA_PKCS, CKF_SIGN, Bytes{}, CKR_OK},
      {"OctetsAreRefused", CKM_RSA_PKCS, CKF_SIGN, Bytes{1}, kBad},
      {"EcbTakesNoIv", CKM_AES_ECB, CKF_ENCRYPT, Bytes(16), kBad},
      {"PssParameterIsRefused", CKM_SHA256_RSA_PKCS, CKF_SIGN,
       PssParameter{CKM_SHA256, CKG_MGF1_SHA256, 32}, kBad},
  };
}
INSTANTIATE_TEST_SUITE_P(None, ParameterTest, ::testing::ValuesIn(NoneCases()), NameOf);

std::vector<Case> IvCases() {
  return {
      {"SixteenOctetsAreRight", CKM_AES_CBC, CKF_ENCRYPT, Bytes(16), CKR_OK},
      {"PadTakesOneToo", CKM_AES_CBC_PAD, CKF_UNWRAP, Bytes(16), CKR_OK},
      {"AbsentIsRefused", CKM_AES_CBC_PAD, CKF_WRAP, {}, kBad},
      {"EmptyIsRefused", CKM_AES_CBC, CKF_DECRYPT, Bytes{}, kBad},
      {"ShortIsRefused", CKM_AES_CBC, CKF_DECRYPT, Bytes(15), kBad},
      {"LongIsRefused", CKM_AES_CBC, CKF_DECRYPT, Bytes(17), kBad},
      {"StructureIsRefused", CKM_AES_CBC, CKF_DECRYPT, Ecdh1Parameter{}, kBad},
  };
}
INSTANTIATE_TEST_SUITE_P(Iv, ParameterTest, ::testing::ValuesIn(IvCases()), NameOf);

Case Oaep(std::string name, OaepParameter parameter, CK_RV rv) {
  return {std::move(name), CKM_RSA_PKCS_OAEP, CKF_ENCRYPT, std::move(parameter), rv};
}

std::vector<Case> OaepCases() {
  return {
      Oaep("Sha1", {CKM_SHA_1, CKG_MGF1_SHA1, 0, {}}, CKR_OK),
      Oaep("Sha224", {CKM_SHA224, CKG_MGF1_SHA224, 0, {}}, CKR_OK),
      Oaep("Sha256", {CKM_SHA256, CKG_MGF1_SHA256, CKZ_DATA_SPECIFIED, {}}, CKR_OK),
      Oaep("Sha384", {CKM_SHA384, CKG_MGF1_SHA384, CKZ_DATA_SPECIFIED, {1, 2}}, CKR_OK),
      Oaep("Sha512WithMostData", {CKM_SHA512, CKG_MGF1_SHA512, CKZ_DATA_SPECIFIED, Bytes(1024)},
           CKR_OK),
      Oaep("OtherMaskIsRefused", {CKM_SHA256, CKG_MGF1_SHA1, 0, {}}, kBad),
      Oaep("TruncatedDigestIsRefused", {CKM_SHA512_256, CKG_MGF1_SHA256, 0, {}}, kBad),
      Oaep("UnknownDigestIsRefused", {CKM_MD5, CKG_MGF1_SHA1, 0, {}}, kBad),
      Oaep("UnknownMaskIsRefused", {CKM_SHA256, 77, 0, {}}, kBad),
      Oaep("UnknownSourceIsRefused", {CKM_SHA256, CKG_MGF1_SHA256, 2, {}}, kBad),
      Oaep("DataWithoutSourceIsRefused", {CKM_SHA256, CKG_MGF1_SHA256, 0, {1}}, kBad),
      Oaep("TooMuchDataIsRefused", {CKM_SHA256, CKG_MGF1_SHA256, CKZ_DATA_SPECIFIED, Bytes(1025)},
           kBad),
      {"AbsentIsRefused", CKM_RSA_PKCS_OAEP, CKF_DECRYPT, {}, kBad},
      {"OctetsAreRefused", CKM_RSA_PKCS_OAEP, CKF_DECRYPT, Bytes(40), kBad},
  };
}
INSTANTIATE_TEST_SUITE_P(Oaep, ParameterTest, ::testing::ValuesIn(OaepCases()), NameOf);

Case Pss(std::string name, CK_MECHANISM_TYPE type, PssParameter parameter, CK_RV rv) {
  return {std::move(name), type, CKF_SIGN, parameter, rv};
}

std::vector<Case> PssCases() {
  return {
      Pss("RawSha1", CKM_RSA_PKCS_PSS, {CKM_SHA_1, CKG_MGF1_SHA1, 20}, CKR_OK),
      Pss("RawSha256", CKM_RSA_PKCS_PSS, {CKM_SHA256, CKG_MGF1_SHA256, 32}, CKR_OK),
      Pss("RawSha512WithoutSalt", CKM_RSA_PKCS_PSS, {CKM_SHA512, CKG_MGF1_SHA512, 0}, CKR_OK),
      Pss("HashedSha1", CKM_SHA1_RSA_PKCS_PSS, {CKM_SHA_1, CKG_MGF1_SHA1, 20}, CKR_OK),
      Pss("HashedSha224", CKM_SHA224_RSA_PKCS_PSS, {CKM_SHA224, CKG_MGF1_SHA224, 28}, CKR_OK),
      Pss("HashedSha256", CKM_SHA256_RSA_PKCS_PSS, {CKM_SHA256, CKG_MGF1_SHA256, 32}, CKR_OK),
      Pss("HashedSha384", CKM_SHA384_RSA_PKCS_PSS, {CKM_SHA384, CKG_MGF1_SHA384, 48}, CKR_OK),
      Pss("HashedSha512", CKM_SHA512_RSA_PKCS_PSS, {CKM_SHA512, CKG_MGF1_SHA512, 64}, CKR_OK),
      Pss("LongestSalt", CKM_RSA_PKCS_PSS, {CKM_SHA256, CKG_MGF1_SHA256, 478}, CKR_OK),
      Pss("SaltThatFitsNoKeyIsRefused", CKM_RSA_PKCS_PSS, {CKM_SHA256, CKG_MGF1_SHA256, 479}, kBad),
      Pss("HugeSaltIsRefused", CKM_RSA_PKCS_PSS,
          {CKM_SHA256, CKG_MGF1_SHA256, CK_UNAVAILABLE_INFORMATION}, kBad),
      Pss("OtherHashThanTheMechanismIsRefused", CKM_SHA256_RSA_PKCS_PSS,
          {CKM_SHA384, CKG_MGF1_SHA384, 48}, kBad),
      Pss("OtherMaskThanTheHashIsRefused", CKM_SHA256_RSA_PKCS_PSS, {CKM_SHA256, CKG_MGF1_SHA1, 32},
          kBad),
      Pss("NoDigestIsRefused", CKM_RSA_PKCS_PSS, {CKM_RSA_PKCS, CKG_MGF1_SHA1, 20}, kBad),
      {"AbsentIsRefused", CKM_RSA_PKCS_PSS, CKF_VERIFY, {}, kBad},
      {"OaepStructureIsRefused", CKM_RSA_PKCS_PSS, CKF_VERIFY,
       OaepParameter{CKM_SHA_1, CKG_MGF1_SHA1, 0, {}}, kBad},
  };
}
INSTANTIATE_TEST_SUITE_P(Pss, ParameterTest, ::testing::ValuesIn(PssCases()), NameOf);

Case Ecdh(std::string name, Ecdh1Parameter parameter, CK_RV rv) {
  return {std::move(name), CKM_ECDH1_DERIVE, CKF_DERIVE, std::move(parameter), rv};
}

std::vector<Case> EcdhCases() {
  const Bytes point(65, 4);
  return {
      Ecdh("NullKdf", {CKD_NULL, {}, point}, CKR_OK),
      Ecdh("Sha1Kdf", {CKD_SHA1_KDF, {1}, point}, CKR_OK),
      Ecdh("Sha224Kdf", {CKD_SHA224_KDF, {}, point}, CKR_OK),
      Ecdh("Sha256Kdf", {CKD_SHA256_KDF, Bytes(1024), Bytes(1024)}, CKR_OK),
      Ecdh("Sha384Kdf", {CKD_SHA384_KDF, {}, point}, CKR_OK),
      Ecdh("Sha512Kdf", {CKD_SHA512_KDF, {}, point}, CKR_OK),
      Ecdh("UnknownKdfIsRefused", {0, {}, point}, kBad),
      Ecdh("KdfOfOtherMechanismsIsRefused", {CKD_SHA1_KDF_ASN1, {}, point}, kBad),
      Ecdh("SharedDataWithoutKdfIsRefused", {CKD_NULL, {1}, point}, kBad),
      Ecdh("NoPointIsRefused", {CKD_NULL, {}, {}}, kBad),
      Ecdh("LongPointIsRefused", {CKD_NULL, {}, Bytes(1025)}, kBad),
      Ecdh("LongSharedDataIsRefused", {CKD_SHA256_KDF, Bytes(1025), point}, kBad),
      {"AbsentIsRefused", CKM_ECDH1_DERIVE, CKF_DERIVE, {}, kBad},
      {"BarePointIsRefused", CKM_ECDH1_DERIVE, CKF_DERIVE, point, kBad},
  };
}
INSTANTIATE_TEST_SUITE_P(Ecdh, ParameterTest, ::testing::ValuesIn(EcdhCases()), NameOf);

std::vector<Case> EddsaCases() {
  return {
      {"AbsentIsPure", CKM_EDDSA, CKF_SIGN, {}, CKR_OK},
      {"PureIsRight", CKM_EDDSA, CKF_SIGN, EddsaParameter{}, CKR_OK},
      {"HashFirstIsRefused", CKM_EDDSA, CKF_SIGN, EddsaParameter{true, {}}, kBad},
      {"AContextIsRefused", CKM_EDDSA, CKF_VERIFY, EddsaParameter{false, {1}}, kBad},
      {"OctetsAreRefused", CKM_EDDSA, CKF_SIGN, Bytes(24), kBad},
      {"TheVendorsTakesNone", CKM_IBM_ED448_SHA3, CKF_SIGN, EddsaParameter{}, kBad},
  };
}
INSTANTIATE_TEST_SUITE_P(Eddsa, ParameterTest, ::testing::ValuesIn(EddsaCases()), NameOf);

std::vector<Case> EcsgCases() {
  return {
      {"RandomIsRight", CKM_IBM_ECDSA_OTHER, CKF_SIGN, EcsgParameter{3}, CKR_OK},
      {"CompressedIsRight", CKM_IBM_ECDSA_OTHER, CKF_VERIFY, EcsgParameter{5}, CKR_OK},
      {"AnotherIsRefused", CKM_IBM_ECDSA_OTHER, CKF_SIGN, EcsgParameter{4}, kBad},
      {"PairingsAreRefused", CKM_IBM_ECDSA_OTHER, CKF_SIGN, EcsgParameter{6}, kBad},
      {"AbsentIsRefused", CKM_IBM_ECDSA_OTHER, CKF_SIGN, {}, kBad},
      {"OctetsAreRefused", CKM_IBM_ECDSA_OTHER, CKF_SIGN, Bytes(3), kBad},
  };
}
INSTANTIATE_TEST_SUITE_P(Ecsg, ParameterTest, ::testing::ValuesIn(EcsgCases()), NameOf);

Case Btc(std::string name, BtcParameter parameter, CK_RV rv) {
  return {std::move(name), CKM_IBM_BTC_DERIVE, CKF_DERIVE, std::move(parameter), rv};
}

std::vector<Case> BtcCases() {
  return {
      Btc("Bip32Master", {4, 0, {}, 1}, CKR_OK),
      Btc("Slip10Master", {8, 0, {}, 1}, CKR_OK),
      Btc("Child", {1, 0xffffffff, Bytes(32), 1}, CKR_OK),
      Btc("UnknownVersionIsRefused", {4, 0, {}, 0}, kBad),
      Btc("NoTypeIsRefused", {0, 0, {}, 1}, kBad),
      Btc("UnknownTypeIsRefused", {9, 0, Bytes(32), 1}, kBad),
      Btc("MasterWithAChainCodeIsRefused", {4, 0, Bytes(32), 1}, kBad),
      Btc("ChildWithoutAChainCodeIsRefused", {2, 0, {}, 1}, kBad),
      Btc("ShortChainCodeIsRefused", {5, 0, Bytes(31), 1}, kBad),
      Btc("LargeIndexIsRefused", {1, 0x100000000, Bytes(32), 1}, kBad),
      {"AbsentIsRefused", CKM_IBM_BTC_DERIVE, CKF_DERIVE, {}, kBad},
      {"OctetsAreRefused", CKM_IBM_BTC_DERIVE, CKF_DERIVE, Bytes(40), kBad},
  };
}
INSTANTIATE_TEST_SUITE_P(Btc, ParameterTest, ::testing::ValuesIn(BtcCases()), NameOf);

Case Kyber(std::string name, CK_RV rv, void (*change)(KyberParameter&)) {
  KyberParameter parameter;
  parameter.mode = CK_IBM_KEM_DECAPSULATE;
  parameter.kdf = CKD_NULL;
  parameter.ciphertext = Bytes(1088);
  change(parameter);
  return {std::move(name), CKM_IBM_KYBER, CKF_DERIVE, std::move(parameter), rv};
}

std::vector<Case> KyberCases() {
  using P = KyberParameter;
  return {
      Kyber("Decapsulation", CKR_OK, [](P&) {}),
      Kyber("Encapsulation", CKR_OK, [](P& p) { p.mode = 1, p.ciphertext = {}; }),
      Kyber("HybridWithAKey", CKR_OK,
            [](P& p) { p.kdf = CKD_IBM_HYBRID_NULL, p.secret = ObjectHandle{7}; }),
      Kyber("HybridWithABlob", CKR_OK,
            [](P& p) {
              p.kdf = CKD_IBM_HYBRID_SHA512_KDF, p.blob = {1}, p.prepend = true,
              p.shared_data = {2};
            }),
      Kyber("HybridWithBothIsRefused", kBad,
            [](P& p) { p.kdf = CKD_IBM_HYBRID_NULL, p.secret = ObjectHandle{7}, p.blob = {1}; }),
      Kyber("HybridWithoutIsRefused", kBad, [](P& p) { p.kdf = CKD_IBM_HYBRID_NULL; }),
      Kyber("ASecretOfNoUseIsRefused", kBad, [](P& p) { p.secret = ObjectHandle{7}; }),
      Kyber("SharedDataOfNoUseAreRefused", kBad, [](P& p) { p.shared_data = {2}; }),
      Kyber("UnknownVersionIsRefused", kBad, [](P& p) { p.version = 1; }),
      Kyber("UnknownModeIsRefused", kBad, [](P& p) { p.mode = 0; }),
      Kyber("UnknownKdfIsRefused", kBad, [](P& p) { p.kdf = CKD_SHA256_KDF; }),
      Kyber("NothingToDecapsulateIsRefused", kBad, [](P& p) { p.ciphertext = {}; }),
      Kyber("EncapsulatingACiphertextIsRefused", kBad, [](P& p) { p.mode = 1; }),
      {"AbsentIsRefused", CKM_IBM_KYBER, CKF_DERIVE, {}, kBad},
      {"APairTakesNone", CKM_IBM_KYBER, CKF_GENERATE_KEY_PAIR, {}, CKR_OK},
      {"AParameterForAPairIsRefused", CKM_IBM_KYBER, CKF_GENERATE_KEY_PAIR, P{}, kBad},
  };
}
INSTANTIATE_TEST_SUITE_P(Kyber, ParameterTest, ::testing::ValuesIn(KyberCases()), NameOf);

}  // namespace
}  // namespace gw
