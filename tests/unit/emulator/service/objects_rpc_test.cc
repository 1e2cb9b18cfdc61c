// Room: tests. Keys that travel with their attributes, and which attributes may change how.
#include "tests/unit/emulator/support/calls.h"

namespace gw::emulator {
namespace {

using grep11::Crypto;

class ObjectsRpcTest : public EmulatorTest {
 protected:
  void SetUp() override {
    options().no_tls = options().no_auth = true;
    Start();
    client_ = std::make_unique<Client>(NewChannel(), "");
  }
  Client& client() { return *client_; }

  std::string Bound(CK_MECHANISM_TYPE type, WireMap attributes) {
    for (const CK_ATTRIBUTE_TYPE yes : {CKA_IBM_ATTRBOUND, CKA_EXTRACTABLE}) {
      Put(&attributes, yes, true);
    }
    Put(&attributes, CKA_VALUE_LEN, std::uint64_t{32});
    return Generate(client(), type, attributes);
  }

 private:
  std::unique_ptr<Client> client_;
};

const std::string kBlock(16, 'x');
const grep11::Mechanism kBoundWrap = Mech(CKM_IBM_ATTRIBUTEBOUND_WRAP);

std::string BitsOf(const std::string& blob) { return HexOf(ViewOf(blob.substr(52, 4))); }

class BoundWrapRpcTest : public ObjectsRpcTest {
 protected:
  void SetUp() override {
    ObjectsRpcTest::SetUp();
    const WireMap rights = Template({{CKA_WRAP, true}, {CKA_UNWRAP, true}});
    aes_kek_ = Bound(CKM_AES_KEY_GEN, rights);
    mac_key_ = Bound(CKM_GENERIC_SECRET_KEY_GEN, {});
  }
  PairBlobs RsaKek() {
    return GeneratePair(client(), CKM_RSA_PKCS_KEY_PAIR_GEN,
                        Template({{CKA_UNWRAP, true}, {CKA_IBM_ATTRBOUND, true}}),
                        Template({{CKA_MODULUS_BITS, std::uint64_t{2048}},
                                  {CKA_WRAP, true},
                                  {CKA_IBM_ATTRBOUND, true}}));
  }

  std::string aes_kek_;
  std::string mac_key_;
};

TEST_F(BoundWrapRpcTest, SecretKeysKeepTheirValueAndAttributesUnderEitherKindOfWrappingKey) {
  const std::string key =
      Bound(CKM_AES_KEY_GEN, Template({{CKA_ENCRYPT, true}, {CKA_SIGN, false}}));
  const std::string cipher = Encrypt(client(), Mech(CKM_AES_ECB), key, kBlock);
  const PairBlobs rsa = RsaKek();
  const PairBlobs keks[] = {{aes_kek_, aes_kek_}, rsa};
  for (const PairBlobs& kek : keks) {
    const std::string wrapped = Wrap(client(), kBoundWrap, key, kek.public_blob, mac_key_);
    ASSERT_EQ(client().Rv(), CKR_OK) << client().status().error_message();
    // As the vendor's example: a template that repeats what is inside.
    const std::string back = Unwrap(client(), kBoundWrap, wrapped, kek.private_blob,
                                    Template({{CKA_CLASS, std::uint64_t{CKO_SECRET_KEY}},
                                              {CKA_KEY_TYPE, std::uint64_t{CKK_AES}},
                                              {CKA_VALUE_LEN, std::uint64_t{32}},
                                              {CKA_ENCRYPT, true}}),
                                    mac_key_);
    ASSERT_EQ(client().Rv(), CKR_OK) << client().status().error_message();
    EXPECT_EQ(Decrypt(client(), Mech(CKM_AES_ECB), back, cipher), kBlock);
    // All but LOCAL: VERIFY, ENCRYPT, DECRYPT, ATTRBOUND, MODIFIABLE, EXTRACTABLE.
    EXPECT_EQ(BitsOf(key), "00008c65");
    EXPECT_EQ(BitsOf(back), "00008c45");
  }
}

TEST_F(BoundWrapRpcTest, PrivateKeysTravelToo) {
  const PairBlobs pair =
      GeneratePair(client(), CKM_EC_KEY_PAIR_GEN,
                   Template({{CKA_SIGN, true}, {CKA_EXTRACTABLE, true}, {CKA_IBM_ATTRBOUND, true}}),
                   Template({{CKA_EC_PARAMS, CopyOf("P-384")}}));
  const std::string wrapped = Wrap(client(), kBoundWrap, pair.private_blob, aes_kek_, mac_key_);
  const std::string back = Unwrap(client(), kBoundWrap, wrapped, aes_kek_, {}, mac_key_);
  ASSERT_EQ(client().Rv(), CKR_OK) << client().status().error_message();
  const std::string signature = Sign(client(), Mech(CKM_ECDSA), back, "digest");
  EXPECT_EQ(Verify(client(), Mech(CKM_ECDSA), pair.public_blob, "digest", signature), CKR_OK);
}

TEST_F(BoundWrapRpcTest, AnyChangedOctetIsNoticedAndNoCutIsTaken) {
  const std::string wrapped =
      Wrap(client(), kBoundWrap, Bound(CKM_AES_KEY_GEN, {}), aes_kek_, mac_key_);
  for (std::size_t at = 0; at < wrapped.size(); ++at) {
    std::string changed = wrapped;
    changed[at] ^= 1;
    Unwrap(client(), kBoundWrap, changed, aes_kek_, {}, mac_key_);
    EXPECT_EQ(client().Rv(), CKR_WRAPPED_KEY_INVALID) << at;
    Unwrap(client(), kBoundWrap, wrapped.substr(0, at), aes_kek_, {}, mac_key_);
    EXPECT_EQ(client().Rv(), CKR_WRAPPED_KEY_INVALID) << at;
  }
}

TEST_F(BoundWrapRpcTest, TheTemplateMustAgreeWithWhatIsInside) {
  const std::string wrapped =
      Wrap(client(), kBoundWrap, Bound(CKM_AES_KEY_GEN, {}), aes_kek_, mac_key_);
  struct Case {
    WireMap attributes;
    CK_RV rv;
  };
  const Case cases[] = {
      {Template({{CKA_CLASS, std::uint64_t{CKO_PRIVATE_KEY}}}), CKR_TEMPLATE_INCONSISTENT},
      {Template({{CKA_KEY_TYPE, std::uint64_t{CKK_RSA}}}), CKR_TEMPLATE_INCONSISTENT},
      {Template({{CKA_VALUE_LEN, std::uint64_t{16}}}), CKR_WRAPPED_KEY_LEN_RANGE},
      {Template({{CKA_LOCAL, true}}), CKR_ATTRIBUTE_READ_ONLY}};
  for (const Case& c : cases) {
    Unwrap(client(), kBoundWrap, wrapped, aes_kek_, c.attributes, mac_key_);
    EXPECT_EQ(client().Rv(), c.rv);
  }
}

TEST_F(BoundWrapRpcTest, TrustedIsAskedForHereToo) {
  const std::string choosy = Bound(CKM_AES_KEY_GEN, Template({{CKA_WRAP_WITH_TRUSTED, true}}));
  Wrap(client(), kBoundWrap, choosy, aes_kek_, mac_key_);
  EXPECT_EQ(client().Rv(), CKR_KEY_NOT_WRAPPABLE);
  Wrap(client(), kBoundWrap, choosy, SetAttribute(client(), aes_kek_, CKA_TRUSTED, true), mac_key_);
  EXPECT_EQ(client().Rv(), CKR_OK);
}

// Which way an attribute may go once the key is there.
struct Direction {
  CK_ATTRIBUTE_TYPE type;
  CK_RV to_true;   // from FALSE
  CK_RV to_false;  // from TRUE
};

class AttributeDirectionTest : public ObjectsRpcTest,
                               public testing::WithParamInterface<Direction> {};

TEST_P(AttributeDirectionTest, IsObeyed) {
  const Direction& d = GetParam();
  for (const bool start : {false, true}) {
    const std::string key = Generate(
        client(), CKM_AES_KEY_GEN, Template({{CKA_VALUE_LEN, std::uint64_t{16}}, {d.type, start}}));
    ASSERT_EQ(GetAttribute(client(), key, d.type).attributetf(), start);
    const std::string changed = SetAttribute(client(), key, d.type, !start);
    const CK_RV wanted = start ? d.to_false : d.to_true;
    EXPECT_EQ(client().Rv(), wanted) << NameOfRv(client().Rv());
    if (wanted != CKR_OK) continue;
    EXPECT_EQ(GetAttribute(client(), changed, d.type).attributetf(), !start);
    EXPECT_EQ(GetAttribute(client(), key, d.type).attributetf(), start);  // the old blob is as ever
  }
}

INSTANTIATE_TEST_SUITE_P(
    EveryBoolean, AttributeDirectionTest,
    testing::Values(Direction{CKA_ENCRYPT, CKR_OK, CKR_OK}, Direction{CKA_DECRYPT, CKR_OK, CKR_OK},
                    Direction{CKA_SIGN, CKR_OK, CKR_OK}, Direction{CKA_VERIFY, CKR_OK, CKR_OK},
                    Direction{CKA_WRAP, CKR_OK, CKR_OK}, Direction{CKA_UNWRAP, CKR_OK, CKR_OK},
                    Direction{CKA_DERIVE, CKR_OK, CKR_OK}, Direction{CKA_TRUSTED, CKR_OK, CKR_OK},
                    Direction{CKA_IBM_USE_AS_DATA, CKR_OK, CKR_OK},
                    Direction{CKA_IBM_PROTKEY_EXTRACTABLE, CKR_OK, CKR_OK},
                    Direction{CKA_EXTRACTABLE, CKR_ATTRIBUTE_READ_ONLY, CKR_OK},
                    Direction{CKA_MODIFIABLE, CKR_ACTION_PROHIBITED, CKR_OK},
                    Direction{CKA_WRAP_WITH_TRUSTED, CKR_OK, CKR_ATTRIBUTE_READ_ONLY},
                    Direction{CKA_IBM_RESTRICTABLE, CKR_OK, CKR_ATTRIBUTE_READ_ONLY},
                    Direction{CKA_IBM_ATTRBOUND, CKR_ATTRIBUTE_READ_ONLY,
                              CKR_ATTRIBUTE_READ_ONLY}));

TEST_F(ObjectsRpcTest, WhatTheHsmSetsNobodyElseDoes) {
  const std::string key = MakeAes(client(), 16);
  for (const CK_ATTRIBUTE_TYPE type :
       {CKA_LOCAL, CKA_NEVER_EXTRACTABLE, CKA_IBM_NEVER_MODIFIABLE,
        CKA_IBM_PROTKEY_NEVER_EXTRACTABLE, CKA_SENSITIVE, CKA_ALWAYS_SENSITIVE}) {
    for (const bool value : {false, true}) {
      SetAttribute(client(), key, type, value);
      EXPECT_EQ(client().Rv(), CKR_ATTRIBUTE_READ_ONLY) << type;
    }
  }
}

TEST_F(ObjectsRpcTest, NeverExtractableIsTrueOnlyOfKeysThatNeverWere) {
  const std::string never = MakeAes(client(), 16, false);
  EXPECT_TRUE(GetAttribute(client(), never, CKA_NEVER_EXTRACTABLE).attributetf());
  const std::string once = SetAttribute(client(), MakeAes(client(), 16), CKA_EXTRACTABLE, false);
  EXPECT_FALSE(GetAttribute(client(), once, CKA_EXTRACTABLE).attributetf());
  EXPECT_FALSE(GetAttribute(client(), once, CKA_NEVER_EXTRACTABLE).attributetf());
  const std::string pair = PlainEcPair(client()).private_blob;
  EXPECT_TRUE(GetAttribute(client(), pair, CKA_IBM_PROTKEY_NEVER_EXTRACTABLE).attributetf());
  const std::string given = SetAttribute(client(), pair, CKA_IBM_PROTKEY_EXTRACTABLE, true);
  EXPECT_FALSE(GetAttribute(client(), given, CKA_IBM_PROTKEY_NEVER_EXTRACTABLE).attributetf());
}

TEST_F(ObjectsRpcTest, RestrictableKeysLoseRightsAndGainNone) {
  const std::string key =
      SetAttribute(client(), SetAttribute(client(), MakeAes(client(), 16), CKA_SIGN, false),
                   CKA_IBM_RESTRICTABLE, true);
  SetAttribute(client(), key, CKA_SIGN, true);
  EXPECT_EQ(client().Rv(), CKR_ATTRIBUTE_READ_ONLY);
  SetAttribute(client(), key, CKA_TRUSTED, true);
  EXPECT_EQ(client().Rv(), CKR_ATTRIBUTE_READ_ONLY);
  SetAttribute(client(), key, CKA_WRAP_WITH_TRUSTED, true);  // takes away
  EXPECT_EQ(client().Rv(), CKR_OK);
  SetAttribute(client(), key, CKA_VERIFY, false);
  EXPECT_EQ(client().Rv(), CKR_OK);
}

TEST_F(ObjectsRpcTest, OneRequestChangesSeveralOrNone) {
  const std::string key = MakeAes(client(), 16);
  grep11::SetAttributeValueRequest request;
  request.set_object(key);
  Put(request.mutable_attributes(), CKA_SIGN, false);
  Put(request.mutable_attributes(), CKA_MODIFIABLE, false);
  Put(request.mutable_attributes(), CKA_LABEL, ViewOf("for the host"));
  const std::string both = client().Call(&Crypto::Stub::SetAttributeValue, request).object();
  EXPECT_FALSE(GetAttribute(client(), both, CKA_SIGN).attributetf());
  EXPECT_FALSE(GetAttribute(client(), both, CKA_MODIFIABLE).attributetf());
  Put(request.mutable_attributes(), CKA_LOCAL, false);
  EXPECT_TRUE(client().Call(&Crypto::Stub::SetAttributeValue, request).object().empty());
  EXPECT_EQ(client().Rv(), CKR_ATTRIBUTE_READ_ONLY);
}

}  // namespace
}  // namespace gw::emulator
