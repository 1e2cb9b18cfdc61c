// Functions of two operations: both are begun at the daemon before, kept after, and ended together.
#include <gmock/gmock.h>

#include "tests/shim/families.h"

namespace gw::shim_test {
namespace {

class DualTest : public ShimTest {
 protected:
  void SetUp() override {
    Initialize();
    AnswerFamilies(*daemon_);
    // No data, no output: what begins an operation there.
    daemon_->On(Function::C_EncryptUpdate, Ok(U64(0) + Bytes("")));
    daemon_->On(Function::C_DigestEncryptUpdate, Ok(U64(3) + Bytes("out")));
    daemon_->On(Function::C_DecryptDigestUpdate, Ok(U64(3) + Bytes("out")));
  }
  void Begin(const Family& family) { ASSERT_EQ(family.do_init(*p11_.v240()), CKR_OK); }
  CK_RV Update(CK_C_DigestEncryptUpdate L::*member, CK_BYTE_PTR to) {
    CK_ULONG size = 64;
    return (p11_.v240()->*member)(kSession, Ptr(input), 5, to, &size);
  }
  CK_RV DigestEncrypt() { return Update(&L::C_DigestEncryptUpdate, Ptr(output)); }
  std::vector<Function> FunctionsSent() const {
    std::vector<Function> functions;
    for (const Frame& frame : daemon_->Frames()) functions.push_back(frame.function);
    return functions;
  }

  const Family encrypt_ = Families()[0];
  const Family decrypt_ = Families()[1];
  const Family digest_ = Families()[2];
};

TEST_F(DualTest, WhatTheDaemonKnowsIsOneCall) {
  Begin(encrypt_);
  Begin(digest_);
  daemon_->Forget();
  EXPECT_EQ(DigestEncrypt(), CKR_OK);
  EXPECT_THAT(FunctionsSent(), testing::ElementsAre(Function::C_DigestEncryptUpdate));
}

TEST_F(DualTest, AnotherDaemonGetsBothBeforeWithWhatTheyWereGiven) {
  Begin(encrypt_);
  Begin(digest_);
  ASSERT_EQ(DigestEncrypt(), CKR_OK);
  daemon_->Restart();
  // A call that has no part in it finds the new daemon.
  ASSERT_EQ(p11_->C_Logout(kSession), CKR_OK);
  daemon_->Forget();
  EXPECT_EQ(DigestEncrypt(), CKR_OK);
  const std::vector<Frame> frames = daemon_->Frames();
  EXPECT_THAT(FunctionsSent(),
              testing::ElementsAre(Function::C_EncryptUpdate, Function::C_DigestUpdate,
                                   Function::C_DigestEncryptUpdate));
  EXPECT_EQ(Hex(frames.at(0).body),
            Hex(Bytes(encrypt_.init_body) + Bytes(kFed) + Bytes("") + U64(0)));
  EXPECT_EQ(Hex(frames.at(1).body), Hex(Bytes(digest_.init_body) + Bytes(kFed) + Bytes("")));
}

TEST_F(DualTest, ADaemonThatIsFoundToBeAnotherIsAskedAgain) {
  Begin(encrypt_);
  Begin(digest_);
  std::atomic<int> seen = 0;
  daemon_->On(Function::C_DigestEncryptUpdate, [&](const Frame&) {
    return ++seen == 1 ? Fails(CKR_OPERATION_NOT_INITIALIZED) : Ok(U64(3) + Bytes("out"));
  });
  daemon_->Restart();
  EXPECT_EQ(DigestEncrypt(), CKR_OK);
  EXPECT_EQ(seen, 2);
}

TEST_F(DualTest, DecryptingKeepsWhatCameOutForTheDigest) {
  Begin(decrypt_);
  Begin(digest_);
  ASSERT_EQ(Update(&L::C_DecryptDigestUpdate, Ptr(output)), CKR_OK);
  daemon_->Restart();
  daemon_->Forget();
  EXPECT_EQ(digest_.do_final(*p11_.v240()), CKR_OK);
  EXPECT_EQ(Hex(daemon_->Frames().at(0).body),
            Hex(Bytes(digest_.init_body) + Bytes("out") + kCapacity));
}

TEST_F(DualTest, AQuestionForTheLengthFeedsNothing) {
  Begin(encrypt_);
  Begin(digest_);
  daemon_->On(Function::C_DigestEncryptUpdate, Ok(U64(16) + Bytes("")));
  ASSERT_EQ(Update(&L::C_DigestEncryptUpdate, nullptr), CKR_OK);
  daemon_->On(Function::C_DigestEncryptUpdate,
              Reply{.result = CKR_BUFFER_TOO_SMALL, .body = U64(99) + Bytes("")});
  ASSERT_EQ(DigestEncrypt(), CKR_BUFFER_TOO_SMALL);
  daemon_->Restart();
  daemon_->Forget();
  EXPECT_EQ(digest_.do_final(*p11_.v240()), CKR_OK);
  EXPECT_EQ(Hex(daemon_->Frames().at(0).body),
            Hex(Bytes(digest_.init_body) + Bytes("") + kCapacity));
}

TEST_F(DualTest, AnErrorEndsBothHereAndThere) {
  for (const bool refused_here : {false, true}) {
    Begin(encrypt_);
    Begin(digest_);
    daemon_->Forget();
    if (refused_here) {
      EXPECT_EQ(p11_->C_DigestEncryptUpdate(kSession, nullptr, 5, nullptr, nullptr),
                CKR_ARGUMENTS_BAD);
    } else {
      daemon_->On(Function::C_DigestEncryptUpdate, Fails(CKR_DATA_LEN_RANGE));
      EXPECT_EQ(DigestEncrypt(), CKR_DATA_LEN_RANGE);
    }
    const std::vector<Frame> cancels = daemon_->FramesOf(Function::C_SessionCancel);
    ASSERT_EQ(cancels.size(), 1u);
    EXPECT_EQ(Hex(cancels[0].body), Hex(U64(CKF_ENCRYPT | CKF_DIGEST)));
    daemon_->Restart();
    daemon_->Forget();
    EXPECT_EQ(encrypt_.do_final(*p11_.v240()), CKR_OK);
    EXPECT_EQ(digest_.do_final(*p11_.v240()), CKR_OK);
    for (const Frame& frame : daemon_->Frames()) EXPECT_EQ(frame.flags, 0);
  }
}

}  // namespace
}  // namespace gw::shim_test
