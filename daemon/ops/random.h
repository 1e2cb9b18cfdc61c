// Room: ops. PKCS #11 v2.40 5.15.
#pragma once

#include "daemon/ops/call_scope.h"

namespace gw::ops {

// Octets from the HSM's generator; large requests are split (EP11 gives at most 1,000,000 at a
// time).
//   errors  CKR_ARGUMENTS_BAD  more than the frame can carry; those of HsmClient::GenerateRandom
Awaitable<Result<Bytes>> GenerateRandom(const CallScope& scope, std::uint64_t bytes);

// The HSM takes no seed (EP11 has no such call): CKR_RANDOM_SEED_NOT_SUPPORTED.
Status SeedRandom(const CallScope& scope, ByteView seed);

}  // namespace gw::ops
