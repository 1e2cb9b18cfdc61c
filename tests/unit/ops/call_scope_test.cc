// Room: tests. What the HSM says when it fails reaches the caller of every function that asks it,
// is remembered in the session, ends the operation, and leaves no object.
#include "daemon/ops/call_scope.h"

#include <gmock/gmock.h>

#include "daemon/ops/cipher.h"
#include "daemon/ops/keys.h"
#include "daemon/ops/objects.h"
#include "daemon/ops/random.h"
#include "daemon/ops/sign.h"
#include "daemon/ops/verify.h"
#include "tests/unit/ops/named_identities.h"
#include "tests/unit/ops/ops_fixture.h"

namespace gw {
namespace {

using ops::CipherDirection;

class HsmErrorTest : public OpsTest {
 protected:
  HsmErrorTest() {
    hsm_.output = Bytes(16, 'o');  // as much as goes in
    gateway().local.verify = false;
    gateway().local.random_pool = false;
    gateway().limits.gathered_bytes = 4;  // so that an Update asks, too
  }

  ObjectHandle Key(const ops::CallScope& scope, CK_OBJECT_CLASS object_class, CK_KEY_TYPE type) {
    Object key = KeyObject(object_class, type, CKA_SIGN);
    for (const CK_ATTRIBUTE_TYPE usage :
         {CKA_VERIFY, CKA_ENCRYPT, CKA_DECRYPT, CKA_WRAP, CKA_UNWRAP, CKA_DERIVE, CKA_EXTRACTABLE,
          CKA_MODIFIABLE, CKA_COPYABLE}) {
      key.attributes.SetBool(usage, true);
    }
    return application_->HandleOf(*application_->AddSessionObject(std::move(key), *scope.session));
  }

  // The call fails as the HSM does, and nothing is left.
  template <typename Call>
  void ExpectHsmsError(const char* function, const ops::CallScope& scope, Call call) {
    const std::size_t before = application_->session_object_count();
    for (const CK_RV rv : {CK_RV{CKR_DEVICE_ERROR}, CK_RV{CKR_IBM_ERROR_STATE}}) {
      hsm_.next_error = UpstreamError(rv, "scripted");
      scope.session->device_error = 0;
      EXPECT_EQ(call(), rv) << function;
      EXPECT_FALSE(hsm_.next_error.has_value()) << function << " did not ask the HSM";
      EXPECT_EQ(scope.session->device_error, rv) << function;
      EXPECT_EQ(application_->session_object_count(), before) << function;
      for (const OperationKind kind : {OperationKind::kEncrypt, OperationKind::kDecrypt,
                                       OperationKind::kSign, OperationKind::kVerify}) {
        EXPECT_FALSE(scope.operations().Has(kind)) << function;
      }
    }
  }
};

TEST_F(HsmErrorTest, ReachesTheCallerOfEveryOperation) {
  const auto scope = Session();
  const ObjectHandle aes = Key(scope, CKO_SECRET_KEY, CKK_AES);
  const ObjectHandle secret = Key(scope, CKO_SECRET_KEY, CKK_GENERIC_SECRET);
  const Mechanism cbc{CKM_AES_CBC, Bytes(16)};
  const Mechanism hmac{CKM_SHA256_HMAC, {}};
  const Bytes block(16, 'b');
  const Bytes mac(32, 'm');
  for (const CipherDirection direction : {CipherDirection::kEncrypt, CipherDirection::kDecrypt}) {
    const bool encrypts = direction == CipherDirection::kEncrypt;
    const auto begin = [&] { ASSERT_TRUE(ops::CipherInit(scope, direction, cbc, aes)); };
    ExpectHsmsError(encrypts ? "C_Encrypt" : "C_Decrypt", scope, [&] {
      begin();
      return RvOf(Run(ops::Cipher(scope, direction, block, 100)));
    });
    ExpectHsmsError(encrypts ? "C_EncryptUpdate" : "C_DecryptUpdate", scope, [&] {
      begin();
      return RvOf(Run(ops::CipherUpdate(scope, direction, block, 100)));
    });
    ExpectHsmsError(encrypts ? "C_EncryptFinal" : "C_DecryptFinal", scope, [&] {
      begin();
      const auto error = std::exchange(hsm_.next_error, std::nullopt);
      EXPECT_TRUE(Run(ops::CipherUpdate(scope, direction, block, 100)));
      hsm_.next_error = error;
      return RvOf(Run(ops::CipherFinal(scope, direction, 100)));
    });
  }
  const auto begin_sign = [&] { ASSERT_TRUE(ops::SignInit(scope, hmac, secret)); };
  const auto begin_verify = [&] { ASSERT_TRUE(ops::VerifyInit(scope, hmac, secret)); };
  ExpectHsmsError("C_Sign", scope, [&] {
    begin_sign();
    return RvOf(Run(ops::Sign(scope, block, 100)));
  });
  ExpectHsmsError("C_SignUpdate", scope, [&] {
    begin_sign();
    return RvOf(Run(ops::SignUpdate(scope, block)));
  });
  ExpectHsmsError("C_SignFinal", scope, [&] {
    begin_sign();
    return RvOf(Run(ops::SignFinal(scope, 100)));
  });
  ExpectHsmsError("C_Verify", scope, [&] {
    begin_verify();
    return RvOf(Run(ops::Verify(scope, block, mac)));
  });
  ExpectHsmsError("C_VerifyUpdate", scope, [&] {
    begin_verify();
    return RvOf(Run(ops::VerifyUpdate(scope, block)));
  });
  ExpectHsmsError("C_VerifyFinal", scope, [&] {
    begin_verify();
    return RvOf(Run(ops::VerifyFinal(scope, mac)));
  });
}

TEST_F(HsmErrorTest, ReachesTheCallerOfEveryFunctionThatMakesOrChangesKeys) {
  const auto scope = Session();
  const ObjectHandle aes = Key(scope, CKO_SECRET_KEY, CKK_AES);
  const ObjectHandle ec = Key(scope, CKO_PRIVATE_KEY, CKK_EC);
  const Mechanism cbc_pad{CKM_AES_CBC_PAD, Bytes(16)};
  const Mechanism ecdh{CKM_ECDH1_DERIVE, Ecdh1Parameter{CKD_NULL, {}, Bytes(65, 4)}};
  AttributeList curve;
  curve.SetText(CKA_EC_PARAMS, "P-256");
  AttributeList secret;
  secret.SetUlong(CKA_CLASS, CKO_SECRET_KEY);
  secret.SetUlong(CKA_KEY_TYPE, CKK_AES);
  AttributeList secret_of_16 = secret;
  secret_of_16.SetUlong(CKA_VALUE_LEN, 16);
  AttributeList length;
  length.SetUlong(CKA_VALUE_LEN, 16);
  AttributeList change;
  change.SetBool(CKA_ENCRYPT, false);
  const AttributeList nothing;
  const Mechanism generate{CKM_AES_KEY_GEN, {}};
  const Mechanism pair{CKM_EC_KEY_PAIR_GEN, {}};
  ExpectHsmsError("C_GenerateKey", scope,
                  [&] { return RvOf(Run(ops::GenerateKey(scope, generate, length))); });
  ExpectHsmsError("C_GenerateKeyPair", scope,
                  [&] { return RvOf(Run(ops::GenerateKeyPair(scope, pair, curve, nothing))); });
  ExpectHsmsError("C_WrapKey", scope,
                  [&] { return RvOf(Run(ops::WrapKey(scope, cbc_pad, aes, aes, 100))); });
  ExpectHsmsError("C_UnwrapKey", scope, [&] {
    return RvOf(Run(ops::UnwrapKey(scope, cbc_pad, aes, Bytes(32), secret)));
  });
  ExpectHsmsError("C_DeriveKey", scope,
                  [&] { return RvOf(Run(ops::DeriveKey(scope, ecdh, ec, secret_of_16))); });
  ExpectHsmsError("C_SetAttributeValue", scope,
                  [&] { return RvOf(Run(ops::SetAttributeValue(scope, aes, change))); });
  ExpectHsmsError("C_CopyObject", scope,
                  [&] { return RvOf(Run(ops::CopyObject(scope, aes, change))); });
  ExpectHsmsError("C_GenerateRandom", scope,
                  [&] { return RvOf(Run(ops::GenerateRandom(scope, 16))); });
}

class CallerTest : public OpsTest {
 protected:
  // A session of a slot with IAM, whose anonymous user has this key; none if it is empty.
  ops::CallScope SessionWithIam(std::string_view anonymous_key) {
    TokenConfig config = token().config();
    config.slot = 1;
    config.iam.enabled = true;
    if (!anonymous_key.empty()) {
      config.anonymous_api_key = std::make_shared<const SecretBytes>(ViewOf(anonymous_key));
    }
    tokens_.Add(std::make_unique<Token>(config, hsm_, &identities_, *keystore_));
    auto scope = Session();
    scope.token = tokens_.Find(SlotId{1});
    scope.session = application_->OpenSession(*scope.token, true);
    return scope;
  }

  std::string CallerOf(const ops::CallScope& scope) {
    auto call = Run(ops::ForHsm(scope));
    if (!call) return std::string(NameOfRv(call.error().rv));
    return call->identity == nullptr ? "nobody" : std::string(call->identity->name());
  }

  NamedIdentities identities_;
};

TEST_F(CallerTest, TheHsmIsAskedUnderTheLoggedInUsersIdentityAndElseTheAnonymousOnes) {
  const auto scope = SessionWithIam("anonymous key");
  EXPECT_EQ(CallerOf(scope), "anonymous key");
  application_->LogIn(*scope.token, UserState::kNormal, std::make_shared<NamedIdentity>("user"));
  EXPECT_EQ(CallerOf(scope), "user");
  application_->LogOut(*scope.token);
  application_->LogIn(*scope.token, UserState::kSecurityOfficer,
                      std::make_shared<NamedIdentity>("officer"));
  EXPECT_EQ(CallerOf(scope), "officer");
  application_->LogOut(*scope.token);
  EXPECT_EQ(CallerOf(scope), "anonymous key");
}

TEST_F(CallerTest, WithoutAnAnonymousKeyOnlyCallsThatNeedTheHsmAreRefused) {
  const auto scope = SessionWithIam("");
  EXPECT_EQ(CallerOf(scope), "CKR_USER_NOT_LOGGED_IN");
  AttributeList data;
  data.SetUlong(CKA_CLASS, CKO_DATA);
  EXPECT_EQ(RvOf(Run(ops::CreateObject(scope, data))), CKR_OK);
  EXPECT_EQ(RvOf(Run(ops::GenerateRandom(scope, 16))), CKR_USER_NOT_LOGGED_IN);
}

TEST_F(CallerTest, WithoutIamNobodyIsNamed) { EXPECT_EQ(CallerOf(Session()), "nobody"); }

}  // namespace
}  // namespace gw
