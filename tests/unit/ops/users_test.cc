// Room: tests. Users of a token without IAM: PINs, the counter of wrong tries, C_InitToken.
#include "daemon/ops/users.h"

#include <gtest/gtest.h>

#include "daemon/ops/objects.h"
#include "daemon/ops/sessions.h"
#include "daemon/ops/slots.h"
#include "tests/unit/ops/named_identities.h"
#include "tests/unit/ops/ops_fixture.h"

namespace gw {
namespace {

class UsersTest : public OpsTest {
 protected:
  static ops::Pin PinOf(std::string_view text) { return SecretBytes(ViewOf(text)); }
  const Bytes label_ = Bytes(32, ' ');

  CK_RV InitToken(std::string_view pin) {
    return RvOf(
        Run(ops::InitToken(*services_, application_, SlotId{0}, PinOf(pin), label_, Deadline{})));
  }
  CK_RV LogIn(const ops::CallScope& scope, CK_USER_TYPE user, std::string_view pin) {
    return RvOf(Run(ops::LogIn(scope, user, PinOf(pin))));
  }
};

TEST_F(UsersTest, TheWholeFlowWithoutIam) {
  ASSERT_EQ(InitToken("so-secret"), CKR_OK);
  {
    const auto scope = Session();
    EXPECT_EQ(LogIn(scope, CKU_USER, "1234"), CKR_USER_PIN_NOT_INITIALIZED);
    EXPECT_EQ(RvOf(Run(ops::SetPin(scope, PinOf("1234"), PinOf("user-pin")))), CKR_PIN_INCORRECT);
    ASSERT_EQ(LogIn(scope, CKU_SO, "so-secret"), CKR_OK);
    ASSERT_EQ(RvOf(Run(ops::InitPin(scope, PinOf("user-pin")))), CKR_OK);
    ASSERT_EQ(RvOf(ops::LogOut(scope)), CKR_OK);
    ASSERT_EQ(LogIn(scope, CKU_USER, "user-pin"), CKR_OK);
    ASSERT_EQ(RvOf(Run(ops::SetPin(scope, PinOf("user-pin"), PinOf("other-pin")))), CKR_OK);
    ASSERT_EQ(RvOf(ops::LogOut(scope)), CKR_OK);
    EXPECT_EQ(LogIn(scope, CKU_USER, "user-pin"), CKR_PIN_INCORRECT);
    EXPECT_EQ(LogIn(scope, CKU_USER, "other-pin"), CKR_OK);
    application_->CloseAllSessions(token());
  }
  EXPECT_EQ(InitToken("wrong"), CKR_PIN_INCORRECT);
  EXPECT_EQ(InitToken("so-secret"), CKR_OK);
}

TEST_F(UsersTest, WrongPinsInARowLockAndARightOneClearsTheCount) {
  ASSERT_EQ(InitToken("so-secret"), CKR_OK);
  const auto scope = Session();
  for (int i = 1; i < ops::kMaxPinFailures; ++i)
    ASSERT_EQ(LogIn(scope, CKU_SO, "wrong"), CKR_PIN_INCORRECT);
  ASSERT_EQ(LogIn(scope, CKU_SO, "so-secret"), CKR_OK);
  ASSERT_TRUE(ops::LogOut(scope));
  for (int i = 0; i < ops::kMaxPinFailures; ++i)
    ASSERT_EQ(LogIn(scope, CKU_SO, "wrong"), CKR_PIN_INCORRECT);
  EXPECT_EQ(LogIn(scope, CKU_SO, "so-secret"), CKR_PIN_LOCKED);
  application_->CloseAllSessions(token());
  EXPECT_EQ(InitToken("so-secret"), CKR_PIN_LOCKED);
}

TEST_F(UsersTest, ALockedUserIsLockedForSetPinToo) {
  ASSERT_EQ(InitToken("so-secret"), CKR_OK);
  const auto scope = Session();
  ASSERT_EQ(LogIn(scope, CKU_SO, "so-secret"), CKR_OK);
  ASSERT_EQ(RvOf(Run(ops::InitPin(scope, PinOf("user-pin")))), CKR_OK);
  ASSERT_TRUE(ops::LogOut(scope));
  const auto set_pin = [&](std::string_view old_pin) {
    return RvOf(Run(ops::SetPin(scope, PinOf(old_pin), PinOf("other-pin"))));
  };
  for (int i = 0; i < ops::kMaxPinFailures; ++i) ASSERT_EQ(set_pin("wrong"), CKR_PIN_INCORRECT);
  EXPECT_EQ(set_pin("user-pin"), CKR_PIN_LOCKED);
  EXPECT_EQ(LogIn(scope, CKU_USER, "user-pin"), CKR_PIN_LOCKED);
}

TEST_F(UsersTest, ChangingPinsTouchesNoObject) {
  ASSERT_EQ(InitToken("so-secret"), CKR_OK);
  std::vector<Object> objects;
  objects.push_back(KeyObject(CKO_SECRET_KEY, CKK_AES, CKA_ENCRYPT));
  ASSERT_TRUE(Run(token().Insert(std::move(objects))));
  const auto scope = Session();
  ASSERT_EQ(LogIn(scope, CKU_SO, "so-secret"), CKR_OK);
  ASSERT_EQ(RvOf(Run(ops::InitPin(scope, PinOf("user-pin")))), CKR_OK);
  ASSERT_EQ(RvOf(Run(ops::SetPin(scope, PinOf("so-secret"), PinOf("so-other")))), CKR_OK);
  EXPECT_EQ(token().objects().size(), 1u);
}

// Behaviour R72, R105.
TEST_F(UsersTest, ATokenThatWasNeverInitialisedServesAllTheSame) {
  ASSERT_FALSE(token().initialised());
  const auto info = ops::GetTokenInfo(*services_, application_, SlotId{0});
  ASSERT_TRUE(info);
  EXPECT_EQ(info->flags, CKF_RNG | CKF_LOGIN_REQUIRED | CKF_DUAL_CRYPTO_OPERATIONS);
  const auto handle =
      ops::OpenSession(*services_, application_, SlotId{0}, CKF_SERIAL_SESSION | CKF_RW_SESSION);
  ASSERT_TRUE(handle);
  const ops::CallScope scope{.services = *services_,
                             .application = application_,
                             .deadline = Deadline{},
                             .token = &token(),
                             .session = application_->FindSession(*handle)};
  AttributeList given;
  given.SetUlong(CKA_CLASS, CKO_DATA);
  given.SetBool(CKA_TOKEN, true);
  EXPECT_EQ(RvOf(Run(ops::CreateObject(scope, given))), CKR_OK);
  EXPECT_EQ(token().objects().size(), 1u);
}

TEST_F(UsersTest, TheLoginMatrix) {
  ASSERT_EQ(InitToken("so-secret"), CKR_OK);
  const auto scope = Session();
  EXPECT_EQ(LogIn(scope, 7, "x"), CKR_USER_TYPE_INVALID);
  EXPECT_EQ(LogIn(scope, CKU_CONTEXT_SPECIFIC, "x"), CKR_OPERATION_NOT_INITIALIZED);
  EXPECT_EQ(RvOf(Run(ops::LogIn(scope, CKU_SO, std::nullopt))), CKR_ARGUMENTS_BAD);
  EXPECT_EQ(RvOf(ops::LogOut(scope)), CKR_USER_NOT_LOGGED_IN);
  ASSERT_EQ(LogIn(scope, CKU_SO, "so-secret"), CKR_OK);
  EXPECT_EQ(LogIn(scope, CKU_SO, "so-secret"), CKR_USER_ALREADY_LOGGED_IN);
  EXPECT_EQ(LogIn(scope, CKU_USER, "x"), CKR_USER_ANOTHER_ALREADY_LOGGED_IN);
}

TEST_F(UsersTest, TheSecurityOfficerHasNoReadOnlySessions) {
  ASSERT_EQ(InitToken("so-secret"), CKR_OK);
  const auto read_only = Session(false);
  EXPECT_EQ(LogIn(read_only, CKU_SO, "so-secret"), CKR_SESSION_READ_ONLY_EXISTS);
}

TEST_F(UsersTest, InitTokenIsRefusedWhileASessionIsOpenAndWipesOtherwise) {
  ASSERT_EQ(InitToken("so-secret"), CKR_OK);
  const auto scope = Session();
  EXPECT_EQ(InitToken("so-secret"), CKR_SESSION_EXISTS);
  Object object = KeyObject(CKO_SECRET_KEY, CKK_AES, CKA_ENCRYPT);
  std::vector<Object> objects;
  objects.push_back(std::move(object));
  ASSERT_TRUE(Run(token().Insert(std::move(objects))));
  application_->CloseAllSessions(token());
  EXPECT_EQ(InitToken("wrong"), CKR_PIN_INCORRECT);
  EXPECT_EQ(token().objects().size(), 1u);
  EXPECT_EQ(InitToken("so-secret"), CKR_OK);
  EXPECT_EQ(token().objects().size(), 0u);
  EXPECT_EQ(*token().Setting(TokenSetting::kLabel), label_);
}

TEST_F(UsersTest, BadArgumentsAreRefused) {
  EXPECT_EQ(RvOf(Run(ops::InitToken(*services_, application_, SlotId{5}, PinOf("so-secret"), label_,
                                    Deadline{}))),
            CKR_SLOT_ID_INVALID);
  EXPECT_EQ(RvOf(Run(ops::InitToken(*services_, application_, SlotId{0}, std::nullopt, label_,
                                    Deadline{}))),
            CKR_ARGUMENTS_BAD);
  EXPECT_EQ(InitToken("abc"), CKR_PIN_INCORRECT);  // has no CKR_PIN_LEN_RANGE
  ASSERT_EQ(InitToken("so-secret"), CKR_OK);
  const auto scope = Session();
  EXPECT_EQ(RvOf(Run(ops::InitPin(scope, PinOf("user-pin")))), CKR_USER_NOT_LOGGED_IN);
  const auto read_only = Session(false);
  EXPECT_EQ(RvOf(Run(ops::SetPin(read_only, PinOf("a"), PinOf("user-pin")))),
            CKR_SESSION_READ_ONLY);
}

TEST_F(UsersTest, ALoginByNameNeedsTheNameOfTheConfiguration) {
  ASSERT_EQ(InitToken("so-secret"), CKR_OK);
  const auto scope = Session();
  const auto by_name = [&](CK_USER_TYPE user, std::string_view pin, std::string_view name) {
    return RvOf(Run(ops::LogInByName(scope, user, PinOf(pin), ViewOf(name))));
  };
  EXPECT_EQ(by_name(CKU_SO, "so-secret", "somebody"), CKR_PIN_INCORRECT);
  EXPECT_EQ(by_name(4711, "so-secret", "somebody"), CKR_USER_TYPE_INVALID);
  EXPECT_EQ(by_name(CKU_SO, "wrong", ""), CKR_PIN_INCORRECT);
  EXPECT_EQ(by_name(CKU_SO, "so-secret", ""), CKR_OK);
  EXPECT_EQ(by_name(CKU_SO, "so-secret", "somebody"), CKR_USER_ALREADY_LOGGED_IN);
  ASSERT_EQ(RvOf(ops::LogOut(scope)), CKR_OK);
  EXPECT_EQ(by_name(CKU_SO, "so-secret", "Administrator"), CKR_OK);
}

TEST_F(UsersTest, InitTokenNeedsTheRemoteStore) {
  TokenConfig config = token().config();
  config.slot = 1;
  config.remotestore = false;
  tokens_.Add(std::make_unique<Token>(config, hsm_, nullptr, *keystore_));
  EXPECT_EQ(RvOf(Run(ops::InitToken(*services_, application_, SlotId{1}, PinOf("so-secret"), label_,
                                    Deadline{}))),
            CKR_TOKEN_WRITE_PROTECTED);
}

// A slot whose PINs are API keys.
class IamUsersTest : public UsersTest {
 protected:
  IamUsersTest() {
    TokenConfig config = token().config();
    config.slot = 1;
    config.iam.enabled = true;
    tokens_.Add(std::make_unique<Token>(config, hsm_, &identities_, *keystore_));
    scope_.token = tokens_.Find(SlotId{1});
  }
  CK_RV InitTokenBy(std::string_view pin) {
    return RvOf(
        Run(ops::InitToken(*services_, application_, SlotId{1}, PinOf(pin), label_, Deadline{})));
  }
  void Open() { scope_.session = application_->OpenSession(*scope_.token, true); }
  CK_RV InitPin(std::string_view pin) { return RvOf(Run(ops::InitPin(scope_, PinOf(pin)))); }
  CK_RV SetPin(std::string_view old_pin, std::string_view new_pin) {
    return RvOf(Run(ops::SetPin(scope_, PinOf(old_pin), PinOf(new_pin))));
  }

  NamedIdentities identities_;
  ops::CallScope scope_{.services = *services_,
                        .application = application_,
                        .deadline = Deadline{},
                        .token = nullptr,
                        .session = nullptr};
};

// Behaviour R76: never CKR_PIN_INCORRECT for an IAM that is away.
TEST_F(IamUsersTest, WhatIamSaysHasTheCodesOfEachFunction) {
  EXPECT_EQ(InitTokenBy("unknown"), CKR_PIN_INCORRECT);
  EXPECT_EQ(InitTokenBy("locked"), CKR_PIN_LOCKED);
  EXPECT_EQ(InitTokenBy("away"), CKR_DEVICE_ERROR);
  EXPECT_EQ(InitTokenBy("officer"), CKR_OK);
  Open();
  EXPECT_EQ(LogIn(scope_, CKU_SO, "unknown"), CKR_PIN_INCORRECT);
  EXPECT_EQ(LogIn(scope_, CKU_SO, "locked"), CKR_PIN_LOCKED);
  EXPECT_EQ(LogIn(scope_, CKU_SO, "away"), CKR_DEVICE_ERROR);
  EXPECT_EQ(LogIn(scope_, CKU_SO, "officer"), CKR_OK);
  // The new PIN is judged: C_InitPIN knows no wrong or locked PIN, C_SetPIN means the old one.
  EXPECT_EQ(InitPin("unknown"), CKR_PIN_INVALID);
  EXPECT_EQ(InitPin("locked"), CKR_PIN_INVALID);
  EXPECT_EQ(InitPin("away"), CKR_DEVICE_ERROR);
  EXPECT_EQ(InitPin("user"), CKR_OK);
  EXPECT_EQ(SetPin("unknown", "officer"), CKR_PIN_INCORRECT);
  EXPECT_EQ(SetPin("locked", "officer"), CKR_PIN_LOCKED);
  EXPECT_EQ(SetPin("away", "officer"), CKR_DEVICE_ERROR);
  EXPECT_EQ(SetPin("officer", "unknown"), CKR_PIN_INVALID);
  EXPECT_EQ(SetPin("officer", "locked"), CKR_PIN_INVALID);
  EXPECT_EQ(SetPin("officer", "away"), CKR_DEVICE_ERROR);
  EXPECT_EQ(SetPin("officer", "another officer"), CKR_OK);
  EXPECT_EQ(scope_.login().identity->name(), "another officer");  // R79: goes on under the new key
}

// Behaviour R67-R70: who initialised the token is the one who may empty it.
TEST_F(IamUsersTest, AnotherOfficerDoesNotEmptyTheToken) {
  ASSERT_EQ(InitTokenBy("officer"), CKR_OK);
  EXPECT_EQ(InitTokenBy("another"), CKR_PIN_INCORRECT);
  EXPECT_EQ(InitTokenBy("officer"), CKR_OK);
}

}  // namespace
}  // namespace gw
