// Room: emulator/service. From a typed function to a row's handler. Included by the family files
// only.
#pragma once

#include <google/protobuf/arena.h>
#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/support/byte_buffer.h>

#include "emulator/engine/card.h"
#include "emulator/service/older_fields.h"
#include "emulator/service/rpc_table.h"
#include "grep11.pb.h"

namespace gw::emulator {

// Of requests that name one; of those that name two (ReencryptSingle) the one that encrypts.
template <typename Request>
std::optional<CK_MECHANISM_TYPE> MechanismOf(const Request& request) {
  if constexpr (requires { request.mech().mechanism(); }) {
    if (request.has_mech()) return request.mech().mechanism();
  } else if constexpr (requires { request.encmech().mechanism(); }) {
    if (request.has_encmech()) return request.encmech().mechanism();
  }
  return std::nullopt;
}

// `F` is Status(Card&, const Request&, Response&).
//   errors  CKR_IBM_GREP11_CANNOT_UNMARSHAL, CKR_IBM_GREP11_CANNOT_MARSHAL, and those of F
template <typename Request, typename Response, Status (*F)(Card&, const Request&, Response&)>
Status Serve(Card& card, grpc::ByteBuffer& request_bytes, grpc::ByteBuffer& response_bytes,
             RequestFacts& facts) {
  google::protobuf::Arena arena;
  auto* request = google::protobuf::Arena::CreateMessage<Request>(&arena);
  auto* response = google::protobuf::Arena::CreateMessage<Response>(&arena);
  if (!grpc::SerializationTraits<Request>::Deserialize(&request_bytes, request).ok()) {
    return CallerError(CKR_IBM_GREP11_CANNOT_UNMARSHAL, "request does not parse");
  }
  AdoptOlderFields(*request);
  facts.mechanism = MechanismOf(*request);
  GW_TRY_VOID(F(card, *request, *response));
  bool own_buffer = false;
  if (!grpc::SerializationTraits<Response>::Serialize(*response, &response_bytes, &own_buffer)
           .ok()) {
    return InternalError("response does not serialize");
  }
  return Ok();
}

}  // namespace gw::emulator
