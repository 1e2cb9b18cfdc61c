// Room: tests/stack. The HSM's master key is changed under applications that go on working: by the
// emulator's control page and the daemon's signals, as an administrator does it.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <regex>
#include <thread>

#include "tests/stack/p11.h"
#include "tests/stack/stack.h"

namespace gw::stack {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;
using testing::HasSubstr;

constexpr int kNone = 0, kReady = 2;

double Metric(const std::string& name) {
  const std::string metrics = Metrics();
  const auto at = metrics.find("\n" + name + " ");
  return at == std::string::npos ? -1 : std::stod(metrics.substr(at + name.size() + 2));
}
double Keys(const char* state) {
  return Metric("grep11_rotation_keys{slot=\"0\",state=\"" + std::string(state) + "\"}");
}

template <typename Condition>
bool Eventually(Condition condition, seconds most = seconds(60)) {
  const auto end = steady_clock::now() + most;
  while (!condition()) {
    if (steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return true;
}
bool PhaseBecomes(int phase) {
  return Eventually([&] { return Metric("grep11_rotation_phase{slot=\"0\"}") == phase; });
}

unsigned long Rewraps() { return ReadCounters().by_rpc["RewrapKeyBlob"]; }

// What an administrator does, step by step.
void Commit() {
  EXPECT_THAT(PostControl("/master-key/stage"), HasSubstr("next"));
  EXPECT_THAT(PostControl("/master-key/commit"), HasSubstr("true"));
}
void Rewrap() { EXPECT_EQ(kill(DaemonPid(), SIGUSR1), 0); }
void Activate() { EXPECT_THAT(PostControl("/master-key/activate"), HasSubstr("current")); }
void Rotate() {
  Commit();
  Rewrap();
  ASSERT_TRUE(PhaseBecomes(kReady)) << DaemonLog();
  Activate();
  ASSERT_TRUE(PhaseBecomes(kNone)) << DaemonLog();
}

Octets WrappingKeyOf(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key) {
  Octets id(16);
  CK_ATTRIBUTE wanted{CKA_GREP11_WKID, id.data(), id.size()};
  GW_EXPECT_RV(P11().C_GetAttributeValue(session, key, &wanted, 1), CKR_OK);
  return id;
}

void SignsAndVerifies(CK_SESSION_HANDLE session, const KeyPair& pair) {
  Octets signature;
  GW_EXPECT_RV(Sign(session, CKM_ECDSA, pair.private_key, Octets(32), &signature), CKR_OK);
  GW_EXPECT_RV(Verify(session, CKM_ECDSA, pair.public_key, Octets(32), signature), CKR_OK);
}

TEST(MasterKeyChangeTest, EightThreadsThatSignNoticeNothing) {
  Signal ready;
  Signal rotated;
  Child client([&] {
    const Initialized initialized;
    Session session;
    session.Login();
    std::vector<KeyPair> pairs(8);
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      GW_ASSERT_RV(MakeEcPair(session.handle(), i % 2 == 0, "eight", &pairs[i]), CKR_OK);
    }
    const Octets before = WrappingKeyOf(session.handle(), pairs[0].private_key);
    std::atomic<bool> stop = false;
    std::atomic<int> signatures = 0;
    InThreads(9, [&](int id) {
      if (id == 8) {
        const bool ready_now = Eventually([&] { return signatures > 100; });
        EXPECT_TRUE(ready_now);
        ready.Raise();
        EXPECT_TRUE(rotated.Await());
        const int so_far = signatures;
        EXPECT_TRUE(Eventually([&] { return signatures > so_far + 100; }));
        stop = true;
        return;
      }
      Session mine;
      const KeyPair& pair = pairs[static_cast<std::size_t>(id)];
      while (!stop) {
        SignsAndVerifies(mine.handle(), pair);
        ++signatures;
        if (testing::Test::HasFailure()) stop = true;
      }
    });
    for (const KeyPair& pair : pairs) {
      EXPECT_NE(WrappingKeyOf(session.handle(), pair.private_key), before);
      SignsAndVerifies(session.handle(), pair);
    }
  });
  ASSERT_TRUE(ready.Await());
  Rotate();
  rotated.Raise();
  EXPECT_EQ(client.Wait(), 0);
}

// Killed between two keys, and again before it sees the activation: the next daemon goes on. The
// application is idle all the while, so that none of the later daemons ever sees its session keys.
TEST(MasterKeyChangeTest, ADaemonThatIsKilledInTheMiddleLosesNoKey) {
  Signal ready;
  Signal rotated;
  constexpr int kPairs = 100;
  Child client([&] {
    const Initialized initialized;
    Session session;
    session.Login();
    KeyPair in_session;
    GW_ASSERT_RV(MakeEcPair(session.handle(), false, "mine alone", &in_session), CKR_OK);
    std::vector<KeyPair> pairs(kPairs);
    for (KeyPair& pair : pairs) {
      GW_ASSERT_RV(MakeEcPair(session.handle(), true, "killed", &pair), CKR_OK);
    }
    ready.Raise();
    ASSERT_TRUE(rotated.Await());
    for (const KeyPair& pair : pairs) SignsAndVerifies(session.handle(), pair);
    SignsAndVerifies(session.handle(), in_session);
  });
  ASSERT_TRUE(ready.Await());
  double keys = 0;
  {
    // The HSM wraps half of them, and no more until this daemon is gone.
    const Fault half(R"([{"rpc": "RewrapKeyBlob", "reply": "pass", "count": 100},
                         {"rpc": "RewrapKeyBlob", "rv": "CKR_DEVICE_ERROR", "chance": 1}])");
    const unsigned long asked = Rewraps();
    Commit();
    Rewrap();
    // A round ends after eight keys in vain: in the third one, the numbers stand still.
    ASSERT_TRUE(Eventually([asked] { return Rewraps() > asked + 100 + 2 * 8; })) << DaemonLog();
    EXPECT_GE(Keys("done"), 64);
    EXPECT_GT(Keys("todo"), 0);
    keys = Keys("done") + Keys("todo");
    ASSERT_EQ(Dev({"restart", "--kill"}), 0);
  }
  ASSERT_TRUE(PhaseBecomes(kReady)) << DaemonLog();
  EXPECT_EQ(Keys("todo"), 0);
  EXPECT_EQ(Keys("done"), keys);
  ASSERT_EQ(kill(DaemonPid(), SIGKILL), 0);
  Activate();
  ASSERT_EQ(Dev({"restart", "--kill"}), 0);
  ASSERT_TRUE(Eventually([] {
    return DaemonLog().find("the keys are under the new master key") != std::string::npos &&
           Metric("grep11_rotation_phase{slot=\"0\"}") == kNone;
  }));
  rotated.Raise();
  EXPECT_EQ(client.Wait(), 0);
}

TEST(MasterKeyChangeTest, KeysMadeWhileItWaitsForTheActivationOutliveIt) {
  Child client([] {
    const Initialized initialized;
    Session session;
    session.Login();
    Commit();
    Rewrap();
    ASSERT_TRUE(PhaseBecomes(kReady));
    KeyPair in_token;
    KeyPair in_session;
    GW_ASSERT_RV(MakeEcPair(session.handle(), true, "late", &in_token), CKR_OK);
    GW_ASSERT_RV(MakeEcPair(session.handle(), false, "late", &in_session), CKR_OK);
    // At once: a new key gets its second blob before the call returns.
    Activate();
    SignsAndVerifies(session.handle(), in_token);
    SignsAndVerifies(session.handle(), in_session);
    ASSERT_TRUE(PhaseBecomes(kNone));
    SignsAndVerifies(session.handle(), in_token);
    SignsAndVerifies(session.handle(), in_session);
  });
  EXPECT_EQ(client.Wait(), 0);
}

// Its state is the HSM's, sealed under the master key that is gone.
TEST(MasterKeyChangeTest, AnOperationInPartsEndsCleanlyAndTheNextOneWorks) {
  Child client([] {
    const Initialized initialized;
    Session session;
    session.Login();
    CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
    GW_ASSERT_RV(MakeAesKey(session.handle(), false, "parts", false, &key), CKR_OK);
    Octets iv(16);
    CK_MECHANISM mechanism{CKM_AES_CBC, iv.data(), iv.size()};
    // More than is gathered here: the HSM has begun.
    Octets part(512 * 1024);
    Octets out(2 * part.size());
    CK_ULONG size = out.size();
    const auto begin = [&] {
      GW_EXPECT_RV(P11().C_EncryptInit(session.handle(), &mechanism, key), CKR_OK);
      for (int i = 0; i < 4; ++i) {
        size = out.size();
        GW_EXPECT_RV(
            P11().C_EncryptUpdate(session.handle(), part.data(), part.size(), out.data(), &size),
            CKR_OK);
      }
    };
    begin();
    Rotate();
    size = out.size();
    const CK_RV rv =
        P11().C_EncryptUpdate(session.handle(), part.data(), part.size(), out.data(), &size);
    GW_EXPECT_RV(rv, CKR_DEVICE_ERROR);
    size = out.size();
    GW_EXPECT_RV(P11().C_EncryptFinal(session.handle(), out.data(), &size),
                 CKR_OPERATION_NOT_INITIALIZED);
    begin();
    size = out.size();
    GW_EXPECT_RV(P11().C_EncryptFinal(session.handle(), out.data(), &size), CKR_OK);
  });
  EXPECT_EQ(client.Wait(), 0);
}

TEST(MasterKeyChangeTest, SecondBlobsAreDeletedOnDemandAndTheKeysGoOn) {
  Child client([] {
    const Initialized initialized;
    Session session;
    session.Login();
    KeyPair pair;
    GW_ASSERT_RV(MakeEcPair(session.handle(), true, "forgets", &pair), CKR_OK);
    Rotate();
    EXPECT_EQ(kill(DaemonPid(), SIGUSR2), 0);
    EXPECT_TRUE(Eventually([] {
      return std::regex_search(DaemonLog(), std::regex("second blobs of [1-9][0-9]* keys are"));
    }));
    SignsAndVerifies(session.handle(), pair);
    EXPECT_EQ(Dev({"restart"}), 0);
    SignsAndVerifies(session.handle(), pair);
  });
  EXPECT_EQ(client.Wait(), 0);
}

TEST(MasterKeyChangeTest, BegunTooEarlyItSaysSoAndChangesNothing) {
  Child client([] {
    const Initialized initialized;
    Session session;
    session.Login();
    KeyPair pair;
    GW_ASSERT_RV(MakeEcPair(session.handle(), true, "early", &pair), CKR_OK);
    const Octets before = WrappingKeyOf(session.handle(), pair.private_key);
    Rewrap();
    EXPECT_TRUE(Eventually(
        [] { return DaemonLog().find("no committed next master key") != std::string::npos; }));
    EXPECT_TRUE(PhaseBecomes(kNone));
    EXPECT_EQ(WrappingKeyOf(session.handle(), pair.private_key), before);
    SignsAndVerifies(session.handle(), pair);
  });
  EXPECT_EQ(client.Wait(), 0);
}

// The last: it leaves keys behind that nobody can use.
TEST(MasterKeyChangeTest, WithoutRewrappingAKeyIsGivenUpAfterTheTimeThatIsConfigured) {
  Child client([] {
    const Initialized initialized;
    Session session;
    session.Login();
    KeyPair pair;
    GW_ASSERT_RV(MakeEcPair(session.handle(), false, "lost", &pair), CKR_OK);
    Commit();
    Activate();
    Octets signature;
    const auto took = Took([&] {
      GW_EXPECT_RV(Sign(session.handle(), CKM_ECDSA, pair.private_key, Octets(32), &signature),
                   CKR_DEVICE_ERROR);
    });
    EXPECT_GT(took, seconds(1));
    EXPECT_LT(took, seconds(15));
    // New keys work at once.
    GW_ASSERT_RV(MakeEcPair(session.handle(), false, "new", &pair), CKR_OK);
    SignsAndVerifies(session.handle(), pair);
  });
  EXPECT_EQ(client.Wait(), 0);
}

}  // namespace
}  // namespace gw::stack
