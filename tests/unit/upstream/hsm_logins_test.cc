// Room: tests/unit/upstream. Login sessions: when they are opened, where keys are made, and what
// happens when the HSM has lost one.
#include "daemon/upstream/hsm_logins.h"

#include <gmock/gmock.h>

#include <grep11.pb.h>
#include <thread>

#include "tests/support/captured_log.h"
#include "tests/unit/upstream/client_fixture.h"

namespace gw {
namespace {

using testing::HasSubstr;

class HsmLoginsTest : public Grep11ClientTest {
 protected:
  HsmLoginsTest() {
    login_.store = Bytes(16, 0x5a);
    login_.pin = SecretBytes(ViewOf("0123456789abcdef"));
    login_.users = 1;
  }
  ~HsmLoginsTest() override { Stop(); }

  // Of somebody who may open the session.
  HsmCall CallWithLogin() {
    HsmCall call = Call();
    call.logins[0] = &login_;
    return call;
  }
  Status LogIn() { return test::Await(silo_, client().LogIn(Call(), login_)); }
  Result<MadeKey> Make() {
    HsmCall call = CallWithLogin();
    call.binds = &login_;
    return test::Await(silo_, MakeKey(&client(), call));
  }
  Result<Bytes> SignWithLogin() {
    return test::Await(silo_, gw::Sign(&client(), CallWithLogin(), "data"));
  }
  void FaultOf(const std::string& method, CK_RV rv) {
    test::HsmFault fault;
    fault.kind = Kind::kStatus;
    fault.method = method;
    fault.code = kUnknown;
    fault.details = test::Grep11Details(rv, "scripted", false);
    hsm_->Push(std::move(fault));
  }
  // Closes, and waits until the HSM was asked.
  void LogOut(std::uint64_t logouts) {
    test::OnLoop(silo_, [this] { client().LogOut(nullptr, login_); });
    const auto end = Now() + 30s;
    while (hsm_->calls("Logout") < logouts && Now() < end) std::this_thread::sleep_for(1ms);
    EXPECT_EQ(hsm_->calls("Logout"), logouts);
  }

  HsmLogin login_;
};

TEST_F(HsmLoginsTest, R75_ALoginSendsStoreAndPinOnce) {
  ASSERT_TRUE(LogIn().ok());
  ASSERT_TRUE(LogIn().ok());
  EXPECT_EQ(hsm_->calls("Login"), 1u);
  grep11::LoginRequest request;
  ASSERT_TRUE(request.ParseFromString(hsm_->last_request("Login")));
  EXPECT_EQ(request.storeid(), std::string(16, 0x5a));
  EXPECT_EQ(request.pin(), "0123456789abcdef");
}

TEST_F(HsmLoginsTest, KeysAreMadeOnAConnectionThatIsLoggedIn) {
  config_.endpoints[0].channels = 1;
  ASSERT_TRUE(Sign().ok());
  ASSERT_EQ(hsm_->connections(), 1u);
  ASSERT_TRUE(Make().ok());
  EXPECT_EQ(hsm_->calls("Login"), 1u);
  EXPECT_EQ(hsm_->connections(), 2u);
  ASSERT_TRUE(Make().ok());
  EXPECT_EQ(hsm_->calls("Login"), 1u);
  EXPECT_EQ(hsm_->connections(), 2u);
}

TEST_F(HsmLoginsTest, ANewConnectionIsLoggedInBeforeItMakesKeys) {
  ASSERT_TRUE(Make().ok());
  hsm_->Stop();
  hsm_->Start();
  ASSERT_TRUE(Make().ok());
  EXPECT_EQ(hsm_->calls("Login"), 2u);
}

TEST_F(HsmLoginsTest, ALostSessionIsOpenedAgainAndTheRequestRepeated) {
  FaultOf("SignSingle", CKR_SESSION_CLOSED);
  const auto signature = SignWithLogin();
  ASSERT_TRUE(signature.ok()) << signature.error().detail;
  EXPECT_EQ(TextOf(*signature), "signed:data");
  EXPECT_EQ(hsm_->calls("Login"), 1u);
  EXPECT_EQ(hsm_->calls("SignSingle"), 2u);
}

// Somebody else has logged out: the connection is the same.
TEST_F(HsmLoginsTest, ASessionThatWasClosedByAnotherIsOpenedForANewKey) {
  ASSERT_TRUE(Make().ok());
  FaultOf("GenerateKey", CKR_SESSION_CLOSED);
  ASSERT_TRUE(Make().ok());
  EXPECT_EQ(hsm_->calls("Login"), 2u);
  EXPECT_EQ(hsm_->calls("GenerateKey"), 3u);
}

TEST_F(HsmLoginsTest, AnHsmThatAlwaysSaysClosedIsAskedAFewTimesOnly) {
  for (int i = 0; i < 100; ++i) FaultOf("SignSingle", CKR_SESSION_CLOSED);
  const auto signature = SignWithLogin();
  ASSERT_FALSE(signature.ok());
  EXPECT_EQ(signature.error().rv, CKR_SESSION_CLOSED);
  EXPECT_EQ(hsm_->calls("SignSingle"), 9u);
}

TEST_F(HsmLoginsTest, WithoutALoginOfTheCallNothingIsOpened) {
  FaultOf("SignSingle", CKR_SESSION_CLOSED);
  EXPECT_EQ(RvOfSign(), CKR_SESSION_CLOSED);
  EXPECT_EQ(hsm_->calls("Login"), 0u);
}

// A call in flight when the last user logs out must not open the session behind him.
TEST_F(HsmLoginsTest, ASessionWithoutUsersIsNotOpenedAgain) {
  login_.users = 0;
  FaultOf("SignSingle", CKR_SESSION_CLOSED);
  const auto signature = SignWithLogin();
  ASSERT_FALSE(signature.ok());
  EXPECT_EQ(signature.error().rv, CKR_USER_NOT_LOGGED_IN);
  EXPECT_EQ(hsm_->calls("Login"), 0u);
}

TEST_F(HsmLoginsTest, R75_ALogoutClosesItAndTheNextKeyLogsInAgain) {
  ASSERT_TRUE(LogIn().ok());
  login_.users = 0;
  LogOut(1);
  login_.users = 1;
  ASSERT_TRUE(Make().ok());
  EXPECT_EQ(hsm_->calls("Login"), 2u);
}

TEST_F(HsmLoginsTest, ALogoutAfterTheConnectionWasLostLogsInFirst) {
  ASSERT_TRUE(LogIn().ok());
  hsm_->Stop();
  hsm_->Start();
  login_.users = 0;
  // While there is no connection it stays open, and the next to leave tries again.
  const auto end = Now() + 30s;
  while ((hsm_->calls("Login") < 2 || hsm_->calls("Logout") == 0) && Now() < end) {
    test::OnLoop(silo_, [this] { client().LogOut(nullptr, login_); });
    std::this_thread::sleep_for(10ms);
  }
  EXPECT_GE(hsm_->calls("Logout"), 1u);
  EXPECT_GE(hsm_->calls("Login"), 2u);
}

TEST_F(HsmLoginsTest, AnHsmWithoutLoginSessionsMakesKeysAllTheSame) {
  FaultOf("Login", CKR_FUNCTION_NOT_SUPPORTED);
  const test::CapturedLog log;
  ASSERT_TRUE(LogIn().ok());
  ASSERT_TRUE(Make().ok());
  ASSERT_TRUE(LogIn().ok());
  EXPECT_EQ(hsm_->calls("Login"), 1u);
  EXPECT_THAT(log.text(), HasSubstr("offers no login sessions"));
}

TEST_F(HsmLoginsTest, ALoginThatIsRefusedIsTheCallers) {
  FaultOf("Login", CKR_PIN_LEN_RANGE);
  const Status status = LogIn();
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().rv, CKR_PIN_LEN_RANGE);
}

}  // namespace
}  // namespace gw
