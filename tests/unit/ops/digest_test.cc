// Room: tests. Keys in digests: what goes to the HSM, and when. Digests of data are tested against
// the emulator.
#include "daemon/ops/digest.h"

#include <gmock/gmock.h>

#include "daemon/localcrypto/digest.h"
#include "tests/unit/ops/ops_fixture.h"

namespace gw {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

class DigestKeyTest : public OpsTest {
 protected:
  ObjectHandle AddKey(CK_OBJECT_CLASS object_class, CK_KEY_TYPE type) {
    const ObjectPtr key =
        application_->AddSessionObject(KeyObject(object_class, type, CKA_SIGN), *scope_.session);
    return application_->HandleOf(*key);
  }
  void Begin() { ASSERT_TRUE(ops::DigestInit(scope_, Mechanism{CKM_SHA256, {}})); }
  CK_RV UpdateRv(std::string_view text) {
    return RvOf(Run(ops::DigestUpdate(scope_, ViewOf(text))));
  }
  CK_RV KeyRv(ObjectHandle key) { return RvOf(Run(ops::DigestKey(scope_, key))); }

  const ops::CallScope scope_ = Session();
};

TEST_F(DigestKeyTest, TheHsmGetsWhatCameBeforeTheKeyAndGoesOn) {
  Begin();
  ASSERT_EQ(UpdateRv("before"), CKR_OK);
  EXPECT_THAT(hsm_.requests, IsEmpty());
  bool told = false;
  hsm_.meanwhile = [&] {
    if (hsm_.requests["DigestUpdate"] == 1 && hsm_.requests["DigestKey"] == 0) told = true;
  };
  ASSERT_EQ(KeyRv(AddKey(CKO_SECRET_KEY, CKK_AES)), CKR_OK);
  ASSERT_EQ(UpdateRv("after"), CKR_OK);
  EXPECT_TRUE(told) << "what came before the key goes before it";
  hsm_.meanwhile = nullptr;
  hsm_.output = Bytes(32, 0x77);
  const auto digest = Run(ops::DigestFinal(scope_, 32));
  ASSERT_TRUE(digest);
  EXPECT_EQ(digest->data, hsm_.output);
  EXPECT_THAT(hsm_.requests, ElementsAre(Pair("DigestFinal", 1), Pair("DigestInit", 1),
                                         Pair("DigestKey", 1), Pair("DigestUpdate", 2)));
}

TEST_F(DigestKeyTest, OnlySecretKeysAreDigested) {
  Begin();
  EXPECT_EQ(KeyRv(AddKey(CKO_PRIVATE_KEY, CKK_EC)), CKR_KEY_INDIGESTIBLE);
  EXPECT_FALSE(scope_.operations().Has(OperationKind::kDigest));
  EXPECT_EQ(KeyRv(AddKey(CKO_SECRET_KEY, CKK_AES)), CKR_OPERATION_NOT_INITIALIZED);
  Begin();
  EXPECT_EQ(KeyRv(ObjectHandle{4711}), CKR_KEY_HANDLE_INVALID);
  EXPECT_THAT(hsm_.requests, IsEmpty());
}

TEST_F(DigestKeyTest, WhatTheHsmCannotBeToldAnyMoreIsRefused) {
  const ObjectHandle key = AddKey(CKO_SECRET_KEY, CKK_AES);
  Begin();
  ASSERT_EQ(UpdateRv(std::string(64u << 10, 'x')), CKR_OK);
  EXPECT_EQ(KeyRv(key), CKR_OK);
  ASSERT_TRUE(ops::DigestInit(scope_, std::nullopt));
  Begin();
  ASSERT_EQ(UpdateRv(std::string((64u << 10) + 1, 'x')), CKR_OK);
  EXPECT_EQ(KeyRv(key), CKR_DEVICE_MEMORY);
}

TEST_F(DigestKeyTest, ADigestWithoutAKeyCostsNothing) {
  Begin();
  ASSERT_EQ(UpdateRv("data"), CKR_OK);
  const auto digest = Run(ops::DigestFinal(scope_, 32));
  ASSERT_TRUE(digest);
  EXPECT_EQ(digest->data, HashOf(Hash::kSha256, ViewOf("data")));
  EXPECT_THAT(hsm_.requests, IsEmpty());
}

TEST_F(DigestKeyTest, AFailureOfTheHsmEndsTheDigest) {
  Begin();
  hsm_.next_error = UpstreamError(CKR_DEVICE_ERROR, "away");
  EXPECT_EQ(KeyRv(AddKey(CKO_SECRET_KEY, CKK_AES)), CKR_DEVICE_ERROR);
  EXPECT_FALSE(scope_.operations().Has(OperationKind::kDigest));
}

}  // namespace
}  // namespace gw
