// Room: tests. Every function that makes objects obeys the same rules about where they may go, asks
// the HSM for nothing that may not be kept, and leaves nothing behind.
#include "daemon/ops/new_object.h"

#include <gmock/gmock.h>

#include "daemon/ops/keys.h"
#include "daemon/ops/objects.h"
#include "tests/unit/ops/ops_fixture.h"

namespace gw {
namespace {

using testing::IsEmpty;

constexpr CK_ATTRIBUTE_TYPE kUnknown = CKA_VENDOR_DEFINED + 0x777;

class NewObjectTest : public OpsTest {
 protected:
  // What the makers start from; public, so that every user may.
  void AddKeys(const ops::CallScope& scope) {
    Object aes = KeyObject(CKO_SECRET_KEY, CKK_AES, CKA_UNWRAP);
    Object ec = KeyObject(CKO_PRIVATE_KEY, CKK_EC, CKA_DERIVE);
    aes_ = application_->HandleOf(*application_->AddSessionObject(std::move(aes), *scope.session));
    ec_ = application_->HandleOf(*application_->AddSessionObject(std::move(ec), *scope.session));
  }

  static AttributeList With(const AttributeList& base, const AttributeList& more) {
    AttributeList all = base;
    all.Merge(more);
    return all;
  }

  // The CK_RV of each function, given `more` beside what it needs, by name.
  std::map<std::string, CK_RV> MakeAll(const ops::CallScope& scope, const AttributeList& more) {
    AttributeList data;
    data.SetUlong(CKA_CLASS, CKO_DATA);
    AttributeList secret;
    secret.SetUlong(CKA_CLASS, CKO_SECRET_KEY);
    secret.SetUlong(CKA_KEY_TYPE, CKK_AES);
    AttributeList length;
    length.SetUlong(CKA_VALUE_LEN, 16);
    AttributeList curve;
    curve.SetText(CKA_EC_PARAMS, "P-256");
    const AttributeList nothing;
    const Mechanism aes{CKM_AES_KEY_GEN, {}};
    const Mechanism ec{CKM_EC_KEY_PAIR_GEN, {}};
    const Mechanism cbc{CKM_AES_CBC_PAD, Bytes(16)};
    const Mechanism ecdh{CKM_ECDH1_DERIVE, Ecdh1Parameter{CKD_NULL, {}, Bytes(65, 4)}};
    std::map<std::string, CK_RV> results;
    results["C_CreateObject"] = RvOf(Run(ops::CreateObject(scope, With(data, more))));
    results["C_CopyObject"] = RvOf(Run(ops::CopyObject(scope, aes_, more)));
    results["C_GenerateKey"] = RvOf(Run(ops::GenerateKey(scope, aes, With(length, more))));
    results["C_GenerateKeyPair, public"] =
        RvOf(Run(ops::GenerateKeyPair(scope, ec, With(curve, more), nothing)));
    results["C_GenerateKeyPair, private"] = RvOf(Run(ops::GenerateKeyPair(scope, ec, curve, more)));
    results["C_UnwrapKey"] =
        RvOf(Run(ops::UnwrapKey(scope, cbc, aes_, Bytes(32), With(secret, more))));
    results["C_DeriveKey"] =
        RvOf(Run(ops::DeriveKey(scope, ecdh, ec_, With(With(secret, length), more))));
    return results;
  }

  void ExpectAllRefused(const ops::CallScope& scope, const AttributeList& more, CK_RV rv) {
    const std::size_t before = application_->session_object_count();
    for (const auto& [function, result] : MakeAll(scope, more)) EXPECT_EQ(result, rv) << function;
    EXPECT_THAT(hsm_.requests, IsEmpty());
    EXPECT_EQ(application_->session_object_count(), before);
    EXPECT_EQ(token().objects().size(), 0u);
  }

  ObjectHandle aes_{};
  ObjectHandle ec_{};
};

TEST_F(NewObjectTest, T12_PrivateObjectsAreTheNormalUsersInEveryFunction) {
  const auto scope = Session();
  AddKeys(scope);
  AttributeList given;
  given.SetBool(CKA_PRIVATE, true);
  for (const UserState user : {UserState::kAnonymous, UserState::kSecurityOfficer}) {
    if (user == UserState::kSecurityOfficer) LogInAs(user);
    for (const bool is_token : {false, true}) {
      given.SetBool(CKA_TOKEN, is_token);
      ExpectAllRefused(scope, given, CKR_USER_NOT_LOGGED_IN);
    }
  }
}

TEST_F(NewObjectTest, T13_TokenObjectsNeedAReadWriteSessionInEveryFunction) {
  const auto scope = Session(false);
  AddKeys(scope);
  AttributeList given;
  given.SetBool(CKA_TOKEN, true);
  ExpectAllRefused(scope, given, CKR_SESSION_READ_ONLY);
}

TEST_F(NewObjectTest, T16_TokenObjectsNeedTheRemoteStoreInEveryFunction) {
  TokenConfig config = token().config();
  config.slot = 1;
  config.remotestore = false;
  tokens_.Add(std::make_unique<Token>(config, hsm_, nullptr, *keystore_));
  auto scope = Session();
  scope.token = tokens_.Find(SlotId{1});
  scope.session = application_->OpenSession(*scope.token, true);
  AddKeys(scope);
  AttributeList given;
  given.SetBool(CKA_TOKEN, true);
  ExpectAllRefused(scope, given, CKR_TOKEN_WRITE_PROTECTED);
}

TEST_F(NewObjectTest, SessionObjectsHaveALimitInEveryFunction) {
  const auto scope = Session();
  AddKeys(scope);
  gateway().limits.objects_per_application = 2;
  ExpectAllRefused(scope, AttributeList{}, CKR_DEVICE_MEMORY);
}

// PKCS #11 v2.40 4.1.1, and the sheet's A10: what a template may not say, by function.
TEST_F(NewObjectTest, ABadTemplateHasItsCodeInEveryFunction) {
  LogInAs(UserState::kNormal);
  const auto scope = Session();
  AddKeys(scope);
  AttributeList unknown;
  unknown.Set(kUnknown, Bytes{1});
  AttributeList malformed;
  malformed.Set(CKA_MODIFIABLE, Bytes{1, 0});
  AttributeList by_the_token;
  by_the_token.Set(CKA_UNIQUE_ID, Bytes{1});
  ExpectAllRefused(scope, unknown, CKR_ATTRIBUTE_TYPE_INVALID);
  ExpectAllRefused(scope, malformed, CKR_ATTRIBUTE_VALUE_INVALID);
  ExpectAllRefused(scope, by_the_token, CKR_ATTRIBUTE_READ_ONLY);
}

// While the master key is changed: its record outlives a daemon that is killed before it lists it.
TEST_F(NewObjectTest, ASessionKeyHasBothBlobsFromTheBeginning) {
  const auto scope = Session();
  Object key = KeyObject(CKO_SECRET_KEY, CKK_AES, CKA_ENCRYPT);
  const KeyBlob next = ScriptedHsm::KeyUnder(0x02, 1);
  hsm_.twins().Add(key.key, next);
  ASSERT_TRUE(Run(ops::AddObject(scope, std::move(key), ops::Returns::kHandles)).ok());
  const auto objects = application_->SessionObjects(SlotId{0});
  ASSERT_EQ(objects.size(), 1u);
  EXPECT_EQ(objects[0]->other.octets, next.octets);
}

}  // namespace
}  // namespace gw
