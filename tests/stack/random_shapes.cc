// Room: tests/stack. What the arguments of each function are; see random_calls.h.
#include <algorithm>

#include "tests/stack/random_calls.h"

namespace gw::stack {
namespace {

constexpr auto kChange = TemplateUse::kChange;
constexpr auto kSecretKey = TemplateUse::kSecretKey;

constexpr Shape kShapes[] = {
    {"C_Initialize", "A"},
    {"C_Finalize", "R"},
    {"C_GetInfo", "I"},
    {"C_GetFunctionList", "P"},
    {"C_GetSlotList", "bN"},
    {"C_GetSlotInfo", "SI"},
    {"C_GetTokenInfo", "SI"},
    {"C_GetMechanismList", "SN"},
    {"C_GetMechanismInfo", "SMI"},
    {"C_InitToken", "Spl"},
    {"C_InitPIN", "sp"},
    {"C_SetPIN", "spp"},
    {"C_OpenSession", "SfRRK"},
    {"C_CloseSession", "s"},
    {"C_CloseAllSessions", "S"},
    {"C_GetSessionInfo", "sI"},
    {"C_GetOperationState", "so", 0, kChange, {"C_DigestInit", "C_EncryptInit"}},
    {"C_SetOperationState", "sjhh"},
    {"C_Login", "sup"},
    {"C_Logout", "s"},
    {"C_CreateObject", "stK", 0, TemplateUse::kCreate},
    {"C_CopyObject", "shtK"},
    {"C_DestroyObject", "sh"},
    {"C_GetObjectSize", "shK"},
    {"C_GetAttributeValue", "sha"},
    {"C_SetAttributeValue", "sht"},
    {"C_FindObjectsInit", "st", 0, TemplateUse::kSearch},
    {"C_FindObjects", "sF", 0, kChange, {"C_FindObjectsInit"}},
    {"C_FindObjectsFinal", "s", 0, kChange, {"C_FindObjectsInit"}},
    {"C_EncryptInit", "smh", CKF_ENCRYPT},
    {"C_Encrypt", "sio", 0, kChange, {"C_EncryptInit"}},
    {"C_EncryptUpdate", "sio", 0, kChange, {"C_EncryptInit"}},
    {"C_EncryptFinal", "so", 0, kChange, {"C_EncryptInit", "C_EncryptUpdate"}},
    {"C_DecryptInit", "smh", CKF_DECRYPT},
    {"C_Decrypt", "sio", 0, kChange, {"C_DecryptInit"}},
    {"C_DecryptUpdate", "sio", 0, kChange, {"C_DecryptInit"}},
    {"C_DecryptFinal", "so", 0, kChange, {"C_DecryptInit", "C_DecryptUpdate"}},
    {"C_DigestInit", "sm", CKF_DIGEST},
    {"C_Digest", "sio", 0, kChange, {"C_DigestInit"}},
    {"C_DigestUpdate", "si", 0, kChange, {"C_DigestInit"}},
    {"C_DigestKey", "sh", 0, kChange, {"C_DigestInit"}},
    {"C_DigestFinal", "so", 0, kChange, {"C_DigestInit", "C_DigestUpdate"}},
    {"C_SignInit", "smh", CKF_SIGN},
    {"C_Sign", "sio", 0, kChange, {"C_SignInit"}},
    {"C_SignUpdate", "si", 0, kChange, {"C_SignInit"}},
    {"C_SignFinal", "so", 0, kChange, {"C_SignInit", "C_SignUpdate"}},
    {"C_SignRecoverInit", "smh", CKF_SIGN_RECOVER},
    {"C_SignRecover", "sio", 0, kChange, {"C_SignRecoverInit"}},
    {"C_VerifyInit", "smh", CKF_VERIFY},
    {"C_Verify", "sii", 0, kChange, {"C_VerifyInit"}},
    {"C_VerifyUpdate", "si", 0, kChange, {"C_VerifyInit"}},
    {"C_VerifyFinal", "si", 0, kChange, {"C_VerifyInit", "C_VerifyUpdate"}},
    {"C_VerifyRecoverInit", "smh", CKF_VERIFY_RECOVER},
    {"C_VerifyRecover", "sio", 0, kChange, {"C_VerifyRecoverInit"}},
    {"C_DigestEncryptUpdate", "sio", 0, kChange, {"C_DigestInit", "C_EncryptInit"}},
    {"C_DecryptDigestUpdate", "sio", 0, kChange, {"C_DigestInit", "C_DecryptInit"}},
    {"C_SignEncryptUpdate", "sio", 0, kChange, {"C_SignInit", "C_EncryptInit"}},
    {"C_DecryptVerifyUpdate", "sio", 0, kChange, {"C_VerifyInit", "C_DecryptInit"}},
    {"C_GenerateKey", "smtK", CKF_GENERATE, kSecretKey},
    {"C_GenerateKeyPair", "smttKK", CKF_GENERATE_KEY_PAIR, TemplateUse::kPublicHalf},
    {"C_WrapKey", "smhho", CKF_WRAP},
    {"C_UnwrapKey", "smhitK", CKF_UNWRAP, kSecretKey},
    {"C_DeriveKey", "smhtK", CKF_DERIVE, kSecretKey},
    {"C_SeedRandom", "si"},
    {"C_GenerateRandom", "sr"},
    {"C_GetFunctionStatus", "s"},
    {"C_CancelFunction", "s"},
    {"C_WaitForSlotEvent", "dKR"},
    {"C_GetInterfaceList", "X"},
    {"C_GetInterface", "nvPf"},
    {"C_LoginUser", "supi"},
    {"C_SessionCancel", "sf", 0, kChange, {"C_SignInit", "C_FindObjectsInit"}},
    {"C_MessageEncryptInit", "smh", CKF_ENCRYPT},
    {"C_EncryptMessage", "siiio"},
    {"C_EncryptMessageBegin", "sii"},
    {"C_EncryptMessageNext", "siiof"},
    {"C_MessageEncryptFinal", "s"},
    {"C_MessageDecryptInit", "smh", CKF_DECRYPT},
    {"C_DecryptMessage", "siiio"},
    {"C_DecryptMessageBegin", "sii"},
    {"C_DecryptMessageNext", "siiof"},
    {"C_MessageDecryptFinal", "s"},
    {"C_MessageSignInit", "smh", CKF_SIGN},
    {"C_SignMessage", "siio", 0, kChange, {"C_MessageSignInit"}},
    {"C_SignMessageBegin", "si", 0, kChange, {"C_MessageSignInit"}},
    {"C_SignMessageNext", "siio", 0, kChange, {"C_MessageSignInit", "C_SignMessageBegin"}},
    {"C_MessageSignFinal", "s", 0, kChange, {"C_MessageSignInit"}},
    {"C_MessageVerifyInit", "smh", CKF_VERIFY},
    {"C_VerifyMessage", "siii", 0, kChange, {"C_MessageVerifyInit"}},
    {"C_VerifyMessageBegin", "si", 0, kChange, {"C_MessageVerifyInit"}},
    {"C_VerifyMessageNext", "siii", 0, kChange, {"C_MessageVerifyInit", "C_VerifyMessageBegin"}},
    {"C_MessageVerifyFinal", "s", 0, kChange, {"C_MessageVerifyInit"}},
};

}  // namespace

const Shape* FindShape(std::string_view function) {
  const auto* row = std::ranges::find_if(
      kShapes, [function](const Shape& shape) { return shape.function == function; });
  return row == std::end(kShapes) ? nullptr : row;
}

}  // namespace gw::stack
