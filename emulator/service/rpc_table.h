// Room: emulator/service. The 40 RPCs, one row each: name, rights, and the function that answers.
// service/ is where protobuf and gRPC end; rows are filled in by one file per family.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "daemon/core/ck.h"
#include "daemon/core/result.h"
#include "emulator/iam/actions.h"

namespace grpc {
class ByteBuffer;
}

namespace gw::emulator {

class Card;

// What a request turns out to be once it is read.
struct RequestFacts {
  std::optional<CK_MECHANISM_TYPE> mechanism;  // nothing: it names none
};

// Decodes the request, does the work, encodes the response.
using RpcHandler = Status (*)(Card& card, grpc::ByteBuffer& request, grpc::ByteBuffer& response,
                              RequestFacts& facts);

struct RpcRow {
  std::string_view name;
  RpcHandler handler;
  ActionSet needed;
  // Takes long (prime generation): runs aside, so that it does not hold up short requests.
  bool heavy = false;
};

// In the order of the service definition; the index of a row is the number of its RPC.
std::span<const RpcRow> RpcTable();

}  // namespace gw::emulator
