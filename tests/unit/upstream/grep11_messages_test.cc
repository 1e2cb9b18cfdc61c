// Room: tests/unit/upstream.
#include "daemon/upstream/grep11_messages.h"

#include <gtest/gtest.h>

#include <limits>

namespace gw {
namespace {

grep11::Mechanism Filled(const Mechanism& mechanism) {
  grep11::Mechanism message;
  FillMechanism(mechanism, &message);
  return message;
}

AttributeMap Filled(const AttributeList& list) {
  AttributeMap map;
  EXPECT_TRUE(FillTemplate(list, &map).ok());
  return map;
}

CK_RV Refused(CK_ATTRIBUTE_TYPE type, Bytes value) {
  AttributeList list;
  list.Set(type, std::move(value));
  AttributeMap map;
  const Status status = FillTemplate(list, &map);
  return status.ok() ? CKR_OK : status.error().rv;
}

TEST(Grep11MessagesTest, AMechanismWithoutParameterSetsNoMember) {
  const auto message = Filled(Mechanism{CKM_ECDSA, {}});
  EXPECT_EQ(message.mechanism(), CKM_ECDSA);
  EXPECT_EQ(message.Parameter_case(), grep11::Mechanism::PARAMETER_NOT_SET);
}

TEST(Grep11MessagesTest, OctetsGoIntoParameterB) {
  const auto message = Filled(Mechanism{CKM_AES_CBC, Bytes(16, 7)});
  EXPECT_EQ(message.parameterb(), std::string(16, '\7'));
}

TEST(Grep11MessagesTest, AnEmptyParameterIsStillThere) {
  EXPECT_EQ(Filled(Mechanism{CKM_AES_CBC, Bytes()}).Parameter_case(),
            grep11::Mechanism::kParameterB);
}

TEST(Grep11MessagesTest, OaepFieldByField) {
  OaepParameter oaep;
  oaep.hash = CKM_SHA256;
  oaep.mgf = 2;
  oaep.source = 1;
  oaep.source_data = CopyOf("label");
  const auto parameter = Filled(Mechanism{CKM_RSA_PKCS_OAEP, oaep}).rsaoaepparameter();
  EXPECT_EQ(parameter.hashmech(), CKM_SHA256);
  EXPECT_EQ(parameter.mgf(), grep11::RSAOAEPParm_Mask_CkgMgf1Sha256);
  EXPECT_EQ(parameter.encodingparmtype(), grep11::RSAOAEPParm_ParmType_CkzDataSpecifiied);
  EXPECT_EQ(parameter.encodingparm(), "label");
}

// Wire sheet 2.4: RSAOAEPParm { HashMech: 2147549185 Mgf: CkgIbmMgf1Sha3_224 }
TEST(Grep11MessagesTest, VendorNumbersAreTranslatedAndEncodedAsTheSheetSays) {
  OaepParameter oaep;
  oaep.hash = CKM_IBM_SHA3_224;
  oaep.mgf = 0x80000001UL;
  const auto parameter = Filled(Mechanism{CKM_RSA_PKCS_OAEP, oaep}).rsaoaepparameter();
  EXPECT_EQ(parameter.SerializeAsString(),
            std::string("\x08\x81\x80\x84\x80\x08\x10\x81\x80\x80\x04", 11));
}

TEST(Grep11MessagesTest, ProtoEnumsOfAllVendorNumbers) {
  EXPECT_EQ(ProtoEnumOf(1), 1);
  EXPECT_EQ(ProtoEnumOf(8), 8);
  EXPECT_EQ(ProtoEnumOf(0x80000001UL), 0x800001);
  EXPECT_EQ(ProtoEnumOf(0x80000006UL), 0x800006);
  EXPECT_GE(ProtoEnumOf(std::numeric_limits<CK_ULONG>::max()), 0);  // hostile, not negative
}

TEST(Grep11MessagesTest, PssAndEcdh) {
  PssParameter pss;
  pss.hash = CKM_SHA384;
  pss.mgf = 3;
  pss.salt_bytes = 48;
  const auto pss_message = Filled(Mechanism{CKM_RSA_PKCS_PSS, pss}).rsapssparameter();
  EXPECT_EQ(pss_message.saltbytecount(), 48u);
  EXPECT_EQ(pss_message.mgf(), grep11::RSAPSSParm_Mask_CkgMgf1Sha384);
  Ecdh1Parameter ecdh;
  ecdh.kdf = 0x80000001UL;
  ecdh.public_data = CopyOf("point");
  const auto ecdh_message = Filled(Mechanism{CKM_ECDH1_DERIVE, ecdh}).ecdh1deriveparameter();
  EXPECT_EQ(ecdh_message.kdf(), grep11::ECDH1DeriveParm_KeyDerivationFunction_CkdIbmHybridNull);
  EXPECT_EQ(ecdh_message.publicdata(), "point");
}

TEST(Grep11MessagesTest, ParametersOfCurvesAndLattices) {
  EXPECT_EQ(Filled(Mechanism{CKM_IBM_ECDSA_OTHER, EcsgParameter{5}}).ecsgparameter().type(),
            grep11::ECSGParm_ECSGType_CkEcsgIbmEcsdsaComprMulti);
  const BtcParameter btc{5, 0x80000001, CopyOf("chain code"), 1};
  const auto wallet = Filled(Mechanism{CKM_IBM_BTC_DERIVE, btc}).btcderiveparameter();
  EXPECT_EQ(wallet.type(), grep11::BTCDeriveParm_BTCDeriveType_CkSLIP0010PRV2PRV);
  EXPECT_EQ(wallet.childkeyindex(), 0x80000001u);
  EXPECT_EQ(wallet.chaincode(), "chain code");
  EXPECT_EQ(wallet.version(), 1u);
  KyberParameter kyber;
  kyber.mode = CK_IBM_KEM_DECAPSULATE;
  kyber.kdf = CKD_IBM_HYBRID_SHA512_KDF;
  kyber.prepend = true;
  kyber.ciphertext = CopyOf("ciphertext");
  kyber.shared_data = CopyOf("shared");
  kyber.blob = CopyOf("blob");
  const auto kem = Filled(Mechanism{CKM_IBM_KYBER, kyber}).kyberkemparameter();
  EXPECT_EQ(kem.mode(), grep11::KyberKEMParm_KyberMode_CkIbmKEMDecapsulate);
  EXPECT_EQ(kem.kdf(), grep11::KyberKEMParm_KyberDeriveType_CkdIbmHybridSha512Kdf);
  EXPECT_TRUE(kem.prepend());
  EXPECT_EQ(kem.ciphertext(), "ciphertext");
  EXPECT_EQ(kem.shareddata(), "shared");
  EXPECT_EQ(kem.blob(), "blob");
}

TEST(Grep11MessagesTest, StandardNamesTravelAsTheVendors) {
  EXPECT_EQ(Filled(Mechanism{CKM_AES_CMAC, {}}).mechanism(), CKM_IBM_CMAC);
  EXPECT_EQ(Filled(Mechanism{0x2b0 /* CKM_SHA3_256 */, {}}).mechanism(), CKM_IBM_SHA3_256);
}

TEST(Grep11MessagesTest, AMacKeyIsNoParameter) {
  const auto message =
      Filled(Mechanism{CKM_IBM_ATTRIBUTEBOUND_WRAP, MacKeyParameter{CopyOf("blob")}});
  EXPECT_EQ(message.Parameter_case(), grep11::Mechanism::PARAMETER_NOT_SET);
}

TEST(Grep11MessagesTest, AKeyIsItsFirstBlobAlsoInAReusedMessage) {
  grep11::KeyBlob message;
  FillKey(KeyBlob{CopyOf("one")}, &message);
  FillKey(KeyBlob{CopyOf("two")}, &message);
  ASSERT_EQ(message.keyblobs_size(), 1);
  EXPECT_EQ(message.keyblobs(0), "two");
}

// Wire sheet 2.4: the GenerateKeyRequest.
TEST(Grep11MessagesTest, ATemplateIsTypedByItsAttributes) {
  AttributeList list;
  list.SetUlong(CKA_VALUE_LEN, 32);
  list.SetBool(CKA_ENCRYPT, true);
  list.SetBool(CKA_EXTRACTABLE, false);
  list.SetText(CKA_LABEL, "name");
  list.Set(CKA_EC_PARAMS, CopyOf("P-256"));
  const AttributeMap map = Filled(list);
  ASSERT_EQ(map.size(), 5u);
  EXPECT_EQ(map.at(CKA_VALUE_LEN).SerializeAsString(), std::string("\x18\x20", 2));
  EXPECT_EQ(map.at(CKA_ENCRYPT).SerializeAsString(), std::string("\x10\x01", 2));
  EXPECT_EQ(map.at(CKA_EXTRACTABLE).SerializeAsString(), std::string("\x10\x00", 2));
  EXPECT_EQ(map.at(CKA_LABEL).attributeb(), "name");
  EXPECT_EQ(map.at(CKA_EC_PARAMS).attributeb(), "P-256");
}

TEST(Grep11MessagesTest, VendorKeyTypesArePositive) {
  AttributeList list;
  list.SetUlong(CKA_KEY_TYPE, CKK_IBM_PQC_DILITHIUM);
  EXPECT_EQ(Filled(list).at(CKA_KEY_TYPE).attributei(), std::int64_t{0x80010023});
}

TEST(Grep11MessagesTest, APublicExponentIsANumberIfItFits) {
  AttributeList list;
  list.Set(CKA_PUBLIC_EXPONENT, Bytes{0, 1, 0, 1});
  EXPECT_EQ(Filled(list).at(CKA_PUBLIC_EXPONENT).attributei(), 65537);
  Bytes largest(8, 0xff);
  largest[0] = 0x7f;
  list.Set(CKA_PUBLIC_EXPONENT, largest);
  EXPECT_EQ(Filled(list).at(CKA_PUBLIC_EXPONENT).attributei(),
            std::numeric_limits<std::int64_t>::max());
  for (const Bytes& large : {Bytes(8, 0x80), Bytes(9, 1), Bytes(128, 0xff)}) {
    list.Set(CKA_PUBLIC_EXPONENT, large);
    EXPECT_EQ(Filled(list).at(CKA_PUBLIC_EXPONENT).attributeb(), TextOf(large));
  }
}

TEST(Grep11MessagesTest, WhatOnlyTheHsmSetsDoesNotTravel) {
  AttributeList list;
  list.SetBool(CKA_LOCAL, true);
  list.SetBool(CKA_ALWAYS_SENSITIVE, true);
  list.Set(CKA_VALUE, CopyOf("a clear key"));
  list.Set(CKA_GREP11_WKID, Bytes(16, 1));
  EXPECT_TRUE(Filled(list).empty());
}

TEST(Grep11MessagesTest, UnknownAttributesGoAsOctets) {
  AttributeList list;
  list.Set(0x8fffffffUL, CopyOf("?"));
  EXPECT_EQ(Filled(list).at(0x8fffffffUL).attributeb(), "?");
}

TEST(Grep11MessagesTest, ValuesOfTheWrongWidthAreRefused) {
  EXPECT_EQ(Refused(CKA_SIGN, Bytes{}), CKR_ATTRIBUTE_VALUE_INVALID);
  EXPECT_EQ(Refused(CKA_SIGN, Bytes{1, 0}), CKR_ATTRIBUTE_VALUE_INVALID);
  EXPECT_EQ(Refused(CKA_VALUE_LEN, Bytes{32}), CKR_ATTRIBUTE_VALUE_INVALID);
  EXPECT_EQ(Refused(CKA_VALUE_LEN, Bytes(8, 0xff)), CKR_ATTRIBUTE_VALUE_INVALID);
  EXPECT_EQ(Refused(CKA_VALUE_LEN, Bytes(9, 0)), CKR_ATTRIBUTE_VALUE_INVALID);
}

TEST(Grep11MessagesTest, ANewKeyIsTakenFromEitherForm) {
  grep11::KeyBlob message;
  EXPECT_TRUE(TakeKey("", message).empty());
  message.add_keyblobs("message");
  EXPECT_EQ(TextOf(TakeKey("", message).view()), "message");
  EXPECT_EQ(TextOf(TakeKey("raw", message).view()), "raw");
}

}  // namespace
}  // namespace gw
