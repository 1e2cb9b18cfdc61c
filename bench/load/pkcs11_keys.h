// Room: bench/load. Keys for a run: made as session objects, or found by their label. Touches the
// module only.
#pragma once

#include <string>

#include "bench/load/workload.h"

namespace gw::bench {

// Makes a key, or a key pair, that lives as long as `session`: P-256, RSA-2048, AES-256, 32 octets
// of generic secret.
//   private_object  whether the secret part is a private object, which needs a login
//   errors          what the module answers to C_GenerateKey or C_GenerateKeyPair
Result<KeyHandles> MakeKey(CK_FUNCTION_LIST& module, CK_SESSION_HANDLE session, KeyNeed need,
                           bool private_object, std::string label);

// Finds the private or secret key of that label, and the public key of the same label if there is
// one.
//   errors  CKR_KEY_HANDLE_INVALID  no such key; or what the module answers
Result<KeyHandles> FindKey(CK_FUNCTION_LIST& module, CK_SESSION_HANDLE session, KeyNeed need,
                           std::string label);

// False when the module refused to destroy one of them.
bool DestroyKey(CK_FUNCTION_LIST& module, CK_SESSION_HANDLE session, const KeyHandles& keys);

}  // namespace gw::bench
