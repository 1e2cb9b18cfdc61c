// Room: dispatch. The handlers of op_table.cc: decode the body, call ops/, encode the results. One
// file per chapter.
#pragma once

#include "daemon/dispatch/call.h"

namespace gw::handlers {

// handlers_general.cc: PKCS #11 v2.40 5.4, 5.5, 5.6
Awaitable<CK_RV> Finalize(Call& call);
Awaitable<CK_RV> GetInfo(Call& call);
Awaitable<CK_RV> GetSlotList(Call& call);
Awaitable<CK_RV> GetSlotInfo(Call& call);
Awaitable<CK_RV> GetTokenInfo(Call& call);
Awaitable<CK_RV> GetMechanismList(Call& call);
Awaitable<CK_RV> GetMechanismInfo(Call& call);
Awaitable<CK_RV> InitToken(Call& call);
Awaitable<CK_RV> InitPin(Call& call);
Awaitable<CK_RV> SetPin(Call& call);
Awaitable<CK_RV> OpenSession(Call& call);
Awaitable<CK_RV> CloseSession(Call& call);
Awaitable<CK_RV> CloseAllSessions(Call& call);
CK_RV GetSessionInfo(Call& call);
Awaitable<CK_RV> Login(Call& call);
Awaitable<CK_RV> Logout(Call& call);

// handlers_objects.cc: 5.7
Awaitable<CK_RV> CreateObject(Call& call);
Awaitable<CK_RV> CopyObject(Call& call);
Awaitable<CK_RV> DestroyObject(Call& call);
Awaitable<CK_RV> GetObjectSize(Call& call);
Awaitable<CK_RV> GetAttributeValue(Call& call);
Awaitable<CK_RV> SetAttributeValue(Call& call);
Awaitable<CK_RV> FindObjectsInit(Call& call);
Awaitable<CK_RV> FindObjects(Call& call);
Awaitable<CK_RV> FindObjectsFinal(Call& call);

// handlers_crypto.cc: 5.8 to 5.12
CK_RV EncryptInit(Call& call);
Awaitable<CK_RV> Encrypt(Call& call);
Awaitable<CK_RV> EncryptUpdate(Call& call);
Awaitable<CK_RV> EncryptFinal(Call& call);
CK_RV DecryptInit(Call& call);
Awaitable<CK_RV> Decrypt(Call& call);
Awaitable<CK_RV> DecryptUpdate(Call& call);
Awaitable<CK_RV> DecryptFinal(Call& call);
CK_RV DigestInit(Call& call);
Awaitable<CK_RV> Digest(Call& call);
Awaitable<CK_RV> DigestUpdate(Call& call);
Awaitable<CK_RV> DigestFinal(Call& call);
CK_RV SignInit(Call& call);
Awaitable<CK_RV> Sign(Call& call);
Awaitable<CK_RV> SignUpdate(Call& call);
Awaitable<CK_RV> SignFinal(Call& call);
CK_RV VerifyInit(Call& call);
Awaitable<CK_RV> Verify(Call& call);
Awaitable<CK_RV> VerifyUpdate(Call& call);
Awaitable<CK_RV> VerifyFinal(Call& call);

// handlers_keys.cc: 5.14, 5.15
Awaitable<CK_RV> GenerateKey(Call& call);
Awaitable<CK_RV> GenerateKeyPair(Call& call);
Awaitable<CK_RV> WrapKey(Call& call);
Awaitable<CK_RV> UnwrapKey(Call& call);
Awaitable<CK_RV> DeriveKey(Call& call);
Awaitable<CK_RV> SeedRandom(Call& call);
Awaitable<CK_RV> GenerateRandom(Call& call);

// handlers_dual.cc: 5.10 to 5.13
Awaitable<CK_RV> DigestKey(Call& call);
CK_RV SignRecoverInit(Call& call);
Awaitable<CK_RV> SignRecover(Call& call);
CK_RV VerifyRecoverInit(Call& call);
Awaitable<CK_RV> VerifyRecover(Call& call);
Awaitable<CK_RV> DigestEncryptUpdate(Call& call);
Awaitable<CK_RV> DecryptDigestUpdate(Call& call);
Awaitable<CK_RV> SignEncryptUpdate(Call& call);
Awaitable<CK_RV> DecryptVerifyUpdate(Call& call);

// handlers_state.cc: 5.5, 5.6
Awaitable<CK_RV> GetOperationState(Call& call);
Awaitable<CK_RV> SetOperationState(Call& call);
Awaitable<CK_RV> WaitForSlotEvent(Call& call);
Awaitable<CK_RV> LoginUser(Call& call);
CK_RV SessionCancel(Call& call);

// handlers_message.cc: v3.0 5.14, 5.16
CK_RV MessageSignInit(Call& call);
Awaitable<CK_RV> SignMessage(Call& call);
CK_RV SignMessageBegin(Call& call);
Awaitable<CK_RV> SignMessageNext(Call& call);
CK_RV MessageSignFinal(Call& call);
CK_RV MessageVerifyInit(Call& call);
Awaitable<CK_RV> VerifyMessage(Call& call);
CK_RV VerifyMessageBegin(Call& call);
Awaitable<CK_RV> VerifyMessageNext(Call& call);
CK_RV MessageVerifyFinal(Call& call);

}  // namespace gw::handlers
