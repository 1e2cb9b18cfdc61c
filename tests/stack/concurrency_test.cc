// Room: tests/stack. Many threads in one process, and many processes at once.
#include <gtest/gtest.h>

#include <atomic>

#include "tests/stack/p11.h"
#include "tests/stack/stack.h"

namespace gw::stack {
namespace {

constexpr int kThreads = 8;
constexpr int kProcesses = 32;
constexpr int kSignaturesEach = 50;

// Signs and has each signature verified; counts what went well, so that a thread reports once.
int SignAndVerify(CK_SESSION_HANDLE session, const KeyPair& pair, int id) {
  int good = 0;
  for (int i = 0; i < kSignaturesEach; ++i) {
    const Octets data = OctetsOf("message " + std::to_string(id) + "." + std::to_string(i));
    Octets signature;
    if (Sign(session, CKM_ECDSA_SHA256, pair.private_key, data, &signature) == CKR_OK &&
        signature.size() == 64 &&
        Verify(session, CKM_ECDSA_SHA256, pair.public_key, data, signature) == CKR_OK) {
      ++good;
    }
  }
  return good;
}

TEST(ThreadsTest, EightThreadsOfOneProcessSignAtOnce) {
  Child child([] {
    const Initialized initialized;
    Session first;
    first.Login();
    KeyPair pair;
    GW_ASSERT_RV(MakeEcPair(first.handle(), false, "threads", &pair), CKR_OK);
    std::atomic<int> good = 0;
    InThreads(kThreads, [&](int id) {
      const Session session;
      good += SignAndVerify(session.handle(), pair, id);
    });
    EXPECT_EQ(good, kThreads * kSignaturesEach);
  });
  EXPECT_EQ(child.Wait(), 0);
}

// PKCS #11 gives each session one active operation; two threads in it must never mix their data.
TEST(ThreadsTest, TwoThreadsInOneSessionGetErrorsAtWorstNeverWrongSignatures) {
  Child child([] {
    const Initialized initialized;
    Session shared;
    shared.Login();
    KeyPair pair;
    GW_ASSERT_RV(MakeEcPair(shared.handle(), false, "shared", &pair), CKR_OK);
    std::atomic<int> wrong = 0;
    InThreads(2, [&](int id) {
      const Session own;
      const Octets data = OctetsOf("thread " + std::to_string(id));
      const Octets other = OctetsOf("thread " + std::to_string(1 - id));
      for (int i = 0; i < kSignaturesEach; ++i) {
        Octets signature;
        if (Sign(shared.handle(), CKM_ECDSA_SHA256, pair.private_key, data, &signature) != CKR_OK) {
          continue;  // the other thread was in between: an error is the right answer
        }
        const bool mine =
            Verify(own.handle(), CKM_ECDSA_SHA256, pair.public_key, data, signature) == CKR_OK;
        if (!mine) ++wrong;
      }
    });
    EXPECT_EQ(wrong, 0);
    // The session is not stuck afterwards.
    Octets signature;
    CK_RV rv = Sign(shared.handle(), CKM_ECDSA_SHA256, pair.private_key, OctetsOf("x"), &signature);
    if (rv == CKR_OPERATION_ACTIVE) {
      CK_BYTE byte = 0;
      CK_ULONG size = 512;
      Octets buffer(size);
      P11().C_Sign(shared.handle(), &byte, 1, buffer.data(), &size);
      rv = Sign(shared.handle(), CKM_ECDSA_SHA256, pair.private_key, OctetsOf("x"), &signature);
    }
    GW_EXPECT_RV(rv, CKR_OK);
  });
  EXPECT_EQ(child.Wait(), 0);
}

TEST(ProcessesTest, ThirtyTwoProcessesWorkAtOnce) {
  std::vector<Child> children;
  for (int id = 0; id < kProcesses; ++id) {
    children.emplace_back([id] {
      const Initialized initialized;
      Session session;
      session.Login();
      KeyPair pair;
      GW_ASSERT_RV(MakeEcPair(session.handle(), false, "process", &pair), CKR_OK);
      EXPECT_EQ(SignAndVerify(session.handle(), pair, id), kSignaturesEach);
    });
  }
  for (Child& child : children) EXPECT_EQ(child.Wait(), 0);
}

TEST(ProcessesTest, ATokenObjectOfOneProcessIsFoundAndUsedByAnother) {
  Child maker([] {
    const Initialized initialized;
    Session session;
    session.Login();
    KeyPair pair;
    GW_ASSERT_RV(MakeRsaPair(session.handle(), true, "kept", &pair), CKR_OK);
  });
  ASSERT_EQ(maker.Wait(), 0);
  Child user([] {
    const Initialized initialized;
    Session session;
    session.Login();
    Attributes wanted;
    wanted.Value(CKA_LABEL, "kept").Number(CKA_CLASS, CKO_PRIVATE_KEY);
    const auto keys = Find(session.handle(), std::move(wanted));
    ASSERT_EQ(keys.size(), 1u);
    Octets signature;
    GW_EXPECT_RV(Sign(session.handle(), CKM_SHA256_RSA_PKCS, keys[0], OctetsOf("text"), &signature),
                 CKR_OK);
    EXPECT_EQ(signature.size(), 256u);
  });
  EXPECT_EQ(user.Wait(), 0);
}

}  // namespace
}  // namespace gw::stack
