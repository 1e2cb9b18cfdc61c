// Room: upstream. May include: core. gRPC statuses and GREP11 codes become Errors here, and only
// here.
#pragma once

#include <span>

#include "daemon/core/ck.h"
#include "daemon/upstream/failure.h"
#include "daemon/upstream/rpc_table.h"

namespace grpc {
class Status;
}

namespace gw {

// A request may have 64 MiB (wire sheet 8.1), and no answer is longer than its request by more than
// this. An odd number on purpose: gRPC's message names the limit that was exceeded.
inline constexpr int kLargestReplyBytes = (65 << 20) + 1;

// `status` is not OK. Codes that the standard or IBM's vendor range knows reach the application
// unchanged (behaviour R130, 10.3). A missing right and an HSM without master key are logged here,
// with what to do about it (R320, R334).
Failure FailureFrom(const RpcInfo& rpc, const grpc::Status& status);

struct HsmCode {
  CK_RV rv;
  ErrorKind kind;  // kCaller: about the request; kUpstream: about the HSM
};
// Every code that is passed on, sorted.
std::span<const HsmCode> KnownHsmCodes();

}  // namespace gw
