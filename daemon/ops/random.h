// Room: ops. PKCS #11 v2.40 5.15.
#pragma once

#include "daemon/ops/call_scope.h"

namespace gw::ops {

// Octets from the HSM's generator: of those that the token's pool has fetched before, or, for large
// requests and with gateway.local.random_pool off, fetched for this call (EP11 gives at most
// 1,000,000 at a time). The caller wipes them when they are delivered.
//   errors  CKR_ARGUMENTS_BAD  more than the frame can carry
//           those of ForHsm(), RandomPool::Take() and HsmClient::GenerateRandom
Awaitable<Result<Bytes>> GenerateRandom(const CallScope& scope, std::uint64_t bytes);

// The HSM takes no seed (EP11 has no such call). The pool's next octets are combined with it so
// that they are no less random, whoever knows the seed; octets that come straight from the HSM are
// not.
Status SeedRandom(const CallScope& scope, ByteView seed);

}  // namespace gw::ops
