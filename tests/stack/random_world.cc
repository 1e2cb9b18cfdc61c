// Room: tests/stack. See random_world.h.
#include "tests/stack/random_world.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "tests/stack/stack.h"

namespace gw::stack {
namespace {

constexpr std::size_t kMostSessions = 6;
// Objects that nothing may destroy pile up: a new token has none of them.
constexpr std::size_t kMostObjects = 120;
// What calls have made of the objects that may be changed is thrown away.
constexpr unsigned kNewVictimsAfter = 400;
constexpr unsigned kLookAtVictimsAfter = 20;
constexpr std::size_t kRoom = 8192;  // the largest is a signature of Dilithium

bool IsOpen(CK_SESSION_HANDLE session, CK_SESSION_INFO* info) {
  return P11().C_GetSessionInfo(session, info) == CKR_OK;
}

CK_SESSION_HANDLE Open(CK_FLAGS flags) {
  CK_SESSION_HANDLE session = CK_INVALID_HANDLE;
  if (P11().C_OpenSession(Slot(), flags | CKF_SERIAL_SESSION, nullptr, nullptr, &session) != CKR_OK)
    return CK_INVALID_HANDLE;
  return session;
}

void Initialize() {
  CK_C_INITIALIZE_ARGS arguments{};
  arguments.flags = CKF_OS_LOCKING_OK;
  P11().C_Initialize(&arguments);  // it may be already
}

void InitToken() {
  std::string label = "grep11";
  label.resize(32, ' ');
  std::string pin = Env("SO_PIN");
  P11().C_CloseAllSessions(Slot());
  GW_EXPECT_RV(P11().C_InitToken(Slot(), reinterpret_cast<CK_BYTE*>(pin.data()), pin.size(),
                                 reinterpret_cast<CK_BYTE*>(label.data())),
               CKR_OK);
}

}  // namespace

const Octets& World::Message() {
  static const Octets message = OctetsOf("thirty-two octets of any message");
  return message;
}

World::World(bool objects) {
  if (objects) {
    Rebuild();
  } else {
    Reopen();
  }
}

World::~World() {
  Initialize();
  InitToken();
  P11().C_Finalize(nullptr);
}

void World::Reopen() {
  Initialize();
  logged_in_ = false;
  sessions_.clear();
  victims_.clear();
  OpenSessions(nullptr);
}

void World::Rebuild() {
  Initialize();
  InitToken();
  Reopen();
  GW_EXPECT_RV(Login(watch_, CKU_USER, Env("USER_PIN")), CKR_OK);
  logged_in_ = true;
  subjects_ = Subjects::Make(watch_);
  MakeSamples();
  MakeVictims();
}

void World::CloseAll() {
  P11().C_CloseAllSessions(Slot());
  sessions_.clear();
  victims_.clear();
}

void World::OpenSessions(Random* random) {
  CK_SESSION_INFO info{};
  if (!IsOpen(watch_, &info)) {
    watch_ = Open(CKF_RW_SESSION);
    victims_.clear();
  }
  std::erase_if(sessions_, [](CK_SESSION_HANDLE session) {
    CK_SESSION_INFO of_session{};
    return !IsOpen(session, &of_session);
  });
  while (sessions_.size() < 2) sessions_.push_back(Open(CKF_RW_SESSION));
  if (random == nullptr || !random->Chance(20)) return;
  // Now and then one that reads only, and then none again: with one the SO cannot log in.
  if (const auto session = Open(0); session != CK_INVALID_HANDLE) sessions_.push_back(session);
  while (sessions_.size() > kMostSessions - random->Below(4)) {
    P11().C_CloseSession(sessions_.back());
    sessions_.pop_back();
  }
}

void World::Settle(Random& random, bool objects, bool unknown) {
  if (unknown || random.Chance(10)) {
    OpenSessions(&random);
    CK_SESSION_INFO info{};
    EXPECT_TRUE(IsOpen(watch_, &info));
    logged_in_ = info.state == CKS_RW_USER_FUNCTIONS;
  }
  if (logged_in_ && random.Chance(10)) {
    P11().C_Logout(watch_);
    logged_in_ = false;
    if (random.Chance(500)) Login(watch_, CKU_SO, Env("SO_PIN"));
    return;
  }
  if (!logged_in_) {
    if (random.Chance(200)) return;
    P11().C_Logout(watch_);
    GW_EXPECT_RV(Login(watch_, CKU_USER, Env("USER_PIN")), CKR_OK);
    subjects_.FindAgain(watch_);  // handles of private objects end with the login
    logged_in_ = true;
  }
  if (!objects) return;
  if (++settled_ % kNewVictimsAfter == 0) {
    P11().C_CloseSession(watch_);
    OpenSessions(nullptr);
    if (CountObjects() > kMostObjects) return Rebuild();
  }
  if (settled_ % kLookAtVictimsAfter == 0 || victims_.size() < 3) MakeVictims();
}

void World::Adopt(CK_SESSION_HANDLE session, Random& random) {
  if (sessions_.size() < kMostSessions && random.Chance(500)) {
    sessions_.push_back(session);
  } else {
    P11().C_CloseSession(session);
  }
}

CK_SESSION_HANDLE World::DrawSession(Random& random) const {
  if (random.Chance(970)) return sessions_[random.Below(sessions_.size())];
  return random.Chance(500) ? random.Below(100) : random.Number();
}

CK_OBJECT_HANDLE World::DrawObject(Random& random) const {
  const auto all = subjects_.all();
  if (random.Chance(500)) return all[random.Below(all.size())];
  if (!victims_.empty() && random.Chance(850)) return victims_[random.Below(victims_.size())];
  return random.Chance(500) ? random.Below(1000) : random.Number();
}

std::size_t World::CountObjects() {
  std::array<CK_OBJECT_HANDLE, 256> found{};
  std::size_t all = 0;
  CK_ULONG count = 0;
  GW_EXPECT_RV(P11().C_FindObjectsInit(watch_, nullptr, 0), CKR_OK);
  do {
    GW_EXPECT_RV(P11().C_FindObjects(watch_, found.data(), found.size(), &count), CKR_OK);
    all += count;
  } while (count == found.size());
  GW_EXPECT_RV(P11().C_FindObjectsFinal(watch_), CKR_OK);
  return all;
}

void World::Remove(CK_OBJECT_HANDLE object) { P11().C_DestroyObject(watch_, object); }

void World::MakeVictims() {
  std::erase_if(victims_, [this](CK_OBJECT_HANDLE victim) {
    CK_ULONG size = 0;
    return P11().C_GetObjectSize(watch_, victim, &size) != CKR_OK;
  });
  if (victims_.size() >= 3) return;
  Attributes data;
  data.Number(CKA_CLASS, CKO_DATA).Value(CKA_VALUE, "value").Value(CKA_LABEL, "victim");
  Attributes key;
  key.Number(CKA_CLASS, CKO_SECRET_KEY).Number(CKA_KEY_TYPE, CKK_AES);
  key.Value(CKA_VALUE, "0123456789abcdef").Bool(CKA_EXTRACTABLE, true);
  Attributes certificate;
  certificate.Number(CKA_CLASS, CKO_CERTIFICATE).Number(CKA_CERTIFICATE_TYPE, CKC_X_509);
  certificate.Value(CKA_SUBJECT, "subject").Value(CKA_VALUE, "certificate");
  for (Attributes* attributes : {&data, &key, &certificate}) {
    const auto list = attributes->list();
    CK_OBJECT_HANDLE made = CK_INVALID_HANDLE;
    GW_EXPECT_RV(P11().C_CreateObject(watch_, list.data(), list.size(), &made), CKR_OK);
    victims_.push_back(made);
  }
}

// One of everything that can be undone, for the functions that undo.
void World::MakeSamples() {
  ciphertexts_.clear();
  wrapped_.clear();
  signatures_.clear();
  Octets message = Message();
  for (const MechanismRow& row : AllMechanisms()) {
    FittingMechanism mechanism(row, subjects_);
    const KeyPair keys = subjects_.KeysFor(row);
    Octets out(kRoom);
    CK_ULONG size = kRoom;
    const auto sample = [&](CK_RV rv, Samples& samples) {
      if (rv == CKR_OK)
        samples[row.type] = Octets(out.begin(), out.begin() + static_cast<long>(size));
      size = kRoom;
    };
    if ((row.flags & CKF_ENCRYPT) != 0) {
      GW_EXPECT_RV(P11().C_EncryptInit(watch_, mechanism.get(), keys.public_key), CKR_OK);
      sample(P11().C_Encrypt(watch_, message.data(), message.size(), out.data(), &size),
             ciphertexts_);
    }
    if ((row.flags & CKF_WRAP) != 0) {
      sample(P11().C_WrapKey(watch_, mechanism.get(), keys.public_key, subjects_.aes, out.data(),
                             &size),
             wrapped_);
    }
    if ((row.flags & CKF_SIGN) != 0) {
      GW_EXPECT_RV(P11().C_SignInit(watch_, mechanism.get(), keys.private_key), CKR_OK);
      sample(P11().C_Sign(watch_, message.data(), message.size(), out.data(), &size), signatures_);
    }
  }
}

}  // namespace gw::stack
