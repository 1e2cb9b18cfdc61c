// Room: rpc. May include: std. How an RPC ended, in gRPC's own terms.
#pragma once

#include <cstdint>
#include <string>

namespace gw {

// gRPC's status codes and their numbers.
enum class RpcCode : std::uint8_t {
  kOk = 0,
  kCancelled = 1,
  kUnknown = 2,
  kInvalidArgument = 3,
  kDeadlineExceeded = 4,
  kNotFound = 5,
  kAlreadyExists = 6,
  kPermissionDenied = 7,
  kResourceExhausted = 8,
  kFailedPrecondition = 9,
  kAborted = 10,
  kOutOfRange = 11,
  kUnimplemented = 12,
  kInternal = 13,
  kUnavailable = 14,
  kDataLoss = 15,
  kUnauthenticated = 16,
};

struct RpcStatus {
  RpcCode code = RpcCode::kOk;
  std::string message;  // for people; of the other side, so not to be trusted
  std::string details;  // grpc-status-details-bin, decoded: a google.rpc.Status
  bool ok() const { return code == RpcCode::kOk; }
};

}  // namespace gw
