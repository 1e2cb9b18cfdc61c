// Room: localcrypto. May include: core. May touch: OpenSSL. PINs of tokens that have no IAM behind
// them are kept as scrypt verifiers.
#pragma once

#include "daemon/core/bytes.h"

namespace gw {

// A salted verifier that carries its own cost parameters, so that the cost can be raised later and
// old verifiers still work. Costs about 0.1 s of CPU and 32 MiB by intention: not on a loop that
// serves others. Thread: any. Source: RFC 7914.
Bytes MakePinVerifier(ByteView pin);

// True if `pin` made `verifier`. A verifier that is broken or asks for more than 256 MiB matches
// nothing. Same cost as making one.
bool PinMatches(ByteView verifier, ByteView pin);

}  // namespace gw
