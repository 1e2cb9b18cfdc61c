// Room: tests/stack. Functions with output of a fixed size; see buffer_rows.h.
#include "tests/stack/buffer_rows.h"

namespace gw::stack {
namespace {

CK_RV Make(BufferStage& stage, CK_MECHANISM_TYPE type, void* key) {
  CK_MECHANISM mechanism{type, nullptr, 0};
  Attributes attributes;
  attributes.Number(CKA_VALUE_LEN, 16);
  const auto list = attributes.list();
  return P11().C_GenerateKey(stage.session(), &mechanism, list.data(), list.size(),
                             static_cast<CK_OBJECT_HANDLE*>(key));
}

// The other half goes to a place of ours.
CK_RV MakePair(BufferStage& stage, CK_OBJECT_HANDLE* public_key, CK_OBJECT_HANDLE* private_key) {
  CK_MECHANISM mechanism{CKM_EC_KEY_PAIR_GEN, nullptr, 0};
  Attributes attributes;
  attributes.Value(CKA_EC_PARAMS, std::string_view("\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07", 10));
  const auto list = attributes.list();
  return P11().C_GenerateKeyPair(stage.session(), &mechanism, list.data(), list.size(), nullptr, 0,
                                 public_key, private_key);
}

CK_RV Data(BufferStage& stage, CK_OBJECT_HANDLE* object) {
  Attributes attributes;
  attributes.Number(CKA_CLASS, CKO_DATA);
  const auto list = attributes.list();
  return P11().C_CreateObject(stage.session(), list.data(), list.size(), object);
}

CK_RV Copy(BufferStage& stage, void* copy) {
  CK_OBJECT_HANDLE object = CK_INVALID_HANDLE;
  GW_EXPECT_RV(Data(stage, &object), CKR_OK);
  return P11().C_CopyObject(stage.session(), object, nullptr, 0,
                            static_cast<CK_OBJECT_HANDLE*>(copy));
}

CK_RV Unwrap(BufferStage& stage, void* key) {
  const MechanismRow& row = *FindMechanism(CKM_AES_CBC_PAD);
  Octets wrapped(64);
  CK_ULONG size = wrapped.size();
  GW_EXPECT_RV(P11().C_WrapKey(stage.session(), stage.Mechanism(row), stage.subjects().aes,
                               stage.subjects().aes, wrapped.data(), &size),
               CKR_OK);
  Attributes attributes;
  attributes.Number(CKA_CLASS, CKO_SECRET_KEY).Number(CKA_KEY_TYPE, CKK_AES);
  const auto list = attributes.list();
  return P11().C_UnwrapKey(stage.session(), stage.Mechanism(row), stage.subjects().aes,
                           wrapped.data(), size, list.data(), list.size(),
                           static_cast<CK_OBJECT_HANDLE*>(key));
}

CK_RV Derive(BufferStage& stage, void* key) {
  const MechanismRow& row = *FindMechanism(CKM_ECDH1_DERIVE);
  Attributes attributes;
  attributes.Number(CKA_CLASS, CKO_SECRET_KEY).Number(CKA_KEY_TYPE, CKK_AES);
  attributes.Number(CKA_VALUE_LEN, 16);
  const auto list = attributes.list();
  return P11().C_DeriveKey(stage.session(), stage.Mechanism(row), stage.subjects().ec.private_key,
                           list.data(), list.size(), static_cast<CK_OBJECT_HANDLE*>(key));
}

// The count of what is found; its handles go to a place of ours.
CK_RV FindOne(BufferStage& stage, CK_OBJECT_HANDLE* found, CK_ULONG* count) {
  GW_EXPECT_RV(P11().C_FindObjectsInit(stage.session(), nullptr, 0), CKR_OK);
  return P11().C_FindObjects(stage.session(), found, 1, count);
}

template <typename T>
T* At(void* output) {
  return static_cast<T*>(output);
}

}  // namespace

std::vector<FixedRow> FixedRows() {
  using Stage = BufferStage;
  constexpr std::size_t kNumber = sizeof(CK_ULONG);
  static CK_ULONG elsewhere = 0;
  return {
      {"C_GetInfo", sizeof(CK_INFO),
       [](Stage&, void* to) { return P11().C_GetInfo(At<CK_INFO>(to)); }},
      {"C_GetFunctionList", sizeof(void*),
       [](Stage&, void* to) { return P11().C_GetFunctionList(At<CK_FUNCTION_LIST*>(to)); }},
      {"C_GetSlotInfo", sizeof(CK_SLOT_INFO),
       [](Stage&, void* to) { return P11().C_GetSlotInfo(Slot(), At<CK_SLOT_INFO>(to)); }},
      {"C_GetTokenInfo", sizeof(CK_TOKEN_INFO),
       [](Stage&, void* to) { return P11().C_GetTokenInfo(Slot(), At<CK_TOKEN_INFO>(to)); }},
      {"C_GetMechanismInfo", sizeof(CK_MECHANISM_INFO),
       [](Stage&, void* to) {
         return P11().C_GetMechanismInfo(Slot(), CKM_AES_CBC, At<CK_MECHANISM_INFO>(to));
       }},
      {"C_OpenSession", kNumber,
       [](Stage&, void* to) {
         return P11().C_OpenSession(Slot(), CKF_SERIAL_SESSION, nullptr, nullptr,
                                    At<CK_SESSION_HANDLE>(to));
       }},
      {"C_GetSessionInfo", sizeof(CK_SESSION_INFO),
       [](Stage& stage, void* to) {
         return P11().C_GetSessionInfo(stage.session(), At<CK_SESSION_INFO>(to));
       }},
      {"C_CreateObject", kNumber,
       [](Stage& stage, void* to) { return Data(stage, At<CK_ULONG>(to)); }},
      {"C_CopyObject", kNumber, Copy},
      {"C_GetObjectSize", kNumber,
       [](Stage& stage, void* to) {
         return P11().C_GetObjectSize(stage.session(), stage.subjects().aes, At<CK_ULONG>(to));
       }},
      {"C_FindObjects", kNumber,
       [](Stage& stage, void* to) { return FindOne(stage, At<CK_ULONG>(to), &elsewhere); }},
      {"C_FindObjects", kNumber,
       [](Stage& stage, void* to) { return FindOne(stage, &elsewhere, At<CK_ULONG>(to)); }},
      {"C_GenerateKey", kNumber,
       [](Stage& stage, void* to) { return Make(stage, CKM_AES_KEY_GEN, to); }},
      {"C_GenerateKeyPair", kNumber,
       [](Stage& stage, void* to) { return MakePair(stage, At<CK_ULONG>(to), &elsewhere); }},
      {"C_GenerateKeyPair", kNumber,
       [](Stage& stage, void* to) { return MakePair(stage, &elsewhere, At<CK_ULONG>(to)); }},
      {"C_UnwrapKey", kNumber, Unwrap},
      {"C_DeriveKey", kNumber, Derive},
      {"C_GenerateRandom", 100,
       [](Stage& stage, void* to) {
         return P11().C_GenerateRandom(stage.session(), At<CK_BYTE>(to), 100);
       }},
      {"C_WaitForSlotEvent", kNumber,
       [](Stage&, void* to) {
         return P11().C_WaitForSlotEvent(CKF_DONT_BLOCK, At<CK_SLOT_ID>(to), nullptr);
       },
       CKR_NO_EVENT},
      {"C_GetInterface", sizeof(void*),
       [](Stage&, void* to) {
         return P11v3().C_GetInterface(nullptr, nullptr, At<CK_INTERFACE*>(to), 0);
       }},
  };
}

}  // namespace gw::stack
