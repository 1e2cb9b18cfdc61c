// Room: dispatch.
#include "daemon/dispatch/op_table.h"

#include <array>

#include "daemon/dispatch/handlers.h"

namespace gw {
namespace {

using enum wire::Function;
namespace h = handlers;

constexpr auto kOps = std::to_array<OpRow>({
    {C_Finalize, h::Finalize, Needs::kNothing},
    {C_GetInfo, h::GetInfo, Needs::kNothing},
    {C_GetSlotList, h::GetSlotList, Needs::kNothing},
    {C_GetSlotInfo, h::GetSlotInfo, Needs::kNothing},
    {C_GetTokenInfo, h::GetTokenInfo, Needs::kNothing},
    {C_GetMechanismList, h::GetMechanismList, Needs::kNothing},
    {C_GetMechanismInfo, h::GetMechanismInfo, Needs::kNothing},
    {C_InitToken, h::InitToken, Needs::kNothing, Patience::kCall, Secrecy::kSecret},
    {C_InitPIN, h::InitPin, Needs::kSession, Patience::kCall, Secrecy::kSecret},
    {C_SetPIN, h::SetPin, Needs::kSession, Patience::kCall, Secrecy::kSecret},
    {C_OpenSession, h::OpenSession, Needs::kNothing},
    {C_CloseSession, h::CloseSession},
    {C_CloseAllSessions, h::CloseAllSessions, Needs::kNothing},
    {C_GetSessionInfo, h::GetSessionInfo},
    {C_Login, h::Login, Needs::kSession, Patience::kCall, Secrecy::kSecret},
    {C_Logout, h::Logout},
    {C_CreateObject, h::CreateObject, Needs::kSession, Patience::kCall, Secrecy::kSecret},
    {C_CopyObject, h::CopyObject},
    {C_DestroyObject, h::DestroyObject},
    {C_GetObjectSize, h::GetObjectSize},
    {C_GetAttributeValue, h::GetAttributeValue},
    {C_SetAttributeValue, h::SetAttributeValue},
    {C_FindObjectsInit, h::FindObjectsInit},
    {C_FindObjects, h::FindObjects},
    {C_FindObjectsFinal, h::FindObjectsFinal},
    {C_EncryptInit, h::EncryptInit},
    {C_Encrypt, h::Encrypt},
    {C_EncryptUpdate, h::EncryptUpdate},
    {C_EncryptFinal, h::EncryptFinal},
    {C_DecryptInit, h::DecryptInit},
    {C_Decrypt, h::Decrypt},
    {C_DecryptUpdate, h::DecryptUpdate},
    {C_DecryptFinal, h::DecryptFinal},
    {C_DigestInit, h::DigestInit},
    {C_Digest, h::Digest},
    {C_DigestUpdate, h::DigestUpdate},
    {C_DigestFinal, h::DigestFinal},
    {C_SignInit, h::SignInit},
    {C_Sign, h::Sign},
    {C_SignUpdate, h::SignUpdate},
    {C_SignFinal, h::SignFinal},
    {C_VerifyInit, h::VerifyInit},
    {C_Verify, h::Verify},
    {C_VerifyUpdate, h::VerifyUpdate},
    {C_VerifyFinal, h::VerifyFinal},
    {C_GenerateKey, h::GenerateKey, Needs::kSession, Patience::kKeyGeneration},
    {C_GenerateKeyPair, h::GenerateKeyPair, Needs::kSession, Patience::kKeyGeneration},
    {C_WrapKey, h::WrapKey},
    {C_UnwrapKey, h::UnwrapKey},
    {C_DeriveKey, h::DeriveKey},
    {C_SeedRandom, h::SeedRandom},
    {C_GenerateRandom, h::GenerateRandom},
    {C_GetOperationState, h::GetOperationState, Needs::kSession, Patience::kCall, Secrecy::kSecret},
    {C_SetOperationState, h::SetOperationState},
    {C_DigestKey, h::DigestKey},
    {C_SignRecoverInit, h::SignRecoverInit},
    {C_SignRecover, h::SignRecover},
    {C_VerifyRecoverInit, h::VerifyRecoverInit},
    {C_VerifyRecover, h::VerifyRecover},
    {C_DigestEncryptUpdate, h::DigestEncryptUpdate},
    {C_DecryptDigestUpdate, h::DecryptDigestUpdate},
    {C_SignEncryptUpdate, h::SignEncryptUpdate},
    {C_DecryptVerifyUpdate, h::DecryptVerifyUpdate},
    {C_WaitForSlotEvent, h::WaitForSlotEvent, Needs::kNothing},
    {C_LoginUser, h::LoginUser, Needs::kSession, Patience::kCall, Secrecy::kSecret},
    {C_SessionCancel, h::SessionCancel},
    {C_MessageSignInit, h::MessageSignInit},
    {C_SignMessage, h::SignMessage},
    {C_SignMessageBegin, h::SignMessageBegin},
    {C_SignMessageNext, h::SignMessageNext},
    {C_MessageSignFinal, h::MessageSignFinal},
    {C_MessageVerifyInit, h::MessageVerifyInit},
    {C_VerifyMessage, h::VerifyMessage},
    {C_VerifyMessageBegin, h::VerifyMessageBegin},
    {C_VerifyMessageNext, h::VerifyMessageNext},
    {C_MessageVerifyFinal, h::MessageVerifyFinal},
});

using OpIndex = std::array<const OpRow*, wire::kFunctionCount>;

constexpr OpIndex MakeIndex() {
  OpIndex index{};
  for (const OpRow& row : kOps) index[static_cast<std::uint16_t>(row.function)] = &row;
  return index;
}
constexpr OpIndex kIndex = MakeIndex();

// Every function that functions.def carries has a handler here, and no other.
constexpr bool IndexIsComplete() {
  for (const wire::FunctionRow& row : wire::kFunctions) {
    const bool carried = row.carried == wire::Carried::kCarried;
    if (carried != (kIndex[row.number] != nullptr)) return false;
  }
  return true;
}
static_assert(IndexIsComplete());

// An Init that goes ahead of a function waits for nothing.
constexpr bool InitsAreImmediate() {
  for (const wire::OperationFamily& family : wire::kOperationFamilies)
    if (kIndex[static_cast<std::uint16_t>(family.init)]->handler.waits) return false;
  return true;
}
static_assert(InitsAreImmediate());

}  // namespace

const OpRow* FindOp(std::uint16_t function) {
  return function < kIndex.size() ? kIndex[function] : nullptr;
}

}  // namespace gw
