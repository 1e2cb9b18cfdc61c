// Init functions that the module answers by itself, because nothing has changed since the daemon
// accepted them, and the operations that are begun ahead of the function that follows.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <cstring>
#include <thread>

#include "pkcs11-shim/remembered.h"
#include "tests/shim/families.h"

namespace gw::shim_test {
namespace {

using testing::ElementsAre;

constexpr CK_SLOT_ID kSlot = 3;
constexpr CK_SESSION_HANDLE kOther = kSession + 1;

class RememberTest : public ShimTest {
 protected:
  void SetUp() override {
    StartDaemon();
    daemon_->OfferEpoch();
    Initialize();
    AnswerFamilies(*daemon_);
    Open(kSession);
    Open(kOther);
  }

  void Open(CK_SESSION_HANDLE session, CK_SLOT_ID slot = kSlot) {
    daemon_->On(Function::C_OpenSession, Ok(U64(session)));
    CK_SESSION_HANDLE opened = 0;
    ASSERT_EQ(p11_->C_OpenSession(slot, CKF_SERIAL_SESSION, nullptr, nullptr, &opened), CKR_OK);
    ASSERT_EQ(opened, session);
    daemon_->Forget();
  }

  CK_RV Init(CK_SESSION_HANDLE session = kSession, CK_OBJECT_HANDLE key = kKey) {
    return p11_->C_SignInit(session, &plain, key);
  }
  CK_RV Sign(CK_SESSION_HANDLE session = kSession, CK_ULONG capacity = 64) {
    CK_ULONG size = capacity;
    return p11_->C_Sign(session, Ptr(input), 5, Ptr(output), &size);
  }
  CK_RV Length(CK_SESSION_HANDLE session = kSession) {
    CK_ULONG size = 0;
    return p11_->C_Sign(session, Ptr(input), 5, nullptr, &size);
  }

  // From here on an Init of kKey is remembered.
  void Remember() {
    ASSERT_EQ(Init(), CKR_OK);
    ASSERT_EQ(Sign(), CKR_OK);
    daemon_->Forget();
  }
  // An operation that the daemon does not know of.
  void BeginHere(CK_SESSION_HANDLE session = kSession) {
    Remember();
    ASSERT_EQ(Init(session), CKR_OK);
    ASSERT_THAT(daemon_->Frames(), testing::IsEmpty());
  }

  // What has come since Forget(): the function, and "+" if its Init came with it.
  std::vector<std::string> Calls() const {
    std::vector<std::string> calls;
    for (const Frame& frame : daemon_->Frames())
      calls.push_back(std::string(wire::RowOf(frame.function).name) +
                      ((frame.flags & kAhead) != 0 ? "+" : ""));
    return calls;
  }

  void ExpectAsked(CK_SESSION_HANDLE session = kSession, CK_OBJECT_HANDLE key = kKey) {
    daemon_->Forget();
    EXPECT_EQ(Init(session, key), CKR_OK);
    EXPECT_EQ(Sign(session), CKR_OK);
    EXPECT_THAT(Calls(), ElementsAre("C_SignInit", "C_Sign"));
  }
  void ExpectAnsweredHere(CK_SESSION_HANDLE session = kSession, CK_OBJECT_HANDLE key = kKey) {
    daemon_->Forget();
    EXPECT_EQ(Init(session, key), CKR_OK);
    EXPECT_EQ(Sign(session), CKR_OK);
    EXPECT_THAT(Calls(), ElementsAre("C_Sign+"));
  }
};

TEST_F(RememberTest, ARepeatedInitGoesAheadOfTheFunctionThatFollows) {
  L& p11 = *p11_.v240();
  for (const Family& family : Families()) {
    SCOPED_TRACE(wire::RowOf(family.init).name);
    EXPECT_EQ(family.do_init(p11), CKR_OK);
    EXPECT_EQ(family.do_whole(p11), CKR_OK);
    for (const auto& [next, body] : {std::pair{&family.do_whole, &family.whole_body},
                                     {&family.do_update, &family.update_body},
                                     {&family.do_final, &family.final_body}}) {
      daemon_->Forget();
      EXPECT_EQ(family.do_init(p11), CKR_OK);
      EXPECT_THAT(daemon_->Frames(), testing::IsEmpty());
      EXPECT_EQ((*next)(p11), CKR_OK);
      ASSERT_EQ(daemon_->Frames().size(), 1u);
      const Frame frame = daemon_->Frames()[0];
      EXPECT_EQ(frame.flags, kAhead);
      EXPECT_EQ(frame.session, kSession);
      EXPECT_EQ(Hex(frame.body), Hex(Bytes(family.init_body) + Bytes("") + *body));
      if (next == &family.do_update) {
        EXPECT_EQ(family.do_final(p11), CKR_OK);
      }
    }
  }
}

TEST_F(RememberTest, AfterTheFirstUpdateTheDaemonHasTheOperation) {
  BeginHere();
  EXPECT_EQ(p11_->C_SignUpdate(kSession, Ptr(input), 5), CKR_OK);
  EXPECT_EQ(p11_->C_SignUpdate(kSession, Ptr(input), 5), CKR_OK);
  CK_ULONG size = 64;
  EXPECT_EQ(p11_->C_SignFinal(kSession, Ptr(output), &size), CKR_OK);
  EXPECT_THAT(Calls(), ElementsAre("C_SignUpdate+", "C_SignUpdate", "C_SignFinal"));
}

TEST_F(RememberTest, AThousandSignaturesAreAThousandRoundTrips) {
  Remember();
  for (int i = 0; i < 1000; ++i) {
    ASSERT_EQ(Init(), CKR_OK);
    ASSERT_EQ(Sign(), CKR_OK);
  }
  EXPECT_EQ(daemon_->Frames().size(), 1000u);
}

TEST_F(RememberTest, AnAnswerServesTheSessionsOfTheSameSlot) {
  Remember();
  ExpectAnsweredHere(kOther);
  Open(kOther + 1);
  ExpectAnsweredHere(kOther + 1);
  Open(kOther + 2, kSlot + 1);
  ExpectAsked(kOther + 2);
}

TEST_F(RememberTest, AnotherKeyOrFunctionOrASessionNeverOpenedIsAsked) {
  Remember();
  ExpectAsked(kSession, kKey + 1);
  EXPECT_EQ(p11_->C_VerifyInit(kSession, &plain, kKey), CKR_OK);
  EXPECT_EQ(daemon_->FramesOf(Function::C_VerifyInit).size(), 1u);
  ExpectAsked(kSession + 77);
  ExpectAsked(kSession + 77);
}

TEST_F(RememberTest, ARefusedInitIsAskedEachTime) {
  daemon_->On(Function::C_SignInit, Fails(CKR_KEY_FUNCTION_NOT_PERMITTED));
  for (int i = 0; i < 2; ++i) EXPECT_EQ(Init(), CKR_KEY_FUNCTION_NOT_PERMITTED);
  EXPECT_EQ(daemon_->Frames().size(), 2u);
}

TEST_F(RememberTest, AnotherEpochIsAnotherQuestion) {
  Remember();
  daemon_->SetEpoch(7);
  ExpectAsked();
  ExpectAnsweredHere();
  daemon_->SetEpoch(0);
  ExpectAsked();
  ExpectAsked();
  daemon_->SetEpoch(8);
  ExpectAsked();
  ExpectAnsweredHere();
}

// Something changed while the daemon was asked: whether before or after it looked is not known.
TEST_F(RememberTest, AnAnswerFromBetweenTwoEpochsIsNotRemembered) {
  daemon_->On(Function::C_SignInit, [&](const Frame&) {
    daemon_->SetEpoch(77);
    return Ok();
  });
  EXPECT_EQ(Init(), CKR_OK);
  EXPECT_EQ(Sign(), CKR_OK);
  daemon_->On(Function::C_SignInit, Ok());
  ExpectAsked();
  ExpectAnsweredHere();
}

TEST_F(RememberTest, LongBodiesAreAskedEachTime) {
  std::string label(shim::Remembered::kMostBytes, 'l');
  CK_MECHANISM mechanism = {CKM_SHA256_RSA_PKCS, label.data(), label.size()};
  for (int i = 0; i < 2; ++i) {
    daemon_->Forget();
    EXPECT_EQ(p11_->C_SignInit(kSession, &mechanism, kKey), CKR_OK);
    EXPECT_EQ(Sign(), CKR_OK);
    EXPECT_THAT(Calls(), ElementsAre("C_SignInit", "C_Sign"));
  }
}

// -- what an operation is that the daemon does not know of

TEST_F(RememberTest, ASecondInitFindsItActive) {
  BeginHere();
  EXPECT_EQ(Init(), CKR_OPERATION_ACTIVE);
  EXPECT_EQ(Init(kSession, kKey + 1), CKR_OPERATION_ACTIVE);
  EXPECT_EQ(Sign(), CKR_OK);
  EXPECT_THAT(Calls(), ElementsAre("C_Sign+"));
  ExpectAnsweredHere();
}

TEST_F(RememberTest, TheDaemonSaysWhetherOneThatItKnowsIsActive) {
  BeginHere();
  EXPECT_EQ(Length(), CKR_OK);
  daemon_->On(Function::C_SignInit, Fails(CKR_OPERATION_ACTIVE));
  EXPECT_EQ(Init(), CKR_OPERATION_ACTIVE);
  EXPECT_THAT(Calls(), ElementsAre("C_Sign+", "C_SignInit"));
}

TEST_F(RememberTest, AQuestionForTheLengthBringsItToTheDaemon) {
  BeginHere();
  EXPECT_EQ(Length(), CKR_OK);
  EXPECT_EQ(Length(), CKR_OK);
  EXPECT_EQ(Sign(), CKR_OK);
  EXPECT_THAT(Calls(), ElementsAre("C_Sign+", "C_Sign", "C_Sign"));
  ExpectAnsweredHere();
}

TEST_F(RememberTest, SoDoesABufferThatIsTooSmall) {
  BeginHere();
  daemon_->On(Function::C_Sign, Reply{.result = CKR_BUFFER_TOO_SMALL, .body = U64(9) + Bytes("")});
  EXPECT_EQ(Sign(kSession, 1), CKR_BUFFER_TOO_SMALL);
  daemon_->On(Function::C_Sign, Ok(U64(3) + Bytes("out")));
  EXPECT_EQ(Sign(), CKR_OK);
  EXPECT_THAT(Calls(), ElementsAre("C_Sign+", "C_Sign"));
  ExpectAnsweredHere();
}

TEST_F(RememberTest, AnErrorEndsItAndTheNextInitIsAsked) {
  BeginHere();
  daemon_->On(Function::C_Sign, Fails(CKR_KEY_HANDLE_INVALID));
  EXPECT_EQ(Sign(), CKR_KEY_HANDLE_INVALID);
  daemon_->On(Function::C_Sign, Fails(CKR_OPERATION_NOT_INITIALIZED));
  EXPECT_EQ(Sign(), CKR_OPERATION_NOT_INITIALIZED);
  EXPECT_THAT(Calls(), ElementsAre("C_Sign+", "C_Sign"));
  daemon_->On(Function::C_Sign, Ok(U64(3) + Bytes("out")));
  ExpectAsked();
}

TEST_F(RememberTest, AnInitWithoutAMechanismCancelsIt) {
  BeginHere();
  EXPECT_EQ(p11_->C_SignInit(kSession, nullptr, 0), CKR_OK);
  daemon_->On(Function::C_Sign, Fails(CKR_OPERATION_NOT_INITIALIZED));
  EXPECT_EQ(Sign(), CKR_OPERATION_NOT_INITIALIZED);
  EXPECT_THAT(Calls(), ElementsAre("C_SignInit", "C_Sign"));
}

TEST_F(RememberTest, BadArgumentsOfItsFunctionEndIt) {
  BeginHere();
  EXPECT_EQ(p11_->C_Sign(kSession, Ptr(input), 5, Ptr(output), nullptr), CKR_ARGUMENTS_BAD);
  daemon_->On(Function::C_Sign, Fails(CKR_OPERATION_NOT_INITIALIZED));
  EXPECT_EQ(Sign(), CKR_OPERATION_NOT_INITIALIZED);
  EXPECT_THAT(Calls(), ElementsAre("C_SignInit", "C_Sign"));
}

TEST_F(RememberTest, KindsAndSessionsAreApart) {
  BeginHere();
  EXPECT_EQ(Init(kOther), CKR_OK);
  EXPECT_EQ(p11_->C_VerifyInit(kSession, &plain, kKey), CKR_OK);
  EXPECT_EQ(Sign(kOther), CKR_OK);
  EXPECT_EQ(Sign(), CKR_OK);
  EXPECT_THAT(Calls(), ElementsAre("C_VerifyInit", "C_Sign+", "C_Sign+"));
}

TEST_F(RememberTest, ASessionThatIsGoneIsAskedFor) {
  BeginHere();
  EXPECT_EQ(p11_->C_CloseSession(kSession), CKR_OK);
  daemon_->On(Function::C_SignInit, Fails(CKR_SESSION_HANDLE_INVALID));
  daemon_->On(Function::C_Sign, Fails(CKR_SESSION_HANDLE_INVALID));
  EXPECT_EQ(Sign(), CKR_SESSION_HANDLE_INVALID);
  EXPECT_EQ(Init(), CKR_SESSION_HANDLE_INVALID);
  EXPECT_THAT(Calls(), ElementsAre("C_CloseSession", "C_Sign", "C_SignInit"));
}

// As large as any frame without what goes ahead, which does not count.
TEST_F(RememberTest, TheLargestDataHasRoom) {
  daemon_->StopRecording();
  std::string seen;
  daemon_->On(Function::C_Sign, [&](const Frame& frame) {
    seen = std::to_string(frame.body_bytes) + " " + std::to_string(frame.flags);
    return Ok(U64(3) + Bytes("out"));
  });
  const std::size_t most = (std::size_t{64} << 20) - 128;
  std::string data(most, 'd');
  for (const bool here : {false, true}) {
    CK_ULONG size = 64;
    EXPECT_EQ(Init(), CKR_OK);
    EXPECT_EQ(p11_->C_Sign(kSession, Ptr(data), most, Ptr(output), &size), CKR_OK);
    const std::size_t ahead = here ? 4 + kPlain.size() + 8 + 4 : 0;
    EXPECT_EQ(seen, std::to_string(4 + most + 8 + ahead) + (here ? " 4" : " 0"));
  }
}

// -- what makes it forget

struct OwnChange {
  const char* function;
  std::function<CK_RV(L&)> call;
};

std::string pin = "1234";
std::string label(32, ' ');

std::vector<OwnChange> OwnChanges() {
  return {
      {"C_Login", [](L& p11) { return p11.C_Login(kSession, CKU_USER, Ptr(pin), 4); }},
      {"C_Logout", [](L& p11) { return p11.C_Logout(kSession); }},
      {"C_InitPIN", [](L& p11) { return p11.C_InitPIN(kSession, Ptr(pin), 4); }},
      {"C_SetPIN", [](L& p11) { return p11.C_SetPIN(kSession, Ptr(pin), 4, Ptr(pin), 4); }},
      {"C_InitToken", [](L& p11) { return p11.C_InitToken(kSlot, Ptr(pin), 4, Ptr(label)); }},
      {"C_CloseAllSessions", [](L& p11) { return p11.C_CloseAllSessions(kSlot + 1); }},
      {"C_CloseSession", [](L& p11) { return p11.C_CloseSession(kOther); }},
      {"C_DestroyObject", [](L& p11) { return p11.C_DestroyObject(kSession, kKey); }},
      {"C_SetAttributeValue",
       [](L& p11) { return p11.C_SetAttributeValue(kSession, kKey, nullptr, 0); }},
  };
}

TEST_F(RememberTest, WhatTheApplicationChangesItself) {
  for (const OwnChange& change : OwnChanges()) {
    SCOPED_TRACE(change.function);
    Remember();
    EXPECT_EQ(change.call(*p11_.v240()), CKR_OK);
    EXPECT_THAT(Calls(), ElementsAre(change.function));
    ExpectAsked();
    ExpectAnsweredHere();
  }
}

// Also if it fails, or its answer is lost: what it did is not known.
TEST_F(RememberTest, AChangeThatFailsCounts) {
  Remember();
  daemon_->On(Function::C_DestroyObject, Fails(CKR_DEVICE_ERROR));
  EXPECT_EQ(p11_->C_DestroyObject(kSession, kKey), CKR_DEVICE_ERROR);
  ExpectAsked();
}

TEST_F(RememberTest, WhatChangesNothing) {
  Remember();
  daemon_->On(Function::C_GenerateRandom, Ok(Bytes("12345")));
  daemon_->On(Function::C_GetObjectSize, Ok(U64(5)));
  CK_ULONG size = 0;
  EXPECT_EQ(p11_->C_GenerateRandom(kSession, Ptr(output), 5), CKR_OK);
  EXPECT_EQ(p11_->C_GetObjectSize(kSession, kKey, &size), CKR_OK);
  EXPECT_EQ(p11_->C_FindObjectsInit(kSession, nullptr, 0), CKR_OK);
  EXPECT_EQ(p11_->C_FindObjectsFinal(kSession), CKR_OK);
  daemon_->On(Function::C_CreateObject, Ok(U64(5)));
  EXPECT_EQ(p11_->C_CreateObject(kSession, nullptr, 0, &size), CKR_OK);
  Open(kOther + 1);
  ExpectAnsweredHere();
}

// While a change is on its way, what the daemon answers may be from before it or from after it.
TEST_F(RememberTest, NothingIsRememberedDuringAChange) {
  Remember();
  daemon_->On(Function::C_DestroyObject, [&](const Frame&) {
    for (int i = 0; i < 2; ++i) ExpectAsked();
    return Ok();
  });
  EXPECT_EQ(p11_->C_DestroyObject(kSession, kKey + 5), CKR_OK);
  ExpectAsked();
  ExpectAnsweredHere();
}

TEST_F(RememberTest, AnInitDuringWhichSomethingChangedIsNotRemembered) {
  daemon_->On(Function::C_SignInit, [&](const Frame&) {
    EXPECT_EQ(p11_->C_DestroyObject(kOther, kKey + 5), CKR_OK);
    return Ok();
  });
  EXPECT_EQ(Init(), CKR_OK);
  EXPECT_EQ(Sign(), CKR_OK);
  daemon_->On(Function::C_SignInit, Ok());
  ExpectAsked();
}

// An operation goes on with its key whatever becomes of the object. So the daemon learns of those
// that were begun here before it learns of the change.
TEST_F(RememberTest, OperationsAreBegunAtTheDaemonBeforeObjectsChange) {
  for (const OwnChange& change : OwnChanges()) {
    const std::string function = change.function;
    if (function != "C_DestroyObject" && function != "C_SetAttributeValue" &&
        function != "C_Logout")
      continue;
    SCOPED_TRACE(function);
    BeginHere();
    EXPECT_EQ(Init(kOther), CKR_OK);
    EXPECT_EQ(change.call(*p11_.v240()), CKR_OK);
    EXPECT_EQ(Sign(kOther), CKR_OK);
    EXPECT_EQ(Sign(), CKR_OK);
    EXPECT_THAT(Calls(), ElementsAre("C_SignInit", "C_SignInit", function, "C_Sign", "C_Sign"));
    EXPECT_NE(daemon_->Frames()[0].session, daemon_->Frames()[1].session);
    for (const Frame& frame : daemon_->FramesOf(Function::C_SignInit))
      EXPECT_EQ(Hex(frame.body), Hex(kPlain + U64(kKey)));
  }
}

TEST_F(RememberTest, ClosingASessionTakesItsObjectsAlong) {
  BeginHere();
  EXPECT_EQ(p11_->C_CloseSession(kOther), CKR_OK);
  EXPECT_THAT(Calls(), ElementsAre("C_CloseSession"));  // this application has made no object
  EXPECT_EQ(Sign(), CKR_OK);
  Open(kOther);
  daemon_->On(Function::C_GenerateKey, Ok(U64(kKey)));
  CK_OBJECT_HANDLE key = 0;
  EXPECT_EQ(p11_->C_GenerateKey(kOther, &plain, nullptr, 0, &key), CKR_OK);
  BeginHere();
  EXPECT_EQ(p11_->C_CloseSession(kOther), CKR_OK);
  EXPECT_THAT(Calls(), ElementsAre("C_SignInit", "C_CloseSession"));
  EXPECT_EQ(Sign(), CKR_OK);
  Open(kOther);
  // Its own operations end with it.
  BeginHere(kOther);
  EXPECT_EQ(p11_->C_CloseSession(kOther), CKR_OK);
  EXPECT_THAT(Calls(), ElementsAre("C_CloseSession"));
}

// By then another application had changed the key.
TEST_F(RememberTest, OneThatCannotBeBegunBeforeAChangeIsOver) {
  BeginHere();
  daemon_->On(Function::C_SignInit, Fails(CKR_KEY_HANDLE_INVALID));
  EXPECT_EQ(p11_->C_DestroyObject(kOther, kKey), CKR_OK);
  daemon_->On(Function::C_Sign, Fails(CKR_OPERATION_NOT_INITIALIZED));
  EXPECT_EQ(Sign(), CKR_OPERATION_NOT_INITIALIZED);
  EXPECT_THAT(Calls(), ElementsAre("C_SignInit", "C_DestroyObject", "C_Sign"));
}

// -- threads

// Only one of them may have the operation: the second finds it over, or goes on with it.
TEST_F(RememberTest, TwoThreadsDoNotBothBeginIt) {
  BeginHere();
  std::thread second;
  std::atomic<int> seen = 0;
  daemon_->On(Function::C_Sign, [&](const Frame&) {
    if (++seen > 1) return Fails(CKR_OPERATION_NOT_INITIALIZED);
    second = std::thread([&] { EXPECT_EQ(Sign(), CKR_OPERATION_NOT_INITIALIZED); });
    EXPECT_FALSE(daemon_->AwaitFrames(Function::C_Sign, 2, std::chrono::milliseconds(200)));
    return Ok(U64(3) + Bytes("out"));
  });
  EXPECT_EQ(Sign(), CKR_OK);
  second.join();
  EXPECT_THAT(Calls(), ElementsAre("C_Sign+", "C_Sign"));
}

TEST_F(RememberTest, AChangeWaitsForAFunctionThatBeginsItsOperation) {
  BeginHere();
  std::thread destroys;
  daemon_->On(Function::C_Sign, [&](const Frame&) {
    destroys = std::thread([&] { EXPECT_EQ(p11_->C_DestroyObject(kOther, kKey), CKR_OK); });
    EXPECT_FALSE(
        daemon_->AwaitFrames(Function::C_DestroyObject, 1, std::chrono::milliseconds(200)));
    return Ok(U64(3) + Bytes("out"));
  });
  EXPECT_EQ(Sign(), CKR_OK);
  destroys.join();
  EXPECT_THAT(Calls(), ElementsAre("C_Sign+", "C_DestroyObject"));
}

// While one thread's Init is on its way, another's is not answered here: the daemon decides.
TEST_F(RememberTest, AnInitBehindAnotherIsAsked) {
  Remember();
  daemon_->On(Function::C_SignInit, [&](const Frame& frame) {
    if (frame.body == kPlain + U64(kKey)) return Fails(CKR_OPERATION_ACTIVE);
    EXPECT_EQ(Init(), CKR_OPERATION_ACTIVE);
    return Ok();
  });
  EXPECT_EQ(Init(kSession, kKey + 1), CKR_OK);
  EXPECT_EQ(Sign(), CKR_OK);
  EXPECT_THAT(Calls(), ElementsAre("C_SignInit", "C_SignInit", "C_Sign"));
}

// The end of an operation that is over does not take the next one with it.
TEST_F(RememberTest, ALateAnswerLeavesTheNextOperationAlone) {
  ASSERT_EQ(Init(), CKR_OK);
  std::atomic<int> seen = 0;
  daemon_->On(Function::C_Sign, [&](const Frame& frame) {
    // The daemon is done with it, and another thread is quicker.
    if (++seen == 1) {
      EXPECT_EQ(Init(frame.session), CKR_OK);
    }
    return Ok(U64(3) + Bytes("out"));
  });
  EXPECT_EQ(Sign(), CKR_OK);
  daemon_->Restart();
  daemon_->Forget();
  EXPECT_EQ(Sign(), CKR_OK);
  EXPECT_THAT(Calls(), ElementsAre("C_Sign+"));
}

TEST_F(RememberTest, ManyThreadsEachInASessionOfItsOwn) {
  constexpr CK_ULONG kThreads = 8;
  for (CK_ULONG i = 0; i < kThreads; ++i) Open(kOther + 10 + i);
  Remember();
  daemon_->StopRecording();
  std::atomic<int> asked = 0;
  daemon_->On(Function::C_SignInit, [&](const Frame&) {
    ++asked;
    return Ok();
  });
  std::vector<std::thread> threads;
  for (CK_ULONG i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      for (int round = 0; round < 200; ++round) {
        EXPECT_EQ(Init(kOther + 10 + i), CKR_OK);
        EXPECT_EQ(Sign(kOther + 10 + i), CKR_OK);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(asked, 0);
}

// Changes and signatures at once: every operation goes through, whatever happens around it.
TEST_F(RememberTest, ThreadsThatSignAndAThreadThatChanges) {
  Open(kOther + 10);
  std::atomic<bool> stop = false;
  std::thread changes([&] {
    for (int i = 0; i < 300; ++i) {
      EXPECT_EQ(p11_->C_DestroyObject(kOther + 10, kKey + 1), CKR_OK);
      if (i % 3 == 0) {
        EXPECT_EQ(p11_->C_Logout(kOther + 10), CKR_OK);
      }
    }
    stop = true;
  });
  std::vector<std::thread> threads;
  for (const CK_SESSION_HANDLE session : {kSession, kOther}) {
    threads.emplace_back([&, session] {
      while (!stop) {
        EXPECT_EQ(Init(session), CKR_OK);
        EXPECT_EQ(Sign(session), CKR_OK);
      }
    });
  }
  changes.join();
  for (std::thread& thread : threads) thread.join();
}

// -- C_GetSessionInfo

class SessionInfoTest : public RememberTest {
 protected:
  void SetUp() override {
    RememberTest::SetUp();
    daemon_->On(Function::C_GetSessionInfo, [this](const Frame& frame) {
      return Ok(U64(kSlot) + U64(state_) + U64(CKF_SERIAL_SESSION) + U64(frame.session % 1000));
    });
  }

  // True if the daemon was asked.
  bool Asks(CK_SESSION_HANDLE session = kSession) {
    daemon_->Forget();
    CK_SESSION_INFO info = {};
    EXPECT_EQ(p11_->C_GetSessionInfo(session, &info), CKR_OK);
    EXPECT_EQ(info.slotID, kSlot);
    EXPECT_EQ(info.state, state_);
    EXPECT_EQ(info.flags, CKF_SERIAL_SESSION);
    EXPECT_EQ(info.ulDeviceError, session % 1000);
    return !daemon_->Frames().empty();
  }

  std::atomic<CK_STATE> state_ = CKS_RO_PUBLIC_SESSION;
};

TEST_F(SessionInfoTest, TheDaemonIsAskedOnce) {
  for (const CK_SESSION_HANDLE session : {kSession, kOther}) {
    EXPECT_TRUE(Asks(session));
    EXPECT_FALSE(Asks(session));
  }
  EXPECT_FALSE(Asks(kSession));
  // Another session that has the same place.
  EXPECT_TRUE(Asks(kSession + 16));
  EXPECT_TRUE(Asks(kSession));
}

TEST_F(SessionInfoTest, WhatTheApplicationChanges) {
  for (const OwnChange& change : OwnChanges()) {
    SCOPED_TRACE(change.function);
    Asks();
    EXPECT_FALSE(Asks());
    state_ = state_ + 1;
    EXPECT_EQ(change.call(*p11_.v240()), CKR_OK);
    EXPECT_TRUE(Asks());
  }
}

// A call that failed may have left an error of the device.
TEST_F(SessionInfoTest, AFailureIsLookedAt) {
  Asks();
  daemon_->On(Function::C_GenerateRandom, Fails(CKR_DEVICE_ERROR));
  EXPECT_EQ(p11_->C_GenerateRandom(kSession, Ptr(output), 5), CKR_DEVICE_ERROR);
  EXPECT_TRUE(Asks());
  Remember();
  EXPECT_FALSE(Asks());
}

TEST_F(SessionInfoTest, AnAnswerThatWasOvertakenIsNotKept) {
  daemon_->On(Function::C_Logout, Fails(CKR_USER_NOT_LOGGED_IN));
  std::atomic<int> seen = 0;
  daemon_->On(Function::C_GetSessionInfo, [&](const Frame& frame) {
    if (++seen == 1) {
      EXPECT_EQ(p11_->C_Logout(kOther), CKR_USER_NOT_LOGGED_IN);
    }
    return Ok(U64(kSlot) + U64(state_) + U64(CKF_SERIAL_SESSION) + U64(frame.session % 1000));
  });
  EXPECT_TRUE(Asks());
  EXPECT_TRUE(Asks());
  EXPECT_FALSE(Asks());
}

TEST_F(SessionInfoTest, OtherDaemonsChildrenAndSessionsThatAreClosed) {
  Asks();
  daemon_->Forget();
  EXPECT_EQ(InChild([&] {
              CK_SESSION_INFO info = {};
              for (int i = 0; i < 4; ++i)
                if (p11_->C_GetSessionInfo(kSession, &info) != CKR_OK) return 1;
              return 0;
            }),
            0);
  // The first made the child an application; so its answer was from before that.
  EXPECT_THAT(Calls(), ElementsAre("C_GetSessionInfo", "C_GetSessionInfo"));
  EXPECT_FALSE(Asks());
  daemon_->Restart();
  EXPECT_EQ(Sign(), CKR_OK);  // so that it is noticed
  EXPECT_TRUE(Asks());
  EXPECT_EQ(p11_->C_GetSessionInfo(kSession, nullptr), CKR_ARGUMENTS_BAD);
  daemon_->On(Function::C_GetSessionInfo, Fails(CKR_SESSION_HANDLE_INVALID));
  EXPECT_EQ(p11_->C_CloseSession(kSession), CKR_OK);
  CK_SESSION_INFO info = {};
  EXPECT_EQ(p11_->C_GetSessionInfo(kSession, &info), CKR_SESSION_HANDLE_INVALID);
  EXPECT_EQ(p11_->C_Finalize(nullptr), CKR_OK);
  EXPECT_EQ(p11_->C_GetSessionInfo(kSession, &info), CKR_CRYPTOKI_NOT_INITIALIZED);
}

TEST_F(SessionInfoTest, WithoutAnEpochTheDaemonIsAsked) {
  daemon_->SetEpoch(0);
  EXPECT_TRUE(Asks());
  EXPECT_TRUE(Asks());
}

// -- processes and daemons

TEST_F(RememberTest, AChildGoesOnWithWhatWasBegunHereAndAsksForItself) {
  BeginHere();
  EXPECT_EQ(InChild([&] {
              if (Sign() != CKR_OK || Init() != CKR_OK || Sign() != CKR_OK) return 1;
              return Init() == CKR_OK && Sign() == CKR_OK ? 0 : 2;
            }),
            0);
  EXPECT_THAT(Calls(), ElementsAre("C_Sign+", "C_SignInit", "C_Sign", "C_Sign+"));
  daemon_->Forget();
  EXPECT_EQ(Sign(), CKR_OK);  // the parent's own
  EXPECT_THAT(Calls(), ElementsAre("C_Sign+"));
  ExpectAnsweredHere();
}

// A child of a server with threads does not know what they were about.
TEST_F(RememberTest, AChildsOwnInitTakesThePlaceOfItsParents) {
  BeginHere();
  EXPECT_EQ(InChild([&] {
              if (Init(kSession, kKey + 1) != CKR_OK || Sign() != CKR_OK) return 1;
              return Init() == CKR_OK && Sign() == CKR_OK ? 0 : 2;
            }),
            0);
  EXPECT_THAT(Calls(), ElementsAre("C_SignInit", "C_Sign", "C_SignInit", "C_Sign"));
}

// Calls of the parent's threads are no calls of the child.
TEST_F(RememberTest, AChildDoesNotWaitForItsParentsCalls) {
  BeginHere();
  int status = -1;
  daemon_->On(Function::C_Sign, [&](const Frame& frame) {
    if (daemon_->FramesOf(Function::C_Sign).size() > 1) return Ok(U64(3) + Bytes("out"));
    status = InChild([&] {
      if (Sign(frame.session) != CKR_OK || Init() != CKR_OK) return 1;
      return p11_->C_DestroyObject(kOther, kKey) == CKR_OK && Sign() == CKR_OK ? 0 : 2;
    });
    return Ok(U64(3) + Bytes("out"));
  });
  EXPECT_EQ(Sign(), CKR_OK);
  EXPECT_EQ(status, 0);
}

TEST_F(RememberTest, ADaemonThatIsRestartedGetsItAheadAndIsAskedFromThenOn) {
  BeginHere();
  daemon_->Restart();
  EXPECT_EQ(Sign(), CKR_OK);
  EXPECT_THAT(Calls(), ElementsAre("C_Sign+"));
  EXPECT_EQ(daemon_->restores(), 1);
  ExpectAsked();
  ExpectAnsweredHere();
}

TEST_F(RememberTest, ADaemonThatDiesOverItGetsItAgain) {
  BeginHere();
  std::atomic<int> seen = 0;
  daemon_->On(Function::C_Sign,
              [&](const Frame&) { return ++seen == 1 ? Drop() : Ok(U64(3) + Bytes("out")); });
  EXPECT_EQ(Sign(), CKR_OK);
  const std::vector<Frame> frames = daemon_->Frames();
  ASSERT_EQ(frames.size(), 2u);
  EXPECT_EQ(frames[1].flags, kAhead | kRepeat);
  EXPECT_EQ(Hex(frames[0].body), Hex(frames[1].body));
  EXPECT_EQ(frames[0].request, frames[1].request);
}

TEST_F(RememberTest, AnApplicationThatIsLostIsForgotten) {
  BeginHere();
  daemon_->RefuseRecords();
  daemon_->Restart();
  daemon_->On(Function::C_Sign, Fails(CKR_SESSION_HANDLE_INVALID));
  daemon_->On(Function::C_SignInit, Fails(CKR_SESSION_HANDLE_INVALID));
  EXPECT_EQ(Sign(), CKR_SESSION_HANDLE_INVALID);
  EXPECT_EQ(Init(), CKR_SESSION_HANDLE_INVALID);
}

TEST_F(RememberTest, FinalizeAndInitializeBeginAnew) {
  Remember();
  EXPECT_EQ(p11_->C_Finalize(nullptr), CKR_OK);
  EXPECT_EQ(Init(), CKR_CRYPTOKI_NOT_INITIALIZED);
  EXPECT_EQ(p11_->C_Initialize(nullptr), CKR_OK);
  ExpectAsked();
  Open(kSession);
  ExpectAsked();
  ExpectAnsweredHere();
}

TEST_F(RememberTest, OnlyWhoSpeaksForTheProcessAsksForThePage) {
  std::thread([&] { EXPECT_EQ(Sign(kOther), CKR_OK); }).join();
  daemon_->On(Function::C_Sign, [&](const Frame&) {
    EXPECT_EQ(Init(kOther), CKR_OK);  // another connection at the same time
    return Ok(U64(3) + Bytes("out"));
  });
  EXPECT_EQ(Sign(), CKR_OK);
  const std::vector<Attach> joins = daemon_->AttachesOf(kJoin);
  ASSERT_FALSE(joins.empty());
  for (const Attach& join : joins) EXPECT_EQ(join.features, 0u);
}

// -- daemons without a page, or with one that is none

// An answer to Attach that grants this.
Reply Granting(std::uint32_t features, Reply reply) {
  const std::size_t after_version_and_id = 2 + 4 + 16;
  reply.body.replace(after_version_and_id, 4, U32(features));
  return reply;
}

class PageTest : public ShimTest {
 protected:
  // Initialises with an Attach that is answered so; true if an Init is remembered then.
  bool Remembers(std::uint32_t granted, int page) {
    StartDaemon();
    daemon_->On(Function::kAttach, [=, this](const Frame& frame) {
      EXPECT_EQ(ParseAttach(frame).features, 2u);
      Reply reply = Granting(granted, daemon_->AnswerAttach(frame));
      reply.pass = page;
      return reply;
    });
    AnswerFamilies(*daemon_);
    EXPECT_EQ(p11_->C_Initialize(nullptr), CKR_OK);
    daemon_->On(Function::C_OpenSession, Ok(U64(kSession)));
    CK_SESSION_HANDLE session = 0;
    EXPECT_EQ(p11_->C_OpenSession(0, CKF_SERIAL_SESSION, nullptr, nullptr, &session), CKR_OK);
    for (int i = 0; i < 2; ++i) {
      EXPECT_EQ(Families()[3].do_init(*p11_.v240()), CKR_OK);
      EXPECT_EQ(Families()[3].do_whole(*p11_.v240()), CKR_OK);
    }
    const std::size_t asked = daemon_->FramesOf(Function::C_SignInit).size();
    EXPECT_EQ(p11_->C_Finalize(nullptr), CKR_OK);
    daemon_.reset();
    return asked == 1;
  }
};

TEST_F(PageTest, OnlyASealedPageThatWasGrantedIsRead) {
  const int sound = MakePage(5);
  const int unsealed = MakePage(5, 4096, false);
  const int small = MakePage(5, 4);
  const int directory = open(directory_.c_str(), O_RDONLY | O_CLOEXEC);
  EXPECT_TRUE(Remembers(2, sound));
  EXPECT_FALSE(Remembers(0, sound));
  EXPECT_FALSE(Remembers(2, -1));
  EXPECT_FALSE(Remembers(0, -1));
  EXPECT_FALSE(Remembers(2, unsealed));
  EXPECT_FALSE(Remembers(2, small));
  EXPECT_FALSE(Remembers(2, directory));
  for (const int fd : {sound, unsealed, small, directory}) close(fd);
}

TEST_F(PageTest, DescriptorsThatComeAreClosed) {
  const int page = MakePage(5);
  Remembers(2, page);
  const int before = CountDescriptors();
  for (const std::uint32_t granted : {0u, 2u, 0u, 2u}) Remembers(granted, page);
  EXPECT_EQ(CountDescriptors(), before);
  close(page);
}

TEST_F(PageTest, AFeatureThatWasNotAskedForBreaksTheProtocol) {
  StartDaemon();
  daemon_->On(Function::kAttach,
              [this](const Frame& frame) { return Granting(4, daemon_->AnswerAttach(frame)); });
  EXPECT_EQ(p11_->C_Initialize(nullptr), CKR_DEVICE_ERROR);
}

// -- the table

wire::Octets OctetsOf(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

TEST(RememberedTest, KnowsBodiesByKindSlotAndMoment) {
  using shim::Kind;
  shim::Remembered remembered;
  const shim::Moment now = {.epoch = 1, .incarnation = 2, .generation = 3};
  const std::string body = "body";
  EXPECT_FALSE(remembered.Has(Kind::kSign, 0, OctetsOf(body), now));
  remembered.Forget(Kind::kSign, 0, OctetsOf(body));
  remembered.Put(Kind::kSign, 0, OctetsOf(body), now);
  EXPECT_TRUE(remembered.Has(Kind::kSign, 0, OctetsOf(body), now));
  EXPECT_FALSE(remembered.Has(Kind::kVerify, 0, OctetsOf(body), now));
  EXPECT_FALSE(remembered.Has(Kind::kSign, 1, OctetsOf(body), now));
  EXPECT_FALSE(remembered.Has(Kind::kSign, 0, OctetsOf("bodies"), now));
  EXPECT_FALSE(remembered.Has(Kind::kSign, 0, OctetsOf("bodx"), now));
  for (const shim::Moment& other : {shim::Moment{2, 2, 3}, {1, 3, 3}, {1, 2, 4}, {0, 2, 3}})
    EXPECT_FALSE(remembered.Has(Kind::kSign, 0, OctetsOf(body), other));
  remembered.Forget(Kind::kSign, 0, OctetsOf(body));
  EXPECT_FALSE(remembered.Has(Kind::kSign, 0, OctetsOf(body), now));
  remembered.Drop();
}

TEST(RememberedTest, ManyBodiesPushEachOtherOutAndNeverMix) {
  shim::Remembered remembered;
  const shim::Moment now = {.epoch = 1};
  const auto body = [](unsigned i) { return std::string(i % 97, 'x') + std::to_string(i); };
  for (unsigned i = 0; i < 5000; ++i) {
    if (body(i).size() > shim::Remembered::kMostBytes) continue;
    remembered.Put(shim::Kind::kSign, 0, OctetsOf(body(i)), now);
    EXPECT_TRUE(remembered.Has(shim::Kind::kSign, 0, OctetsOf(body(i)), now));
    EXPECT_FALSE(remembered.Has(shim::Kind::kSign, 0, OctetsOf(body(i) + "!"), now));
  }
  remembered.Drop();
}

TEST(RememberedTest, TimeWithoutAnEpochIsNoMoment) {
  EXPECT_FALSE((shim::Moment{0, 1, 1}.Is(shim::Moment{0, 1, 1})));
}

}  // namespace
}  // namespace gw::shim_test
