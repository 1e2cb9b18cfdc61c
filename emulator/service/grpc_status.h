// Room: emulator/service. Errors as they travel: status UNKNOWN, the CKR name as message, one Any
// with a Grep11Error.
#pragma once

#include <grpcpp/support/status.h>

#include <string>

#include "daemon/core/result.h"

namespace gw::emulator {

// UNKNOWN with the detail of `error`.
grpc::Status ToGrpc(const Error& error);
// Another code with such a detail.
grpc::Status StatusWithDetail(grpc::StatusCode code, const Error& error);

}  // namespace gw::emulator
