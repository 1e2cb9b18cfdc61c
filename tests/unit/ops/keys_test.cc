// Room: tests. Making keys: what goes to the HSM, what the object shows, where it is stored, and
// that failures leave nothing.
#include "daemon/ops/keys.h"

#include <gmock/gmock.h>

#include "daemon/localcrypto/public_key.h"
#include "tests/unit/ops/ops_fixture.h"

namespace gw {
namespace {

using testing::IsEmpty;

// The base point of P-256: a point that is surely on the curve.
const Bytes& GeneratorPoint() {
  static const Bytes point{0x04, 0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc,
                           0xe6, 0xe5, 0x63, 0xa4, 0x40, 0xf2, 0x77, 0x03, 0x7d, 0x81, 0x2d,
                           0xeb, 0x33, 0xa0, 0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96,
                           0x4f, 0xe3, 0x42, 0xe2, 0xfe, 0x1a, 0x7f, 0x9b, 0x8e, 0xe7, 0xeb,
                           0x4a, 0x7c, 0x0f, 0x9e, 0x16, 0x2b, 0xce, 0x33, 0x57, 0x6b, 0x31,
                           0x5e, 0xce, 0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5};
  return point;
}

class KeysTest : public OpsTest {
 protected:
  static AttributeList Curve() {
    AttributeList given;
    given.SetText(CKA_EC_PARAMS, "P-256");
    return given;
  }
  void GiveEcPublicKey() {
    const Bytes params{0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
    hsm_.public_spki = *SpkiFromEc(params, GeneratorPoint());
    Append(hsm_.public_spki, Bytes(128, 0x04));  // the HSM's trailer
  }
  const AttributeList& AttributesOf(ObjectHandle handle) {
    return application_->FindObject(token(), handle)->attributes;
  }
};

TEST_F(KeysTest, ASecretKeyIsOneRequestAndShowsItsCheckValue) {
  const auto scope = Session();
  AttributeList given;
  given.SetUlong(CKA_VALUE_LEN, 16);
  given.SetText(CKA_LABEL, "aes");
  auto handle = Run(ops::GenerateKey(scope, Mechanism{CKM_AES_KEY_GEN, {}}, given));
  ASSERT_EQ(RvOf(handle), CKR_OK);
  EXPECT_EQ(hsm_.requests["GenerateKey"], 1);
  EXPECT_FALSE(hsm_.attributes.Has(CKA_LABEL));
  EXPECT_EQ(*AttributesOf(*handle).Find(CKA_CHECK_VALUE), (Bytes{0x11, 0x22, 0x33}));
  EXPECT_EQ(AttributesOf(*handle).GetBool(CKA_LOCAL), true);
}

TEST_F(KeysTest, BothHalvesOfAPairGoWhereTheirTemplatesSay) {
  GiveEcPublicKey();
  LogInAs(UserState::kNormal);
  const auto scope = Session();
  AttributeList public_given = Curve();
  public_given.SetBool(CKA_PRIVATE, false);
  public_given.SetBool(CKA_TOKEN, true);
  AttributeList private_given;
  private_given.SetBool(CKA_TOKEN, false);
  auto pair = Run(
      ops::GenerateKeyPair(scope, Mechanism{CKM_EC_KEY_PAIR_GEN, {}}, public_given, private_given));
  ASSERT_EQ(RvOf(pair), CKR_OK);
  const ObjectPtr public_key = application_->FindObject(token(), pair->public_key);
  const ObjectPtr private_key = application_->FindObject(token(), pair->private_key);
  EXPECT_TRUE(public_key->token);
  EXPECT_FALSE(public_key->is_private);
  EXPECT_FALSE(private_key->token);
  EXPECT_TRUE(private_key->is_private);
  Bytes wrapped_point{0x04, 0x41};
  Append(wrapped_point, GeneratorPoint());
  EXPECT_EQ(*public_key->attributes.Find(CKA_EC_POINT), wrapped_point);
  EXPECT_TRUE(private_key->attributes.Has(CKA_EC_PARAMS));
  EXPECT_EQ(public_key->attributes.Find(CKA_PUBLIC_KEY_INFO)->size(),
            hsm_.public_spki.size() - 128);
}

TEST_F(KeysTest, APairThatMayNotBeMadeLeavesNeitherHalf) {
  GiveEcPublicKey();
  const auto scope = Session();
  AttributeList private_given;
  private_given.SetBool(CKA_PRIVATE, true);
  EXPECT_EQ(RvOf(Run(ops::GenerateKeyPair(scope, Mechanism{CKM_EC_KEY_PAIR_GEN, {}}, Curve(),
                                          private_given))),
            CKR_USER_NOT_LOGGED_IN);
  EXPECT_THAT(hsm_.requests, IsEmpty());
  EXPECT_THAT(application_->MatchObjects(token(), AttributeList{}), IsEmpty());
}

TEST_F(KeysTest, APairTakesNoParameter) {
  const auto scope = Session();
  const Mechanism mechanism{CKM_EC_KEY_PAIR_GEN, Bytes{1}};
  const AttributeList nothing;
  EXPECT_EQ(RvOf(Run(ops::GenerateKeyPair(scope, mechanism, Curve(), nothing))),
            CKR_MECHANISM_PARAM_INVALID);
  EXPECT_THAT(hsm_.requests, IsEmpty());
}

TEST_F(KeysTest, AnErrorOfTheHsmLeavesNothing) {
  const auto scope = Session();
  AttributeList given;
  given.SetUlong(CKA_VALUE_LEN, 16);
  hsm_.next_error = UpstreamError(CKR_DEVICE_ERROR, "away");
  EXPECT_EQ(RvOf(Run(ops::GenerateKey(scope, Mechanism{CKM_AES_KEY_GEN, {}}, given))),
            CKR_DEVICE_ERROR);
  EXPECT_THAT(application_->MatchObjects(token(), AttributeList{}), IsEmpty());
}

TEST_F(KeysTest, AUserWhoLogsOutWhileTheHsmWorksGetsNoPrivateKey) {
  LogInAs(UserState::kNormal);
  const auto scope = Session();
  AttributeList given;
  given.SetUlong(CKA_VALUE_LEN, 16);
  hsm_.meanwhile = [&] { application_->LogOut(token()); };
  EXPECT_EQ(RvOf(Run(ops::GenerateKey(scope, Mechanism{CKM_AES_KEY_GEN, {}}, given))),
            CKR_USER_NOT_LOGGED_IN);
  LogInAs(UserState::kNormal);
  EXPECT_THAT(application_->MatchObjects(token(), AttributeList{}), IsEmpty());
}

TEST_F(KeysTest, ASessionThatIsClosedWhileTheHsmWorksGetsNoKey) {
  const auto scope = Session();
  AttributeList given;
  given.SetUlong(CKA_VALUE_LEN, 16);
  hsm_.meanwhile = [&] { application_->CloseAllSessions(token()); };
  EXPECT_EQ(RvOf(Run(ops::GenerateKey(scope, Mechanism{CKM_AES_KEY_GEN, {}}, given))),
            CKR_SESSION_HANDLE_INVALID);
}

// Behaviour R238: 16 octets that say under which master key the blob is.
TEST_F(KeysTest, TheWrappingKeyIdIsThatOfTheBlob) {
  const auto scope = Session();
  AttributeList given;
  given.SetUlong(CKA_VALUE_LEN, 16);
  auto handle = Run(ops::GenerateKey(scope, Mechanism{CKM_AES_KEY_GEN, {}}, given));
  ASSERT_EQ(RvOf(handle), CKR_OK);
  const ObjectPtr key = application_->FindObject(token(), *handle);
  EXPECT_EQ(*key->attributes.Find(CKA_GREP11_WKID), CopyOf(key->key.view().subspan(32, 16)));
}

// Applications give the point of the other side as they read it from CKA_EC_POINT, or bare.
TEST_F(KeysTest, TheHsmGetsTheBarePointHoweverItWasGiven) {
  const auto scope = Session();
  const ObjectPtr base = application_->AddSessionObject(
      KeyObject(CKO_PRIVATE_KEY, CKK_EC, CKA_DERIVE), *scope.session);
  AttributeList given;
  given.SetUlong(CKA_VALUE_LEN, 16);
  given.SetUlong(CKA_KEY_TYPE, CKK_AES);
  Bytes wrapped{0x04, 0x41};
  Append(wrapped, GeneratorPoint());
  // A bare point that looks as if it were wrapped: its second octet is the length of the rest.
  Bytes looks_wrapped(65, 0x11);
  looks_wrapped[0] = 0x04;
  looks_wrapped[1] = 63;
  const Bytes no_point(10, 0x04);
  for (const auto& [point, sent] :
       {std::pair(GeneratorPoint(), GeneratorPoint()), std::pair(wrapped, GeneratorPoint()),
        std::pair(looks_wrapped, looks_wrapped), std::pair(no_point, no_point)}) {
    const Mechanism mechanism{CKM_ECDH1_DERIVE, Ecdh1Parameter{CKD_NULL, {}, point}};
    const ObjectHandle handle = application_->HandleOf(*base);
    ASSERT_EQ(RvOf(Run(ops::DeriveKey(scope, mechanism, handle, given))), CKR_OK);
    EXPECT_EQ(std::get<Ecdh1Parameter>(hsm_.mechanism.parameter).public_data, sent);
  }
}

TEST_F(KeysTest, ThePublicValueOfDiffieAndHellmanGoesWithoutLeadingZeros) {
  const auto scope = Session();
  Object base = KeyObject(CKO_PRIVATE_KEY, CKK_DH, CKA_DERIVE);
  base.attributes.Set(CKA_PRIME, Bytes(128, 0xc1));
  const ObjectHandle handle =
      application_->HandleOf(*application_->AddSessionObject(std::move(base), *scope.session));
  AttributeList given;
  given.SetUlong(CKA_VALUE_LEN, 16);
  const Mechanism mechanism{CKM_DH_PKCS_DERIVE, Bytes{0, 0, 7, 1}};
  ASSERT_EQ(RvOf(Run(ops::DeriveKey(scope, mechanism, handle, given))), CKR_OK);
  EXPECT_EQ(std::get<Bytes>(hsm_.mechanism.parameter), (Bytes{7, 1}));
}

class DomainTest : public KeysTest {
 protected:
  Result<ObjectHandle> Make(const AttributeList& given) {
    return Run(ops::GenerateKey(Session(), Mechanism{CKM_DSA_PARAMETER_GEN, {}}, given));
  }
  static AttributeList Bits() {
    AttributeList given;
    given.SetUlong(CKA_PRIME_BITS, 1024);
    return given;
  }
};

// What is made here is no key: no parameters at all, in the eyes of the one who asked for them.
TEST_F(DomainTest, WhatIsNoDomainIsADeviceError) {
  EXPECT_EQ(RvOf(Make(Bits())), CKR_DEVICE_ERROR);
  EXPECT_EQ(hsm_.attributes.size(), 1u);
  EXPECT_EQ(hsm_.attributes.GetUlong(CKA_PRIME_BITS), CK_ULONG{1024});
}

TEST_F(DomainTest, TheNumbersAreNotGiven) {
  AttributeList given = Bits();
  given.Set(CKA_PRIME, Bytes(128, 0xc1));
  EXPECT_EQ(RvOf(Make(given)), CKR_TEMPLATE_INCONSISTENT);
  EXPECT_THAT(hsm_.requests, IsEmpty());
}

TEST_F(DomainTest, TheSizeIsOneOfTheMechanism) {
  EXPECT_EQ(RvOf(Make(AttributeList())), CKR_TEMPLATE_INCOMPLETE);
  AttributeList given;
  given.SetUlong(CKA_PRIME_BITS, 4096);
  EXPECT_EQ(RvOf(Make(given)), CKR_ATTRIBUTE_VALUE_INVALID);
  EXPECT_THAT(hsm_.requests, IsEmpty());
}

class WrapTest : public KeysTest {
 protected:
  ObjectHandle Add(const ops::CallScope& scope, CK_OBJECT_CLASS object_class, CK_KEY_TYPE type,
                   bool extractable) {
    Object object = KeyObject(object_class, type, CKA_WRAP);
    object.attributes.SetBool(CKA_UNWRAP, true);
    object.attributes.SetBool(CKA_EXTRACTABLE, extractable);
    return application_->HandleOf(
        *application_->AddSessionObject(std::move(object), *scope.session));
  }
  const Mechanism mechanism_{CKM_AES_CBC_PAD, Bytes(16, 0)};
};

TEST_F(WrapTest, WrapGivesTheLengthAndThenTheOctets) {
  const auto scope = Session();
  const ObjectHandle wrapping = Add(scope, CKO_SECRET_KEY, CKK_AES, false);
  const ObjectHandle key = Add(scope, CKO_PRIVATE_KEY, CKK_RSA, true);  // only the HSM knows
  auto length = Run(ops::WrapKey(scope, mechanism_, wrapping, key, std::nullopt));
  EXPECT_EQ(length->length, hsm_.output.size());
  EXPECT_FALSE(length->delivered);
  auto wrapped = Run(ops::WrapKey(scope, mechanism_, wrapping, key, hsm_.output.size()));
  EXPECT_EQ(wrapped->data, hsm_.output);
}

TEST_F(WrapTest, TheMacKeyOfABoundWrapGoesAsItsBlob) {
  const auto scope = Session();
  const ObjectHandle wrapping = Add(scope, CKO_SECRET_KEY, CKK_AES, false);
  const ObjectHandle key = Add(scope, CKO_SECRET_KEY, CKK_AES, true);
  const ObjectPtr mac_key = application_->AddSessionObject(
      KeyObject(CKO_SECRET_KEY, CKK_GENERIC_SECRET, CKA_SIGN), *scope.session);
  const auto with = [](ObjectHandle handle) {
    AttributeList octets;
    octets.SetUlong(CKA_VALUE_LEN, ToNumber(handle));
    return Mechanism{CKM_IBM_ATTRIBUTEBOUND_WRAP, *octets.Find(CKA_VALUE_LEN)};
  };
  const Mechanism good = with(application_->HandleOf(*mac_key));
  ASSERT_EQ(RvOf(Run(ops::WrapKey(scope, good, wrapping, key, 256))), CKR_OK);
  EXPECT_EQ(std::get<MacKeyParameter>(hsm_.mechanism.parameter).blob, mac_key->key.octets);
  for (const ObjectHandle other : {key, ObjectHandle{12345}}) {
    const Mechanism bad = with(other);
    EXPECT_EQ(RvOf(Run(ops::WrapKey(scope, bad, wrapping, key, 256))), CKR_MECHANISM_PARAM_INVALID);
  }
  // It signs, and does not verify.
  const AttributeList none;
  EXPECT_EQ(RvOf(Run(ops::UnwrapKey(scope, good, wrapping, ViewOf("wrapped"), none))),
            CKR_KEY_FUNCTION_NOT_PERMITTED);
}

TEST_F(WrapTest, TheLengthOfAWrappedSecretKeyIsKnownWithoutTheHsm) {
  const auto scope = Session();
  const ObjectHandle wrapping = Add(scope, CKO_SECRET_KEY, CKK_AES, false);
  const ObjectHandle key = Add(scope, CKO_SECRET_KEY, CKK_AES, true);  // of 16 octets
  EXPECT_EQ(Run(ops::WrapKey(scope, mechanism_, wrapping, key, std::nullopt))->length, 32u);
  const auto small = Run(ops::WrapKey(scope, mechanism_, wrapping, key, 31));
  EXPECT_EQ(small->length, 32u);
  EXPECT_FALSE(small->delivered);
  EXPECT_THAT(hsm_.requests, IsEmpty());
  const ObjectHandle rsa = Add(scope, CKO_PUBLIC_KEY, CKK_RSA, false);
  const Mechanism by_rsa{CKM_RSA_PKCS, {}};
  EXPECT_EQ(Run(ops::WrapKey(scope, by_rsa, rsa, key, std::nullopt))->length, 256u);
  EXPECT_THAT(hsm_.requests, IsEmpty());
}

TEST_F(WrapTest, RefusalsHaveTheirCodes) {
  const auto scope = Session();
  const ObjectHandle aes = Add(scope, CKO_SECRET_KEY, CKK_AES, false);
  const ObjectHandle rsa = Add(scope, CKO_PRIVATE_KEY, CKK_RSA, true);
  const ObjectHandle missing{12345};
  const auto wrap = [&](ObjectHandle wrapping, ObjectHandle key) {
    return RvOf(Run(ops::WrapKey(scope, mechanism_, wrapping, key, 1000)));
  };
  EXPECT_EQ(wrap(aes, aes), CKR_KEY_UNEXTRACTABLE);
  EXPECT_EQ(wrap(rsa, rsa), CKR_WRAPPING_KEY_TYPE_INCONSISTENT);
  EXPECT_EQ(wrap(missing, rsa), CKR_WRAPPING_KEY_HANDLE_INVALID);
  EXPECT_EQ(wrap(aes, missing), CKR_KEY_HANDLE_INVALID);
  EXPECT_THAT(hsm_.requests, IsEmpty());
}

TEST_F(WrapTest, UnwrapMakesAKeyThatIsNotLocal) {
  const auto scope = Session();
  const ObjectHandle unwrapping = Add(scope, CKO_SECRET_KEY, CKK_AES, false);
  AttributeList given;
  given.SetUlong(CKA_CLASS, CKO_SECRET_KEY);
  given.SetUlong(CKA_KEY_TYPE, CKK_AES);
  auto handle = Run(ops::UnwrapKey(scope, mechanism_, unwrapping, Bytes(32, 7), given));
  ASSERT_EQ(RvOf(handle), CKR_OK);
  EXPECT_EQ(AttributesOf(*handle).GetBool(CKA_LOCAL), false);
  EXPECT_EQ(AttributesOf(*handle).GetUlong(CKA_VALUE_LEN), 16u);
  EXPECT_EQ(RvOf(Run(ops::UnwrapKey(scope, mechanism_, unwrapping, {}, given))),
            CKR_WRAPPED_KEY_LEN_RANGE);
}

TEST_F(WrapTest, ACheckValueThatIsNotTheKeysRefusesIt) {
  const auto scope = Session();
  const ObjectHandle unwrapping = Add(scope, CKO_SECRET_KEY, CKK_AES, false);
  AttributeList given;
  given.SetUlong(CKA_CLASS, CKO_SECRET_KEY);
  given.SetUlong(CKA_KEY_TYPE, CKK_AES);
  given.Set(CKA_CHECK_VALUE, Bytes{1, 2, 3});
  EXPECT_EQ(RvOf(Run(ops::UnwrapKey(scope, mechanism_, unwrapping, Bytes(32, 7), given))),
            CKR_ATTRIBUTE_VALUE_INVALID);
}

}  // namespace
}  // namespace gw
