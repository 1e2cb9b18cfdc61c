// Room: ops. PKCS #11 v2.40 5.8 and 5.9: encryption and decryption. One table of codes makes both
// from the same code. Public keys encrypt here (gateway.local.verify); everything else is one
// request for C_Encrypt and C_Decrypt, and one for each Update of a mechanism that the HSM takes in
// parts.
#pragma once

#include "daemon/ops/call_scope.h"
#include "daemon/ops/output.h"

namespace gw::ops {

enum class CipherDirection : std::uint8_t { kEncrypt, kDecrypt };

//   mechanism  nullopt cancels the active operation
//   errors     CKR_OPERATION_ACTIVE; those of KeyFor and CheckMechanism
Status CipherInit(const CallScope& scope, CipherDirection direction,
                  const std::optional<Mechanism>& mechanism, ObjectHandle key);

//   returns  the ciphertext or plaintext. A length query may be answered with an upper bound; a
//   buffer of exactly the
//            length of the result is always enough (behaviour R131, R132).
//   errors   CKR_OPERATION_NOT_INITIALIZED    no ...Init, or Cipher() after CipherUpdate() (which
//   ends it)
//            CKR_DATA_LEN_RANGE, CKR_ENCRYPTED_DATA_LEN_RANGE, CKR_ENCRYPTED_DATA_INVALID
//            those of HsmClient::Single, Update and Final
//   ends op  Cipher and CipherFinal: always, except a length query and CKR_BUFFER_TOO_SMALL
Awaitable<Result<Output>> Cipher(const CallScope& scope, CipherDirection direction, ByteView data,
                                 Capacity capacity);
Awaitable<Result<Output>> CipherUpdate(const CallScope& scope, CipherDirection direction,
                                       ByteView part, Capacity capacity);
Awaitable<Result<Output>> CipherFinal(const CallScope& scope, CipherDirection direction,
                                      Capacity capacity);

}  // namespace gw::ops
