// Room: tests. Keys in clear on their way into the HSM. That they work there is tested against the
// emulator.
#include "daemon/ops/import_key.h"

#include <gmock/gmock.h>

#include "daemon/localcrypto/public_key.h"
#include "daemon/ops/objects.h"
#include "tests/unit/ops/ops_fixture.h"

namespace gw {
namespace {

// RFC 5903 8.1.
constexpr std::string_view kScalar =
    "\xc8\x8f\x01\xf5\x10\xd9\xac\x3f\x70\xa2\x92\xda\xa2\x31\x6d\xe5"
    "\x44\xe9\xaa\xb8\xaf\xe8\x40\x49\xc6\x2a\x9c\x57\x86\x2d\x14\x33";
constexpr std::string_view kPoint =
    "\x04\xda\xd0\xb6\x53\x94\x22\x1c\xf9\xb0\x51\xe1\xfe\xca\x57\x87\xd0"
    "\x98\xdf\xe6\x37\xfc\x90\xb9\xef\x94\x5d\x0c\x37\x72\x58\x11\x80"
    "\x52\x71\xa0\x46\x1c\xdb\x82\x52\xd6\x1f\x1c\x45\x6f\xa3\xe5\x9a"
    "\xb1\xf4\x5b\x33\xac\xcf\x5f\x58\x38\x9e\x05\x77\xb8\x99\x0b\xb3";

class ImportKeyTest : public OpsTest {
 protected:
  static AttributeList Aes(std::string_view value) {
    AttributeList given;
    given.SetUlong(CKA_CLASS, CKO_SECRET_KEY);
    given.SetUlong(CKA_KEY_TYPE, CKK_AES);
    given.SetText(CKA_VALUE, value);
    return given;
  }
  static AttributeList Ec(CK_OBJECT_CLASS object_class) {
    AttributeList given;
    given.SetUlong(CKA_CLASS, object_class);
    given.SetUlong(CKA_KEY_TYPE, CKK_EC);
    given.SetText(CKA_EC_PARAMS, "P-256");
    if (object_class == CKO_PUBLIC_KEY) given.SetText(CKA_EC_POINT, kPoint);
    if (object_class == CKO_PRIVATE_KEY) given.SetText(CKA_VALUE, kScalar);
    return given;
  }
  static Bytes EcSpki() { return *SpkiFromEc(ViewOf("P-256"), ViewOf(kPoint)); }

  CK_RV CreateRv(const AttributeList& given) { return RvOf(Run(ops::CreateObject(scope_, given))); }
  ObjectPtr Create(const AttributeList& given) {
    auto handle = Run(ops::CreateObject(scope_, given));
    EXPECT_TRUE(handle);
    return handle ? application_->FindObject(token(), *handle) : nullptr;
  }

  const ops::CallScope scope_ = Session();
};

TEST_F(ImportKeyTest, ASecretKeyGoesThroughTheHsmUnderAKeyMadeForIt) {
  const ObjectPtr key = Create(Aes("0123456789abcdef"));
  ASSERT_NE(key, nullptr);
  EXPECT_EQ(hsm_.requests["GenerateKey"], 1);
  EXPECT_EQ(hsm_.requests["Single"], 1);
  EXPECT_EQ(hsm_.requests["UnwrapKey"], 1);
  EXPECT_EQ(hsm_.mechanism.type, CK_MECHANISM_TYPE{CKM_AES_CBC_PAD});
  EXPECT_EQ(hsm_.data, hsm_.output) << "what the HSM encrypted is what it unwraps";
  EXPECT_FALSE(key->attributes.Has(CKA_VALUE));
  EXPECT_EQ(key->attributes.GetUlong(CKA_VALUE_LEN), 16u);
  EXPECT_EQ(*key->attributes.Find(CKA_CHECK_VALUE), Bytes({0x11, 0x22, 0x33}));
  for (CK_ATTRIBUTE_TYPE past : {CKA_LOCAL, CKA_ALWAYS_SENSITIVE, CKA_NEVER_EXTRACTABLE}) {
    EXPECT_EQ(key->attributes.GetBool(past), false) << past;
  }
  EXPECT_EQ(key->attributes.GetUlong(CKA_KEY_GEN_MECHANISM), CK_UNAVAILABLE_INFORMATION);
}

TEST_F(ImportKeyTest, TheImportKeyIsMadeOnceAndCannotGiveAnythingBack) {
  ASSERT_NE(Create(Aes("0123456789abcdef")), nullptr);
  ASSERT_NE(Create(Aes("0123456789abcdef")), nullptr);
  EXPECT_EQ(hsm_.requests["GenerateKey"], 1);
  token().import_key.reset();
  hsm_.meanwhile = [this] {
    if (hsm_.requests["GenerateKey"] == 2 && hsm_.requests["Single"] == 3) {
      EXPECT_EQ(hsm_.attributes.GetBool(CKA_DECRYPT), false);
      EXPECT_EQ(hsm_.attributes.GetBool(CKA_WRAP), false);
      EXPECT_EQ(hsm_.attributes.GetBool(CKA_EXTRACTABLE), false);
    }
  };
  ASSERT_NE(Create(Aes("0123456789abcdef")), nullptr);
  EXPECT_EQ(hsm_.requests["GenerateKey"], 2);
}

TEST_F(ImportKeyTest, AnImportKeyThatTheHsmDoesNotTakeAnyMoreIsReplacedOnce) {
  ASSERT_NE(Create(Aes("0123456789abcdef")), nullptr);
  hsm_.next_error = UpstreamError(CKR_UNWRAPPING_KEY_HANDLE_INVALID, "another master key");
  EXPECT_EQ(CreateRv(Aes("0123456789abcdef")), CKR_OK);
  EXPECT_EQ(hsm_.requests["GenerateKey"], 2);
}

TEST_F(ImportKeyTest, WhatTheHsmSaysOfItsOwnKeysIsNotPassedOn) {
  const struct {
    CK_RV hsm;
    CK_RV application;
  } rows[] = {{CKR_WRAPPED_KEY_INVALID, CKR_ATTRIBUTE_VALUE_INVALID},
              {CKR_UNWRAPPING_KEY_HANDLE_INVALID, CKR_DEVICE_ERROR},
              {CKR_MECHANISM_INVALID, CKR_DEVICE_ERROR},
              {CKR_TEMPLATE_INCONSISTENT, CKR_TEMPLATE_INCONSISTENT}};
  for (const auto& row : rows) {
    token().import_key.reset();
    hsm_.next_error = UpstreamError(row.hsm, "no");
    EXPECT_EQ(CreateRv(Aes("0123456789abcdef")), row.application);
  }
  EXPECT_EQ(application_->session_object_count(), 0u);
}

TEST_F(ImportKeyTest, TemplatesAreCheckedBeforeTheHsmIsAsked) {
  EXPECT_EQ(CreateRv(Aes("too short")), CKR_ATTRIBUTE_VALUE_INVALID);
  AttributeList none = Aes("0123456789abcdef");
  none.Remove(CKA_VALUE);
  EXPECT_EQ(CreateRv(none), CKR_TEMPLATE_INCOMPLETE);
  none.Remove(CKA_KEY_TYPE);
  EXPECT_EQ(CreateRv(none), CKR_TEMPLATE_INCOMPLETE);
  AttributeList odd = Aes("0123456789abcdef");
  odd.SetUlong(CKA_KEY_TYPE, CKK_RSA);
  EXPECT_EQ(CreateRv(odd), CKR_TEMPLATE_INCONSISTENT);
  AttributeList local = Aes("0123456789abcdef");
  local.SetBool(CKA_LOCAL, true);
  EXPECT_EQ(CreateRv(local), CKR_ATTRIBUTE_READ_ONLY);
  AttributeList private_key = Aes("0123456789abcdef");
  private_key.SetBool(CKA_PRIVATE, true);
  EXPECT_EQ(CreateRv(private_key), CKR_USER_NOT_LOGGED_IN);
  AttributeList scalar = Ec(CKO_PRIVATE_KEY);
  scalar.Set(CKA_VALUE, Bytes(32, 0xff));
  EXPECT_EQ(CreateRv(scalar), CKR_ATTRIBUTE_VALUE_INVALID);
  EXPECT_THAT(hsm_.requests, testing::IsEmpty());
}

TEST_F(ImportKeyTest, ACheckValueThatWasGivenMustBeThatOfTheKey) {
  AttributeList given = Aes("0123456789abcdef");
  given.Set(CKA_CHECK_VALUE, Bytes({0x11, 0x22, 0x34}));
  EXPECT_EQ(CreateRv(given), CKR_ATTRIBUTE_VALUE_INVALID);
  given.Set(CKA_CHECK_VALUE, Bytes({0x11, 0x22, 0x33}));
  EXPECT_EQ(CreateRv(given), CKR_OK);
  // SHA-1 of "abc" begins with a9 99 3e (FIPS 180-2 A.1).
  AttributeList generic = Aes("abc");
  generic.SetUlong(CKA_KEY_TYPE, CKK_GENERIC_SECRET);
  generic.Set(CKA_CHECK_VALUE, Bytes({0xa9, 0x99, 0x3e}));
  EXPECT_EQ(CreateRv(generic), CKR_OK);
  generic.Set(CKA_CHECK_VALUE, Bytes({0x11, 0x22, 0x33}));
  EXPECT_EQ(CreateRv(generic), CKR_ATTRIBUTE_VALUE_INVALID);
}

TEST_F(ImportKeyTest, APrivateKeyShowsItsPublicHalf) {
  hsm_.check_sum = EcSpki();
  Append(hsm_.check_sum, Bytes({0, 0, 1, 0}));
  const ObjectPtr key = Create(Ec(CKO_PRIVATE_KEY));
  ASSERT_NE(key, nullptr);
  EXPECT_FALSE(key->attributes.Has(CKA_VALUE));
  EXPECT_EQ(*key->attributes.Find(CKA_PUBLIC_KEY_INFO), EcSpki());
  AttributeList wrong = Ec(CKO_PRIVATE_KEY);
  Bytes other = EcSpki();
  other.back() ^= 1;
  wrong.Set(CKA_PUBLIC_KEY_INFO, other);
  EXPECT_EQ(CreateRv(wrong), CKR_TEMPLATE_INCONSISTENT);
  wrong.Set(CKA_PUBLIC_KEY_INFO, EcSpki());
  EXPECT_EQ(CreateRv(wrong), CKR_OK);
}

TEST_F(ImportKeyTest, APublicKeyGetsTheHsmsMark) {
  const ObjectPtr key = Create(Ec(CKO_PUBLIC_KEY));
  ASSERT_NE(key, nullptr);
  EXPECT_EQ(hsm_.mechanism.type, CK_MECHANISM_TYPE{CKM_IBM_TRANSPORTKEY});
  EXPECT_EQ(hsm_.data, EcSpki());
  EXPECT_EQ(hsm_.attributes.GetBool(CKA_VERIFY), true);
  EXPECT_FALSE(hsm_.attributes.Has(CKA_CLASS));
  EXPECT_EQ(key->key.octets, Bytes(96, 0x01)) << "the HSM's octets, not the application's";
  EXPECT_EQ(*key->attributes.Find(CKA_PUBLIC_KEY_INFO), EcSpki());
}

TEST_F(ImportKeyTest, KeysOfOtherTypesAreRefused) {
  AttributeList given;
  given.SetUlong(CKA_CLASS, CKO_PRIVATE_KEY);
  given.SetUlong(CKA_KEY_TYPE, CKK_DSA);
  for (CK_ATTRIBUTE_TYPE number : {CKA_PRIME, CKA_SUBPRIME, CKA_BASE, CKA_VALUE}) {
    given.Set(number, Bytes(20, 0x77));
  }
  EXPECT_EQ(CreateRv(given), CKR_ATTRIBUTE_VALUE_INVALID);
  EXPECT_THAT(hsm_.requests, testing::IsEmpty());
}

}  // namespace
}  // namespace gw
