// Room: tests. Keys over the wire: templates, the import and export recipes, what rights forbid.
#include "emulator/crypto/symmetric.h"
#include "tests/unit/emulator/support/material.h"
#include "tests/unit/emulator/support/rpc_test.h"

namespace gw::emulator {
namespace {

using grep11::Crypto;

class KeysRpcTest : public RpcTest {
 protected:
  std::string Sign(const std::string& key, const std::string& data) {
    return RpcTest::Sign(Mech(CKM_ECDSA), key, data);
  }

  grep11::GetAttributeValueResponse GetAttributes(const std::string& blob,
                                                  const std::vector<CK_ATTRIBUTE_TYPE>& types) {
    grep11::GetAttributeValueRequest request;
    request.set_object(blob);
    for (const CK_ATTRIBUTE_TYPE type : types) Put(request.mutable_attributes(), type, false);
    return client().Call(&Crypto::Stub::GetAttributeValue, request);
  }
};

std::uint64_t HeaderBits(const std::string& blob) {
  std::uint64_t bits = 0;
  for (std::size_t i = 48; i < 56; ++i) bits = bits << 8 | static_cast<Byte>(blob[i]);
  return bits;
}

std::uint64_t TrailerBits(const std::string& maced_spki, std::size_t spki_bytes) {
  return std::stoull(HexOf(ViewOf(maced_spki.substr(spki_bytes + 78, 4))), nullptr, 16);
}

const std::uint64_t kP256Spki = 91;

// Attribute words of published blobs.
TEST_F(KeysRpcTest, SilentTemplatesGiveThePublishedAttributeWords) {
  const auto aes = Generate(CKM_AES_KEY_GEN, Template({{CKA_VALUE_LEN, std::uint64_t{32}},
                                                       {CKA_ENCRYPT, true},
                                                       {CKA_DECRYPT, true},
                                                       {CKA_EXTRACTABLE, true}}));
  EXPECT_EQ(HeaderBits(aes.keybytes()), 0x8d25U);
  const WireMap curve = Template({{CKA_EC_PARAMS, CopyOf("P-256")}, {CKA_VERIFY, true}});
  const auto sign = GeneratePair(CKM_EC_KEY_PAIR_GEN, Template({{CKA_SIGN, true}}), curve);
  EXPECT_EQ(HeaderBits(sign.privkeybytes()), 0x400126U);
  EXPECT_EQ(TrailerBits(sign.pubkeybytes(), kP256Spki), 0x8024U);
  const auto derive = GeneratePair(CKM_EC_KEY_PAIR_GEN, Template({{CKA_DERIVE, true}}), curve);
  EXPECT_EQ(HeaderBits(derive.privkeybytes()), 0x401126U);
  const auto extractable =
      GeneratePair(CKM_EC_KEY_PAIR_GEN, Template({{CKA_EXTRACTABLE, true}}), curve);
  EXPECT_EQ(HeaderBits(extractable.privkeybytes()), 0x400125U);
}

TEST_F(KeysRpcTest, ResponsesCarryTheBlobTwiceAndTheAttributes) {
  const auto aes = Generate(CKM_AES_KEY_GEN, Template({{CKA_VALUE_LEN, std::uint64_t{16}}}));
  ASSERT_EQ(aes.key().keyblobs_size(), 1);
  EXPECT_EQ(aes.key().keyblobs(0), aes.keybytes());
  EXPECT_EQ(aes.key().keyblobid().size(), 16U);
  EXPECT_EQ(aes.checksum().size(), 7U);
  EXPECT_EQ(aes.key().attributes().at(CKA_KEY_TYPE).attributei(),
            static_cast<std::int64_t>(CKK_AES));
  EXPECT_EQ(aes.key().attributes().at(CKA_VALUE_LEN).attributei(), 16);
  EXPECT_EQ(aes.key().attributes().at(CKA_CHECK_VALUE).attributeb(), aes.checksum().substr(0, 3));
  const std::string zeros(16, '\0');
  EXPECT_EQ(Encrypt(Mech(CKM_AES_ECB), aes.keybytes(), zeros).substr(0, 3),
            aes.checksum().substr(0, 3));
}

TEST_F(KeysRpcTest, TemplatesAreRefusedForWhatIsWrongWithThem) {
  struct Case {
    WireMap attributes;
    CK_RV rv;
  };
  const std::uint64_t sixteen = 16;
  const Case cases[] = {
      {Template({}), CKR_TEMPLATE_INCOMPLETE},
      {Template({{CKA_VALUE_LEN, std::uint64_t{17}}}), CKR_ATTRIBUTE_VALUE_INVALID},
      {Template({{CKA_VALUE_LEN, true}}), CKR_ATTRIBUTE_VALUE_INVALID},
      {Template({{CKA_VALUE_LEN, sixteen}, {CKA_SIGN, sixteen}}), CKR_ATTRIBUTE_VALUE_INVALID},
      {Template({{CKA_VALUE_LEN, sixteen}, {CKA_CLASS, std::uint64_t{CKO_PRIVATE_KEY}}}),
       CKR_TEMPLATE_INCONSISTENT},
      {Template({{CKA_VALUE_LEN, sixteen}, {CKA_KEY_TYPE, std::uint64_t{CKK_RSA}}}),
       CKR_TEMPLATE_INCONSISTENT},
      {Template({{CKA_VALUE_LEN, sixteen}, {CKA_LOCAL, true}}), CKR_ATTRIBUTE_READ_ONLY},
      {Template({{CKA_VALUE_LEN, sixteen}, {CKA_NEVER_EXTRACTABLE, true}}),
       CKR_ATTRIBUTE_READ_ONLY},
      {Template({{CKA_VALUE_LEN, sixteen}, {CKA_VALUE, Bytes(16)}}), CKR_TEMPLATE_INCONSISTENT},
      {Template({{CKA_VALUE_LEN, sixteen}, {CKA_LABEL, Bytes(3)}, {0x7fffffff, Bytes(1)}}), CKR_OK},
  };
  for (const Case& c : cases) {
    Generate(CKM_AES_KEY_GEN, c.attributes);
    EXPECT_EQ(client().Rv(), c.rv) << client().status().error_message();
  }
}

TEST_F(KeysRpcTest, PairTemplatesAreRefusedForWhatIsWrongWithThem) {
  struct Case {
    CK_MECHANISM_TYPE type;
    WireMap private_template;
    WireMap public_template;
    CK_RV rv;
  };
  const Attribute curve{CKA_EC_PARAMS, CopyOf("P-256")};
  const Attribute bits{CKA_MODULUS_BITS, std::uint64_t{1024}};
  const Case cases[] = {
      {CKM_EC_KEY_PAIR_GEN, {}, {}, CKR_TEMPLATE_INCOMPLETE},
      {CKM_EC_KEY_PAIR_GEN,
       {},
       Template({{CKA_EC_PARAMS, CopyOf("P-999")}}),
       CKR_CURVE_NOT_SUPPORTED},
      {CKM_EC_KEY_PAIR_GEN, Template({{CKA_DECRYPT, true}}), Template({curve}),
       CKR_TEMPLATE_INCONSISTENT},
      {CKM_EC_KEY_PAIR_GEN, Template({{CKA_DECRYPT, false}}), Template({curve}), CKR_OK},
      {CKM_EC_KEY_PAIR_GEN, {}, Template({{CKA_EC_PARAMS, Hex("06082a8648ce3d030107")}}), CKR_OK},
      {CKM_EC_KEY_PAIR_GEN, {}, Template({curve, {CKA_EXTRACTABLE, true}}), CKR_OK},
      {CKM_RSA_PKCS_KEY_PAIR_GEN, {}, {}, CKR_TEMPLATE_INCOMPLETE},
      {CKM_RSA_PKCS_KEY_PAIR_GEN,
       {},
       Template({{CKA_MODULUS_BITS, std::uint64_t{510}}}),
       CKR_ATTRIBUTE_VALUE_INVALID},
      {CKM_RSA_PKCS_KEY_PAIR_GEN,
       {},
       Template({{CKA_MODULUS_BITS, std::uint64_t{4098}}}),
       CKR_ATTRIBUTE_VALUE_INVALID},
      {CKM_RSA_PKCS_KEY_PAIR_GEN,
       {},
       Template({{CKA_MODULUS_BITS, std::uint64_t{1031}}}),
       CKR_ATTRIBUTE_VALUE_INVALID},
      {CKM_RSA_PKCS_KEY_PAIR_GEN, {}, Template({{CKA_MODULUS_BITS, std::uint64_t{512}}}), CKR_OK},
      {CKM_RSA_PKCS_KEY_PAIR_GEN, {}, Template({{CKA_MODULUS_BITS, std::uint64_t{1030}}}), CKR_OK},
      {CKM_RSA_PKCS_KEY_PAIR_GEN,
       {},
       Template({bits, {CKA_PUBLIC_EXPONENT, std::uint64_t{3}}}),
       CKR_ATTRIBUTE_VALUE_INVALID},
      {CKM_RSA_PKCS_KEY_PAIR_GEN,
       {},
       Template({bits, {CKA_PUBLIC_EXPONENT, std::uint64_t{18}}}),
       CKR_ATTRIBUTE_VALUE_INVALID},
      {CKM_RSA_PKCS_KEY_PAIR_GEN,
       {},
       Template({bits, {CKA_PUBLIC_EXPONENT, Bytes{0x01, 0x00, 0x01}}}),
       CKR_OK},
      {CKM_RSA_PKCS_KEY_PAIR_GEN, {}, Template({bits, {CKA_PUBLIC_EXPONENT, Bytes{0x11}}}), CKR_OK},
      {CKM_RSA_PKCS_KEY_PAIR_GEN, Template({{CKA_DERIVE, true}}), Template({bits}),
       CKR_TEMPLATE_INCONSISTENT},
  };
  for (const Case& c : cases) {
    GeneratePair(c.type, c.private_template, c.public_template);
    EXPECT_EQ(client().Rv(), c.rv)
        << NameOfMechanism(c.type) << " " << client().status().error_message();
  }
}

TEST_F(KeysRpcTest, AnExportedSecretKeyIsItsValueAndComesBackTheSame) {
  const std::string kek = MakeAes(client(), 32);
  const auto key = Generate(
      CKM_AES_KEY_GEN, Template({{CKA_VALUE_LEN, std::uint64_t{24}}, {CKA_EXTRACTABLE, true}}));
  const grep11::Mechanism mechanism = MechIv(CKM_AES_CBC_PAD, Bytes(16, 5));
  const std::string wrapped = Wrap(mechanism, key.keybytes(), kek);
  ASSERT_EQ(client().Rv(), CKR_OK);
  EXPECT_EQ(Decrypt(mechanism, kek, wrapped).size(), 24U);
  const auto back = Unwrap(mechanism, wrapped, kek,
                           Template({{CKA_KEY_TYPE, std::uint64_t{CKK_AES}},
                                     {CKA_CLASS, std::uint64_t{CKO_SECRET_KEY}},
                                     {CKA_VALUE_LEN, std::uint64_t{24}},
                                     {CKA_ENCRYPT, true},
                                     {CKA_DECRYPT, true},
                                     {CKA_EXTRACTABLE, true}}));
  ASSERT_EQ(client().Rv(), CKR_OK);
  EXPECT_EQ(back.checksum(), key.checksum());
  EXPECT_EQ(HeaderBits(back.unwrappedbytes()), 0xc01U);  // exactly the three that were named
}

TEST_F(KeysRpcTest, SecretKeysGoThroughEveryWrappingMechanism) {
  const std::string kek = MakeAes(client(), 32);
  const PairBlobs rsa = MakeRsaPair(client(), 2048);
  const auto key =
      Generate(CKM_GENERIC_SECRET_KEY_GEN,
               Template({{CKA_VALUE_LEN, std::uint64_t{20}}, {CKA_EXTRACTABLE, true}}));
  struct Case {
    grep11::Mechanism mechanism;
    std::string wrapping;
    std::string unwrapping;
  };
  const Case cases[] = {
      {Mech(CKM_AES_ECB), kek, kek},
      {MechIv(CKM_AES_CBC, Bytes(16, 1)), kek, kek},
      {MechIv(CKM_AES_CBC_PAD, Bytes(16, 1)), kek, kek},
      {Mech(CKM_RSA_PKCS), rsa.public_blob, rsa.private_blob},
      {MechOaep(CKM_SHA256, grep11::RSAOAEPParm::CkgMgf1Sha256), rsa.public_blob, rsa.private_blob},
  };
  for (const Case& c : cases) {
    const auto back =
        Unwrap(c.mechanism, Wrap(c.mechanism, key.keybytes(), c.wrapping), c.unwrapping,
               Template({{CKA_KEY_TYPE, std::uint64_t{CKK_GENERIC_SECRET}},
                         {CKA_VALUE_LEN, std::uint64_t{20}}}));
    EXPECT_EQ(client().Rv(), CKR_OK) << NameOfMechanism(c.mechanism.mechanism());
    EXPECT_EQ(back.checksum(), key.checksum()) << NameOfMechanism(c.mechanism.mechanism());
  }
}

TEST_F(KeysRpcTest, PrivateKeysAreExportedAsPkcs8AndSignLikeBefore) {
  const std::string kek = MakeAes(client(), 32);
  const PairBlobs ec = MakeEcPair(client(), "P-521");
  const grep11::Mechanism mechanism = MechIv(CKM_AES_CBC_PAD, Bytes(16, 5));
  const std::string wrapped = Wrap(mechanism, ec.private_blob, kek);
  const PkeyPtr exported = FromPkcs8(Decrypt(mechanism, kek, wrapped));
  ASSERT_NE(exported, nullptr);
  EXPECT_EQ(SpkiOf(exported.get()), ec.public_blob.substr(0, SpkiOf(exported.get()).size()));
  const auto back = Unwrap(mechanism, wrapped, kek,
                           Template({{CKA_KEY_TYPE, std::uint64_t{CKK_EC}},
                                     {CKA_CLASS, std::uint64_t{CKO_PRIVATE_KEY}},
                                     {CKA_SIGN, true}}));
  ASSERT_EQ(client().Rv(), CKR_OK);
  EXPECT_EQ(HeaderBits(back.unwrappedbytes()), 0x104U);
  // CheckSum: the MACed SPKI of the public half, then the bit count.
  EXPECT_EQ(HexOf(ViewOf(back.checksum().substr(back.checksum().size() - 4))), "00000209");
  EXPECT_EQ(back.checksum().substr(0, SpkiOf(exported.get()).size()), SpkiOf(exported.get()));
  const std::string data(64, 'd');
  EXPECT_TRUE(SoftwareVerify(exported.get(), {}, data, Sign(back.unwrappedbytes(), data)));
}

TEST_F(KeysRpcTest, ForeignPrivateKeysAreImported) {
  const std::string kek = MakeAes(client(), 32);
  const grep11::Mechanism mechanism = MechIv(CKM_AES_CBC_PAD, Bytes(16, 5));
  const PkeyPtr rsa = NewSoftwareRsa(2048);
  const auto imported = Unwrap(mechanism, Encrypt(mechanism, kek, Pkcs8Of(rsa.get())), kek,
                               Template({{CKA_KEY_TYPE, std::uint64_t{CKK_RSA}},
                                         {CKA_CLASS, std::uint64_t{CKO_PRIVATE_KEY}},
                                         {CKA_SIGN, true},
                                         {CKA_PRIVATE, true},
                                         {CKA_SENSITIVE, true}}));
  EXPECT_EQ(client().Rv(), CKR_OK);
  grep11::SignSingleRequest request;
  *request.mutable_mech() = Mech(CKM_SHA256_RSA_PKCS);
  *request.mutable_privkey() = BlobMessage(imported.unwrappedbytes());
  request.set_data("x");
  EXPECT_TRUE(SoftwareVerify(rsa.get(), {.digest = "SHA256", .rsa_padding = 1}, "x",
                             client().Call(&Crypto::Stub::SignSingle, request).signature()));
}

TEST_F(KeysRpcTest, WrappedKeysThatAreNoneAreRefused) {
  const std::string kek = MakeAes(client(), 32);
  const grep11::Mechanism mechanism = MechIv(CKM_AES_CBC_PAD, Bytes(16, 5));
  const WireMap aes = Template({{CKA_KEY_TYPE, std::uint64_t{CKK_AES}}});
  const WireMap ec = Template({{CKA_KEY_TYPE, std::uint64_t{CKK_EC}}});
  struct Case {
    std::string wrapped;
    WireMap attributes;
    CK_RV rv;
  };
  const Case cases[] = {
      {Encrypt(mechanism, kek, std::string(16, 'k')), {}, CKR_TEMPLATE_INCOMPLETE},
      {Encrypt(mechanism, kek, std::string(17, 'k')), aes, CKR_WRAPPED_KEY_LEN_RANGE},
      {Encrypt(mechanism, kek, std::string(16, 'k')),
       Template({{CKA_KEY_TYPE, std::uint64_t{CKK_AES}}, {CKA_VALUE_LEN, std::uint64_t{32}}}),
       CKR_WRAPPED_KEY_LEN_RANGE},
      {std::string(17, 'w'), aes, CKR_WRAPPED_KEY_LEN_RANGE},
      {Encrypt(MechIv(CKM_AES_CBC, Bytes(16, 5)), kek, std::string(16, '\0')), aes,
       CKR_WRAPPED_KEY_INVALID},
      {Encrypt(mechanism, kek, "no PKCS #8"), ec, CKR_WRAPPED_KEY_INVALID},
      {Encrypt(mechanism, kek, Pkcs8Of(NewSoftwareRsa(1024).get())), ec, CKR_WRAPPED_KEY_INVALID},
  };
  for (const Case& c : cases) {
    Unwrap(mechanism, c.wrapped, kek, c.attributes);
    EXPECT_EQ(client().Rv(), c.rv) << client().status().error_message();
  }
  Unwrap(mechanism, cases[0].wrapped, "", aes);
  EXPECT_EQ(client().Rv(), CKR_UNWRAPPING_KEY_HANDLE_INVALID);
  Unwrap(mechanism, cases[0].wrapped, MakeGeneric(client(), 32), aes);
  EXPECT_EQ(client().Rv(), CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT);
}

TEST_F(KeysRpcTest, BareSpkisBecomeMacedOnes) {
  const PkeyPtr rsa = NewSoftwareRsa(2048);
  const auto imported = Unwrap(Mech(CKM_IBM_TRANSPORTKEY), SpkiOf(rsa.get()), MakeAes(client(), 16),
                               Template({{CKA_ENCRYPT, true}, {CKA_WRAP, true}}));
  ASSERT_EQ(client().Rv(), CKR_OK);
  EXPECT_EQ(imported.unwrappedbytes().size(), SpkiOf(rsa.get()).size() + 120);
  EXPECT_EQ(Encrypt(Mech(CKM_RSA_PKCS), imported.unwrappedbytes(), "x").size(), 256U);
  EXPECT_EQ(client().Rv(), CKR_OK);
  Unwrap(Mech(CKM_IBM_TRANSPORTKEY), "no SPKI", "", {});
  EXPECT_EQ(client().Rv(), CKR_PUBLIC_KEY_INVALID);
}

TEST_F(KeysRpcTest, WrappingObeysTheAttributesOfBothKeys) {
  const std::string kek = MakeAes(client(), 32);
  const grep11::Mechanism mechanism = MechIv(CKM_AES_CBC_PAD, Bytes(16));
  Wrap(mechanism, MakeAes(client(), 16, false), kek);
  EXPECT_EQ(client().Rv(), CKR_KEY_UNEXTRACTABLE);
  const std::string key = MakeAes(client(), 16);
  Wrap(mechanism, key, SetAttribute(kek, CKA_WRAP, false));
  EXPECT_EQ(client().Rv(), CKR_KEY_FUNCTION_NOT_PERMITTED);
  const std::string choosy = SetAttribute(key, CKA_WRAP_WITH_TRUSTED, true);
  Wrap(mechanism, choosy, kek);
  EXPECT_EQ(client().Rv(), CKR_KEY_NOT_WRAPPABLE);
  Wrap(mechanism, choosy, SetAttribute(kek, CKA_TRUSTED, true));
  EXPECT_EQ(client().Rv(), CKR_OK);
  Wrap(Mech(CKM_AES_ECB), MakeEcPair(client(), "P-256").private_blob, kek);
  EXPECT_EQ(client().Rv(), CKR_KEY_NOT_WRAPPABLE);
  Wrap(Mech(CKM_RSA_PKCS), MakeGeneric(client(), 118), MakeRsaPair(client(), 1024).public_blob);
  EXPECT_EQ(client().Rv(), CKR_KEY_SIZE_RANGE);
  Wrap(mechanism, key, MakeGeneric(client(), 16));
  EXPECT_EQ(client().Rv(), CKR_WRAPPING_KEY_TYPE_INCONSISTENT);
  Wrap(mechanism, key, "");
  EXPECT_EQ(client().Rv(), CKR_WRAPPING_KEY_HANDLE_INVALID);
}

TEST_F(KeysRpcTest, RightsThatWereTakenAwayAreGone) {
  const std::string aes = MakeAes(client(), 16);
  const std::string without = SetAttribute(aes, CKA_ENCRYPT, false);
  ASSERT_EQ(client().Rv(), CKR_OK);
  Encrypt(Mech(CKM_AES_ECB), without, std::string(16, 'x'));
  EXPECT_EQ(client().Rv(), CKR_KEY_FUNCTION_NOT_PERMITTED);
  EXPECT_EQ(Encrypt(Mech(CKM_AES_ECB), aes, std::string(16, 'x')).size(),
            16U);  // the old blob stays valid
  const PairBlobs ec = MakeEcPair(client(), "P-256");
  Sign(SetAttribute(ec.private_blob, CKA_SIGN, false), "x");
  EXPECT_EQ(client().Rv(), CKR_KEY_FUNCTION_NOT_PERMITTED);
}

TEST_F(KeysRpcTest, AttributesChangeOnlyWhereTheyMay) {
  const std::string aes = MakeAes(client(), 16, false);
  SetAttribute(aes, CKA_EXTRACTABLE, true);
  EXPECT_EQ(client().Rv(), CKR_ATTRIBUTE_READ_ONLY);
  SetAttribute(aes, CKA_LOCAL, false);
  EXPECT_EQ(client().Rv(), CKR_ATTRIBUTE_READ_ONLY);
  SetAttribute(aes, CKA_CLASS, true);
  EXPECT_EQ(client().Rv(), CKR_ATTRIBUTE_TYPE_INVALID);
  SetAttribute(MakeEcPair(client(), "P-256").private_blob, CKA_DECRYPT, true);
  EXPECT_EQ(client().Rv(), CKR_TEMPLATE_INCONSISTENT);
  SetAttribute(SetAttribute(aes, CKA_MODIFIABLE, false), CKA_SIGN, false);
  EXPECT_EQ(client().Rv(), CKR_ACTION_PROHIBITED);
  const std::string restricted =
      SetAttribute(SetAttribute(aes, CKA_SIGN, false), CKA_IBM_RESTRICTABLE, true);
  SetAttribute(restricted, CKA_SIGN, true);
  EXPECT_EQ(client().Rv(), CKR_ATTRIBUTE_READ_ONLY);
  SetAttribute(restricted, CKA_VERIFY, false);
  EXPECT_EQ(client().Rv(), CKR_OK);
}

TEST_F(KeysRpcTest, AttributesAreReadFromBlobs) {
  const PairBlobs ec = MakeEcPair(client(), "P-256");
  const auto got =
      GetAttributes(ec.private_blob, {CKA_CLASS, CKA_KEY_TYPE, CKA_SIGN, CKA_PUBLIC_KEY_INFO,
                                      CKA_IBM_MACED_PUBLIC_KEY_INFO, CKA_EC_PARAMS});
  ASSERT_EQ(client().Rv(), CKR_OK);
  EXPECT_EQ(got.attributes().at(CKA_CLASS).attributei(),
            static_cast<std::int64_t>(CKO_PRIVATE_KEY));
  EXPECT_EQ(got.attributes().at(CKA_KEY_TYPE).attributei(), static_cast<std::int64_t>(CKK_EC));
  EXPECT_TRUE(got.attributes().at(CKA_SIGN).attributetf());
  EXPECT_EQ(got.attributes().at(CKA_PUBLIC_KEY_INFO).attributeb(),
            ec.public_blob.substr(0, kP256Spki));
  EXPECT_EQ(got.attributes().at(CKA_EC_PARAMS).attributeb(), Str(Hex("06082a8648ce3d030107")));
  grep11::VerifySingleRequest verify;
  *verify.mutable_mech() = Mech(CKM_ECDSA);
  *verify.mutable_pubkey() =
      BlobMessage(got.attributes().at(CKA_IBM_MACED_PUBLIC_KEY_INFO).attributeb());
  verify.set_data("digest");
  verify.set_signature(Sign(ec.private_blob, "digest"));
  client().Call(&Crypto::Stub::VerifySingle, verify);
  EXPECT_EQ(client().Rv(), CKR_OK);
}

TEST_F(KeysRpcTest, AttributesThatAreNotThereAreNamedAsSuch) {
  const std::string aes = MakeAes(client(), 16);
  GetAttributes(aes, {CKA_VALUE});
  EXPECT_EQ(client().Rv(), CKR_ATTRIBUTE_SENSITIVE);
  GetAttributes(aes, {CKA_MODULUS});
  EXPECT_EQ(client().Rv(), CKR_ATTRIBUTE_TYPE_INVALID);
  GetAttributes(MakeEcPair(client(), "P-256").private_blob, {CKA_VALUE_LEN});
  EXPECT_EQ(client().Rv(), CKR_ATTRIBUTE_TYPE_INVALID);
  GetAttributes(aes, {CKA_IBM_NEVER_MODIFIABLE});
  EXPECT_EQ(client().Rv(), CKR_ARGUMENTS_BAD);
}

TEST_F(KeysRpcTest, ByteTypedAttributesAreBigEndian) {
  grep11::GetAttributeValueRequest request;
  request.set_object(MakeAes(client(), 16));
  (*request.mutable_attributesbytes())[CKA_VALUE_LEN] = "";
  (*request.mutable_attributesbytes())[CKA_ENCRYPT] = "";
  const auto response = client().Call(&Crypto::Stub::GetAttributeValue, request);
  EXPECT_EQ(HexOf(ViewOf(response.attributesbytes().at(CKA_VALUE_LEN))), "0000000000000010");
  EXPECT_EQ(HexOf(ViewOf(response.attributesbytes().at(CKA_ENCRYPT))), "01");
}

std::string PointOf(const std::string& maced_spki, std::size_t octets) {
  return maced_spki.substr(kP256Spki - octets, octets);
}

TEST_F(KeysRpcTest, BothSidesOfAnAgreementDeriveTheSameKey) {
  const PairBlobs a = MakeEcPair(client(), "P-256");
  const PairBlobs b = MakeEcPair(client(), "P-256");
  const auto derive = [this](const std::string& own, const std::string& peer_point, int kdf) {
    grep11::DeriveKeyRequest request;
    *request.mutable_mech() = Mech(CKM_ECDH1_DERIVE);
    auto& parameter = *request.mutable_mech()->mutable_ecdh1deriveparameter();
    parameter.set_kdf(static_cast<grep11::ECDH1DeriveParm::KeyDerivationFunction>(kdf));
    parameter.set_publicdata(peer_point);
    if (kdf != 1) parameter.set_shareddata("info");
    *request.mutable_basekey() = BlobMessage(own);
    *request.mutable_template_() = Template({{CKA_CLASS, std::uint64_t{CKO_SECRET_KEY}},
                                             {CKA_KEY_TYPE, std::uint64_t{CKK_AES}},
                                             {CKA_VALUE_LEN, std::uint64_t{16}},
                                             {CKA_ENCRYPT, true},
                                             {CKA_DECRYPT, true}});
    return client().Call(&Crypto::Stub::DeriveKey, request);
  };
  for (const int kdf : {1, 2, 5, 6, 7, 8}) {
    const auto key_a = derive(a.private_blob, PointOf(b.public_blob, 65), kdf);
    ASSERT_EQ(client().Rv(), CKR_OK) << kdf;
    const auto key_b = derive(b.private_blob, PointOf(a.public_blob, 65), kdf);
    EXPECT_EQ(key_a.checksum(), key_b.checksum()) << kdf;
    EXPECT_EQ(Decrypt(Mech(CKM_AES_ECB), key_b.newkeybytes(),
                      Encrypt(Mech(CKM_AES_ECB), key_a.newkeybytes(), std::string(16, 'x'))),
              std::string(16, 'x'));
  }
  std::string off_curve = PointOf(b.public_blob, 65);
  off_curve.back() ^= 1;
  derive(a.private_blob, off_curve, 1);
  EXPECT_EQ(client().Rv(), CKR_MECHANISM_PARAM_INVALID);
  derive(a.private_blob, "\x04", 1);
  EXPECT_EQ(client().Rv(), CKR_MECHANISM_PARAM_INVALID);
  derive(a.private_blob, PointOf(b.public_blob, 65), 3);
  EXPECT_EQ(client().Rv(), CKR_MECHANISM_PARAM_INVALID);
}

// RFC 5903 section 8.1: 256-bit random ECP group, the initiator's key and the responder's point.
TEST_F(KeysRpcTest, EcdhGivesTheValueOfRfc5903) {
  const std::string kek = MakeAes(client(), 32);
  const grep11::Mechanism mechanism = MechIv(CKM_AES_CBC_PAD, Bytes(16, 5));
  // ECPrivateKey inside PrivateKeyInfo for id-ecPublicKey with prime256v1, without the public key.
  const Bytes pkcs8 =
      Hex("3041020100301306072a8648ce3d020106082a8648ce3d030107042730250201010420"
          "c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433");
  const auto own = Unwrap(mechanism, Encrypt(mechanism, kek, Str(pkcs8)), kek,
                          Template({{CKA_KEY_TYPE, std::uint64_t{CKK_EC}}, {CKA_DERIVE, true}}));
  ASSERT_EQ(client().Rv(), CKR_OK) << client().status().error_message();
  grep11::DeriveKeyRequest request;
  *request.mutable_mech() = Mech(CKM_ECDH1_DERIVE);
  request.mutable_mech()->set_parameterb(
      Str(Hex("04d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf63"
              "56fbf3ca366cc23e8157854c13c58d6aac23f046ada30f8353e74f33039872ab")));
  *request.mutable_basekey() = BlobMessage(own.unwrappedbytes());
  *request.mutable_template_() =
      Template({{CKA_KEY_TYPE, std::uint64_t{CKK_GENERIC_SECRET}}, {CKA_EXTRACTABLE, true}});
  const auto derived = client().Call(&Crypto::Stub::DeriveKey, request);
  ASSERT_EQ(client().Rv(), CKR_OK) << client().status().error_message();
  EXPECT_EQ(HexOf(ViewOf(Decrypt(mechanism, kek, Wrap(mechanism, derived.newkeybytes(), kek)))),
            "d6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de");
}

TEST_F(KeysRpcTest, TamperedBlobsAndForeignMasterKeysAreNamed) {
  const std::string aes = MakeAes(client(), 16);
  std::string changed = aes;
  changed[52] ^= 1;  // an attribute
  Encrypt(Mech(CKM_AES_ECB), changed, std::string(16, 'x'));
  EXPECT_EQ(client().Rv(), CKR_ENCRYPTED_DATA_INVALID);
  changed = aes;
  changed[32] ^= 1;  // the name of the master key
  Encrypt(Mech(CKM_AES_ECB), changed, std::string(16, 'x'));
  EXPECT_EQ(client().Rv(), CKR_IBM_WKID_MISMATCH);
}

TEST_F(KeysRpcTest, ListAndInfoComeFromTheTable) {
  const auto list =
      client().Call(&Crypto::Stub::GetMechanismList, grep11::GetMechanismListRequest());
  ASSERT_GT(list.mechs_size(), 30);
  EXPECT_EQ(list.mechs(0), CKM_RSA_PKCS);
  grep11::GetMechanismInfoRequest request;
  request.set_mech(CKM_AES_KEY_GEN);
  const auto info = client().Call(&Crypto::Stub::GetMechanismInfo, request).mechinfo();
  EXPECT_EQ(info.minkeysize(), 16U);
  EXPECT_EQ(info.maxkeysize(), 32U);
  EXPECT_EQ(info.flags(), CKF_GENERATE);
  request.set_mech(0x12345);
  client().Call(&Crypto::Stub::GetMechanismInfo, request);
  EXPECT_EQ(client().Rv(), CKR_MECHANISM_INVALID);
}

}  // namespace
}  // namespace gw::emulator
