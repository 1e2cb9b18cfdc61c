// Room: ops. PKCS #11 v2.40 5.13: two operations of a session go on with the same data at once.
#pragma once

#include "daemon/ops/call_scope.h"
#include "daemon/ops/output.h"

namespace gw::ops {

enum class Dual : std::uint8_t { kDigestEncrypt, kDecryptDigest, kSignEncrypt, kDecryptVerify };

// One part through the cipher; the plain text, on whichever side of it, also through the other
// operation. What a cipher holds back until its Final has not gone through the other one.
//   errors   CKR_OPERATION_NOT_INITIALIZED  one of the two is not active
//            those of CipherUpdate, DigestUpdate, SignUpdate, VerifyUpdate
//   ends op  both when it fails; a length query and CKR_BUFFER_TOO_SMALL change nothing
//   source   behaviour 4.2
Awaitable<Result<Output>> DualUpdate(const CallScope& scope, Dual dual, ByteView part,
                                     Capacity capacity);

}  // namespace gw::ops
