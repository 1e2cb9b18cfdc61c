// C_GetOperationState and C_SetOperationState: what the shim has kept goes to be sealed, and what
// was opened goes ahead of the next function. C_SessionCancel, which ends it.
#include <gmock/gmock.h>

#include "tests/shim/families.h"

namespace gw::shim_test {
namespace {

std::string NumberOf(Function function) { return U16(static_cast<std::uint16_t>(function)); }

class SavedStateTest : public ShimTest {
 protected:
  void SetUp() override {
    Initialize();
    AnswerFamilies(*daemon_);
    daemon_->On(Function::C_GetOperationState, Ok(U64(6) + Bytes("sealed")));
  }
  CK_RV Get(CK_ULONG size = 64) {
    state_.assign(64, 'x');
    return p11_->C_GetOperationState(kSession, Ptr(state_), &size);
  }
  CK_RV Set() { return p11_->C_SetOperationState(kSession, Ptr(state_), 6, kKey, 0); }

  std::string state_;
};

TEST_F(SavedStateTest, EachOperationIsSentAsItBeganWithWhatItWasGiven) {
  std::string expected = U64(64) + U32(5);
  for (const Family& family : Families()) {
    ASSERT_EQ(family.do_init(*p11_.v240()), CKR_OK);
    ASSERT_EQ(family.do_update(*p11_.v240()), CKR_OK);
    expected += NumberOf(family.init) + Bytes(family.init_body) + Bytes(kFed);
  }
  daemon_->Forget();
  EXPECT_EQ(Get(), CKR_OK);
  EXPECT_EQ(state_.substr(0, 7), "sealedx");
  EXPECT_EQ(Hex(daemon_->Frames().at(0).body), Hex(expected));
}

TEST_F(SavedStateTest, WithoutAnOperationThereIsNothingToSave) {
  EXPECT_EQ(Get(), CKR_OPERATION_NOT_INITIALIZED);
  EXPECT_TRUE(daemon_->FramesOf(Function::C_GetOperationState).empty());
  daemon_->On(Function::C_GetSessionInfo, Fails(CKR_SESSION_HANDLE_INVALID));
  EXPECT_EQ(Get(), CKR_SESSION_HANDLE_INVALID);
}

TEST_F(SavedStateTest, WhatIsNotAllKeptCannotBeSaved) {
  const Family digest = Families()[2];
  const auto begin = [&] { ASSERT_EQ(digest.do_init(*p11_.v240()), CKR_OK); };
  const auto end = [&] { ASSERT_EQ(digest.do_final(*p11_.v240()), CKR_OK); };
  begin();
  std::string much(std::size_t{64} << 10, 'm');
  ASSERT_EQ(p11_->C_DigestUpdate(kSession, Ptr(much), much.size()), CKR_OK);
  EXPECT_EQ(Get(), CKR_STATE_UNSAVEABLE);
  end();
  begin();
  ASSERT_EQ(p11_->C_DigestKey(kSession, kKey), CKR_OK);
  EXPECT_EQ(Get(), CKR_STATE_UNSAVEABLE);
  end();
  begin();
  EXPECT_EQ(Get(), CKR_OK);
  ASSERT_EQ(p11_->C_SignRecoverInit(kSession, &plain, kKey), CKR_OK);
  EXPECT_EQ(Get(), CKR_STATE_UNSAVEABLE);
}

TEST_F(SavedStateTest, WhatWasOpenedGoesAheadOfTheNextFunction) {
  for (const Family& family : Families()) {
    SCOPED_TRACE(wire::RowOf(family.init).name);
    daemon_->On(Function::C_SetOperationState,
                Ok(U32(1) + NumberOf(family.init) + Bytes(family.init_body) + Bytes("before")));
    ASSERT_EQ(Set(), CKR_OK);
    EXPECT_EQ(family.do_init(*p11_.v240()), CKR_OPERATION_ACTIVE);
    daemon_->Forget();
    EXPECT_EQ(family.do_final(*p11_.v240()), CKR_OK);
    const Frame frame = daemon_->Frames().at(0);
    EXPECT_EQ(frame.flags, kAhead);
    EXPECT_EQ(Hex(frame.body), Hex(Bytes(family.init_body) + Bytes("before") + family.final_body));
  }
}

TEST_F(SavedStateTest, ItTakesThePlaceOfWhatThereWas) {
  const Family sign = Families()[3];
  ASSERT_EQ(sign.do_init(*p11_.v240()), CKR_OK);
  daemon_->On(Function::C_SetOperationState, Fails(CKR_SAVED_STATE_INVALID));
  EXPECT_EQ(Set(), CKR_SAVED_STATE_INVALID);
  daemon_->On(Function::C_SetOperationState, Ok(U32(0)));
  ASSERT_EQ(Set(), CKR_OK);
  EXPECT_EQ(Get(), CKR_OPERATION_NOT_INITIALIZED);
}

TEST_F(SavedStateTest, AReplyThatIsNoneChangesNothing) {
  const Family sign = Families()[3];
  ASSERT_EQ(sign.do_init(*p11_.v240()), CKR_OK);
  for (const std::string& reply :
       {U32(1), U32(1000), U32(1) + NumberOf(Function::C_SignInit), U32(0) + U8(0)}) {
    daemon_->On(Function::C_SetOperationState, Ok(reply));
    EXPECT_EQ(Set(), CKR_DEVICE_ERROR);
  }
  EXPECT_EQ(Get(), CKR_OK);
}

TEST_F(SavedStateTest, CancellingForgetsWhatTheFlagsName) {
  const Family digest = Families()[2];
  const Family sign = Families()[3];
  ASSERT_EQ(digest.do_init(*p11_.v240()), CKR_OK);
  ASSERT_EQ(sign.do_init(*p11_.v240()), CKR_OK);
  ASSERT_EQ(p11_.v30()->C_SessionCancel(kSession, CKF_DIGEST | CKF_VERIFY), CKR_OK);
  daemon_->Restart();
  daemon_->Forget();
  EXPECT_EQ(digest.do_final(*p11_.v240()), CKR_OK);
  EXPECT_EQ(daemon_->Frames().back().flags, 0) << "nothing is kept of it";
  EXPECT_EQ(sign.do_final(*p11_.v240()), CKR_OK);
  EXPECT_EQ(daemon_->Frames().back().flags, kAhead);
}

}  // namespace
}  // namespace gw::shim_test
