// Operations that go on after the daemon was restarted, or in a forked child: begun again from the
// Init that the shim kept, in the frame that goes on with them.
#include <gmock/gmock.h>

#include "tests/shim/families.h"

namespace gw::shim_test {
namespace {

class OperationsGoOnTest : public ShimTest {
 protected:
  void SetUp() override {
    Initialize();
    AnswerFamilies(*daemon_);
  }

  void Begin(const Family& family) { EXPECT_EQ(family.do_init(*p11_.v240()), CKR_OK); }

  // The daemon is another from now on; frames are counted anew.
  void Restart() {
    daemon_->Restart();
    daemon_->Forget();
  }

  Frame Only() const {
    const std::vector<Frame> frames = daemon_->Frames();
    EXPECT_EQ(frames.size(), 1u);
    return frames.empty() ? Frame{} : frames[0];
  }

  void ExpectAhead(const Family& family, const std::string& body,
                   const std::string& fed = "") const {
    const Frame frame = Only();
    EXPECT_EQ(frame.flags, kAhead);
    EXPECT_EQ(Hex(frame.body), Hex(Bytes(family.init_body) + Bytes(fed) + body));
  }

  CK_RV Sign(CK_ULONG* size, bool query = false) {
    return p11_->C_Sign(kSession, Ptr(input), 5, query ? nullptr : Ptr(output), size);
  }

  // The next C_Sign reaches a daemon that has nothing of the operation, without an Init.
  void ExpectGone() {
    daemon_->On(Function::C_Sign, Fails(CKR_OPERATION_NOT_INITIALIZED));
    Restart();
    CK_ULONG size = 64;
    EXPECT_EQ(Sign(&size), CKR_OPERATION_NOT_INITIALIZED);
    EXPECT_EQ(Only().flags, 0);
    EXPECT_EQ(Hex(Only().body), Hex(kInputBody + kCapacity));
  }
};

TEST_F(OperationsGoOnTest, NothingIsSentAheadWithoutNeed) {
  for (const Family& family : Families()) {
    daemon_->Forget();
    Begin(family);
    EXPECT_EQ(family.do_update(*p11_.v240()), CKR_OK);
    EXPECT_EQ(family.do_final(*p11_.v240()), CKR_OK);
    Begin(family);
    EXPECT_EQ(family.do_whole(*p11_.v240()), CKR_OK);
    for (const Frame& frame : daemon_->Frames()) EXPECT_EQ(frame.flags, 0);
  }
}

TEST_F(OperationsGoOnTest, AfterARestartTheInitGoesAheadOfEachFunction) {
  for (const Family& family : Families()) {
    SCOPED_TRACE(wire::RowOf(family.init).name);
    Begin(family);
    Restart();
    EXPECT_EQ(family.do_whole(*p11_.v240()), CKR_OK);
    ExpectAhead(family, family.whole_body);
    Begin(family);
    Restart();
    EXPECT_EQ(family.do_update(*p11_.v240()), CKR_OK);
    ExpectAhead(family, family.update_body);
    EXPECT_EQ(family.do_final(*p11_.v240()), CKR_OK);
    EXPECT_EQ(daemon_->Frames().back().flags, 0);
    Begin(family);
    Restart();
    EXPECT_EQ(family.do_final(*p11_.v240()), CKR_OK);
    ExpectAhead(family, family.final_body);
  }
}

TEST_F(OperationsGoOnTest, InAChildTheInitGoesAheadToo) {
  for (const Family& family : Families()) {
    SCOPED_TRACE(wire::RowOf(family.init).name);
    Begin(family);
    daemon_->Forget();
    EXPECT_EQ(InChild([&] { return family.do_whole(*p11_.v240()) == CKR_OK ? 0 : 1; }), 0);
    ExpectAhead(family, family.whole_body);
    // The parent's is where it was.
    daemon_->Forget();
    EXPECT_EQ(family.do_whole(*p11_.v240()), CKR_OK);
    EXPECT_EQ(Only().flags, 0);
  }
}

TEST_F(OperationsGoOnTest, ARepeatBringsItsInit) {
  for (const Family& family : Families()) {
    SCOPED_TRACE(wire::RowOf(family.init).name);
    Begin(family);
    daemon_->Forget();
    std::atomic<int> seen = 0;
    daemon_->On(family.whole, [&](const Frame& frame) {
      if (++seen == 1) return Drop();
      return HasOutput(frame.function) ? Ok(U64(3) + Bytes("out")) : Ok();
    });
    EXPECT_EQ(family.do_whole(*p11_.v240()), CKR_OK);
    const std::vector<Frame> frames = daemon_->Frames();
    ASSERT_EQ(frames.size(), 2u);
    EXPECT_EQ(frames[0].flags, 0);
    EXPECT_EQ(frames[1].flags, kRepeat | kAhead);
    EXPECT_EQ(frames[0].request, frames[1].request);
    EXPECT_EQ(Hex(frames[1].body), Hex(Bytes(family.init_body) + Bytes("") + family.whole_body));
  }
}

TEST_F(OperationsGoOnTest, APartThatWasLostIsSentAgainBehindAllThatWentBefore) {
  for (const Family& family : Families()) {
    SCOPED_TRACE(wire::RowOf(family.init).name);
    Begin(family);
    EXPECT_EQ(family.do_update(*p11_.v240()), CKR_OK);
    daemon_->Forget();
    std::atomic<int> seen = 0;
    daemon_->On(family.update, [&](const Frame& frame) {
      if (++seen == 1) return Drop();
      return HasOutput(frame.function) ? Ok(U64(3) + Bytes("out")) : Ok();
    });
    EXPECT_EQ(family.do_update(*p11_.v240()), CKR_OK);
    const std::vector<Frame> frames = daemon_->Frames();
    ASSERT_EQ(frames.size(), 2u);
    EXPECT_EQ(frames[1].flags, kRepeat | kAhead);
    EXPECT_EQ(Hex(frames[1].body), Hex(Bytes(family.init_body) + Bytes(kFed) + family.update_body));
  }
}

TEST_F(OperationsGoOnTest, WhatItWasGivenSurvivesTheDaemonAndTheFork) {
  for (const Family& family : Families()) {
    SCOPED_TRACE(wire::RowOf(family.init).name);
    Begin(family);
    EXPECT_EQ(family.do_update(*p11_.v240()), CKR_OK);
    EXPECT_EQ(family.do_update(*p11_.v240()), CKR_OK);
    daemon_->Forget();
    EXPECT_EQ(InChild([&] { return family.do_final(*p11_.v240()) == CKR_OK ? 0 : 1; }), 0);
    ExpectAhead(family, family.final_body, kFed + kFed);
    Restart();
    EXPECT_EQ(family.do_final(*p11_.v240()), CKR_OK);
    ExpectAhead(family, family.final_body, kFed + kFed);
  }
}

// Too much to keep. The same daemon may have taken the lost part or not; nobody can know. Another
// daemon has nothing of it, and says so itself.
TEST_F(OperationsGoOnTest, WithMoreThanIsKeptItLivesInTheDaemonAlone) {
  std::string much(std::size_t{64} << 10, 'x');
  for (const bool restart : {false, true}) {
    Begin(Signing());
    EXPECT_EQ(p11_->C_SignUpdate(kSession, Ptr(much), much.size()), CKR_OK);
    daemon_->Forget();
    if (restart) {
      daemon_->On(Function::C_SignUpdate, Fails(CKR_OPERATION_NOT_INITIALIZED));
      Restart();
    } else {
      daemon_->On(Function::C_SignUpdate, Drop());
    }
    EXPECT_EQ(p11_->C_SignUpdate(kSession, Ptr(input), 5),
              restart ? CKR_OPERATION_NOT_INITIALIZED : CKR_DEVICE_ERROR);
    EXPECT_EQ(Only().flags, 0);
    daemon_->On(Function::C_SignUpdate, Ok());
  }
}

TEST_F(OperationsGoOnTest, QuestionsForTheLengthChangeNothing) {
  Begin(Signing());
  CK_ULONG size = 0;
  daemon_->On(Function::C_Sign, Ok(U64(9) + Bytes("")));
  EXPECT_EQ(Sign(&size, true), CKR_OK);
  size = 1;
  daemon_->On(Function::C_Sign, Reply{.result = CKR_BUFFER_TOO_SMALL, .body = U64(9) + Bytes("")});
  EXPECT_EQ(Sign(&size), CKR_BUFFER_TOO_SMALL);
  Restart();
  EXPECT_EQ(Sign(&size), CKR_BUFFER_TOO_SMALL);
  EXPECT_EQ(Only().flags, kAhead);
  // That daemon has it now.
  daemon_->Forget();
  daemon_->On(Function::C_Sign, Ok(U64(3) + Bytes("out")));
  size = 64;
  EXPECT_EQ(Sign(&size), CKR_OK);
  EXPECT_EQ(Only().flags, 0);
  ExpectGone();
}

TEST_F(OperationsGoOnTest, AnUpdateThatOnlyAsksIsNotTheFirst) {
  const Family family = Families()[0];
  Begin(family);
  daemon_->On(family.update, Ok(U64(16) + Bytes("")));
  CK_ULONG size = 0;
  EXPECT_EQ(p11_->C_EncryptUpdate(kSession, Ptr(input), 5, nullptr, &size), CKR_OK);
  Restart();
  EXPECT_EQ(family.do_whole(*p11_.v240()), CKR_OK);
  ExpectAhead(family, family.whole_body);
}

TEST_F(OperationsGoOnTest, WhatInitWouldAnswerIsPassedOn) {
  Begin(Signing());
  daemon_->On(Function::C_Sign, Fails(CKR_KEY_HANDLE_INVALID));
  Restart();
  CK_ULONG size = 64;
  EXPECT_EQ(Sign(&size), CKR_KEY_HANDLE_INVALID);
  ExpectGone();
}

TEST_F(OperationsGoOnTest, WhatEndsAnOperation) {
  const std::pair<const char*, std::function<void()>> ends[] = {
      {"success",
       [&] {
         CK_ULONG size = 64;
         EXPECT_EQ(Sign(&size), CKR_OK);
       }},
      {"an error",
       [&] {
         daemon_->On(Function::C_Sign, Fails(CKR_DATA_LEN_RANGE));
         CK_ULONG size = 64;
         EXPECT_EQ(Sign(&size), CKR_DATA_LEN_RANGE);
       }},
      {"an error of Update",
       [&] {
         daemon_->On(Function::C_SignUpdate, Fails(CKR_DEVICE_MEMORY));
         EXPECT_EQ(p11_->C_SignUpdate(kSession, Ptr(input), 5), CKR_DEVICE_MEMORY);
       }},
      {"bad arguments",
       [&] { EXPECT_EQ(p11_->C_Sign(kSession, nullptr, 5, nullptr, nullptr), CKR_ARGUMENTS_BAD); }},
      {"cancelling", [&] { EXPECT_EQ(p11_->C_SignInit(kSession, nullptr, 0), CKR_OK); }},
      {"closing the session", [&] { EXPECT_EQ(p11_->C_CloseSession(kSession), CKR_OK); }},
      {"closing all sessions",
       [&] {
         daemon_->On(Function::C_CloseAllSessions, Ok(U32(2) + U64(5) + U64(kSession)));
         EXPECT_EQ(p11_->C_CloseAllSessions(0), CKR_OK);
       }},
      {"a session of the same number",
       [&] {
         daemon_->On(Function::C_OpenSession, Ok(U64(kSession)));
         CK_SESSION_HANDLE session = 0;
         EXPECT_EQ(p11_->C_OpenSession(0, 4, nullptr, nullptr, &session), CKR_OK);
       }},
      {"word that the session is gone",
       [&] {
         daemon_->On(Function::C_Logout, Fails(CKR_SESSION_HANDLE_INVALID));
         EXPECT_EQ(p11_->C_Logout(kSession), CKR_SESSION_HANDLE_INVALID);
       }},
      {"C_Finalize",
       [&] {
         EXPECT_EQ(p11_->C_Finalize(nullptr), CKR_OK);
         EXPECT_EQ(p11_->C_Initialize(nullptr), CKR_OK);
       }},
  };
  for (const auto& [what, end] : ends) {
    SCOPED_TRACE(what);
    daemon_->On(Function::C_Sign, Ok(U64(3) + Bytes("out")));
    Begin(Signing());
    end();
    ExpectGone();
  }
}

TEST_F(OperationsGoOnTest, WhatDoesNotEndAnOperation) {
  Begin(Signing());
  daemon_->On(Function::C_SignInit, Fails(CKR_OPERATION_ACTIVE));
  EXPECT_EQ(p11_->C_SignInit(kSession, &plain, 1), CKR_OPERATION_ACTIVE);
  EXPECT_EQ(p11_->C_CloseSession(kSession + 1), CKR_OK);
  EXPECT_EQ(p11_->C_Logout(kSession), CKR_OK);
  daemon_->On(Function::C_CloseSession, Fails(CKR_FUNCTION_FAILED));
  EXPECT_EQ(p11_->C_CloseSession(kSession), CKR_FUNCTION_FAILED);
  Restart();
  CK_ULONG size = 64;
  EXPECT_EQ(Sign(&size), CKR_OK);
  ExpectAhead(Signing(), kInputBody + kCapacity);
}

// Large data is sent from where it lies, with the Init in front of all of it.
TEST_F(OperationsGoOnTest, LargeDataComesAfterTheInit) {
  const Family family = Families()[0];
  Begin(family);
  Restart();
  std::string large(300'000, 'l');
  CK_ULONG size = 64;
  EXPECT_EQ(p11_->C_Encrypt(kSession, Ptr(large), large.size(), Ptr(output), &size), CKR_OK);
  EXPECT_TRUE(Only().body == Bytes(family.init_body) + Bytes("") + Bytes(large) + kCapacity);
}

class LongInitTest : public OperationsGoOnTest {
 protected:
  void BeginWithLabel(std::size_t size) {
    label_.assign(size, 'l');
    CK_RSA_PKCS_OAEP_PARAMS params = {CKM_SHA256, CKG_MGF1_SHA256, CKZ_DATA_SPECIFIED,
                                      label_.data(), label_.size()};
    CK_MECHANISM oaep = {CKM_RSA_PKCS_OAEP, &params, sizeof(params)};
    EXPECT_EQ(p11_->C_EncryptInit(kSession, &oaep, kKey), CKR_OK);
  }
  std::string label_;
  const Family encrypt_ = Families()[0];
};

TEST_F(LongInitTest, AnInitOfManyKilobytesIsKept) {
  BeginWithLabel(60'000);
  Restart();
  EXPECT_EQ(encrypt_.do_whole(*p11_.v240()), CKR_OK);
  EXPECT_EQ(Only().flags, kAhead);
  EXPECT_TRUE(Only().body ==
              Bytes(U8(1) + U64(CKM_RSA_PKCS_OAEP) + U8(2) + U64(CKM_SHA256) +
                    U64(CKG_MGF1_SHA256) + U64(CKZ_DATA_SPECIFIED) + Bytes(label_) + U64(kKey)) +
                  Bytes("") + encrypt_.whole_body);
}

TEST_F(LongInitTest, ALongerOneIsNotAndItsOperationDoesNotSurvive) {
  BeginWithLabel(70'000);
  daemon_->On(Function::C_Encrypt, Fails(CKR_OPERATION_NOT_INITIALIZED));
  Restart();
  EXPECT_EQ(encrypt_.do_whole(*p11_.v240()), CKR_OPERATION_NOT_INITIALIZED);
  EXPECT_EQ(Only().flags, 0);
  BeginWithLabel(70'000);
  daemon_->On(Function::C_Encrypt, Drop());
  daemon_->Forget();
  EXPECT_EQ(encrypt_.do_whole(*p11_.v240()), CKR_DEVICE_ERROR);
  EXPECT_EQ(daemon_->Frames().size(), 1u);
}

}  // namespace
}  // namespace gw::shim_test
