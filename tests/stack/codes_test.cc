// Room: tests/stack. The return codes of each function through module, daemon and HSM: slots,
// sessions, users, objects. What a keyed operation answers is in key_codes_test.cc.
#include <gtest/gtest.h>

#include <array>

#include "tests/stack/p11.h"
#include "tests/stack/stack.h"

namespace gw::stack {
namespace {

constexpr CK_SLOT_ID kNoSlot = 77;
constexpr CK_OBJECT_HANDLE kNoObject = 0x777777;
constexpr CK_ATTRIBUTE_TYPE kUnknown = CKA_VENDOR_DEFINED + 0x777;  // no list of attributes

CK_UTF8CHAR_PTR Text(std::string& text) { return reinterpret_cast<CK_UTF8CHAR_PTR>(text.data()); }

CK_RV InitToken(CK_SLOT_ID slot, std::string pin) {
  std::string label(32, ' ');
  label.replace(0, 6, "grep11");
  return P11().C_InitToken(slot, Text(pin), pin.size(), Text(label));
}

CK_RV Open(CK_SLOT_ID slot, CK_FLAGS flags) {
  CK_SESSION_HANDLE session = CK_INVALID_HANDLE;
  const CK_RV rv = P11().C_OpenSession(slot, flags, nullptr, nullptr, &session);
  if (rv == CKR_OK) P11().C_CloseSession(session);
  return rv;
}

CK_RV Create(CK_SESSION_HANDLE session, Attributes attributes, CK_OBJECT_HANDLE* made = nullptr) {
  CK_OBJECT_HANDLE object = CK_INVALID_HANDLE;
  const auto list = attributes.list();
  return P11().C_CreateObject(session, list.data(), list.size(), made == nullptr ? &object : made);
}

CK_RV Copy(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, Attributes attributes) {
  CK_OBJECT_HANDLE copy = CK_INVALID_HANDLE;
  const auto list = attributes.list();
  return P11().C_CopyObject(session, object, list.data(), list.size(), &copy);
}

CK_RV Set(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, Attributes attributes) {
  const auto list = attributes.list();
  return P11().C_SetAttributeValue(session, object, list.data(), list.size());
}

Attributes Data(std::string_view label) {
  return Attributes().Number(CKA_CLASS, CKO_DATA).Value(CKA_LABEL, label).Value(CKA_VALUE, "value");
}

// One application for all: the tests take turns.
class CodesTest : public testing::Test {
 protected:
  const Initialized initialized_;
};

TEST_F(CodesTest, OfSlotsAndTokens) {
  CK_ULONG count = 0;
  CK_SLOT_ID slot = 0;
  GW_EXPECT_RV(P11().C_GetSlotList(CK_TRUE, &slot, &count), CKR_BUFFER_TOO_SMALL);
  EXPECT_EQ(count, 1u);
  GW_EXPECT_RV(P11().C_GetSlotList(CK_TRUE, &slot, &count), CKR_OK);
  EXPECT_EQ(slot, Slot());
  CK_SLOT_INFO slot_info{};
  GW_EXPECT_RV(P11().C_GetSlotInfo(Slot(), &slot_info), CKR_OK);
  EXPECT_EQ(slot_info.flags, CKF_TOKEN_PRESENT | CKF_HW_SLOT);
  GW_EXPECT_RV(P11().C_GetSlotInfo(kNoSlot, &slot_info), CKR_SLOT_ID_INVALID);
  CK_TOKEN_INFO token{};
  GW_EXPECT_RV(P11().C_GetTokenInfo(kNoSlot, &token), CKR_SLOT_ID_INVALID);
  GW_EXPECT_RV(P11().C_GetTokenInfo(Slot(), &token), CKR_OK);
  // R70, R81: what is tracked and no more.
  EXPECT_EQ(token.flags, CKF_RNG | CKF_LOGIN_REQUIRED | CKF_TOKEN_INITIALIZED |
                             CKF_USER_PIN_INITIALIZED | CKF_DUAL_CRYPTO_OPERATIONS);
  EXPECT_GE(token.ulMaxPinLen, 256u);
  EXPECT_LE(token.ulMinPinLen, 4u);
  EXPECT_GE(token.ulMaxSessionCount, 1000u);
  EXPECT_EQ(std::string(reinterpret_cast<char*>(token.label), 32).substr(0, 6), "grep11");
  EXPECT_EQ(std::string(reinterpret_cast<char*>(token.model), 16), "GREP11          ");
  EXPECT_EQ(std::string(reinterpret_cast<char*>(token.serialNumber), 16), "000/0000        ");
  CK_INFO info{};
  GW_EXPECT_RV(P11().C_GetInfo(&info), CKR_OK);
  EXPECT_EQ(info.cryptokiVersion.major, 2);
  EXPECT_EQ(info.cryptokiVersion.minor, 40);
  EXPECT_EQ(info.flags, 0u);
}

TEST_F(CodesTest, OfMechanismQuestions) {
  CK_ULONG count = 1;
  CK_MECHANISM_TYPE type = 0;
  GW_EXPECT_RV(P11().C_GetMechanismList(Slot(), &type, &count), CKR_BUFFER_TOO_SMALL);
  std::vector<CK_MECHANISM_TYPE> types(count);
  GW_EXPECT_RV(P11().C_GetMechanismList(Slot(), types.data(), &count), CKR_OK);
  GW_EXPECT_RV(P11().C_GetMechanismList(kNoSlot, nullptr, &count), CKR_SLOT_ID_INVALID);
  CK_MECHANISM_INFO info{};
  for (const CK_MECHANISM_TYPE offered : types) {
    GW_EXPECT_RV(P11().C_GetMechanismInfo(Slot(), offered, &info), CKR_OK) << offered;
  }
  GW_EXPECT_RV(P11().C_GetMechanismInfo(Slot(), CKM_RC4, &info), CKR_MECHANISM_INVALID);
  GW_EXPECT_RV(P11().C_GetMechanismInfo(kNoSlot, CKM_ECDSA, &info), CKR_SLOT_ID_INVALID);
}

TEST_F(CodesTest, OfSessions) {
  GW_EXPECT_RV(Open(Slot(), CKF_SERIAL_SESSION), CKR_OK);
  GW_EXPECT_RV(Open(Slot(), CKF_RW_SESSION), CKR_SESSION_PARALLEL_NOT_SUPPORTED);
  GW_EXPECT_RV(Open(kNoSlot, CKF_SERIAL_SESSION), CKR_SLOT_ID_INVALID);
  GW_EXPECT_RV(P11().C_CloseAllSessions(kNoSlot), CKR_SLOT_ID_INVALID);
  const Session session;
  GW_ASSERT_RV(Login(session.handle(), CKU_SO, Env("SO_PIN")), CKR_OK);
  CK_SESSION_INFO info{};
  GW_EXPECT_RV(P11().C_GetSessionInfo(session.handle(), &info), CKR_OK);
  EXPECT_EQ(info.state, CK_STATE{CKS_RW_SO_FUNCTIONS});
  GW_EXPECT_RV(Open(Slot(), CKF_SERIAL_SESSION), CKR_SESSION_READ_WRITE_SO_EXISTS);
  GW_EXPECT_RV(P11().C_CloseAllSessions(Slot()), CKR_OK);
  GW_EXPECT_RV(P11().C_CloseSession(session.handle()), CKR_SESSION_HANDLE_INVALID);
  // With the last session the login went: read-only sessions are allowed again.
  GW_EXPECT_RV(Open(Slot(), CKF_SERIAL_SESSION), CKR_OK);
}

TEST_F(CodesTest, OfTooManySessions) {
  Reload("  limits: {sessions_per_application: 3}\n");
  {
    const std::array<Session, 3> sessions;
    GW_EXPECT_RV(Open(Slot(), CKF_SERIAL_SESSION), CKR_SESSION_COUNT);
  }
  GW_EXPECT_RV(Open(Slot(), CKF_SERIAL_SESSION), CKR_OK);
  Reload("");
}

// PKCS #11 v2.40 5.6.6: states by login and kind of session.
TEST_F(CodesTest, OfStates) {
  const Session read_write;
  Session read_only(0);
  const auto state_of = [](const Session& session) {
    CK_SESSION_INFO info{};
    GW_EXPECT_RV(P11().C_GetSessionInfo(session.handle(), &info), CKR_OK);
    EXPECT_EQ(info.slotID, Slot());
    return info.state;
  };
  EXPECT_EQ(state_of(read_only), CK_STATE{CKS_RO_PUBLIC_SESSION});
  EXPECT_EQ(state_of(read_write), CK_STATE{CKS_RW_PUBLIC_SESSION});
  read_only.Login();
  EXPECT_EQ(state_of(read_only), CK_STATE{CKS_RO_USER_FUNCTIONS});
  EXPECT_EQ(state_of(read_write), CK_STATE{CKS_RW_USER_FUNCTIONS});
  const Session later;  // R102
  EXPECT_EQ(state_of(later), CK_STATE{CKS_RW_USER_FUNCTIONS});
}

TEST_F(CodesTest, OfUsers) {
  const Session session;
  const CK_SESSION_HANDLE s = session.handle();
  const auto init_pin = [&](std::string pin) { return P11().C_InitPIN(s, Text(pin), pin.size()); };
  const auto set_pin = [](CK_SESSION_HANDLE in, std::string old_pin, std::string new_pin) {
    return P11().C_SetPIN(in, Text(old_pin), old_pin.size(), Text(new_pin), new_pin.size());
  };
  const std::string user = Env("USER_PIN");
  const std::string officer = Env("SO_PIN");
  GW_EXPECT_RV(Login(s, 3, user), CKR_USER_TYPE_INVALID);
  GW_EXPECT_RV(Login(s, CKU_CONTEXT_SPECIFIC, user), CKR_OPERATION_NOT_INITIALIZED);
  GW_EXPECT_RV(Login(s, CKU_USER, "no such key"), CKR_PIN_INCORRECT);
  GW_EXPECT_RV(P11().C_Logout(s), CKR_USER_NOT_LOGGED_IN);
  GW_EXPECT_RV(init_pin(user), CKR_USER_NOT_LOGGED_IN);
  {
    const Session read_only(0);
    GW_EXPECT_RV(Login(s, CKU_SO, officer), CKR_SESSION_READ_ONLY_EXISTS);
    GW_EXPECT_RV(set_pin(read_only.handle(), user, user), CKR_SESSION_READ_ONLY);
  }
  GW_ASSERT_RV(Login(s, CKU_SO, officer), CKR_OK);
  GW_EXPECT_RV(Login(s, CKU_SO, officer), CKR_USER_ALREADY_LOGGED_IN);
  GW_EXPECT_RV(Login(s, CKU_USER, user), CKR_USER_ANOTHER_ALREADY_LOGGED_IN);
  // R78: the key is judged by IAM, and changed by nobody.
  GW_EXPECT_RV(init_pin("abc"), CKR_PIN_LEN_RANGE);
  GW_EXPECT_RV(init_pin("no such key"), CKR_PIN_INVALID);
  GW_EXPECT_RV(init_pin(user), CKR_OK);
  GW_EXPECT_RV(P11().C_Logout(s), CKR_OK);
  // R79: in a public session the normal user's PIN is meant.
  GW_EXPECT_RV(set_pin(s, "no such key", user), CKR_PIN_INCORRECT);
  GW_EXPECT_RV(set_pin(s, user, "no such key"), CKR_PIN_INVALID);
  GW_EXPECT_RV(set_pin(s, user, "abc"), CKR_PIN_LEN_RANGE);
  GW_EXPECT_RV(set_pin(s, user, user), CKR_OK);
  GW_EXPECT_RV(Login(s, CKU_USER, user), CKR_OK);
  // R62: a key may be everybody's.
  GW_EXPECT_RV(P11().C_Logout(s), CKR_OK);
  GW_EXPECT_RV(Login(s, CKU_USER, officer), CKR_OK);
}

TEST_F(CodesTest, OfTokenInitialisation) {
  GW_EXPECT_RV(InitToken(kNoSlot, Env("SO_PIN")), CKR_SLOT_ID_INVALID);
  {
    Session session;
    session.Login();
    GW_EXPECT_RV(Create(session.handle(), Data("wiped").Bool(CKA_TOKEN, true)), CKR_OK);
    GW_EXPECT_RV(InitToken(Slot(), Env("SO_PIN")), CKR_SESSION_EXISTS);
  }
  GW_EXPECT_RV(InitToken(Slot(), "no such key"), CKR_PIN_INCORRECT);
  // R69: a good key is not enough, it has to be the one that initialised the token before.
  GW_EXPECT_RV(InitToken(Slot(), Env("USER_PIN")), CKR_PIN_INCORRECT);
  Session session;
  session.Login();
  EXPECT_EQ(FindByLabel(session.handle(), "wiped").size(), 1u) << "cleared by a refused call";
  GW_EXPECT_RV(P11().C_CloseAllSessions(Slot()), CKR_OK);
  GW_EXPECT_RV(InitToken(Slot(), Env("SO_PIN")), CKR_OK);
  Session later;
  later.Login();  // R70: at once, without C_InitPIN
  EXPECT_EQ(FindByLabel(later.handle(), "wiped").size(), 0u);
}

TEST_F(CodesTest, OfObjectsThatMayNotBeThere) {
  const Session session(0);
  GW_EXPECT_RV(Create(session.handle(), Data("x").Bool(CKA_TOKEN, true)), CKR_SESSION_READ_ONLY);
  GW_EXPECT_RV(Create(session.handle(), Data("x").Bool(CKA_PRIVATE, true)), CKR_USER_NOT_LOGGED_IN);
}

TEST_F(CodesTest, OfNewObjects) {
  Session session;
  session.Login();
  const CK_SESSION_HANDLE s = session.handle();
  CK_OBJECT_HANDLE object = CK_INVALID_HANDLE;
  GW_ASSERT_RV(Create(s, Data("codes"), &object), CKR_OK);
  GW_EXPECT_RV(Create(s, Data("x").Value(kUnknown, "1")), CKR_ATTRIBUTE_TYPE_INVALID);
  GW_EXPECT_RV(Create(s, Data("x").Value(CKA_MODIFIABLE, "10")), CKR_ATTRIBUTE_VALUE_INVALID);
  GW_EXPECT_RV(Create(s, Data("x").Value(CKA_UNIQUE_ID, "1")), CKR_ATTRIBUTE_READ_ONLY);
  GW_EXPECT_RV(Create(s, Attributes().Value(CKA_LABEL, "x")), CKR_TEMPLATE_INCOMPLETE);
  Attributes no_curve;
  no_curve.Number(CKA_CLASS, CKO_PUBLIC_KEY).Number(CKA_KEY_TYPE, CKK_EC);
  no_curve.Value(CKA_EC_PARAMS, "P-1").Value(CKA_EC_POINT, "\x04");
  GW_EXPECT_RV(Create(s, no_curve), CKR_CURVE_NOT_SUPPORTED);
  Attributes signing_data = Data("x");
  signing_data.Bool(CKA_SIGN, true);
  GW_EXPECT_RV(Create(s, signing_data), CKR_TEMPLATE_INCONSISTENT);

  GW_EXPECT_RV(Copy(s, object, Attributes().Value(CKA_LABEL, "copy")), CKR_OK);
  GW_EXPECT_RV(Copy(s, kNoObject, Attributes()), CKR_OBJECT_HANDLE_INVALID);
  GW_EXPECT_RV(Copy(s, object, Attributes().Number(CKA_CLASS, CKO_SECRET_KEY)),
               CKR_ATTRIBUTE_READ_ONLY);
  GW_EXPECT_RV(Copy(s, object, Attributes().Value(kUnknown, "1")), CKR_ATTRIBUTE_TYPE_INVALID);
  GW_EXPECT_RV(Copy(s, object, Attributes().Value(CKA_PRIVATE, "10")), CKR_ATTRIBUTE_VALUE_INVALID);
  GW_EXPECT_RV(Copy(s, object, Attributes().Bool(CKA_SIGN, true)), CKR_TEMPLATE_INCONSISTENT);
  CK_OBJECT_HANDLE uncopyable = CK_INVALID_HANDLE;
  GW_ASSERT_RV(Create(s, Data("x").Bool(CKA_COPYABLE, false), &uncopyable), CKR_OK);
  GW_EXPECT_RV(Copy(s, uncopyable, Attributes()), CKR_ACTION_PROHIBITED);
  const Session read_only(0);
  GW_EXPECT_RV(Copy(read_only.handle(), object, Attributes().Bool(CKA_TOKEN, true)),
               CKR_SESSION_READ_ONLY);
}

TEST_F(CodesTest, OfObjectsThatAreThere) {
  Session session;
  session.Login();
  const CK_SESSION_HANDLE s = session.handle();
  CK_OBJECT_HANDLE object = CK_INVALID_HANDLE;
  CK_OBJECT_HANDLE fixed = CK_INVALID_HANDLE;
  CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
  GW_ASSERT_RV(Create(s, Data("there").Bool(CKA_TOKEN, true), &object), CKR_OK);
  GW_ASSERT_RV(
      Create(s, Data("fixed").Bool(CKA_MODIFIABLE, false).Bool(CKA_DESTROYABLE, false), &fixed),
      CKR_OK);
  GW_ASSERT_RV(MakeAesKey(s, false, "codes", true, &key), CKR_OK);

  CK_ULONG size = 0;
  for (const CK_OBJECT_HANDLE handle : {object, key}) {
    GW_EXPECT_RV(P11().C_GetObjectSize(s, handle, &size), CKR_OK);
    EXPECT_GT(size, 0u);
  }
  GW_EXPECT_RV(P11().C_GetObjectSize(s, kNoObject, &size), CKR_OBJECT_HANDLE_INVALID);

  std::array<CK_BYTE, 64> room{};
  const auto get = [&](CK_OBJECT_HANDLE handle, CK_ATTRIBUTE_TYPE type, CK_ULONG bytes) {
    CK_ATTRIBUTE wanted{type, room.data(), bytes};
    return P11().C_GetAttributeValue(s, handle, &wanted, 1);
  };
  GW_EXPECT_RV(get(object, CKA_LABEL, 5), CKR_OK);
  GW_EXPECT_RV(get(object, CKA_LABEL, 4), CKR_BUFFER_TOO_SMALL);
  GW_EXPECT_RV(get(object, CKA_MODULUS, 64), CKR_ATTRIBUTE_TYPE_INVALID);
  GW_EXPECT_RV(get(key, CKA_VALUE, 64), CKR_ATTRIBUTE_SENSITIVE);
  GW_EXPECT_RV(get(kNoObject, CKA_LABEL, 64), CKR_OBJECT_HANDLE_INVALID);

  GW_EXPECT_RV(Set(s, object, Attributes().Value(CKA_LABEL, "here")), CKR_OK);
  GW_EXPECT_RV(Set(s, kNoObject, Attributes()), CKR_OBJECT_HANDLE_INVALID);
  GW_EXPECT_RV(Set(s, fixed, Attributes().Value(CKA_LABEL, "x")), CKR_ACTION_PROHIBITED);
  GW_EXPECT_RV(Set(s, object, Attributes().Bool(CKA_TOKEN, false)), CKR_ATTRIBUTE_READ_ONLY);
  GW_EXPECT_RV(Set(s, object, Attributes().Value(kUnknown, "1")), CKR_ATTRIBUTE_TYPE_INVALID);
  GW_EXPECT_RV(Set(s, key, Attributes().Value(CKA_ENCRYPT, "10")), CKR_ATTRIBUTE_VALUE_INVALID);
  GW_EXPECT_RV(Set(s, object, Attributes().Bool(CKA_SIGN, true)), CKR_TEMPLATE_INCONSISTENT);
  const Session read_only(0);
  GW_EXPECT_RV(Set(read_only.handle(), object, Attributes().Value(CKA_LABEL, "x")),
               CKR_SESSION_READ_ONLY);

  GW_EXPECT_RV(P11().C_DestroyObject(read_only.handle(), object), CKR_SESSION_READ_ONLY);
  GW_EXPECT_RV(P11().C_DestroyObject(s, fixed), CKR_ACTION_PROHIBITED);
  GW_EXPECT_RV(P11().C_DestroyObject(s, object), CKR_OK);
  GW_EXPECT_RV(P11().C_DestroyObject(s, object), CKR_OBJECT_HANDLE_INVALID);
}

TEST_F(CodesTest, OfSearches) {
  const Session session;
  const CK_SESSION_HANDLE s = session.handle();
  CK_OBJECT_HANDLE found = CK_INVALID_HANDLE;
  CK_ULONG count = 9;
  GW_EXPECT_RV(P11().C_FindObjects(s, &found, 1, &count), CKR_OPERATION_NOT_INITIALIZED);
  GW_EXPECT_RV(P11().C_FindObjectsFinal(s), CKR_OPERATION_NOT_INITIALIZED);
  GW_EXPECT_RV(P11().C_FindObjectsInit(s, nullptr, 0), CKR_OK);
  GW_EXPECT_RV(P11().C_FindObjectsInit(s, nullptr, 0), CKR_OPERATION_ACTIVE);
  GW_EXPECT_RV(P11().C_FindObjects(s, &found, 1, &count), CKR_OK);
  GW_EXPECT_RV(P11().C_FindObjectsFinal(s), CKR_OK);
}

TEST_F(CodesTest, OfRandomNumbers) {
  const Session session;
  std::array<CK_BYTE, 32> octets{};
  GW_EXPECT_RV(P11().C_GenerateRandom(session.handle(), octets.data(), octets.size()), CKR_OK);
  EXPECT_NE(octets, (std::array<CK_BYTE, 32>{}));
  GW_EXPECT_RV(P11().C_GenerateRandom(session.handle(), octets.data(), 0), CKR_OK);
  GW_EXPECT_RV(P11().C_SeedRandom(session.handle(), octets.data(), octets.size()), CKR_OK);
}

}  // namespace
}  // namespace gw::stack
