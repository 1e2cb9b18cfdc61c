// Room: tests/stack. Init functions that the module answers by itself: what they save, that what
// other processes change is noticed, and that an application cannot tell whether they are.
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <random>
#include <regex>
#include <sstream>

#include "tests/stack/p11.h"
#include "tests/stack/stack.h"

namespace gw::stack {
namespace {

// How often the daemon was asked, so far, and said yes.
unsigned long CallsOf(const std::string& function) {
  const std::string metrics = Metrics();
  const std::regex line("grep11_calls_total\\{function=\"" + function +
                        "\",result=\"CKR_OK\"\\} ([0-9]+)");
  std::smatch found;
  if (!std::regex_search(metrics, found, line)) return 0;
  return std::stoul(found[1]);
}

CK_RV SignInit(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key) {
  CK_MECHANISM mechanism{CKM_ECDSA, nullptr, 0};
  return P11().C_SignInit(session, &mechanism, key);
}

CK_RV SignOnly(CK_SESSION_HANDLE session) {
  Octets data(32);
  Octets signature(64);
  CK_ULONG size = signature.size();
  return P11().C_Sign(session, data.data(), data.size(), signature.data(), &size);
}

TEST(RememberTest, AThousandSignaturesAreAThousandRequestsAndRoundTrips) {
  Child client([] {
    const Initialized initialized;
    Session session;
    session.Login();
    KeyPair pair;
    GW_ASSERT_RV(MakeEcPair(session.handle(), false, "thousand", &pair), CKR_OK);
    ResetCounters();
    const unsigned long inits = CallsOf("C_SignInit");
    const unsigned long signs = CallsOf("C_Sign");
    Octets signature;
    for (int i = 0; i < 1000; ++i)
      GW_ASSERT_RV(Sign(session.handle(), CKM_ECDSA, pair.private_key, Octets(32), &signature),
                   CKR_OK);
    EXPECT_EQ(CallsOf("C_SignInit") - inits, 1u);
    EXPECT_EQ(CallsOf("C_Sign") - signs, 1000u);
    const Counters counters = ReadCounters();
    EXPECT_EQ(counters.by_rpc.at("SignSingle"), 1000u);
    EXPECT_EQ(counters.requests, 1000u);
    // What came of it are signatures.
    GW_EXPECT_RV(Verify(session.handle(), CKM_ECDSA, pair.public_key, Octets(32), signature),
                 CKR_OK);
  });
  EXPECT_EQ(client.Wait(), 0);
}

// What another process does to the keys of `label`.
void InAnotherProcess(const std::string& label,
                      const std::function<void(CK_SESSION_HANDLE, CK_OBJECT_HANDLE)>& change) {
  const Initialized initialized;
  Session session;
  session.Login();
  for (const CK_OBJECT_HANDLE key : FindByLabel(session.handle(), label))
    change(session.handle(), key);
}

void Destroy(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key) {
  GW_EXPECT_RV(P11().C_DestroyObject(session, key), CKR_OK);
}

// A process that signs with a key until it is remembered, and another one that changes the key when
// it is told to, and says so.
class ChangedElsewhere {
 public:
  using Use = std::function<void(CK_SESSION_HANDLE, CK_OBJECT_HANDLE)>;

  ChangedElsewhere(const std::string& label, const Use& before, const Use& change,
                   const Use& after) {
    Signal ready;
    Signal changed;
    Child user([&] {
      const Initialized initialized;
      Session session;
      session.Login();
      KeyPair pair;
      GW_ASSERT_RV(MakeEcPair(session.handle(), true, label, &pair), CKR_OK);
      Octets signature;
      for (int i = 0; i < 2; ++i)
        GW_EXPECT_RV(Sign(session.handle(), CKM_ECDSA, pair.private_key, Octets(32), &signature),
                     CKR_OK);
      const unsigned long inits = CallsOf("C_SignInit");
      before(session.handle(), pair.private_key);
      EXPECT_EQ(CallsOf("C_SignInit"), inits);
      ready.Raise();
      ASSERT_TRUE(changed.Await());
      after(session.handle(), pair.private_key);
    });
    Child other([&] {
      ASSERT_TRUE(ready.Await());
      InAnotherProcess(label, change);
      changed.Raise();
    });
    EXPECT_EQ(other.Wait(), 0);
    EXPECT_EQ(user.Wait(), 0);
  }
};

TEST(RememberTest, AKeyThatAnotherProcessDestroysIsRefusedByTheNextInit) {
  ChangedElsewhere(
      "destroyed", [](auto, auto) {}, Destroy,
      [](CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key) {
        GW_EXPECT_RV(SignInit(session, key), CKR_KEY_HANDLE_INVALID);
      });
}

TEST(RememberTest, BetweenInitAndSignTheSignSaysSo) {
  ChangedElsewhere(
      "destroyed in between",
      [](CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key) {
        GW_EXPECT_RV(SignInit(session, key), CKR_OK);
      },
      Destroy,
      [](CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key) {
        GW_EXPECT_RV(SignOnly(session), CKR_KEY_HANDLE_INVALID);
        GW_EXPECT_RV(SignOnly(session), CKR_OPERATION_NOT_INITIALIZED);
        GW_EXPECT_RV(SignInit(session, key), CKR_KEY_HANDLE_INVALID);
      });
}

TEST(RememberTest, AKeyThatMayNotSignAnyMoreIsRefusedByTheNextInit) {
  ChangedElsewhere(
      "changed", [](auto, auto) {},
      [](CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key) {
        Attributes attributes;
        attributes.Bool(CKA_SIGN, false);
        const auto list = attributes.list();
        // The public half has no such attribute.
        P11().C_SetAttributeValue(session, key, list.data(), list.size());
      },
      [](CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key) {
        GW_EXPECT_RV(SignInit(session, key), CKR_KEY_FUNCTION_NOT_PERMITTED);
      });
}

TEST(RememberTest, TheDaemonMayGoBetweenInitAndSign) {
  Child client([] {
    const Initialized initialized;
    Session session;
    session.Login();
    KeyPair pair;
    GW_ASSERT_RV(MakeEcPair(session.handle(), false, "restart", &pair), CKR_OK);
    for (int i = 0; i < 3; ++i) {
      GW_EXPECT_RV(SignInit(session.handle(), pair.private_key), CKR_OK);
      if (i == 2) {
        EXPECT_EQ(Dev({"restart", "--kill"}), 0);
      }
      GW_EXPECT_RV(SignOnly(session.handle()), CKR_OK);
    }
  });
  EXPECT_EQ(client.Wait(), 0);
}

// -- the same with and without

// The daemon from now on, with one more line in its section gateway:.
void RestartWith(const std::string& line) {
  const std::string path = Env("GREP11_CONFIG");
  static const std::string original = ReadFile(path);
  std::string text = original;
  const std::size_t at = text.find("\ngateway:\n");
  ASSERT_NE(at, std::string::npos);
  text.insert(at + std::strlen("\ngateway:\n"), "  " + line + "\n");
  std::ofstream(path, std::ios::trunc) << text;
  ASSERT_EQ(Dev({"restart"}), 0);
}

// An application that does this and that, as `seed` says, and notes every result. Handles differ
// from run to run, so objects and sessions go by their places.
class Script {
 public:
  explicit Script(unsigned seed) : random_(seed) {
    for (int place = 0; place < kSessions; ++place) Open(place);
    LogIn();
    for (int place = 0; place < kKeys; ++place) Make(place);
  }

  std::string Run(int steps) {
    for (int i = 0; i < steps; ++i) {
      notes_ << i << ' ';
      Step();
      notes_ << '\n';
    }
    return notes_.str();
  }

 private:
  static constexpr int kSessions = 3;
  static constexpr int kKeys = 4;

  int Any(int below) { return static_cast<int>(random_() % static_cast<unsigned>(below)); }
  CK_SESSION_HANDLE AnySession() { return sessions_[place_ = Any(kSessions)]; }
  void Note(const char* what, CK_RV rv) { notes_ << what << place_ << ' ' << NameOfRv(rv) << ' '; }

  void Open(int place) {
    const CK_FLAGS flags = CKF_SERIAL_SESSION | CKF_RW_SESSION;
    Note("open", P11().C_OpenSession(Slot(), flags, nullptr, nullptr, &sessions_[place]));
  }
  void LogIn() { Note("login", Login(sessions_[0], CKU_USER, Env("USER_PIN"))); }

  void Make(int place) {
    CK_MECHANISM mechanism{CKM_GENERIC_SECRET_KEY_GEN, nullptr, 0};
    Attributes attributes;
    attributes.Number(CKA_VALUE_LEN, 32).Bool(CKA_SIGN, true).Bool(CKA_VERIFY, true);
    attributes.Bool(CKA_TOKEN, Any(4) == 0).Bool(CKA_PRIVATE, Any(2) == 0);
    const auto list = attributes.list();
    Note("make",
         P11().C_GenerateKey(AnySession(), &mechanism, list.data(), list.size(), &keys_[place]));
  }

  // Into a buffer, into one that is too small, or into none.
  template <typename Function, typename... Input>
  void Output(const char* what, Function function, Input... arguments) {
    CK_BYTE buffer[64] = {};
    CK_ULONG size = Any(3) == 0 ? 7 : sizeof buffer;
    CK_BYTE_PTR to = Any(4) == 0 ? nullptr : buffer;
    const CK_RV rv = function(AnySession(), arguments..., to, &size);
    Note(what, rv);
    if (rv == CKR_OK || rv == CKR_BUFFER_TOO_SMALL) notes_ << size;
  }

  void Init(const char* what, CK_C_SignInit function) {
    static constexpr CK_MECHANISM_TYPE kTypes[] = {CKM_SHA256_HMAC, CKM_SHA256_HMAC,
                                                   CKM_SHA512_HMAC, CKM_ECDSA};
    CK_MECHANISM mechanism{kTypes[Any(4)], nullptr, 0};
    const CK_OBJECT_HANDLE key = keys_[Any(2) == 0 ? 0 : Any(kKeys)];
    const bool cancels = Any(12) == 0;
    Note(what, function(AnySession(), cancels ? nullptr : &mechanism, key));
  }

  void DigestInit() {
    CK_MECHANISM mechanism{Any(3) == 0 ? CKM_SHA512 : CKM_SHA256, nullptr, 0};
    Note("digest init", P11().C_DigestInit(AnySession(), &mechanism));
  }

  void Permit() {
    Attributes attributes;
    attributes.Bool(CKA_SIGN, Any(2) == 0);
    const auto list = attributes.list();
    const CK_OBJECT_HANDLE key = keys_[Any(kKeys)];
    Note("permit", P11().C_SetAttributeValue(AnySession(), key, list.data(), list.size()));
  }

  void Look() {
    CK_SESSION_INFO info{};
    Note("look", P11().C_GetSessionInfo(AnySession(), &info));
    notes_ << info.state << ' ' << info.flags << ' ' << info.ulDeviceError;
  }

  void Step() {
    static std::string data = "what is signed";
    auto* bytes = reinterpret_cast<CK_BYTE_PTR>(data.data());
    const CK_FUNCTION_LIST& p11 = P11();
    const int what = Any(100);
    if (what < 22) return Init("sign init", p11.C_SignInit);
    if (what < 42) return Output("sign", p11.C_Sign, bytes, data.size());
    if (what < 46) return Note("sign update", p11.C_SignUpdate(AnySession(), bytes, 3));
    if (what < 50) return Output("sign final", p11.C_SignFinal);
    if (what < 57) return Init("verify init", p11.C_VerifyInit);
    if (what < 62)
      return Note("verify", p11.C_Verify(AnySession(), bytes, data.size(), bytes,
                                         Any(2) == 0 ? 5 : data.size()));
    if (what < 70) return DigestInit();
    if (what < 76) return Output("digest", p11.C_Digest, bytes, data.size());
    if (what < 79) return Note("digest update", p11.C_DigestUpdate(AnySession(), bytes, 3));
    if (what < 82) return Output("digest final", p11.C_DigestFinal);
    if (what < 85) return Note("destroy", p11.C_DestroyObject(AnySession(), keys_[Any(kKeys)]));
    if (what < 90) return Make(Any(kKeys));
    if (what < 92) return Permit();
    if (what < 96) return Look();
    if (what < 97) return Note("log out", p11.C_Logout(AnySession()));
    if (what < 98) return LogIn();
    Note("close", p11.C_CloseSession(AnySession()));
    Open(place_);
  }

  std::mt19937 random_;
  std::ostringstream notes_;
  int place_ = 0;
  CK_SESSION_HANDLE sessions_[kSessions] = {};
  CK_OBJECT_HANDLE keys_[kKeys] = {};
};

std::vector<std::string> NotesOf(unsigned seed, int scripts, int steps) {
  const std::string path = StackDir() + "/notes";
  std::vector<std::string> notes;
  for (int i = 0; i < scripts; ++i) {
    Child child([&] {
      const Initialized initialized;
      std::ofstream(path) << Script(seed + static_cast<unsigned>(i)).Run(steps);
    });
    EXPECT_EQ(child.Wait(), 0);
    notes.push_back(ReadFile(path));
  }
  return notes;
}

TEST(RememberTest, AnApplicationCannotTell) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  constexpr int kScripts = 4;
  constexpr int kSteps = 500;
  RestartWith("local: {remember_init: true}");
  const std::vector<std::string> with = NotesOf(seed, kScripts, kSteps);
  const unsigned long asked_with = CallsOf("C_SignInit") + CallsOf("C_DigestInit");
  RestartWith("local: {remember_init: false}");
  const std::vector<std::string> without = NotesOf(seed, kScripts, kSteps);
  const unsigned long asked_without = CallsOf("C_SignInit") + CallsOf("C_DigestInit");
  for (int i = 0; i < kScripts; ++i) {
    const auto at = static_cast<std::size_t>(i);
    EXPECT_EQ(with[at], without[at]) << "script " << i;
    EXPECT_GT(with[at].size(), 1000u);
  }
  // There was something to tell. The daemon begins to count with each restart.
  EXPECT_LT(asked_with, asked_without);
}

}  // namespace
}  // namespace gw::stack
