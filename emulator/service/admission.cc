// Room: emulator/service.
#include "emulator/service/admission.h"

#include "emulator/service/grpc_status.h"
#include "emulator/service/names.h"

namespace gw::emulator {
namespace {

Refusal Plain(grpc::StatusCode code, const std::string& message) {
  return {grpc::Status(code, message), std::string(GrpcName(code))};
}

Refusal FaultRefusal(const RpcFault& fault) {
  const auto code = static_cast<grpc::StatusCode>(fault.grpc_code);
  if (fault.rv == 0) return Plain(code, "injected fault");
  Error error = UpstreamError(fault.rv, "injected fault", fault.retry);
  return {StatusWithDetail(code, error), std::string(NameOfRv(fault.rv))};
}

// "Up to 500 requests/s per crypto unit": refused now, welcome again in a moment.
Refusal RateRefusal() {
  const Error error = UpstreamError(CKR_FUNCTION_CANCELED, "rate limit of the crypto unit", true);
  return {StatusWithDetail(grpc::StatusCode::RESOURCE_EXHAUSTED, error), "RESOURCE_EXHAUSTED"};
}

}  // namespace

std::optional<Refusal> Admission::Refuse(const RpcRow& rpc, std::string_view authorization,
                                         const std::optional<RpcFault>& fault,
                                         std::optional<std::size_t>& identity) {
  if (fault && fault->kind == RpcFault::Kind::kStatus) return FaultRefusal(*fault);
  if (tokens_ != nullptr) {
    if (auto refusal = RefuseCaller(rpc, authorization, identity)) return refusal;
  }
  switch (trouble_.rate().Take(std::chrono::steady_clock::now())) {
    case Turn::kTaken:
      break;
    case Turn::kAboveRate:
      return RateRefusal();
    case Turn::kUnitDown:
      return Plain(grpc::StatusCode::UNAVAILABLE, "the crypto unit is down");
  }
  return std::nullopt;
}

std::optional<Refusal> Admission::RefuseCaller(const RpcRow& rpc, std::string_view authorization,
                                               std::optional<std::size_t>& identity) {
  const Tokens::Checked checked = tokens_->Check(authorization);
  if (checked.verdict != TokenVerdict::kGood) {
    return Plain(grpc::StatusCode::UNAUTHENTICATED, std::string(TextOf(checked.verdict)));
  }
  identity = checked.identity->number;
  if (checked.identity->allowed.Contains(rpc.needed)) return std::nullopt;
  return Plain(grpc::StatusCode::PERMISSION_DENIED,
               checked.identity->iam_id + " lacks " +
                   std::string(FirstMissing(rpc.needed, checked.identity->allowed)));
}

}  // namespace gw::emulator
