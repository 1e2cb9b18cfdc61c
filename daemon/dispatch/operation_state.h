// Room: dispatch. C_GetOperationState and C_SetOperationState: what an application has kept of the
// operations of a session, sealed by the daemon, and opened again.
#pragma once

#include <vector>

#include "daemon/core/result.h"
#include "daemon/dispatch/call.h"

namespace gw {

// How one operation began, and what it was given since. Views into a frame, or into what was
// opened.
struct KeptOperation {
  std::uint16_t init = 0;  // function number of the ...Init
  wire::Octets body;       // of it
  wire::Octets fed;
};

// Seals the operations for C_SetOperationState, with the names of their keys (CKA_UNIQUE_ID).
//   errors  CKR_STATE_UNSAVEABLE  a key is not there any more
Result<Bytes> SealOperations(const Call& call, const std::vector<KeptOperation>& operations);

// What was sealed, with the handles that the application gives for the keys.
struct OpenedOperations {
  SecretBytes plain;  // keeps the views alive
  std::vector<KeptOperation> operations;
};
//   errors  CKR_SAVED_STATE_INVALID  altered, another user's or another slot's, or sealed before
//   the
//                                    last boot
//           CKR_KEY_NEEDED, CKR_KEY_NOT_NEEDED, CKR_KEY_CHANGED
//   source  PKCS #11 v2.40 5.6; behaviour 4.2
Result<OpenedOperations> OpenOperations(const Call& call, ByteView sealed, ObjectHandle cipher_key,
                                        ObjectHandle message_key);

}  // namespace gw
