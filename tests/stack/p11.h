// Room: tests/stack. PKCS #11 for tests: the module named by PKCS11_MODULE, sessions that close
// themselves, and the calls that tests repeat. May include: core (names of CK_RVs). Calls the
// module through its function list only, as applications do.
#pragma once

#include <gmock/gmock.h>

#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/core/ck.h"

namespace gw::stack {

using Octets = std::vector<CK_BYTE>;

// A CK_RV that prints by name.
struct Rv {
  CK_RV value;
  friend bool operator==(Rv, Rv) = default;
  friend void PrintTo(Rv rv, std::ostream* out) { *out << NameOfRv(rv.value); }
};

#define GW_EXPECT_RV(call, expected) EXPECT_EQ(::gw::stack::Rv{call}, ::gw::stack::Rv{expected})
#define GW_ASSERT_RV(call, expected) ASSERT_EQ(::gw::stack::Rv{call}, ::gw::stack::Rv{expected})

// The function list of the module; loaded at the first call, never unloaded. Does not initialise
// it.
CK_FUNCTION_LIST& P11();

// The list of v3.0, with all functions; fails the program if the module has none.
CK_FUNCTION_LIST_3_0& P11v3();

// Value of an environment variable that the stack has set; fails the test if it is missing.
std::string Env(const char* name);

inline Octets OctetsOf(std::string_view text) { return {text.begin(), text.end()}; }

// C_Initialize with locks by the operating system, C_Finalize at the end of the scope.
class Initialized {
 public:
  Initialized();
  ~Initialized();
  Initialized(const Initialized&) = delete;
  Initialized& operator=(const Initialized&) = delete;
};

// A session on the stack's slot, read/write unless told otherwise.
class Session {
 public:
  explicit Session(CK_FLAGS flags = CKF_RW_SESSION);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  CK_SESSION_HANDLE handle() const { return handle_; }
  // Logs the application in with USER_PIN; that it is already is no error.
  void Login();

 private:
  CK_SESSION_HANDLE handle_ = CK_INVALID_HANDLE;
};

CK_SLOT_ID Slot();
CK_RV Login(CK_SESSION_HANDLE session, CK_USER_TYPE user, std::string pin);

// An attribute list whose values live as long as it does.
class Attributes {
 public:
  Attributes& Bool(CK_ATTRIBUTE_TYPE type, bool value);
  Attributes& Number(CK_ATTRIBUTE_TYPE type, CK_ULONG value);
  Attributes& Value(CK_ATTRIBUTE_TYPE type, std::string_view value);
  // Valid until the next change.
  std::span<CK_ATTRIBUTE> list();

 private:
  std::vector<std::pair<CK_ATTRIBUTE_TYPE, Octets>> values_;
  std::vector<CK_ATTRIBUTE> list_;
};

struct KeyPair {
  CK_OBJECT_HANDLE public_key = CK_INVALID_HANDLE;
  CK_OBJECT_HANDLE private_key = CK_INVALID_HANDLE;
};

// Both halves get the label and CKA_TOKEN; the private half is private and sensitive.
CK_RV MakeEcPair(CK_SESSION_HANDLE session, bool token, std::string_view label, KeyPair* made);
CK_RV MakeRsaPair(CK_SESSION_HANDLE session, bool token, std::string_view label, KeyPair* made);
CK_RV MakeAesKey(CK_SESSION_HANDLE session, bool token, std::string_view label, bool is_private,
                 CK_OBJECT_HANDLE* made);

// By any mechanism without parameter; fails the test if it is refused.
KeyPair NewPair(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type, Attributes public_half,
                Attributes private_half);
CK_OBJECT_HANDLE NewKey(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type, Attributes attributes);

// C_SignInit and one C_Sign into a buffer that is large enough.
CK_RV Sign(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE mechanism, CK_OBJECT_HANDLE key,
           const Octets& data, Octets* signature);
CK_RV Verify(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE mechanism, CK_OBJECT_HANDLE key,
             const Octets& data, const Octets& signature);

// Handles of all objects that match; fails the test on an error.
std::vector<CK_OBJECT_HANDLE> Find(CK_SESSION_HANDLE session, Attributes attributes);
std::vector<CK_OBJECT_HANDLE> FindByLabel(CK_SESSION_HANDLE session, std::string_view label);

}  // namespace gw::stack
