// Room: tests. Users of a token without IAM: PINs, the counter of wrong tries, C_InitToken.
#include "daemon/ops/users.h"

#include <gtest/gtest.h>

#include "tests/unit/ops/ops_fixture.h"

namespace gw {
namespace {

class UsersTest : public OpsTest {
 protected:
  static ops::Pin PinOf(std::string_view text) { return SecretBytes(ViewOf(text)); }
  const Bytes label_ = Bytes(32, ' ');

  CK_RV InitToken(std::string_view pin) {
    return RvOf(Run(ops::InitToken(*services_, SlotId{0}, PinOf(pin), label_, Deadline{})));
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
  EXPECT_EQ(
      RvOf(Run(ops::InitToken(*services_, SlotId{5}, PinOf("so-secret"), label_, Deadline{}))),
      CKR_SLOT_ID_INVALID);
  EXPECT_EQ(RvOf(Run(ops::InitToken(*services_, SlotId{0}, std::nullopt, label_, Deadline{}))),
            CKR_ARGUMENTS_BAD);
  EXPECT_EQ(InitToken("abc"), CKR_PIN_LEN_RANGE);
  ASSERT_EQ(InitToken("so-secret"), CKR_OK);
  const auto scope = Session();
  EXPECT_EQ(RvOf(Run(ops::InitPin(scope, PinOf("user-pin")))), CKR_USER_NOT_LOGGED_IN);
  const auto read_only = Session(false);
  EXPECT_EQ(RvOf(Run(ops::SetPin(read_only, PinOf("a"), PinOf("user-pin")))),
            CKR_SESSION_READ_ONLY);
}

}  // namespace
}  // namespace gw
