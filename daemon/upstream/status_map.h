// Room: upstream. May include: core, rpc. gRPC statuses and GREP11 codes become Errors here, and
// only here.
#pragma once

#include <span>

#include "daemon/core/ck.h"
#include "daemon/rpc/status.h"
#include "daemon/upstream/failure.h"
#include "daemon/upstream/rpc_table.h"

namespace gw {

// A request may have 64 MiB (wire sheet 8.1).
inline constexpr std::size_t kLargestRequestBytes = 64u << 20;
// No answer is longer than its request by more than this.
inline constexpr std::size_t kLargestReplyBytes = 65u << 20;

// `status` is not OK. Codes that the standard or IBM's vendor range knows reach the application
// unchanged (behaviour R130, 10.3). A missing right and an HSM without master key are logged here,
// with what to do about it (R320, R334).
Failure FailureFrom(const RpcInfo& rpc, const RpcStatus& status);

struct HsmCode {
  CK_RV rv;
  ErrorKind kind;  // kCaller: about the request; kUpstream: about the HSM
};
// Every code that is passed on, sorted.
std::span<const HsmCode> KnownHsmCodes();

}  // namespace gw
