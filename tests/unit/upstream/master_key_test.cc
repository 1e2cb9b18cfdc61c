// Requests to an HSM whose master key is being changed: with the other blob of their keys, in turn,
// and for how long.
#include <gmock/gmock.h>

#include "tests/support/captured_log.h"
#include "tests/unit/upstream/client_fixture.h"

namespace gw {
namespace {

using testing::HasSubstr;
using testing::Not;

const KeyBlob kBefore{CopyOf("key blob")};  // what Sign() signs with
const KeyBlob kAfter{CopyOf("next blob")};

class MasterKeyTest : public Grep11ClientTest {
 protected:
  void Pair() {
    test::OnLoop(silo_, [this] { client().twins().Add(kBefore, kAfter); });
  }
  void Took(TwinSide side) {
    test::OnLoop(silo_, [this, side] { client().twins().Took(side); });
  }
  void Refuse(int times, CK_RV rv = CKR_IBM_WKID_MISMATCH) {
    for (int i = 0; i < times; ++i) {
      Fault(Kind::kStatus, kUnknown, test::Grep11Details(rv, "another master key", false));
    }
  }
  std::string LastSigned() { return hsm_->last_request("SignSingle"); }
};

TEST_F(MasterKeyTest, ARefusedKeyIsSentAgainWithItsTwin) {
  Pair();
  Refuse(1);
  EXPECT_TRUE(Sign().ok());
  EXPECT_EQ(hsm_->calls("SignSingle"), 2u);
  EXPECT_THAT(LastSigned(), HasSubstr("next blob"));
  // From now on the twin goes first.
  EXPECT_TRUE(Sign().ok());
  EXPECT_EQ(hsm_->calls("SignSingle"), 3u);
  EXPECT_THAT(LastSigned(), HasSubstr("next blob"));
}

TEST_F(MasterKeyTest, BothAreTriedInTurnWhileUnitsDiffer) {
  Pair();
  Refuse(4);
  EXPECT_TRUE(Sign().ok());
  EXPECT_EQ(hsm_->calls("SignSingle"), 5u);
  EXPECT_THAT(LastSigned(), HasSubstr("key blob"));
}

TEST_F(MasterKeyTest, WhatIsTakenAtOnceChangesNothing) {
  Pair();
  EXPECT_TRUE(Sign().ok());
  EXPECT_THAT(LastSigned(), HasSubstr("key blob"));
  Took(TwinSide::kAfter);
  EXPECT_TRUE(Sign().ok());
  EXPECT_THAT(LastSigned(), HasSubstr("next blob"));
}

// The key of an authenticated keystore, while nobody is logged in.
TEST_F(MasterKeyTest, AClosedLoginSessionShowsThatTheKeyWasTaken) {
  Pair();
  Refuse(1);
  Refuse(1, CKR_SESSION_CLOSED);
  EXPECT_EQ(RvOfSign(), CKR_SESSION_CLOSED);
  EXPECT_TRUE(Sign().ok());
  EXPECT_EQ(hsm_->calls("SignSingle"), 3u);
  EXPECT_THAT(LastSigned(), HasSubstr("next blob"));
}

TEST_F(MasterKeyTest, AKeyWithoutTwinIsRepeatedAsItIs) {
  for (const CK_RV rv : {CKR_IBM_WKID_MISMATCH, CKR_IBM_WK_NOT_INITIALIZED}) {
    Refuse(2, rv);
    EXPECT_TRUE(Sign().ok());
    EXPECT_THAT(LastSigned(), HasSubstr("key blob"));
  }
}

TEST_F(MasterKeyTest, AUnitWithoutMasterKeyIsSaidPlainly) {
  const test::CapturedLog log;
  Refuse(1, CKR_IBM_WK_NOT_INITIALIZED);
  EXPECT_TRUE(Sign().ok());
  EXPECT_THAT(log.text(), HasSubstr("the crypto unit has no master key"));
}

TEST_F(MasterKeyTest, AfterTheConfiguredTimeItIsADeviceError) {
  times_.master_key = 300ms;
  Pair();
  Refuse(1000);
  const SteadyTime start = Now();
  EXPECT_EQ(RvOfSign(), CKR_DEVICE_ERROR);
  EXPECT_LT(Now() - start, 20s);
  EXPECT_GE(hsm_->calls("SignSingle"), 3u);
}

TEST_F(MasterKeyTest, NorIsItRepeatedBeyondTheCallsDeadline) {
  Refuse(1000);
  const SteadyTime start = Now();
  EXPECT_EQ(RvOfSign(In(300ms)), CKR_DEVICE_ERROR);
  EXPECT_LT(Now() - start, 20s);
}

Awaitable<Status> Wrap(HsmClient* client, HsmCall call) {
  const Mechanism mechanism{CKM_AES_ECB, {}};
  GW_CO_TRY_VOID(co_await client->WrapKey(call, mechanism, kBefore, kBefore));
  co_return Ok();
}

TEST_F(MasterKeyTest, EveryKeyOfARequestIsExchanged) {
  Pair();
  Refuse(1);
  EXPECT_TRUE(test::Await(silo_, Wrap(&client(), Call())).ok());
  EXPECT_THAT(hsm_->last_request("WrapKey"), Not(HasSubstr("key blob")));
}

Awaitable<Status> WrapBound(HsmClient* client, HsmCall call) {
  const Mechanism mechanism{CKM_IBM_ATTRIBUTEBOUND_WRAP, MacKeyParameter{kBefore.octets}};
  const KeyBlob without_twin{CopyOf("another")};
  GW_CO_TRY_VOID(co_await client->WrapKey(call, mechanism, without_twin, without_twin));
  co_return Ok();
}

TEST_F(MasterKeyTest, SoIsTheMacKeyOfABoundWrapping) {
  Pair();
  Refuse(1);
  EXPECT_TRUE(test::Await(silo_, WrapBound(&client(), Call())).ok());
  EXPECT_THAT(hsm_->last_request("WrapKey"), HasSubstr("next blob"));
}

Awaitable<Status> Change(HsmClient* client, HsmCall call) {
  const AttributeList attributes;
  GW_CO_TRY_VOID(co_await client->SetAttributeValue(call, kBefore, attributes));
  co_return Ok();
}

TEST_F(MasterKeyTest, SoIsAKeyThatIsToBeChanged) {
  Pair();
  Refuse(1);
  EXPECT_TRUE(test::Await(silo_, Change(&client(), Call())).ok());
  EXPECT_THAT(hsm_->last_request("SetAttributeValue"), HasSubstr("next blob"));
}

Awaitable<Status> Continue(HsmClient* client, HsmCall call) {
  OperationState state;
  state.octets = CopyOf("state");
  GW_CO_TRY_VOID(co_await client->Update(call, KeyOperation::kEncrypt, state, ByteView()));
  co_return Ok();
}

TEST_F(MasterKeyTest, AnOperationOfTheFormerMasterKeyIsGivenUpAtOnce) {
  Pair();
  Took(TwinSide::kAfter);
  Refuse(1000);
  const auto continued = test::Await(silo_, Continue(&client(), Call()));
  ASSERT_FALSE(continued.ok());
  EXPECT_EQ(continued.error().rv, CKR_DEVICE_ERROR);
  EXPECT_EQ(hsm_->calls("EncryptUpdate"), 1u);
}

Awaitable<Result<KeyBlob>> Rewrap(HsmClient* client, HsmCall call) {
  co_return co_await client->RewrapKeyBlob(call, kBefore);
}

// There it is the answer, and not to be repeated.
TEST_F(MasterKeyTest, WhoRewrapsGetsTheHsmsOwnCode) {
  Pair();
  Took(TwinSide::kAfter);
  for (const CK_RV rv : {CKR_IBM_WKID_MISMATCH, CKR_IBM_WK_NOT_INITIALIZED}) {
    Refuse(1, rv);
    const auto next = test::Await(silo_, Rewrap(&client(), Call()));
    ASSERT_FALSE(next.ok());
    EXPECT_EQ(next.error().rv, rv);
  }
  EXPECT_EQ(hsm_->calls("RewrapKeyBlob"), 2u);
  EXPECT_TRUE(test::Await(silo_, Rewrap(&client(), Call())).ok());
  EXPECT_THAT(hsm_->last_request("RewrapKeyBlob"), HasSubstr("key blob"));
}

}  // namespace
}  // namespace gw
