// What a forked child inherits, and as whom it speaks to the daemon. (That it speaks on no socket
// of the parent's, and the parent notices nothing: fork_test.cc.)
#include <gmock/gmock.h>
#include <unistd.h>

#include <thread>

#include "tests/shim/shim_fixture.h"

namespace gw::shim_test {
namespace {

using Records = std::map<std::uint32_t, std::string>;

class InheritTest : public ShimTest {
 protected:
  void SetUp() override {
    Initialize();
    daemon_->On(Function::C_SetAttributeValue, [](const Frame& frame) {
      // The record with the session's number gets the object's as its contents.
      return With({{static_cast<std::uint32_t>(frame.session),
                    100u + static_cast<unsigned char>(frame.body[0]), frame.body.substr(0, 1)}});
    });
    EXPECT_TRUE(Change(2, 'a'));
  }

  // Record `id` is `letter` from now on.
  bool Change(CK_SESSION_HANDLE id, char letter) {
    return p11_->C_SetAttributeValue(id, static_cast<CK_ULONG>(letter), nullptr, 0) == CKR_OK;
  }

  std::vector<Attach> Clones() const { return daemon_->AttachesOf(kClone); }
};

TEST_F(InheritTest, AChildHasWhatTheParentHad) {
  EXPECT_EQ(InChild([&] { return p11_->C_Logout(kSession) == CKR_OK ? 0 : 1; }), 0);
  ASSERT_EQ(Clones().size(), 1u);
  EXPECT_EQ(Clones()[0].id, "application 1001");
  EXPECT_EQ(Clones()[0].records, (Records{{1, "owner application 1001"}, {2, "a"}}));
}

TEST_F(InheritTest, WhatTheChildChangesIsTheChildsAlone) {
  EXPECT_EQ(InChild([&] { return Change(2, 'c') && Change(3, 'd') ? 0 : 1; }), 0);
  EXPECT_TRUE(Change(4, 'p'));
  daemon_->Restart();
  daemon_->Forget();
  EXPECT_EQ(p11_->C_Logout(kSession), CKR_OK);
  ASSERT_EQ(daemon_->AttachesOf(kRestore).size(), 1u);
  EXPECT_EQ(daemon_->AttachesOf(kRestore)[0].records,
            (Records{{1, "owner application 1001"}, {2, "a"}, {4, "p"}}));
}

TEST_F(InheritTest, AChildSurvivesTheDaemonAsItself) {
  int ready[2];
  int restarted[2];
  ASSERT_EQ(pipe(ready), 0);
  ASSERT_EQ(pipe(restarted), 0);
  std::thread restarter([&] {
    char byte;
    if (read(ready[0], &byte, 1) != 1) return;
    daemon_->Restart();
    EXPECT_EQ(write(restarted[1], "!", 1), 1);
  });
  const int status = InChild([&] {
    char byte;
    if (!Change(3, 'c')) return 1;
    if (write(ready[1], "!", 1) != 1 || read(restarted[0], &byte, 1) != 1) return 2;
    return Change(3, 'd') ? 0 : 3;
  });
  restarter.join();
  EXPECT_EQ(status, 0);
  const std::vector<Attach> restores = daemon_->AttachesOf(kRestore);
  ASSERT_EQ(restores.size(), 1u);
  EXPECT_EQ(restores[0].id, "application 1002");
  EXPECT_EQ(restores[0].records, (Records{{1, "owner application 1002"}, {2, "a"}, {3, "c"}}));
  for (const int fd : {ready[0], ready[1], restarted[0], restarted[1]}) close(fd);
}

TEST_F(InheritTest, AGrandchildHasWhatTheChildHad) {
  const int status = InChild([&] {
    if (!Change(3, 'c')) return 1;
    return InChild([&] { return Change(4, 'g') ? 0 : 2; });
  });
  EXPECT_EQ(status, 0);
  ASSERT_EQ(Clones().size(), 2u);
  EXPECT_EQ(Clones()[1].id, "application 1002");
  EXPECT_EQ(Clones()[1].records, (Records{{1, "owner application 1002"}, {2, "a"}, {3, "c"}}));
}

TEST_F(InheritTest, AGrandchildOfAChildThatDidNothingHasWhatTheParentHad) {
  const int status = InChild([&] {
    const int inner = InChild([&] { return p11_->C_Logout(kSession) == CKR_OK ? 0 : 1; });
    return inner != 0 ? inner : p11_->C_Logout(kSession) == CKR_OK ? 0 : 2;
  });
  EXPECT_EQ(status, 0);
  ASSERT_EQ(Clones().size(), 2u);
  for (const Attach& clone : Clones()) EXPECT_EQ(clone.id, "application 1001");
}

TEST_F(InheritTest, InitializeInAChildThatHasDoneNothingBeginsAtOnce) {
  daemon_->Forget();
  const int status = InChild([&] {
    if (p11_->C_Initialize(nullptr) != CKR_OK) return 1;
    return p11_->C_Initialize(nullptr) == CKR_CRYPTOKI_ALREADY_INITIALIZED ? 0 : 2;
  });
  EXPECT_EQ(status, 0);
  EXPECT_EQ(daemon_->Attaches().size(), 1u);
  EXPECT_EQ(daemon_->AttachesOf(kBegin).size(), 1u);
  EXPECT_TRUE(daemon_->FramesOf(Function::C_Finalize).empty());
}

TEST_F(InheritTest, InitializeInAChildEndsTheClone) {
  const int status = InChild([&] {
    if (!Change(3, 'c')) return 1;
    CK_C_INITIALIZE_ARGS bad = {};
    bad.pReserved = &bad;
    if (p11_->C_Initialize(&bad) != CKR_ARGUMENTS_BAD) return 2;
    if (!Change(3, 'd')) return 3;  // which has ended nothing
    return p11_->C_Initialize(nullptr) == CKR_OK ? 0 : 4;
  });
  EXPECT_EQ(status, 0);
  EXPECT_EQ(daemon_->clones(), 1);
  EXPECT_EQ(daemon_->FramesOf(Function::C_Finalize).size(), 1u);
  EXPECT_EQ(daemon_->AttachesOf(kBegin).size(), 2u);
}

TEST_F(InheritTest, FinalizeInAChildThatHasDoneNothingSaysNothing) {
  daemon_->Forget();
  const int status = InChild([&] {
    if (p11_->C_Finalize(nullptr) != CKR_OK) return 1;
    if (p11_->C_Logout(kSession) != CKR_CRYPTOKI_NOT_INITIALIZED) return 2;
    // And its own child inherits that.
    return InChild(
        [&] { return p11_->C_Logout(kSession) == CKR_CRYPTOKI_NOT_INITIALIZED ? 0 : 3; });
  });
  EXPECT_EQ(status, 0);
  EXPECT_TRUE(daemon_->Attaches().empty());
}

TEST_F(InheritTest, AChildOfAnApplicationThatWasFinalizedInheritsNothing) {
  ASSERT_EQ(p11_->C_Finalize(nullptr), CKR_OK);
  EXPECT_EQ(
      InChild([&] { return p11_->C_Logout(kSession) == CKR_CRYPTOKI_NOT_INITIALIZED ? 0 : 1; }), 0);
}

TEST_F(InheritTest, ACloneThatIsRefusedBeginsAnew) {
  daemon_->RefuseRecords();
  daemon_->On(Function::C_Logout, Fails(CKR_SESSION_HANDLE_INVALID));
  const int status =
      InChild([&] { return p11_->C_Logout(kSession) == CKR_SESSION_HANDLE_INVALID ? 0 : 1; });
  EXPECT_EQ(status, 0);
  EXPECT_EQ(Clones().size(), 1u);
  EXPECT_EQ(daemon_->AttachesOf(kBegin).size(), 2u);
}

TEST_F(InheritTest, ACloneWithTheParentsIdIsNone) {
  daemon_->On(Function::kAttach, [&](const Frame& frame) {
    return Ok(U16(1) + Bytes(ParseAttach(frame).id) + U32(0) + U32(64u << 20) + U32(4096));
  });
  EXPECT_EQ(InChild([&] { return p11_->C_Logout(kSession) == CKR_DEVICE_ERROR ? 0 : 1; }), 0);
}

TEST_F(InheritTest, AChildWithoutADaemonWaitsForOneAndTriesAgain) {
  setenv("GREP11_RECONNECT_S", "1", 1);
  ASSERT_EQ(p11_->C_Finalize(nullptr), CKR_OK);
  Initialize();
  daemon_->Stop();
  EXPECT_EQ(InChild([&] { return p11_->C_Logout(kSession) == CKR_DEVICE_REMOVED ? 0 : 1; }), 0);
  daemon_->Start();
  EXPECT_EQ(InChild([&] { return p11_->C_Logout(kSession) == CKR_OK ? 0 : 1; }), 0);
  EXPECT_EQ(p11_->C_Logout(kSession), CKR_OK);
}

// Threads change their records without end; each child presents a set of records of which every one
// was current at the instant of the fork, and works.
TEST_F(InheritTest, HundredsOfForksUnderEightThreadsThatChangeRecords) {
  daemon_->StopRecording();
  std::atomic<std::uint64_t> version = 1000;
  daemon_->On(Function::C_SetAttributeValue, [&](const Frame& frame) {
    const std::uint64_t now = ++version;
    const auto id = static_cast<std::uint32_t>(frame.session);
    const std::string record =
        now % 5 == 0 ? std::string() : std::string(1 + now % 2000, static_cast<char>(id));
    return With({{id, now, record}});
  });
  std::atomic<int> torn = 0;
  daemon_->On(Function::kAttach, [&](const Frame& frame) {
    for (const auto& [id, record] : ParseAttach(frame).records)
      if (id >= 10) torn += record.find_first_not_of(static_cast<char>(id)) != std::string::npos;
    return daemon_->AnswerAttach(frame);
  });
  std::atomic<bool> stop = false;
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (CK_ULONG i = 0; i < 8; ++i)
    threads.emplace_back([&, i] {
      for (CK_ULONG j = 0; !stop; ++j)
        wrong += p11_->C_SetAttributeValue(10 + i + 8 * (j % 10), j, nullptr, 0) != CKR_OK;
    });
  constexpr int kForks = kSanitized ? 10 : 300;
  for (int i = 0; i < kForks; ++i)
    EXPECT_EQ(InChild([&] { return p11_->C_Logout(kSession) == CKR_OK ? 0 : 1; }), 0)
        << "fork " << i;
  stop = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(torn, 0);
  EXPECT_EQ(daemon_->clones(), kForks);
  EXPECT_EQ(daemon_->applications(), kForks + 1);
}

}  // namespace
}  // namespace gw::shim_test
